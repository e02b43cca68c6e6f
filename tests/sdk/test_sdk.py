"""The SageMaker SDK's own classes, as docs/clients.md uses them, against `steward up`."""

from pathlib import Path

from tests.architecture.source import ROOT
from tests.clients.tour import as_printed, blocks, started, steps

PYTHON = ROOT / ".venv-pipelines" / "bin" / "python"


def test_the_sdk_prints_what_the_page_says(tmp_path: Path) -> None:
    (program,), (wanted,) = blocks("python"), blocks("")
    with started(tmp_path) as tour:
        for step in steps():
            tour.run(step.who, ["bash", "-c", step.command])
        printed = tour.run("tina", [str(PYTHON), "-c", program])
        assert as_printed(wanted, printed), printed
        assert tour.aws.faults() == []
