"""functions/training: uploads become a run, once, and its end is written down."""

import json

import pytest

from steward import digest
from tests.steward.builders import SAGEMAKER
from tests.steward.functions.house import ARTIFACTS, INCOMING, LANDING, NAME, House
from tests.steward.ledger import decisions

RUN_1 = f"{SAGEMAKER}:pipeline/{NAME}/execution/r1"


class TestUpload:
    def test_is_one_dataset_however_often_it_is_told(self, house: House) -> None:
        event = house.upload()
        assert house.deliver("training", event, event) == 0
        before = house.tables()
        house.clock.pass_by(minutes=1)
        assert house.deliver("training", event) == 0
        assert house.tables() == before
        assert len(house.store.query("work", "mortgage", "pending#")) == 1

    def test_without_a_needed_column_is_rejected_and_its_owner_told_why(self, house: House) -> None:
        house.deliver("training", house.upload(text=house.rows(3, without="unem")))
        assert house.decisions() == [(f"{INCOMING}a.csv", "reject")]
        (message,) = house.said
        assert "1 of 21 columns are missing: unem" in message["Message"]
        assert "credit-risk@example.com" in message["Message"]
        assert message["MessageAttributes"]["model"]["StringValue"] == "mortgage"
        assert house.sweep() == []

    def test_with_a_byte_order_mark_and_windows_line_ends_is_accepted(self, house: House) -> None:
        house.deliver("training", house.upload(text="\ufeff" + house.rows(3)))
        assert house.decisions("training") == [("run 1", "wait")]

    def test_of_an_old_macs_line_ends_is_rejected_and_no_dead_letter(self, house: House) -> None:
        text = house.rows(3).replace("\r\n", "\r")
        assert house.deliver("training", house.upload(text=text)) == 0
        assert house.decisions() == [(f"{INCOMING}a.csv", "reject")]

    def test_that_is_gone_already_is_rejected(self, house: House) -> None:
        event = house.upload()
        version = event["detail"]["object"]["version-id"]
        house.aws.s3.delete_object(Bucket=LANDING, Key=f"{INCOMING}a.csv", VersionId=version)
        assert house.deliver("training", event) == 0
        assert house.decisions() == [(f"{INCOMING}a.csv", "reject")]

    def test_that_comes_after_a_newer_one_is_history(self, house: House) -> None:
        older, newer = house.upload(text=house.rows(1)), house.upload(text=house.rows(2))
        house.deliver("training", newer)
        house.deliver("training", older)
        assert (f"{INCOMING}a.csv", "supersede") in house.decisions()
        (row,) = house.store.query("work", "mortgage", "object#")
        assert row["version_id"] == newer["detail"]["object"]["version-id"]

    @pytest.mark.parametrize(
        ("bucket", "key"),
        [
            (LANDING, "elsewhere/a.csv"),
            (LANDING, INCOMING + "folder/"),
            (ARTIFACTS, INCOMING + "a.csv"),
        ],
        ids=["no model's prefix", "a folder", "another bucket"],
    )
    def test_that_belongs_to_no_model_is_ignored_and_counted(
        self, house: House, bucket: str, key: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert house.deliver("training", house.upload(key, bucket=bucket)) == 0
        assert house.tables() == []
        assert '"Ignored":[1.0]' in capsys.readouterr().out


class TestRun:
    def test_is_not_started_while_uploads_go_on(self, house: House) -> None:
        for name in ("a.csv", "b.csv", "c.csv"):
            house.deliver("training", house.upload(name))
            house.clock.pass_by(minutes=9)
        assert house.sagemaker.executions == {}
        assert house.sweep() == [("training", "mortgage")]

    def test_takes_all_that_waited_once_it_is_quiet(self, house: House) -> None:
        for name in ("a.csv", "b.csv"):
            house.deliver("training", house.upload(name))
        house.clock.pass_by(minutes=10)
        house.look("training")
        assert list(house.sagemaker.executions) == [RUN_1]
        assert house.store.query("work", "mortgage", "pending#") == []
        given = house.sagemaker.parameters(RUN_1)
        manifest = self.stored(house, given["SnapshotUri"])
        assert digest.of_text(manifest) == given["SnapshotDigest"]
        objects = json.loads(manifest)["objects"]
        assert [one["key"] for one in objects] == [f"{INCOMING}a.csv", f"{INCOMING}b.csv"]
        assert all(one["version_id"] and len(one["sha256"]) == 64 for one in objects)
        assert given["ChampionUri"] == ""
        spec = json.loads(self.stored(house, given["SpecUri"]))
        assert spec["model"] == "mortgage"
        # Their order is that of a request's cells.
        assert list(spec["data"]["features"])[:3] == ["loanamt", "price", "appinc"]

    def stored(self, house: House, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        found = house.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        assert isinstance(found, str)
        return found

    def test_starts_at_once_when_the_marker_arrives(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.deliver("training", house.upload("_SUCCESS", ""))
        assert list(house.sagemaker.executions) == [RUN_1]
        assert house.store.query("work", "mortgage", "pending#") == []

    def test_starts_when_the_marker_comes_before_its_data(self, house: House) -> None:
        house.deliver("training", house.upload("_SUCCESS", ""))
        assert house.sagemaker.executions == {}
        house.deliver("training", house.upload())
        assert list(house.sagemaker.executions) == [RUN_1]

    def test_is_not_started_on_old_data_by_a_late_marker(self, house: House) -> None:
        house.trained()
        house.sagemaker.end(RUN_1, "Succeeded")
        house.deliver("training", house.run_event())
        house.deliver("training", house.upload("_SUCCESS", ""))
        assert house.sweep() == [("training", "mortgage")]
        house.clock.pass_by(minutes=10)
        house.look("training")
        assert list(house.sagemaker.executions) == [RUN_1]
        assert house.store.query("work", "mortgage", "pending#") == []
        assert house.sweep() == []

    def test_leaves_out_what_was_deleted(self, house: House) -> None:
        house.deliver("training", house.upload("a.csv"))
        house.deliver("training", house.upload("b.csv"))
        house.aws.s3.delete_object(Bucket=LANDING, Key=f"{INCOMING}a.csv")
        house.clock.pass_by(minutes=10)
        house.look("training")
        manifest = json.loads(self.stored(house, house.sagemaker.parameters(RUN_1)["SnapshotUri"]))
        assert [one["key"] for one in manifest["objects"]] == [f"{INCOMING}b.csv"]
        assert manifest["left_out"][0]["why"] == "deleted"

    def test_of_nothing_that_still_exists_is_held(self, house: House) -> None:
        house.deliver("training", house.upload("a.csv"))
        house.aws.s3.delete_object(Bucket=LANDING, Key=f"{INCOMING}a.csv")
        house.clock.pass_by(minutes=10)
        assert house.look("training") == 0
        assert house.decisions()[-1] == ("run 1", "hold")
        assert house.sagemaker.executions == {}
        assert house.sweep() == []

    @pytest.mark.parametrize("remembered", ["name", "token"])
    def test_is_started_once_when_the_answer_to_its_start_was_lost(
        self, house: House, remembered: str
    ) -> None:
        """SageMaker forgets tokens after an unknown time, and lists what is new after a while."""
        house.deliver("training", house.upload())
        house.clock.pass_by(minutes=10)
        house.sagemaker.meanwhile["DescribePipelineExecution"] = lambda: 1 / 0
        assert house.look("training", times=1) == 1
        if remembered == "name":
            house.sagemaker.tokens.clear()
        house.sagemaker.lists_executions = remembered == "name"
        assert house.look("training") == 0
        assert list(house.sagemaker.executions) == [RUN_1]
        row = house.row("run")
        assert row is not None
        assert row["execution_arn"] == RUN_1

    def test_is_decided_on_a_snapshot_and_says_so(self, house: House) -> None:
        house.trained()
        kinds = {str(found["verdict"]): found for found in decisions(house.store)}
        snapshot = house.sagemaker.parameters(RUN_1)["SnapshotDigest"]
        for kind in ("start", "started"):
            assert kinds[kind]["facts"]["snapshot"] == snapshot  # type: ignore[index]
        assert kinds["started"]["facts"]["decision"] == kinds["start"]["pk"]  # type: ignore[index]
        node = house.store.get(house.store.lineage, f"run#{NAME}/r1", "node")
        assert node is not None
        assert node["entry"] == kinds["started"]["entry"]

    def test_names_the_definition_that_really_runs(self, house: House) -> None:
        """It was published anew between the opening of the run and its start."""
        house.deliver("training", house.upload())
        house.clock.pass_by(minutes=10)
        house.sagemaker.meanwhile["StartPipelineExecution"] = lambda: 1 / 0
        house.look("training", times=1)
        house.sagemaker.definition = '{"Version":"2020-12-01","changed":true}'
        house.look("training")
        node = house.store.get("lineage", f"run#{NAME}/r1", "node")
        assert node is not None
        assert node["facts"]["definition"] == digest.of_text(house.sagemaker.definition)  # type: ignore[index]

    def test_ends_and_the_agenda_is_empty(self, house: House) -> None:
        house.trained()
        house.sagemaker.end(RUN_1, "Succeeded")
        assert house.deliver("training", house.run_event()) == 0
        row = house.row("run")
        assert row is not None
        assert (row["state"], row["outcome"]) == ("closed", "Succeeded")
        assert house.decisions() == [
            ("run 1", "wait"),
            ("run 1", "start"),
            ("run 1", "started"),
            ("run 1", "wait"),
            ("run 1", "finish"),
        ]
        assert house.said == []
        assert house.sweep() == []

    def test_that_failed_is_told_with_step_and_reason(self, house: House) -> None:
        house.trained()
        house.sagemaker.end(RUN_1, "Failed", "no rows of label 1")
        house.deliver("training", house.run_event())
        assert house.subjects() == ["[mortgage] training run 1 failed"]
        assert "Failed in step Train: no rows of label 1" in house.said[0]["Message"]

    def test_that_failed_starts_nothing_by_itself(self, house: House) -> None:
        house.trained()
        house.sagemaker.end(RUN_1, "Failed")
        house.deliver("training", house.run_event())
        house.clock.pass_by(minutes=600)
        house.look("training")
        assert list(house.sagemaker.executions) == [RUN_1]

    def test_is_never_one_of_two_in_flight(self, house: House) -> None:
        house.trained()
        house.deliver("training", house.upload("b.csv"))
        house.clock.pass_by(minutes=600)
        house.look("training")
        assert list(house.sagemaker.executions) == [RUN_1]
        house.sagemaker.end(RUN_1, "Succeeded")
        house.deliver("training", house.run_event())
        assert len(house.sagemaker.executions) == 2

    @pytest.mark.parametrize("late", ["upload", "run", "look"])
    def test_is_not_changed_by_a_late_event(self, house: House, late: str) -> None:
        upload = house.upload("1.csv")
        house.deliver("training", upload)
        house.clock.pass_by(minutes=10)
        house.look("training")
        house.sagemaker.end(RUN_1, "Succeeded")
        house.deliver("training", house.run_event())
        before = house.tables()
        house.clock.pass_by(minutes=60)
        events = {"upload": upload, "run": house.run_event(), "look": {"look_at": "mortgage"}}
        assert house.deliver("training", events[late], events[late]) == 0
        assert house.tables() == before

    def test_trains_against_the_version_that_serves(self, house: House) -> None:
        house.serving(1)
        house.trained(2)
        given = house.sagemaker.parameters(RUN_1.replace("r1", "r2"))
        assert given["ChampionUri"].endswith("/r1/model/model.tar.gz")


@pytest.mark.parametrize("name", ["steward-churn", "steward-dev-mortgage", "handmade"])
def test_a_run_of_no_model_is_ignored(house: House, name: str) -> None:
    """The rule matches by prefix, and another deployment's may begin with ours."""
    event = house.run_event()
    event["detail"]["pipelineExecutionArn"] = f"{SAGEMAKER}:pipeline/{name}/execution/r1"
    assert house.deliver("training", event) == 0
    assert house.tables() == []


@pytest.mark.parametrize(
    "body",
    [{"look_at": "churn"}, {"look_at": ""}, {"hello": "world"}, []],
)
def test_a_message_that_nobody_understands_becomes_a_dead_letter(
    house: House, body: dict[str, object]
) -> None:
    assert house.deliver("training", body) == 1
    assert house.tables() == []


def test_one_bad_message_does_not_take_the_others_with_it(house: House) -> None:
    assert house.deliver("training", {"hello": "world"}, house.upload()) == 1
    assert len(house.store.query("work", "mortgage", "object#")) == 1


@pytest.mark.parametrize("concern", ["training", "approval", "rollout", "drift"])
def test_an_event_of_another_concern_is_refused(house: House, concern: str) -> None:
    others = {
        "training": house.endpoint_event(),
        "approval": house.endpoint_event(),
        "rollout": house.run_event(),
        "drift": house.run_event(),
    }
    assert house.deliver(concern, others[concern]) == 1
