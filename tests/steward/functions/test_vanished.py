"""What is not there, or not there any more: refused for good, or looked at again."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from steward.errors import BadEvent, NotYet
from tests.steward.builders import rollout_facts

NOBODY: Any = None


def test_a_message_about_no_model_or_no_report_is_refused_for_good() -> None:
    settings = SimpleNamespace(artifact_bucket="artifacts")
    known = importlib.import_module("steward.scope").Models(NOBODY, settings, {})
    with pytest.raises(BadEvent, match="model: found 'weather'"):
        known.named("weather")
    with pytest.raises(BadEvent, match="reports lie below monitoring/<model>/"):
        known.with_report("artifacts", "captures/mortgage/v1/x.json")
    with pytest.raises(BadEvent, match="reports lie in 'artifacts'"):
        known.with_report("elsewhere", "monitoring/mortgage/v1/x.json")


def test_what_vanished_between_two_reads_is_looked_at_again() -> None:
    app = importlib.import_module("rollout.app")
    with pytest.raises(NotYet, match="the endpoint vanished"):
        app.seen(rollout_facts())
    with pytest.raises(NotYet, match="the rollout vanished"):
        app.gone(NOBODY, NOBODY, rollout_facts())


def test_an_adoption_waits_until_its_version_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    app = importlib.import_module("rollout.app")
    monkeypatch.setattr(app, "observe", lambda _: rollout_facts())
    with pytest.raises(NotYet, match="version 9 has not been judged yet"):
        app.adopt(NOBODY, SimpleNamespace(version=9))
