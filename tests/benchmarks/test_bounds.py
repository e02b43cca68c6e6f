"""What the benchmark says when a figure is within its bound, and when it is not."""

from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from benchmarks.__main__ import BOUNDS, broken, layers_mb, main, table
from benchmarks.cold import CLIENTS
from tests.architecture.source import CONCERNS, ROOT
from tests.architecture.test_template import listed

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
# The services of a function's role that are not called through a client of its own.
OF_LAMBDA = {"logs", "xray"}


def test_there_is_a_bound_for_every_function() -> None:
    assert set(BOUNDS) == {"layers_mb", *(f"cold_ratio.{concern}" for concern in CONCERNS)}


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


def test_a_figure_above_its_bound_is_told() -> None:
    figures = {**BOUNDS, "layers_mb": 35.1}
    assert broken(figures) == {"layers_mb"}
    lines = table(figures)
    assert lines[1].split() == ["layers_mb", "35.10", "35.00", "too", "much"]
    assert [line for line in lines[2:] if "too much" in line] == []


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
