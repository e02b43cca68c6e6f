"""The function over HTTPS: each status with a body that helps, and no word more than asked for."""

import importlib
import json
from types import ModuleType, SimpleNamespace
from urllib.parse import urlencode

import pytest

from steward.aws import Aws
from steward.lineage.ask import QUESTIONS, ask
from steward.lineage.nodes import USED, Link, Node, Serving
from steward.record.ledger import ensure
from steward.record.lineage import serving_writes
from steward.record.store import Store
from steward.settings import LineageSettings
from tests.steward.builders import NOON, after
from tests.steward.fakes import Clock

ENDPOINT = "steward-mortgage"
SETTINGS = LineageSettings("steward", "artifacts", "lineage")
PATHS = "these are: /trace, /why, /impact, /timeline, /diff"
# What nobody may find in a log: ids of applications belong to people.
SECRET = "L0130-PARKER"

type Json = dict[str, object]


@pytest.fixture
def app(aws: Aws, time: Clock, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function, at one o'clock."""
    for name, value in (
        ("PREFIX", "steward"),
        ("ARTIFACT_BUCKET", "artifacts"),
        ("LINEAGE_TABLE", "lineage"),
    ):
        monkeypatch.setenv(name, value)
    module = importlib.import_module("lineage.app")
    monkeypatch.setattr(module, "_aws", aws)
    time.pass_by(minutes=60)
    return module


@pytest.fixture
def served(store: Store) -> Store:
    """Version 1 has served since noon."""
    version, rollout = f"model-version#{ENDPOINT}/1", f"rollout#{ENDPOINT}/1"
    ensure(store, "mortgage", [Node(version, NOON)])
    ensure(store, "mortgage", [Node(rollout, NOON, {}, (Link(USED, version),))])
    assert store.transact(serving_writes(store, Serving(ENDPOINT, NOON, {"1": 100}, rollout)))
    return store


def event(path: str = "/why", query: str = "", method: str = "GET") -> Json:
    """What a function URL hands over, payload format 2.0."""
    given: Json = {"queryStringParameters": {"anything": "joined,by,commas"}} if query else {}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "abc.lambda-url.eu-west-1.on.aws"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        "isBase64Encoded": False,
    } | given


def got(app: ModuleType, *given: str, **named: str) -> tuple[int, Json]:
    """Status and body."""
    answer = app.lambda_handler(event(*given, **named), SimpleNamespace())
    assert answer["headers"] == {"content-type": "application/json", "cache-control": "no-store"}
    return answer["statusCode"], json.loads(answer["body"])


def query(**parameters: object) -> str:
    return urlencode(parameters)


@pytest.mark.usefixtures("served")
class TestAnswered:
    @pytest.mark.parametrize("path", ["/why", "/why/", "why"])
    def test_with_what_the_function_answers_when_it_is_invoked(
        self, app: ModuleType, path: str
    ) -> None:
        asked: Json = {"ask": "why", "endpoint": ENDPOINT}
        invoked = app.lambda_handler(asked, SimpleNamespace())
        assert got(app, path, query(endpoint=ENDPOINT)) == (200, invoked)
        assert "text" in invoked

    def test_with_what_the_command_answers(self, app: ModuleType, aws: Aws) -> None:
        at = "2026-11-20T14:30:00+02:00"
        told = ask(aws, SETTINGS, {"endpoint": ENDPOINT, "at": at}, after(60))
        assert got(app, "/trace", query(endpoint=ENDPOINT, at=at)) == (200, told)

    def test_values_are_taken_as_they_were_encoded(self, app: ModuleType, served: Store) -> None:
        """A key may hold what a URL, and a list of parameters, is written with."""
        name = "dataset#a b,c+d&e=f/ä%20"
        ensure(served, "mortgage", [Node(name, NOON)])
        status, body = got(app, "/impact", query(of=name, limit="1"))
        assert (status, body["impact"]) == (200, {"of": name, "ids": [name]})


