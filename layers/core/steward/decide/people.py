"""Who did something: a person if one can be named, else nobody."""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

# What a version's metadata says where nobody knows: it cannot hold an empty text.
UNKNOWN = "unknown"


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

    def is_role(self, name: str) -> bool:
        """Whether it is a role of this name, or a session of it; an empty name is no role's."""
        kind, _, rest = self.arn.rpartition(":")[2].partition("/")
        return bool(name) and kind in ("role", "assumed-role") and rest.partition("/")[0] == name

    def is_listed(self, patterns: Sequence[str]) -> bool:
        """Whether a list of ARN patterns holds this identity; an empty list holds everybody."""
        return not patterns or any(fnmatch.fnmatchcase(self.arn, one) for one in patterns)


def is_author(person: str, author: str) -> bool:
    """Whether a person known to AWS may be the author of a commit, `<e-mail address> <name>`.

    Git believes whatever name and address somebody types, and AWS knows people by user names or
    addresses of its own: so no comparison proves that two are the same, or that they are not. It
    errs on the side of refusing. Case, dots and the like aside, the person's name, or the local
    part if it is an address, must be neither the author's name nor any piece of the address's local
    part: `ada.lovelace`, `Ada Lovelace` and `7+adalovelace@users.noreply.example` are one. An
    approver who is refused wrongly is heard under a name that tells the two apart, or somebody
    else approves.
    """
    address, _, name = author.partition(" ")
    theirs = {_bare(part) for part in (name, *address.partition("@")[0].split("+"))}
    return _bare(person.partition("@")[0]) in theirs - {""}


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
