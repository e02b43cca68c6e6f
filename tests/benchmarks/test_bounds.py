"""What the benchmark says when a figure is within its bound, and when it is not."""

from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from benchmarks.__main__ import AT_LEAST, AT_MOST, broken, layers_mb, main, table
from benchmarks.calls import aws_calls
from benchmarks.cold import CLIENTS
from benchmarks.drift import Size, drifted
from benchmarks.judge import judged
from tests.architecture.source import CONCERNS, ROOT
from tests.architecture.test_template import listed

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
# The services of a function's role that are not called through a client of its own.
OF_LAMBDA = {"logs", "xray"}


def test_there_is_a_bound_for_every_function() -> None:
    assert {f"cold_ratio.{concern}" for concern in CONCERNS} <= set(AT_MOST)


@pytest.mark.parametrize("concern", CONCERNS)
def test_no_client_is_measured_that_the_functions_role_has_no_use_for(concern: str) -> None:
    role = TEMPLATE["Resources"][f"{concern.title()}Role"]["Properties"]
    allowed = {
        action.partition(":")[0]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    }
    assert set(CLIENTS[concern]) <= allowed - OF_LAMBDA


def test_a_figure_that_breaks_its_bound_is_told() -> None:
    figures = {**AT_MOST, **AT_LEAST, "compared": 9.0} | {
        "layers_mb": 35.1, "judge.power_1_to_3": 0.94,
    }  # fmt: skip
    assert broken(figures) == {"layers_mb", "judge.power_1_to_3"}
    lines = table(figures)
    assert lines[1].split() == ["layers_mb", "35.100", "at", "most", "35", "broken"]
    assert "at least 0.95  broken" in "".join(lines)
    assert sum("broken" in line for line in lines) == 2


def test_the_judge_is_measured_within_its_bounds() -> None:
    """A tenth of the pairs that `make bench` draws."""
    figures = judged(200)
    assert not broken(figures)
    assert figures["judge.naive_false_worse"] > 0.2


def test_a_figure_that_may_only_be_one_is_told_above_and_below_it() -> None:
    name = "drift.retrains_undiminished_month"
    assert [broken({name: count}) for count in (0.0, 1.0, 2.0)] == [{name}, set(), {name}]
    assert "exactly 1" in table({name: 1.0})[1]


def test_the_judge_of_drift_is_measured_within_its_bounds() -> None:
    """A small part of what `make bench` draws."""
    size = Size(baselines=2, hours=8 * 24, onsets=10, months=1, naive_hours=24)
    figures = drifted(size, processes=1)
    assert not broken(figures), figures
    assert figures["drift.naive_false_windows"] > 0.2


def test_a_look_makes_no_more_requests_than_it_may() -> None:
    figures = aws_calls()
    assert set(figures) == {f"aws_calls.{look}" for look in ("first_deploy", "update", "noop")}
    assert not broken(figures), figures


def test_layers_are_counted_unzipped_and_functions_are_not(tmp_path: Path) -> None:
    for name, size in (("DepsLayer", 2_000_000), ("CoreLayer", 500_000), ("SweepFunction", 9)):
        (tmp_path / name / "python").mkdir(parents=True)
        (tmp_path / name / "python" / "one.py").write_bytes(b" " * size)
    assert layers_mb(tmp_path) == 2.5


def test_without_a_build_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path) == 1
    assert "run `make bench`" in capsys.readouterr().err
