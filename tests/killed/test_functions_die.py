"""The demo with functions that die after each of their calls: it ends as if none had died."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from cli.demo.acts import wait_for_the_hour
from cli.demo.stage import Stage
from cli.demo.story import STEPS, Result, play
from cli.local import embedded
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


@contextmanager
def played(root: Path, *, dying: bool) -> Iterator[tuple[Stage, list[Result]]]:
    """The whole story on an embedded AWS of its own, and the stage as it stands at the end."""
    with embedded(root) as local:
        stage = Stage(local, say=lambda _: None)
        if dying:
            be_patient(stage)
            local.let_functions_die(on=True)
        # Both stories meet the same full hours, at which monitors begin anew.
        wait_for_the_hour(stage)
        yield stage, play(stage, STEPS)


def be_patient(stage: Stage) -> None:
    """A message comes back once for each call, so it must not become a dead letter before that."""
    sqs = boto3.client("sqs")
    for concern in CONCERNS:
        url = sqs.get_queue_url(QueueName=f"{stage.target.prefix}-{concern}")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(found["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": 1000}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})


def dump(stage: Stage) -> dict[str, list[str]]:
    """Registry, endpoint and tables, without what is another one in every run."""
    lineage = dumps.without_idle_decisions(dumps.table(stage, stage.store.lineage))
    work = dumps.table(stage, stage.store.work)
    found: dict[str, list[Mapping[str, object]]] = {
        "registry": list(dumps.registry(stage)),
        "endpoint": list(dumps.endpoint(stage)),
        # The chain's numbers count the idle decisions too; too much on the agenda costs a look.
        "lineage": [item for (pk, _), item in lineage.items() if not pk.startswith("ledger#")],
        "work": [item for (pk, _), item in work.items() if pk != "#agenda"],
    }
    return {what: sorted(map(steady, items)) for what, items in found.items()}


def only_in_one(left: dict[str, list[str]], right: dict[str, list[str]]) -> list[str]:
    """What one of two dumps holds more often than the other."""
    found = []
    for what, items in left.items():
        one, other = Counter(items), Counter(right[what])
        found += [f"only when they die: {item}" for item in (one - other).elements()]
        found += [f"only when they live: {item}" for item in (other - one).elements()]
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


@pytest.fixture(scope="module")
def before() -> Iterator[dict[str, str]]:
    kept = dict(os.environ)
    yield kept
    os.environ.clear()
    os.environ.update(kept)


def test_the_story_ends_the_same(tmp_path: Path, before: dict[str, str]) -> None:
    with played(tmp_path / "living", dying=False) as (stage, results):
        assert [result.why for result in results if not result.ok] == []
        usual = dump(stage)
    with played(tmp_path / "dying", dying=True) as (stage, results):
        assert [result.why for result in results if not result.ok] == []
        differing = only_in_one(dump(stage), usual)
        assert not differing, "\n".join(differing)
        assert stage.local.faults() == []
        queues = [f"{stage.target.prefix}-{concern}-dlq" for concern in CONCERNS]
        assert dumps.dead_letters(queues) == dict.fromkeys(queues, 0)
        assert died_after(stage) == made(stage)


def died_after(stage: Stage) -> set[tuple[str, str]]:
    """Each function with each operation that was the last of its life."""
    return {(str(one["function"]), one["calls"][-1]) for one in stage.local.deaths()}


def made(stage: Stage) -> set[tuple[str, str]]:
    """Each function with each operation that it called at all."""
    return {
        (function, operation)
        for operation, call in stage.local.calls().items()
        for function in call["functions"]
        if function.startswith(stage.target.prefix)
    }
