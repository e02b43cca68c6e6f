"""`steward status` says for each model what serves, what is registered, what comes next."""

from dataclasses import replace

import pytest

from cli.status import ModelStatus, VersionStatus, lines
from tests.cli.conftest import Steward

WAITING = VersionStatus(
    version=2,
    status="PendingManualApproval",
    gate="passed",
    gate_reason="auc 0.784, at least 0.650 is needed",
    word_by=None,
    words=None,
    served_at=None,
)
LIVE = VersionStatus(
    version=1,
    status="Approved",
    gate="passed",
    gate_reason="auc 0.768, at least 0.650 is needed",
    word_by="anna",
    words="fine",
    served_at="2026-11-20T09:00:00.000Z",
)
MODEL = ModelStatus(
    model="mortgage",
    endpoint="steward-mortgage",
    endpoint_status="InService",
    serves=1,
    endpoint_next="version 1 serves",
    versions=(LIVE, WAITING),
    runs=2,
    last_run="Succeeded",
    uploads_waiting=0,
    training_next="no data is waiting",
)


def test_a_model_is_told_as_a_tree() -> None:
    assert list(lines([MODEL])) == [
        "mortgage",
        "  endpoint steward-mortgage: InService",
        "    version 1 serves",
        "  version 1: Approved, serves now",
        "    gate passed: auc 0.768, at least 0.650 is needed",
        "    anna: fine",
        "  version 2: PendingManualApproval",
        "    gate passed: auc 0.784, at least 0.650 is needed",
        "  training: run 2 Succeeded",
        "    no data is waiting",
    ]


def test_each_model_has_a_tree_of_its_own() -> None:
    told = list(lines([MODEL, replace(MODEL, model="loans", versions=())]))
    assert [line for line in told if not line.startswith(" ")] == ["mortgage", "loans"]


def test_an_approval_without_words_is_told_as_that() -> None:
    silent = replace(LIVE, words=None)
    assert "    anna: no words" in lines([replace(MODEL, versions=(silent,))])


@pytest.mark.usefixtures("aws")
def test_a_fresh_deployment_has_nothing_to_tell_and_says_so(steward: Steward) -> None:
    ran = steward("status")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "mortgage",
        "  endpoint steward-mortgage: absent",
        "    no version may serve yet",
        "  training: no run yet",
        "    no data is waiting",
    ]
