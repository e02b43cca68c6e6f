"""Lambda: functions run from their folders under the real runtime client, each its own process."""

from local_aws.awslambda.backend import URL_PREFIX as URL_PREFIX
from local_aws.awslambda.backend import credentials_of as credentials_of
from local_aws.awslambda.backend import end_all as end_all
from local_aws.awslambda.backend import install as install
from local_aws.awslambda.backend import invoke_event as invoke_event
from local_aws.awslambda.backend import resume as resume
from local_aws.awslambda.backend import state as state
from local_aws.awslambda.url import Urls as Urls
