"""What a story has left on AWS, without what is another one in every run."""

import re
from collections import Counter
from collections.abc import Mapping

from cli.demo.stage import Stage
from tests.story import dumps

CONCERNS = ("training", "approval", "rollout", "drift")
# What is another one in every run: times, ids that AWS gives, digests of anything with one in it.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?|\d{4}/\d\d/\d\d/\d\d"
    # An execution's id before digests: its first letters may look like one.
    r"|(?<=started as )\w{12}|(?<=mortgage/)[a-z0-9]{12}|-(?i:Prepare|Train|Evaluate|Report)-\w{10}"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{8,}|[0-9A-F]{12,}"
    r"|execution/\w+|pipelines-\w+"
    # In which minute of the clock a bake begins, and so how many requests it is given.
    r"|[\d,]+ of [\d,]+ requests \([\d.e-]+ %\)|evidence [\d,.]+|\[[\d.e-]+ \(.{17}\)\]"
    r"|(?<=found in )\d+(?= rows)"
)
# How often SageMaker was asked, a place in the chain, an id of a session, who came first.
UNSTEADY = (
    "asks", "entry", "PrincipalId", "repair",
    "new_requests", "new_errors", "old_requests", "old_errors", "evidence",
)  # fmt: skip

type End = dict[str, list[str]]


def end_of(stage: Stage) -> End:
    """Registry, endpoint, tables and dead letters."""
    lineage = dumps.without_idle_decisions(dumps.table(stage, stage.store.lineage))
    work = dumps.table(stage, stage.store.work)
    queues = [f"{stage.target.prefix}-{concern}-dlq" for concern in CONCERNS]
    found: dict[str, list[Mapping[str, object]]] = {
        "registry": list(dumps.registry(stage)),
        "endpoint": list(dumps.endpoint(stage)),
        # The chain's numbers count the idle decisions too; too much on the agenda costs a look.
        "lineage": [item for (pk, _), item in lineage.items() if not pk.startswith("ledger#")],
        "work": [item for (pk, _), item in work.items() if pk != "#agenda"],
        "dead letters": [dumps.dead_letters(queues)],
    }
    return {what: sorted(map(steady, items)) for what, items in found.items()}


def only_in_one(killed: End, usual: End) -> list[str]:
    """What one of two ends holds more often than the other."""
    found = []
    for what, items in killed.items():
        one, other = Counter(items), Counter(usual[what])
        found += [f"only when killed: {item}" for item in (one - other).elements()]
        found += [f"only as usual: {item}" for item in (other - one).elements()]
    return found


def steady(value: object) -> str:
    """The value without what is another one in every run, its members in an order that is not."""
    if isinstance(value, Mapping):
        # How many requests of a bake came within an hour that a monitor looked at.
        unsteady = (*UNSTEADY, "rows") if "window" in value else UNSTEADY
        kept = ((steady(key), steady(value[key])) for key in value if key not in unsteady)
        return f"{{{', '.join(sorted(': '.join(pair) for pair in kept))}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(steady, value))}]"
    return VOLATILE.sub("*", str(value))
