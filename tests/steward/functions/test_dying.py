"""A function may die after any change that it makes: delivered again, all ends the same."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto import mock_aws

from steward.aws import Aws
from steward.spec.model import ModelSpec
from tests.steward.fakes import Mortal, new_clock
from tests.steward.functions.house import ARTIFACTS, House, open_house
from tests.steward.functions.parts import (
    JUDGED,
    Part,
    broken_schema,
    captured,
    deleted_before_the_call,
    drift,
    drifting,
    executed,
    failed_rollout,
    failed_run,
    judged_worse,
    judgement,
    next_version,
    no_room,
    nothing,
    override,
    own_word,
    paused_and_resumed,
    promoted,
    retired,
    retraining,
    revoked_before_the_call,
    rollout,
    run,
    scheduled,
    sign_off,
    then,
    unscheduled,
    uploads,
    watched,
    word,
)  # fmt: skip
from tests.steward.ledger import faults

SERVED = then(JUDGED, word, rollout)
STORIES: dict[str, tuple[Part, Part]] = {
    "uploads": (nothing, uploads),
    "a run": (uploads, run),
    "a failed run": (then(uploads, run), failed_run),
    "a judgement": (then(uploads, run), judgement),
    "a word": (JUDGED, word),
    "a word that overrides": (JUDGED, override),
    "a sign-off": (then(JUDGED, override), sign_off),
    "a word of its own": (then(uploads, run), own_word),
    "a rollout": (then(JUDGED, word), rollout),
    "an update": (then(JUDGED, word, rollout, next_version), rollout),
    "a failed rollout": (then(JUDGED, word, rollout, next_version), failed_rollout),
    "a canary": (then(SERVED, next_version), promoted),
    "a bad canary": (then(SERVED, next_version), judged_worse),
    "a pause": (then(SERVED, next_version), paused_and_resumed),
    "a retirement": (SERVED, retired),
    "a revocation": (then(JUDGED, word), revoked_before_the_call),
    "a deletion": (then(JUDGED, word), deleted_before_the_call),
    "no room": (then(JUDGED, word), no_room),
    "drift that trains": (then(SERVED, drifting), retraining),
    "a window that is watched": (then(SERVED, captured), watched),
    "a schedule": (SERVED, scheduled),
    "a schedule of the next version": (
        then(SERVED, scheduled, next_version, rollout),
        scheduled,
    ),
    "executions": (then(SERVED, scheduled), executed),
    "a retirement with a schedule": (then(SERVED, scheduled), unscheduled),
    "a broken schema": (SERVED, broken_schema),
    "drift of nothing that serves": (nothing, drift),
}
# The stories of a model that Model Monitor watches.
MONITORED = {story for story, (_, part) in STORIES.items() if part in (scheduled, executed)}
MONITORED |= {"a retirement with a schedule"}


def ended(house: House) -> list[object]:
    """Both tables, SageMaker and S3 at the end.

    Without the agenda, of which too much only costs a look, and without models and configs that no
    endpoint uses: one that was made for nothing costs nothing. How often was asked differs.
    """
    items = [item for item in house.tables() if item["pk"]["S"] != "#agenda"]
    for item in items:
        item.pop("asks", None)
    fake = house.sagemaker
    listed = house.aws.s3.list_objects_v2(Bucket=ARTIFACTS).get("Contents", [])
    keys = sorted(found["Key"] for found in listed)
    used = {str(endpoint["EndpointConfigName"]) for endpoint in fake.endpoints.values()}
    models, configs = (
        {n: k[n] for n in sorted(used & set(k))} for k in (fake.models, fake.configs)
    )
    left = [house.cloudwatch.alarms, house.autoscaling.targets, fake.schedules, fake.definitions]
    return [items, fake.executions, models, configs, fake.endpoints, keys, *left]


@pytest.mark.parametrize("story", STORIES)
def test_after_any_change(
    story: str,
    clients: Aws,
    mortgage: ModelSpec,
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    tmp_path: Path,
) -> None:
    beginning, part = STORIES[story]
    if part is own_word:
        text = (root / "models" / "mortgage.toml").read_text(encoding="utf-8")
        automatic = text.replace('mode = "manual"', 'mode = "auto"')
        (tmp_path / "mortgage.toml").write_text(automatic, encoding="utf-8")
        monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))
        monkeypatch.setenv("ALLOW_AUTOMATIC_APPROVAL", "true")
    if story in MONITORED:
        text = (root / "models" / "mortgage.toml").read_text(encoding="utf-8")
        text = re.sub(r"(?m)^kinds = .*$", 'kinds = ["data_quality"]', text)
        text = text.replace('source = "steward"', 'source = "model-monitor"')
        (tmp_path / "mortgage.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))

    @contextmanager
    def told(dies_after: int) -> Iterator[tuple[House, list[str]]]:
        columns = list(mortgage.data.columns)
        with mock_aws(), open_house(clients, new_clock(monkeypatch), columns, monkeypatch) as house:
            beginning(house)
            mortal = Mortal(clients, lambda: house.at_work)
            mortal.dies_after = dies_after
            try:
                part(house)
                yield house, mortal.changes
            finally:
                mortal.close()

    with told(dies_after=0) as (house, changes):
        usual, said = ended(house), set(house.subjects())
    assert changes
    for number, change in enumerate(changes, start=1):
        with told(dies_after=number) as (house, _):
            where = f"after {change}, change {number} of {len(changes)}"
            for found, expected in zip(ended(house), usual, strict=True):
                assert found == expected, where
            assert set(house.subjects()) == said
            assert faults(house.store) == []
