"""Each question about the demo, by its URL and by the command; and who is not answered."""

import json
import re

import pytest

from cli.main import main
from tests.story import deeds
from tests.story.conftest import Played

# What the command takes without a name.
BY_PLACE = {
    "trace": (),
    "why": ("endpoint",),
    "impact": ("of",),
    "timeline": ("model",),
    "diff": ("model", "from", "to"),
}


def command(asked: dict[str, str]) -> list[str]:
    """A question as it is typed."""
    kind = asked["ask"]
    words = [kind, *(asked[name] for name in BY_PLACE[kind]), "--json"]
    for name in sorted(asked.keys() - {"ask", *BY_PLACE[kind]}):
        words += [f"--{name}"] if asked[name] == "true" else [f"--{name}", asked[name]]
    return words


def test_a_reader_is_answered_as_the_command_answers(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = played.stage
    reader = deeds.reader(stage)
    for asked in deeds.questions(stage):
        by_url = deeds.over_https(stage, asked, reader)
        capsys.readouterr()
        with deeds.environment(deeds.keys(stage, "approver")):
            assert main(command(asked)) == 0, asked
        assert by_url.status == 200, by_url
        assert json.loads(by_url.body) == json.loads(capsys.readouterr().out), asked


def test_the_command_tells_people_the_same_in_words(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = played.stage
    for asked in deeds.questions(stage):
        words = [word for word in command(asked) if word != "--json"]
        with deeds.environment(deeds.keys(stage, "trainer")):
            assert main(words) == 0, asked
    told = capsys.readouterr().out
    assert "Traffic was being shifted: version 2 may have answered as well." in told
    assert re.search(r"reached \d versions:\n  version 1 of steward-mortgage ", told)
    assert "    served on steward-mortgage from " in told


@pytest.mark.parametrize("who", ["trainer", "approver", "nobody"])
def test_whoever_is_no_reader_is_forbidden(played: Played, who: str) -> None:
    """Trainers and approvers have the table itself; by the URL only readers are answered."""
    stage, key = played.stage, None
    if who != "nobody":
        person = stage.people[who]
        key = (person.access_key_id, person.secret_access_key)
    for asked in deeds.questions(stage):
        answer = deeds.over_https(stage, asked, key)
        assert (answer.status, b"Forbidden" in answer.body) == (403, True), asked


def test_a_readers_wrong_questions_are_told_from_unknown_things(played: Played) -> None:
    stage = played.stage
    reader, why = deeds.reader(stage), {"ask": "why", "endpoint": stage.names.endpoint}
    future = deeds.over_https(stage, why | {"at": "2126-01-01"}, reader)
    unknown = deeds.over_https(stage, {"ask": "impact", "of": "ffff"}, reader)
    nowhere = deeds.over_https(stage, {"ask": "secrets"}, reader)
    assert [future.status, unknown.status, nowhere.status] == [400, 404, 404]
    for answer in (future, unknown, nowhere):
        assert list(json.loads(answer.body)) == ["error"]
