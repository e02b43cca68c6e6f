"""Parts with promises of their own: layers, failures in a batch, deliveries that go wrong."""

import json

import pytest
from moto.events.models import Rule

from local_aws.awslambda.folders import Layer, below, merge_layers
from local_aws.awslambda.mapping import failed_ids
from local_aws.awslambda.runtime_api import Outcome
from local_aws.conductor import Conductor
from local_aws.events import delivery
from local_aws.kernel import World


def tree(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_layers_are_laid_over_each_other_and_the_last_wins(tmp_path):
    package = tree(tmp_path / "a", steward__x="x of a", steward__y="y of a")
    plain = tree(tmp_path / "b", python__steward__y="y of b", model="m")
    opt = tmp_path / "opt"
    merge_layers([Layer(package, built_for_python=True), Layer(plain, built_for_python=False)], opt)
    found = {str(p.relative_to(opt)): p.read_text() for p in opt.rglob("*") if p.is_file()}
    assert found == {
        "python/steward/x": "x of a",
        "python/steward/y": "y of b",
        "model": "m",
    }
    assert (package / "steward" / "y").read_text() == "y of a"


def test_only_paths_below_opt_are_moved(tmp_path):
    values = ["/opt", "/opt/a", "/optical", "opt"]
    assert [below(tmp_path, v) for v in values] == [
        str(tmp_path),
        f"{tmp_path}/a",
        "/optical",
        "opt",
    ]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"messageId": "b"}]}, {"a", "b"}),
        ({"batchItemFailures": "b"}, {"a", "b"}),
        ("done", {"a", "b"}),
    ],
)
def test_an_answer_names_the_failures_or_fails_them_all(answer, failed):
    outcome = Outcome(json.dumps(answer).encode(), failed=False)
    assert failed_ids(outcome, ["a", "b"], reports_failures=True) == failed


def test_without_reporting_a_batch_succeeds_or_fails_whole():
    assert failed_ids(Outcome(b"{}", failed=False), ["a", "b"], reports_failures=False) == set()
    assert failed_ids(Outcome(b"{}", failed=True), ["a", "b"], reports_failures=False) == {"a", "b"}


def rule():
    return Rule(
        "r", "123456789012", "eu-west-1", None, '{"source": ["s"]}', None, None, "default", None
    )


def test_a_delivery_that_fails_for_a_while_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "RETRY_SECONDS", 0)
    world, attempts = World(tmp_path), []
    monkeypatch.setattr(world.guard, "require", lambda *_: None)

    def invoke(arn, payload):
        attempts.append(payload)
        if len(attempts) < 3:
            raise RuntimeError("not now")

    target = {"Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f"}
    delivery.deliver(world, invoke, rule(), target, {"id": "1"})
    Conductor(world).settle(5)
    assert attempts == [b'{"id": "1"}'] * 3


@pytest.mark.parametrize(
    ("target", "received"),
    [
        ({}, {"id": "1", "detail": {"a": {"b": 2}}, "time": "t"}),
        ({"Input": '{"look_at": "mortgage"}'}, {"look_at": "mortgage"}),
        ({"InputPath": "$.detail.a"}, {"b": 2}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"x": "$.detail.a.b"},
                    "InputTemplate": '{"n": <x>}',
                }
            },
            {"n": 2},
        ),
    ],
)
def test_a_target_receives_the_event_or_what_it_asks_for(target, received):
    event = {"id": "1", "detail": {"a": {"b": 2}}, "time": "t"}
    assert delivery.shaped(event, {"Arn": "x", **target}) == received
