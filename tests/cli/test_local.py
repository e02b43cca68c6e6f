"""A command's own embedded AWS: its folder is nobody else's, the environment is given back."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cli import local
from cli.local import embedded
from cli.target import Target
from local_aws.client import environment

MINE = {
    "AWS_PROFILE": "mine",
    "AWS_DEFAULT_PROFILE": "mine-too",
    "AWS_SESSION_TOKEN": "token",
    "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE",
    "AWS_ACCESS_KEY_ID": "AKIAMINE",
}


class FakeAws:
    """An embedded AWS that boots at once, and says nothing."""

    endpoint = "http://127.0.0.1:1"

    @classmethod
    @contextmanager
    def start(cls, *_: object, **__: object) -> Iterator["FakeAws"]:
        yield cls()

    def environment(self) -> dict[str, str]:
        return environment(self.endpoint)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """What is published, on an embedded AWS that is none; somebody's own settings are around."""
    made: list[Target] = []

    def publish(target: Target, *, dry_run: bool) -> list[str]:
        made.append(target)
        return ["a pipeline"]

    monkeypatch.setattr(local, "LocalAws", FakeAws)
    monkeypatch.setattr(local, "publish", publish)
    for name, value in MINE.items():
        monkeypatch.setenv(name, value)
    return made


def test_inside_nothing_points_to_a_real_account(published: list[Target], tmp_path: Path) -> None:
    with embedded(tmp_path / "aws") as aws:
        seen = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        assert seen["AWS_ENDPOINT_URL"] == aws.endpoint
        assert not set(MINE.values()) & set(seen.values())
        assert [target.endpoint for target in published] == [aws.endpoint]


def test_everything_else_in_the_environment_is_kept(
    published: list[Target], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMETHING", "of mine")
    with embedded(tmp_path / "aws"):
        assert os.environ["SOMETHING"] == "of mine"


def test_afterwards_the_environment_is_as_it_was(published: list[Target], tmp_path: Path) -> None:
    before = dict(os.environ)
    with embedded(tmp_path / "aws"):
        os.environ["LEFT_BEHIND"] = "1"
    assert dict(os.environ) == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_the_environment_is_given_back_after_an_error_too(
    published: list[Target], tmp_path: Path, error: type[BaseException]
) -> None:
    before = dict(os.environ)
    with pytest.raises(error), embedded(tmp_path / "aws"):
        raise error
    assert dict(os.environ) == before


def test_the_environment_is_given_back_when_publishing_fails(
    published: list[Target], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(target: Target, *, dry_run: bool) -> None:
        raise RuntimeError

    monkeypatch.setattr(local, "publish", refused)
    before = dict(os.environ)
    with pytest.raises(RuntimeError), embedded(tmp_path / "aws"):
        pytest.fail("it was entered all the same")
    assert dict(os.environ) == before


def test_two_at_the_same_time_have_a_folder_each(tmp_path: Path) -> None:
    with ExitStack() as both:
        first = both.enter_context(local._own_folder(tmp_path / "demo"))
        second = both.enter_context(local._own_folder(tmp_path / "demo"))
        (first / "state").write_text("of the first")
        assert (first.name, second.name) == ("demo", "demo-2")
        assert not any(second.iterdir())
    with local._own_folder(tmp_path / "demo") as third:
        assert third == first


def test_a_folder_is_empty_whatever_was_left_in_it(tmp_path: Path) -> None:
    (tmp_path / "demo" / "logs").mkdir(parents=True)
    (tmp_path / "demo" / "logs" / "old.log").write_text("of yesterday")
    with local._own_folder(tmp_path / "demo") as folder:
        assert not any(folder.iterdir())
    assert folder.is_dir()  # its logs can be read after the end
