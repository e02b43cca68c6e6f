"""Every verdict of decide/rollout.py as tables, for docs/rollout.md and for the test of both.

python -m tests.steward.decide.rollout_table      writes them into docs/rollout.md
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from steward.decide.canary import NOT_ENOUGH, WORSE, Judgement
from steward.decide.rollout import next_step
from steward.decide.rollout_facts import Alarm, EndpointFacts, Order, Rollout, RolloutFacts
from steward.decide.versions import Version
from steward.spec.model import Freeze
from tests.steward.builders import (
    after,
    approved,
    config,
    endpoint,
    rollout,
    rollout_facts,
    rollout_spec,
    served,
    version,
)  # fmt: skip

DOCUMENT = Path(__file__).parents[3] / "docs" / "rollout.md"
STATUSES = (
    "Creating", "InService", "Updating", "SystemUpdating", "RollingBack",
    "OutOfService", "Failed", "UpdateRollbackFailed", "Deleting",
)  # fmt: skip

# Version 2 serves, or is on its way; version 1 served before it; version 3 is newer.
REGISTRY: Mapping[str, tuple[Version, ...]] = {
    "nothing newer": (served(1), served(2)),
    "3 waits for a word": (served(1), served(2), version(3)),
    "3 approved": (served(1), served(2), approved(3)),
    "3 failed before": (served(1), served(2), approved(3, failed_under="approval#3")),
    "2 rejected": (served(1), served(2, status="Rejected")),
    "both rejected": (served(1, status="Rejected"), served(2, status="Rejected")),
}
_WINDOW = Freeze(after(0), after(600))
BLOCKS: Mapping[str, Callable[[RolloutFacts], RolloutFacts]] = {
    "": lambda facts: facts,
    "frozen": lambda facts: replace(facts, policy=rollout_spec(freeze=(_WINDOW,))),
    "paused": lambda facts: replace(facts, pause=Order("pause", "bob", "holiday")),
    "retired": lambda facts: replace(facts, pause=Order("retire", "bob", "no more")),
}
_SERVED = rollout(
    2, version=2, state="closed", outcome="served", config_name=config(2), highest=2, live=config(2)
)
LAST: Mapping[str, Rollout | None] = {
    "no rollout yet": None,
    "the first one failed": replace(_SERVED, outcome="failed", live=None),
    "2 served": _SERVED,
    "3 failed, 2 serves": replace(
        _SERVED, number=3, version=3, outcome="failed", config_name=config(3), highest=3,
        stepped_back_at=after(20),
    ),
}  # fmt: skip


def at_rest() -> list[str]:
    """No rollout is open: endpoint and last end, by what the registry says."""
    lines = [
        f"| endpoint | last end | {' | '.join(REGISTRY)} |",
        "|---" * (len(REGISTRY) + 2) + "|",
    ]
    for status in ("absent", *STATUSES):
        live = None if status == "absent" else endpoint(2, status)
        grouped: dict[str, list[str]] = {}
        for name, last in LAST.items():
            cells = [_blocked(versions, live, last) for versions in REGISTRY.values()]
            grouped.setdefault(" | ".join(cells), []).append(name)
        for cells_of, names in grouped.items():
            ends = "any" if len(names) == len(LAST) else "; ".join(names)
            lines.append(f"| {status} | {ends} | {cells_of} |")
    return lines


def _blocked(
    versions: tuple[Version, ...], live: EndpointFacts | None, last: Rollout | None
) -> str:
    """The verdict, and where a freeze, a pause or a retirement makes it another, that too."""
    facts = rollout_facts(*versions, live=live, last=last)
    kinds = {name: next_step(block(facts)).kind for name, block in BLOCKS.items()}
    others = [f"{name}: {kind}" for name, kind in kinds.items() if name and kind != kinds[""]]
    return f"{kinds['']} ({', '.join(others)})" if others else kinds[""]


_OPEN = rollout(
    3, version=3, approval="approval#3", config_name=config(3), highest=2, live=config(2),
    called_at=None,
)  # fmt: skip
_ASKED = replace(_OPEN, called_at=after(3), endpoint_at=after(2), asks=1)
_WANTED = (served(1), served(2), approved(3))
ROWS: Mapping[str, Rollout] = {
    "not asked": _OPEN,
    "asked": _ASKED,
    "asked, its end is wanted": replace(_ASKED, ended_by="judge", cause="it is worse"),
}
_BAKING = after(56)
_NOTHING = Judgement(NOT_ENOUGH, "none", {})
MEANWHILE: Mapping[str, Callable[[RolloutFacts], RolloutFacts]] = {
    "nothing": lambda facts: facts,
    "frozen or paused": lambda facts: BLOCKS["paused"](BLOCKS["frozen"](facts)),
    "a person aborts": lambda facts: replace(facts, abort=Order("abort", "bob", "stop", rollout=3)),
    "3 is rejected": lambda facts: replace(facts, registry={**facts.registry, 3: "Rejected"}),
    "2 is rejected": lambda facts: replace(facts, registry={**facts.registry, 2: "Rejected"}),
    "an alarm fires": lambda facts: replace(facts, alarms=(Alarm("a", "ALARM", "too many"),)),
    "judged worse": lambda facts: replace(facts, judged=Judgement(WORSE, "3 of 4", {})),
    "no evidence at the end": lambda facts: replace(
        facts, judged=Judgement(NOT_ENOUGH, "none", {})
    ),
}


def in_flight() -> list[str]:
    """A rollout of version 3 is open: endpoint and row, by what happens meanwhile."""
    lines = [
        f"| endpoint | the open row | {' | '.join(MEANWHILE)} |",
        "|---" * (len(MEANWHILE) + 2) + "|",
    ]
    for state, live in _endpoints().items():
        for name, row in ROWS.items():
            facts = rollout_facts(*_WANTED, live=live, last=row)
            kinds = [next_step(change(facts)).kind for change in MEANWHILE.values()]
            lines.append(f"| {state} | {name} | {' | '.join(kinds)} |")
    return lines


def _endpoints() -> dict[str, EndpointFacts | None]:
    found: dict[str, EndpointFacts | None] = {"absent": None}
    for status in STATUSES:
        found[status] = endpoint(2, status, baking_since=_BAKING)
    del found["InService"]
    return found | {
        "InService, as before": endpoint(2, modified_at=after(2)),
        "InService, on 2 again": endpoint(2, modified_at=after(40)),
        "InService, on 3": endpoint(3),
    }


def written(document: str) -> str:
    """The document with the tables of now."""
    for name, table in (("at rest", at_rest()), ("in flight", in_flight())):
        block = "\n".join([f"<!-- {name} -->", *table, f"<!-- end of {name} -->"])
        pattern = f"<!-- {name} -->.*<!-- end of {name} -->"
        document = re.sub(pattern, lambda _, block=block: block, document, flags=re.DOTALL)
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
