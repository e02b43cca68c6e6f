"""An answer over HTTP is what the registered model says of the same columns by name."""

from pathlib import Path

import pytest

from cli.demo import mortgage
from cli.demo.acts import arn_of
from steward.observe.approval import observe_package
from tabular.scoring import load_archive
from tests.story.conftest import Played


@pytest.mark.parametrize("version", [1, 2, 5])
def test_an_answer_is_the_models_own(played: Played, version: int, tmp_path: Path) -> None:
    stage = played.stage
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(stage.read(observe_package(stage.aws, arn_of(stage, version)).artifact_uri))
    model = load_archive(archive)
    known = {record[mortgage.KEY]: record for record in mortgage.records()}
    given = {
        key: text
        for key, (number, text) in stage.answers.items()
        if number == version and key in known
    }
    assert given
    scores = model.score(model.cells([known[key] for key in given]))
    assert [f"{score:.6f}" for score in scores] == list(given.values())