@pytest.mark.usefixtures("served")
class TestRefused:
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH"])
    def test_another_method(self, app: ModuleType, method: str) -> None:
        status, body = got(app, method=method)
        assert (status, body) == (400, {"error": f"method: found {method}, allowed is GET"})

    @pytest.mark.parametrize("path", ["/", "/who", "/why/not", "/WHY", "/trace%20", "/../why"])
    def test_another_path(self, app: ModuleType, path: str) -> None:
        assert got(app, path) == (404, {"error": f"{path} is no question; {PATHS}"})

    @pytest.mark.parametrize(
        ("path", "given", "error"),
        [
            ("/why", "", "endpoint: found None, a text is needed"),
            ("/why", "endpoint=", "endpoint: found '', a text is needed"),
            ("/why", "endpoint", "endpoint: found '', a text is needed"),
            ("/why", "endpoint=a&endpoint=b", "endpoint: it is given more than once"),
            ("/why", "endpoint=a&ask=diff", "ask: it is given more than once"),
            ("/why", "endpoint=a&At=2026", "At: why is asked with endpoint, at"),
            ("/why", "endpoint=a&at=2026-11-20T12:00:00+01:00",
             "at: found '2026-11-20T12:00:00 01:00', an ISO 8601 time is needed"),
            ("/trace", "record=a", "record: found 'a', allowed is s3://artifacts/key#LINE"),
            ("/impact", "of=a&limit=201", "limit: found 201, allowed is 1 to 200"),
            ("/impact", "of=a&limit=many", "limit: found 'many', a whole number is needed"),
            ("/timeline", "model=mortgage&idle=maybe",
             "idle: found 'maybe', allowed are true and false"),
            ("/diff", "model=mortgage&from=1", "to: found None, a whole number is needed"),
        ],
    )  # fmt: skip
    def test_what_is_asked_wrongly(
        self, app: ModuleType, path: str, given: str, error: str
    ) -> None:
        assert got(app, path, given) == (400, {"error": error})

    @pytest.mark.parametrize(
        ("path", "given", "error"),
        [
            ("/why", "endpoint=steward-churn",
             "steward-churn served nothing at 2026-11-20T13:00:00.000Z"),
            ("/why", "endpoint=other-mortgage", "other-mortgage is no endpoint of prefix steward"),
            ("/impact", "of=ffff", "ffff is not on record"),
            ("/trace", "record=s3%3A%2F%2Fx%2Fy%231",
             "s3://x/y#1 is not on record: captures lie in artifacts"),
            ("/timeline", "model=churn", "nothing is on record of churn"),
            ("/diff", "model=mortgage&from=1&to=2",
             "not both of the versions 1 and 2 of steward-mortgage are on record"),
        ],
    )  # fmt: skip
    def test_what_is_not_on_record(
        self, app: ModuleType, path: str, given: str, error: str
    ) -> None:
        assert got(app, path, given) == (404, {"error": error})

    def test_an_answer_that_lambda_would_not_pass_on(
        self, app: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("steward.lineage.http._LARGEST", 10)
        assert got(app, "/why", query(endpoint=ENDPOINT)) == (
            413,
            {"error": "the answer is too large; ask with a smaller limit"},
        )


class TestFailed:
    @pytest.fixture
    def broken(self, app: ModuleType, aws: Aws) -> ModuleType:
        """There is no table."""
        aws.dynamodb.delete_table(TableName="lineage")
        return app

    @pytest.mark.usefixtures("served")
    @pytest.mark.parametrize("path", [f"/{asked}" for asked in QUESTIONS])
    def test_whoever_asks_is_told_nothing_of_the_inside(
        self, broken: ModuleType, path: str
    ) -> None:
        given = {
            "/trace": query(endpoint=ENDPOINT, at="2026-11-20T12:00:00Z"),
            "/why": query(endpoint=ENDPOINT),
            "/impact": query(of="ffff"),
            "/timeline": query(model="mortgage"),
            "/diff": query(model="mortgage", **{"from": 1, "to": 2}),
        }[path]
        assert got(broken, path, given) == (
            500,
            {"error": "this could not be answered now; try again"},
        )

    @pytest.mark.usefixtures("served")
    def test_whoever_keeps_the_function_finds_it_in_the_log(
        self, broken: ModuleType, caplog: pytest.LogCaptureFixture
    ) -> None:
        got(broken, "/why", query(endpoint=ENDPOINT))
        (record,) = [one for one in caplog.records if one.exc_info]
        assert record.getMessage() == "not answered"
        assert record.exc_info
        assert "ResourceNotFoundException" in str(record.exc_info[1])


@pytest.mark.usefixtures("served")
class TestLogged:
    @pytest.mark.parametrize(
        ("path", "given"),
        [
            ("/trace", query(endpoint=ENDPOINT, id=SECRET)),
            ("/trace", query(record=f"s3://artifacts/{SECRET}#1")),
            ("/trace", query(endpoint=SECRET, at="2026-11-20T12:00:00Z")),
            ("/impact", query(of=SECRET)),
            ("/why", query(endpoint=ENDPOINT, at=SECRET)),
            ("/timeline", query(model=SECRET)),
            (f"/trace/{SECRET}", ""),
            (f"/{SECRET}", query(**{SECRET: SECRET})),
        ],
    )
    def test_no_value_of_a_question(
        self,
        app: ModuleType,
        path: str,
        given: str,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        got(app, path, given)
        logged = "".join(str(vars(record)) for record in caplog.records)
        assert "asked" in logged
        assert SECRET not in logged + capsys.readouterr().out

    def test_no_value_of_what_the_function_is_invoked_with(
        self, app: ModuleType, caplog: pytest.LogCaptureFixture
    ) -> None:
        for asked in (SECRET, {"x": SECRET}, [SECRET], None):
            app.lambda_handler({"ask": asked, SECRET: SECRET}, SimpleNamespace())
        assert SECRET not in "".join(str(vars(record)) for record in caplog.records)

    def test_which_question_was_asked(
        self, app: ModuleType, caplog: pytest.LogCaptureFixture
    ) -> None:
        got(app, "/why", query(endpoint=ENDPOINT))
        app.lambda_handler({"endpoint": ENDPOINT, "id": "x"}, SimpleNamespace())
        asked = [vars(one)["question"] for one in caplog.records if one.getMessage() == "asked"]
        assert asked == ["why", "trace"]
