"""Messages to people: each says what happened, and ends with commands that exist."""

import re
import shlex

import pytest

from cli.main import _parser
from steward.aws import Aws
from tests.steward.functions.messages import DOCUMENT, MESSAGES, block, told


def commands(message: str) -> list[str]:
    """The lines that follow a line such as `To approve:`."""
    return re.findall(r"(?m)^To .+:\n  (.+)$", message)


@pytest.mark.parametrize("title", MESSAGES)
def test_the_document_shows_it_whole(clients: Aws, title: str) -> None:
    message = told(title, clients)
    assert block(title, message) in DOCUMENT.read_text(encoding="utf-8")
    assert commands(message)
    assert message.endswith("Owner: credit-risk@example.com\n\nMessage id: decision#<digest>")


def test_the_document_shows_nothing_else() -> None:
    titles = re.findall(r"(?m)^## (.+)$", DOCUMENT.read_text(encoding="utf-8"))
    assert titles == list(MESSAGES)


def test_every_command_of_steward_is_one() -> None:
    named = {
        one for one in commands(DOCUMENT.read_text(encoding="utf-8")) if one.startswith("steward ")
    }
    assert {one.split()[1] for one in named} == {
        "abort", "pause", "resume", "rollback", "sign-off", "status", "trace",
    }  # fmt: skip
    for one in named:
        assert _parser().parse_args(shlex.split(one)[1:]).run
