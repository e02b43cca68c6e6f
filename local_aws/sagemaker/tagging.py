"""AddTags, ListTags and DeleteTags on everything that exists here."""

from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.errors import invalid
from local_aws.sagemaker.values import Json, sections, text, texts

MOST_TAGS = 50


class Tagging:
    """The three operations on tags."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {"AddTags": self.add, "ListTags": self.list, "DeleteTags": self.delete}

    def add(self, request: Json, _: Caller) -> Json:
        """Add or replace tags."""
        tags = self._of(request)
        new = {text(tag, "Key"): text(tag, "Value") for tag in sections(request, "Tags")}
        if len(tags | new) > MOST_TAGS:
            raise invalid(f"A resource can have at most {MOST_TAGS} tags.")
        tags.update(new)
        return {"Tags": _shown(tags)}

    def list(self, request: Json, _: Caller) -> Json:
        """All tags; there are never more than one page."""
        return {"Tags": _shown(self._of(request))}

    def delete(self, request: Json, _: Caller) -> None:
        """Remove tags; an absent key changes nothing."""
        tags = self._of(request)
        for key in texts(request, "TagKeys"):
            tags.pop(key, None)

    def _of(self, request: Json) -> dict[str, str]:
        arn = text(request, "ResourceArn")
        tags = self._core.tags.by_arn.get(arn)
        if tags is None:
            raise invalid(f"Could not find resource {arn}.")
        return tags


def _shown(tags: dict[str, str]) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
