"""After any history, the lineage says of every prediction and moment what really served.

What really served is what the model that answered says of itself, and what the embedded AWS
announced. What happens is drawn by the seed in the test's name; how long it takes is up to the
machine, so a failure tells the whole history.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

import pytest

from cli import repository
from cli.target import now
from steward import times
from steward.lineage.ask import ask
from steward.lineage.read import candidates_at
from steward.lineage.verify import verify
from steward.record.store import Store
from steward.settings import LineageSettings
from tests.strategies.models import file_of, name_of
from tests.strategies.street import of_models
from tests.truth.asking import Copy, copy
from tests.truth.emulator import Timeline
from tests.truth.history import History

SEEDS = {1: ("all-at-once", "canary"), 2: ("linear", "rolling")}
EVENTS, MOMENTS = 200, 1000
# A call to SageMaker is noted just before it is made; until it is answered, nobody knows.
CALL = timedelta(seconds=5)
_PROMOTED_WITHOUT_EVIDENCE = ("all-at-once", "rolling")

type Json = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A history that has ended: what it left on record, and what really was."""

    aws: Copy
    settings: LineageSettings
    answered: Mapping[str, tuple[str, int]]
    timelines: Mapping[str, Timeline]
    ended: datetime
    said: str

    @property
    def store(self) -> Store:
        return Store(self.aws, self.settings.lineage_table, work="")  # type: ignore[arg-type]

    def ask(self, **question: str) -> Json:
        return dict(ask(self.aws, self.settings, question, self.ended))  # type: ignore[arg-type]

    def records(self) -> Iterator[tuple[str, Json]]:
        """Every captured prediction: where it lies, and what was captured of it."""
        for key, file in self.aws.s3.files.items():
            for line, text in enumerate(file["Body"].splitlines(), start=1):
                yield f"s3://{self.aws.s3.bucket}/{key}#{line}", json.loads(text)["eventMetadata"]

    def moments(self, seed: int) -> Iterator[tuple[str, datetime]]:
        """Times on an endpoint: half of them any, half of them shortly before or after a change."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(MOMENTS):
            endpoint, line = chance.choice(list(self.timelines.items()))
            first, last = line.stretches[1].since, self.ended
            whole = (last - first).total_seconds() + 7200
            anywhere = first + timedelta(seconds=chance.random() * whole - 3600)
            change = chance.choice(line.stretches[1:]).since
            close = change + timedelta(
                seconds=chance.choice((-1, 1)) * 10 ** chance.uniform(-2.6, 2)
            )
            yield endpoint, chance.choice((anywhere, close))


@pytest.fixture(scope="session", params=SEEDS, ids=lambda seed: f"seed {seed}")
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="session")
def told(seed: int, tmp_path_factory: pytest.TempPathFactory) -> Told:
    # Closed before the first test: it replaces the repository's models and the AWS of this process.
    folder, template = tmp_path_factory.mktemp("truth"), repository.TEMPLATE.read_text()
    with of_models(folder, _files(SEEDS[seed]), template) as local:
        history = History(local, seed, SEEDS[seed])
        history.begin()
        for _ in range(EVENTS):
            history.go_on()
        history.end()
        where, events = history.target, local.events()
        every = [history.names(model) for model in history.models]
        return Told(
            aws=copy(history.aws, history.store),
            settings=LineageSettings(where.prefix, where.artifact_bucket, where.lineage_table),
            answered=history.answered,
            timelines={names.endpoint: Timeline(names, events) for names in every},
            ended=now(where),
            said="\n".join(history.said),
        )


def _files(strategies: Sequence[str]) -> dict[str, str]:
    return {
        name_of(one): file_of(
            one,
            requests=3,
            otherwise="promote" if one in _PROMOTED_WITHOUT_EVIDENCE else "rollback",
            captured=100,
            bake="3m",
        )
        for one in strategies
    }


def test_every_answer_was_captured_once(told: Told) -> None:
    captured = sorted(str(event["inferenceId"]) for _, event in told.records())
    assert captured == sorted(told.answered)


def test_a_prediction_is_traced_to_the_version_that_answered(told: Told) -> None:
    wrong = []
    for record, event in told.records():
        model, version = told.answered[event["inferenceId"]]
        one = {"endpoint": f"{told.settings.prefix}-{model}", "at": event["inferenceTime"]}
        for question in ({"record": record}, {"id": event["inferenceId"], **one}):
            answer = told.ask(**question)
            roots = [entry["id"] for entry in answer.get("graph", ()) if not entry["depth"]]
            known = {served for one in answer.get("served", ()) for served in one["versions"]}
            found = answer.get("prediction", {}).get("version")
            root = f"model-version#{told.settings.prefix}-{model}/{version}"
            if found != version or root not in roots or str(version) not in known:
                wrong.append((question, version, answer.get("error"), found, roots, known))
    assert wrong == [], told.said


def test_what_served_at_a_moment_is_among_what_may_have(told: Told, seed: int) -> None:
    wrong = [
        (endpoint, times.iso(when), really, found)
        for endpoint, when in told.moments(seed)
        if not (really := told.timelines[endpoint].at(when).versions)
        <= (found := versions_at(told, endpoint, when))
    ]
    assert wrong == [], told.said


def test_outside_of_a_shift_what_served_at_a_moment_is_known(told: Told, seed: int) -> None:
    at_rest = [
        (endpoint, when)
        for endpoint, when in told.moments(seed)
        if told.timelines[endpoint].is_at_rest(when, CALL)
    ]
    wrong = [
        (endpoint, times.iso(when), really, found)
        for endpoint, when in at_rest
        if (really := told.timelines[endpoint].at(when).versions)
        != (found := versions_at(told, endpoint, when))
    ]
    assert wrong == [], told.said
    assert len(at_rest) > MOMENTS / 4


def versions_at(told: Told, endpoint: str, when: datetime) -> frozenset[int]:
    served = candidates_at(told.store, endpoint, when)
    return frozenset(int(version) for one in served for version in one.versions)


def test_a_history_has_all_that_it_is_to_have(told: Told) -> None:
    """Else the tests above would say less than they seem to."""
    stretches = [one for line in told.timelines.values() for one in line.stretches]
    events = {event["inferenceId"] for _, event in told.records()}
    shifting = [one for one in stretches if len(one.versions) > 1]
    assert len(shifting) >= 3
    assert len([one for one in stretches if not one.versions and one.moving]) >= 1
    assert len(events) >= 200


def test_the_ledger_verifies(told: Told) -> None:
    assert verify(told.store.scan(told.settings.lineage_table)).faults == ()


def test_no_edge_dangles_and_none_leads_round(told: Told) -> None:
    items = list(told.store.scan(told.settings.lineage_table))
    nodes: set[str] = {str(item["pk"]) for item in items if item["sk"] == "node"}
    edges = [
        (str(item["pk"]), str(item["sk"]).split("#", 3)[3])
        for item in items
        if "#in#" in str(item["sk"])
    ]
    assert edges
    assert {end for edge in edges for end in edge} - nodes == set()
    above: dict[str, set[str]] = {}
    for to, source in edges:
        above.setdefault(source, set()).add(to)
    assert set(TopologicalSorter(above).static_order()) <= nodes
