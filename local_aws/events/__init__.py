"""EventBridge: the default bus, rules, schedules, and delivery to queues and functions."""

from local_aws.events.backend import install as install
from local_aws.events.bus import Bus as Bus
