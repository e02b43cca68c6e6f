"""Keeps items of the lineage under 1 KB: the facts of a larger one lie in S3, by their digest."""

from collections.abc import Mapping
from dataclasses import replace

from steward import digest
from steward.lineage.whole import key_of
from steward.objects import put_once
from steward.record.items import size, to_item
from steward.record.store import Store, Write

# One write unit, less what the entry adds: the time, and its own name.
_MOST = 1024 - 100
_LONGEST, _MOST_LISTED = 120, 4


def fitted(store: Store, write: Write) -> Write:
    """The write, its facts abridged if they make it too large: then they are put into S3 first."""
    facts = write.item.get("facts")
    if not isinstance(facts, Mapping) or size(to_item(write.item)) <= _MOST:
        return write
    large = {key: write.item[key] for key in ("facts", "reason") if key in write.item}
    short = {key: _short(value) for key, value in large.items()}
    whole = digest.canonical(large)
    if digest.canonical(short) == whole:
        return write
    sha256 = digest.of_text(whole)
    put_once(store.aws, store.bucket, key_of(sha256), whole)
    return replace(write, item={**write.item, **short, "bulk": sha256})


def _short(value: object) -> object:
    """Words are cut and lists end early; names, such as a URI, stay whole."""
    if isinstance(value, str) and len(value) > _LONGEST and " " in value:
        return f"{value[: _LONGEST - 1]}…"
    if isinstance(value, Mapping):
        return {key: _short(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_short(entry) for entry in value[:_MOST_LISTED]]
    return value
