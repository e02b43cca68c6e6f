"""Deploys a SAM template through the embedded AWS's own API, as CloudFormation would."""

from local_aws.deploy.api import HttpApi as HttpApi
from local_aws.deploy.stack import DeployError as DeployError
from local_aws.deploy.stack import Stack as Stack
from local_aws.deploy.translation import Translation as Translation
