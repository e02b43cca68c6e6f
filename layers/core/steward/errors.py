"""What can go wrong, sorted by one question: will trying again help?

    StewardError
    ├── Permanent        trying again changes nothing; a person must look
    │   ├── BadEvent     the message is not what its sender documents
    │   └── BadSpec      a model's file says something it may not
    ├── NotYet           the facts are not there yet; the queue tries again
    └── NoRoom           a limit of the account is reached; the sweep asks again

Everything else (an error of AWS, a lost connection) is raised as it is: the queue tries again.
"""


class StewardError(Exception):
    """Base of every error that Steward raises by itself."""


class Permanent(StewardError):
    """An error that trying again cannot cure."""


class BadEvent(Permanent):
    """A message that is not in the documented shape, or not meant for this deployment."""


class BadSpec(Permanent):
    """A model's file with faults, each as one line: file, key, what was found, what is allowed."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NotYet(StewardError):
    """A fact that another function is about to write; the queue delivers the message again."""


class NoRoom(StewardError):
    """AWS answered ResourceLimitExceeded: nothing is wrong with what was asked for."""
