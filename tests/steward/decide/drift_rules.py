"""Every rule of drift's judgement: a case in which it alone applies, and each pair at once.

docs/drift.md holds the table; `python -m tests.steward.decide.drift_rules` writes it there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from steward.decide.drift import RULES, Case, judge
from steward.decide.drift_facts import DriftPolicy
from steward.decide.training import Asked
from tests.steward.builders import (
    BROKEN,
    NOON,
    RETRAIN,
    asked,
    drift_facts,
    drift_report,
    finding,
    judged_window,
    minutes,
    run,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "drift.md"
# `unem` went up for the third time, long after the window's end: nothing stands against a run.
USUAL = Case(
    drift_report(finding()),
    drift_facts(),
    DriftPolicy(RETRAIN, 200, minutes(15)),
    NOON + minutes(15),
)
_LONG_AGO = NOON - timedelta(days=8)
_OTHERS = asked(version=1, at=_LONG_AGO, drifted=frozenset(), earlier=(_LONG_AGO,))


def _asked(**given: object) -> Callable[[Case], Case]:
    """The last run that drift asked for was of another version and long ago, but for this."""

    def change(case: Case) -> Case:
        last: Asked = replace(case.facts.asked or _OTHERS, **given)  # type: ignore[arg-type]
        return replace(case, facts=replace(case.facts, asked=last))

    return change


def _report(**given: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, report=replace(case.report, **given))  # type: ignore[arg-type]


def _facts(**given: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, facts=replace(case.facts, **given))  # type: ignore[arg-type]


def _judged_before(case: Case) -> Case:
    same = judged_window(finding(), hours_ago=1)
    history = (*case.facts.history, replace(same, report="drift-report#other"))
    return replace(case, facts=replace(case.facts, history=history))


def _broken(case: Case) -> Case:
    findings = (*(case.report.findings or ()), BROKEN)
    return replace(case, report=replace(case.report, findings=findings))


# What makes each rule apply.
CAUSES: Mapping[str, Callable[[Case], Case]] = {
    "gone": _report(findings=None),
    "nameless": _report(version=None),
    "not live": _facts(live=3),
    "judged before": _judged_before,
    "too early": lambda case: replace(case, now=NOON + minutes(14)),
    "broken schema": _broken,
    "uncounted": _report(rows=None),
    "too few rows": _report(rows=199),
    "unmeasured": _report(findings=(), unmeasured=True),
    "clean": _report(findings=()),
    "too brief": lambda case: replace(
        case,
        facts=replace(
            case.facts, history=tuple(one for one in case.facts.history if "#other" in one.report)
        ),
    ),
    "not listed": lambda case: replace(
        case, policy=replace(case.policy, retrain=replace(RETRAIN, on=("bias",)))
    ),
    "run in flight": _facts(run=run(number=3)),
    "asked already": _asked(state="waiting"),
    "known drift": lambda case: _asked(
        version=case.facts.live, drifted=frozenset({finding().mark})
    )(case),
    "cooldown": _asked(at=NOON - minutes(60)),
    "budget": _asked(earlier=(_LONG_AGO,) * 4),
    "no new data": _facts(new_rows=199),
    "retrain": lambda case: case,
}
# What cannot be both at once.
EXCLUSIVE = {
    ("gone", "broken schema"): "a report that is gone holds nothing",
    ("gone", "clean"): "nobody knows what it held",
    ("broken schema", "unmeasured"): "a violation stands, whatever else is undefined",
    ("broken schema", "clean"): "a broken schema is a violation",
    ("uncounted", "too few rows"): "what is not counted is not few",
}


def both(first: str, second: str) -> Case | None:
    """A case to which both rules apply; None if there is none."""
    for one, other in ((first, second), (second, first)):
        case = CAUSES[other](CAUSES[one](USUAL))
        if RULES[first](case) and RULES[second](case):
            return case
    return None


def pairs() -> list[tuple[str, str]]:
    """Every two rules, the one that comes first first."""
    return list(combinations(RULES, 2))


def table() -> list[str]:
    """One line per rule, in the order in which they are asked."""
    lines = ["| | rule | verdict | such as |", "|---|---|---|---|"]
    for number, name in enumerate(RULES, start=1):
        case = CAUSES[name](USUAL)
        given = judge(case.report, case.facts, case.policy, case.now)
        kind = f"{given.verdict.kind}, and looks again" if given.waits else given.verdict.kind
        lines.append(f"| {number} | {name} | {kind} | {given.verdict.reason} |")
    return lines


def written(document: str) -> str:
    """The document with the table of now."""
    block = "\n".join(["<!-- rules -->", *table(), "<!-- end of rules -->"])
    pattern = "<!-- rules -->.*<!-- end of rules -->"
    return re.sub(pattern, lambda _: block, document, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
