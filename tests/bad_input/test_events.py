"""What is no event of ours is ignored and counted, or a dead letter that the log explains."""

import json
from dataclasses import dataclass

import pytest

from cli import repository
from tests.bad_input.conftest import environment
from tests.bad_input.house import CONCERNS, House, Json
from tests.bad_input.told import ODD, Told, slices

SAMPLES = {
    "training": "training-run-succeeded.json",
    "approval": "approval-version-registered.json",
    "rollout": "rollout-endpoint-in-service.json",
    "drift": "drift-report.json",
}
# What each function cannot do without.
NEEDED = {
    "training": "pipelineExecutionArn",
    "approval": "ModelPackageVersion",
    "rollout": "EndpointName",
    "drift": "window",
}


def sample(concern: str) -> Json:
    """A documented event that the function takes."""
    found: Json = json.loads((repository.EVENTS / SAMPLES[concern]).read_text())
    return found


def without(event: Json, name: str) -> Json:
    return {key: value for key, value in event.items() if key != name}


def broken(concern: str) -> list[tuple[object, str]]:
    """Messages that a function must refuse, and what its log says of each."""
    event, needed = sample(concern), NEEDED[concern]
    other = sample("rollout" if concern != "rollout" else "approval")
    return [
        ("{", "not JSON: Expecting property name"),
        ([event], "found list, a JSON object is needed"),
        (without(event, "account"), "account: found None, a text is needed"),
        (event | {"account": "210987654321"}, "account: found '210987654321', this deployment is"),
        (event | {"region": "eu-west-2"}, "region: found 'eu-west-2', this deployment is in"),
        (event | {"detail-type": "Else"}, "source and detail-type: found "),
        (event | {"detail": without(event["detail"], needed)}, f"detail.{needed}"),
        (other, f"is no business of {concern}"),
        ({"look_at": "churn"}, "found 'churn', known are ['mortgage']|is no business of drift"),
    ]


# What a good event leaves on record; to the others there is nothing new in theirs.
LEAVES = {"training": "dataset", "drift": "drift-report"}


def good(house: House, concern: str) -> Json:
    """An event that the function takes."""
    if concern == "training":
        return house.put_unannounced("beside bad ones.csv", slices()[ODD[0]])
    return sample(concern)


@dataclass(frozen=True)
class Sent:
    """What was put on a queue in one batch, the good one last, and what became dead letters."""

    refused: list[str]
    done: str
    letters: dict[str, str]
    grown: list[str]


@pytest.fixture(scope="module")
def sent(deployed: House, told: Told) -> dict[str, Sent]:
    """A batch on each function's queue, all at once."""
    assert told
    with environment(deployed.local.environment()):
        events = {concern: good(deployed, concern) for concern in CONCERNS}
        before = {kind: len(deployed.nodes(kind)) for kind in LEAVES.values()}
        with deployed.held():
            ids = {
                concern: deployed.deliver(concern, *[body for body, _ in broken(concern)], event)
                for concern, event in events.items()
            }
        deployed.local.settle()
        grown = [kind for kind, count in before.items() if len(deployed.nodes(kind)) == count + 1]
        return {
            concern: Sent(refused, done, deployed.dead_letters(concern), grown)
            for concern, (*refused, done) in ids.items()
        }


class TestNotAsDocumented:
    @pytest.mark.parametrize("concern", CONCERNS)
    def test_is_a_dead_letter_and_the_log_says_what_was_missing(
        self, house: House, sent: dict[str, Sent], concern: str
    ) -> None:
        refused, letters = sent[concern].refused, sent[concern].letters
        assert house.waiting(concern) == 0
        assert sorted(letters) == sorted(refused)
        for message, (body, says) in zip(refused, broken(concern), strict=True):
            assert letters[message] == body if isinstance(body, str) else json.dumps(body)
            said = house.log(concern, message)
            assert len(said) == 5
            assert all(text.startswith("message refused: ") for text in said)
            assert all(any(one in text for one in says.split("|")) for text in said), said

    @pytest.mark.parametrize("concern", CONCERNS)
    def test_leaves_the_rest_of_its_batch_to_succeed(
        self, house: House, sent: dict[str, Sent], concern: str
    ) -> None:
        refused, done = sent[concern].refused, sent[concern].done
        assert house.batches(concern, done) & house.batches(concern, refused[0])
        said = house.log(concern, done)
        assert said
        assert not any("refused" in text or "failed" in text for text in said)
        if concern in LEAVES:
            assert LEAVES[concern] in sent[concern].grown


@pytest.mark.parametrize("key", ["elsewhere/part-1.csv", "mortgage/other.csv", "part-1.csv"])
def test_an_upload_outside_every_models_prefix_is_ignored_and_counted(
    house: House, key: str
) -> None:
    record, counted, mail = house.record(), house.counted("training", "Ignored"), len(house.mail())
    house.s3.put_object(Bucket=house.landing, Key=key, Body=slices()[ODD[0]])
    house.local.settle()
    assert house.counted("training", "Ignored") == counted + 1
    assert house.log("training")[-1] == f"ignored: s3://{house.landing}/{key} belongs to no model"
    assert house.waiting("training") == 0
    assert house.dead_letters("training") == {}
    assert house.record() == record
    assert len(house.mail()) == mail


class TestAgain:
    """The same event twice, or an old one after a new one: no second effect."""

    @pytest.mark.parametrize("times", [1, 3])
    def test_an_upload_is_on_record_already(self, house: House, times: int) -> None:
        event = house.announced(house.prefix + ODD[0])
        before, mail = house.record(), len(house.mail())
        messages = house.deliver("training", *[event] * times)
        house.local.settle()
        assert house.record() == before
        assert len(house.mail()) == mail
        for message in messages:
            assert (
                house.log("training", message)[0] == f"{house.prefix}{ODD[0]} is on record already"
            )

    def test_an_older_upload_after_a_newer_one_is_history(self, house: House) -> None:
        name, (old, new) = "backwards.csv", (slices()[name] for name in ODD[2:4])
        events = [house.put_unannounced(name, body) for body in (old, new)]
        for event in reversed(events):
            house.deliver("training", event)
            house.local.settle()
        (decision,) = house.decided(house.prefix + name)
        assert decision["verdict"] == "supersede"
        assert "a newer version was accepted before" in decision["reason"]
        judged = {one["version_id"]: one["judgement"] for one in house.datasets(name)}
        versions = [event["detail"]["object"]["version-id"] for event in events]
        assert judged == dict(zip(versions, ("supersede", "accept"), strict=True))
        assert house.pending().count(name) == 1

    @pytest.mark.parametrize(
        ("concern", "kind", "says"),
        [
            ("training", "Pipeline Execution Status Change", "no data is waiting|waiting until"),
            (
                "approval",
                "Model Package State Change",
                "1: Approved is on record|2: PendingManualApproval is on",
            ),
            ("rollout", "Endpoint State Change", "version 1 serves; no newer version may replace"),
        ],
    )
    def test_all_there_were_so_far_backwards_change_nothing(
        self, house: House, concern: str, kind: str, says: str
    ) -> None:
        house.look("training")
        events: list[Json] = [dict(entry["event"]) for entry in house.local.events()]  # type: ignore[call-overload]
        ours = [event for event in events if kind in event["detail-type"]]
        assert ours
        before, mail = house.record(), len(house.mail())
        messages = [house.deliver(concern, event)[0] for event in reversed(ours)]
        house.local.settle()
        assert house.record() == before
        assert len(house.mail()) == mail
        for message in messages:
            (said, *_) = house.log(concern, message)
            assert any(one in said for one in says.split("|")), said
