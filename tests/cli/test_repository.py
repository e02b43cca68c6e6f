"""Which commit a pipeline is built from, and who wrote it, as far as git knows."""

import os
import subprocess
from pathlib import Path

import pytest

from cli import repository


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one folder that fay has committed."""
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    folder = tmp_path / "tabular"
    folder.mkdir()
    git(tmp_path, "init", "--quiet")
    commit(folder, "one", "fay@example.com", "Fay O'Neill <3")
    return folder


def git(root: Path, *arguments: str, author: tuple[str, str] = ("", "")) -> None:
    address, name = author
    people = {
        f"GIT_{part}_{key}": value
        for part in ("AUTHOR", "COMMITTER")
        for key, value in (("EMAIL", address), ("NAME", name))
    }
    environment = {**os.environ, **people, "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", "-C", str(root), *arguments], check=True, env=environment)


def commit(folder: Path, text: str, address: str, name: str) -> None:
    (folder / "pipeline.py").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", text, author=(address, name))


def test_the_author_is_told_in_characters_that_a_version_may_carry(checkout: Path) -> None:
    assert repository.author_of(checkout) == "fay@example.com Fay ONeill 3"
    assert len(repository.commit_of(checkout)) == 40


def test_the_last_commit_counts(checkout: Path) -> None:
    commit(checkout, "two", "zoe@example.com", "Zoe\u0308")
    assert repository.author_of(checkout) == "zoe@example.com Zo\u00eb"


def test_nobody_is_known_to_have_written_what_was_not_committed(checkout: Path) -> None:
    (checkout / "pipeline.py").write_text("changed since")
    assert repository.author_of(checkout) == ""
    assert repository.commit_of(checkout).startswith("uncommitted-")


def test_nobody_is_known_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "ROOT", tmp_path / "nowhere")
    assert repository.author_of(tmp_path) == ""
