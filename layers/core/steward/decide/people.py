"""Who did something: a person if one can be named, else nobody."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """SageMaker's UserContext of a change. Empty text: AWS did not say."""

    arn: str = ""
    source_identity: str = ""
    user_profile: str = ""

    @property
    def person(self) -> str | None:
        """SourceIdentity, else the SSO session's name, else the IAM user; a bare role is nobody."""
        if self.source_identity:
            return self.source_identity
        if ":assumed-role/AWSReservedSSO_" in self.arn:
            return self.arn.rpartition("/")[2]
        if ":user/" in self.arn:
            return self.arn.rpartition("/")[2]
        return self.user_profile or None

    def is_listed(self, patterns: Sequence[str]) -> bool:
        """Whether a list of ARN patterns holds this identity; an empty list holds everybody."""
        return not patterns or any(fnmatch.fnmatchcase(self.arn, one) for one in patterns)
