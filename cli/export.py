"""Writes the whole record, or that of one model, as a standard's events: one JSON text a line."""

import sys
from pathlib import Path

from cli.target import Target
from steward import digest
from steward.aws import Aws
from steward.lineage.openlineage import Origin, events
from steward.lineage.whole import whole_item
from steward.names import Names
from steward.record.store import Store


def export(
    aws: Aws, target: Target, file: Path | None, model: str | None, repository: str | None
) -> int:
    """Writes to a file, or to the standard output; returns how many events there are."""
    store = Store(aws, lineage=target.lineage_table, work="", bucket=target.artifact_bucket)
    origin = Origin(target.region, target.account, repository)
    group = Names(target.prefix, model).group if model else None
    items = (whole_item(store, item) for item in store.scan(store.lineage))
    lines = [digest.canonical(event) for event in events(items, origin, group)]
    text = "".join(f"{line}\n" for line in lines)
    if file:
        file.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return len(lines)
