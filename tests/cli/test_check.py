"""`steward check` says that all files are right, or everything that is wrong with them."""

from pathlib import Path

from cli import repository
from tests.cli.conftest import Steward

MORTGAGE = (repository.MODELS / "mortgage.toml").read_text(encoding="utf-8")


def test_our_own_models_are_right(steward: Steward) -> None:
    ran = steward("check")
    assert (ran.code, ran.out, ran.err) == (0, "1 model is right: mortgage\n", "")


def test_a_folder_of_ones_own_can_be_checked(steward: Steward, tmp_path: Path) -> None:
    (tmp_path / "mortgage.toml").write_text(MORTGAGE)
    other = MORTGAGE.replace('prefix = "mortgage/', 'prefix = "loans/')
    (tmp_path / "loans.toml").write_text(other)
    ran = steward("check", tmp_path)
    assert (ran.code, ran.out) == (0, "2 models are right: loans, mortgage\n")


def test_all_faults_of_all_files_are_told_at_once(steward: Steward, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("a = = 1")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'description = "Kreditw\xfcrdig"')
    (tmp_path / "loans.toml").write_text(
        MORTGAGE.replace("schema = 1", 'schema = 2\ncolour = "red"')
    )
    ran = steward("check", tmp_path)
    assert ran.code == 1
    assert ran.out == ""
    assert [line.split(": ")[:2] for line in ran.said] == [
        ["broken.toml", "not TOML"],
        ["folder.toml", "cannot be read"],
        ["latin.toml", "not TOML"],
        ["loans.toml", "schema"],
        ["loans.toml", "colour"],
    ]
    assert "found 2, allowed is" in ran.err


def test_two_models_may_not_share_a_place(steward: Steward, tmp_path: Path) -> None:
    (tmp_path / "loans.toml").write_text(MORTGAGE)
    (tmp_path / "mortgage.toml").write_text(MORTGAGE)
    ran = steward("check", tmp_path)
    assert ran.code == 1
    (said,) = ran.said
    assert "overlaps with" in said
    assert "loans.toml" in said
    assert "mortgage.toml" in said


def test_a_folder_without_models_is_not_taken_for_right(steward: Steward, tmp_path: Path) -> None:
    ran = steward("check", tmp_path)
    assert ran.code == 2
    assert ran.said == [f"{tmp_path} holds no model's file (<name>.toml)"]
