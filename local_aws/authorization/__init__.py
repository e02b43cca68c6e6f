"""IAM: who may do what, decided for every call by the policies that are deployed."""

from local_aws.authorization.guard import Denied as Denied
from local_aws.authorization.guard import Guard as Guard
