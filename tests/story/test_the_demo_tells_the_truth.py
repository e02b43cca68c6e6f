"""The demo is ok only if what AWS holds is; a lie anywhere is found at its step."""

import pytest

from cli.demo.story import STEPS
from tests.story.conftest import Played
from tests.story.faults import LIES

NAMES = [step.name for step in STEPS]


def test_the_steps_stand_in_the_settled_order() -> None:
    assert NAMES == [
        "boot", "upload", "train", "register", "approve",
        "serve", "predict", "new_data", "rollout", "canary_ok", "canary_bad", "revoke",
        "drift", "retrain", "trace", "impact", "tamper", "dossier",
    ]  # fmt: skip


def test_untouched_every_step_is_ok(played: Played) -> None:
    assert [(result.name, result.ok) for result in played.results] == [
        (name, True) for name in NAMES
    ], [result.why for result in played.results]


@pytest.mark.parametrize("name", NAMES)
def test_a_lie_fails_its_step_and_all_after_it(played: Played, name: str) -> None:
    steps = played.summaries[name]["steps"]
    assert isinstance(steps, list)
    before = NAMES[: NAMES.index(name)]
    assert [step["name"] for step in steps] == NAMES
    assert [step["name"] for step in steps if step["ok"]] == before, LIES[name].what
    assert played.exit_codes[name] != 0


def test_the_summary_names_versions_rollouts_and_traces(played: Played) -> None:
    summary = played.summaries["trace"]
    versions, rollouts = summary["model_versions"], summary["rollouts"]
    assert isinstance(versions, list)
    assert isinstance(rollouts, list)
    assert [(one["version"], one["status"], one["gate"]) for one in versions] == [
        (1, "Approved", "passed"),
        (2, "Approved", "passed"),
        (3, "Rejected", "held"),
        (4, "Approved", "held"),
        (5, "Approved", "passed"),
    ]
    assert [one["versions"] for one in rollouts] == [
        {"1": 100}, {"2": 100}, {"3": 100}, {"2": 100}, {"5": 100},
    ]  # fmt: skip
