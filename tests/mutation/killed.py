"""The committed list: every site, what it became, and which test killed that."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.mutation.invariants import broken_by
from tests.mutation.sites import Site

FILE = Path(__file__).with_name("killed.json")

type Entry = dict[str, object]


def read() -> dict[str, Entry]:
    """The entries by their site's id."""
    entries: list[Entry] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    return {str(one["site"]): one for one in entries}


def killers() -> dict[str, str]:
    """The test that killed each site's mutant."""
    return {name: str(one["killed_by"]) for name, one in read().items()}


def write(sites: Iterable[Site], found: Mapping[str, str | None]) -> None:
    """Write the list anew with what was found; what was not looked for stays.

    An entry is a line, so that a change of one is a line in Git.
    """
    now = {**killers(), **found}
    lines = [_line(site, test) for site in sites if (test := now.get(site.id))]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _line(site: Site, test: str) -> str:
    entry = {
        "site": site.id,
        "source": site.source,
        "mutant": site.done,
        "killed_by": test,
        "breaks": broken_by(site.id),
    }
    return json.dumps(entry, ensure_ascii=False)
