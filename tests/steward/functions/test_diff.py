"""How two versions differ, part by part; what is not known is told, and never compared."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from steward.lineage.diff import Answer, diff
from steward.observe.training import object_key
from steward.spec.model import ModelSpec
from tests.steward.functions.house import ARTIFACTS, NAME, House

PARTS = ("data", "code", "image", "hyperparameters", "metrics", "policy")


def asked(house: House, first: int = 1, second: int = 2) -> Answer:
    found = diff(house.aws, house.store, NAME, first, second)
    assert found is not None
    return found


def differ(answer: Answer) -> dict[str, object]:
    """The parts that are not the same."""
    return {name: answer[name] for name in PARTS if answer[name] != []}


def not_known(answer: Answer) -> list[tuple[object, object, object]]:
    found = answer["not_known"]
    assert isinstance(found, list)
    return [(one["version"], one["part"], one["because"]) for one in found]


@pytest.fixture
def two(house: House) -> House:
    """Version 2 learned from one file more."""
    house.judged(1)
    house.judged(2)
    return house


def change(item: str, one: object, other: object) -> list[dict[str, object]]:
    return [{"what": item, "from": one, "to": other}]


class TestParts:
    def test_a_version_does_not_differ_from_itself(self, two: House) -> None:
        assert differ(asked(two, 1, 1)) == {}

    def test_one_file_more(self, two: House) -> None:
        key = "mortgage/incoming/2.csv"
        row = two.row(object_key(key))
        assert row is not None
        learned = f"{row['version_id']} ({row['sha256']})"
        assert differ(asked(two)) == {"data": change(key, None, learned)}
        assert differ(asked(two, 2, 1)) == {"data": change(key, learned, None)}
        assert asked(two)["not_known"] == []

    def test_other_bytes_under_the_same_key(self, house: House) -> None:
        house.judged(1)
        house.deliver("training", house.upload("1.csv", house.rows(4)))
        house.judged(2)
        data = asked(house)["data"]
        assert isinstance(data, list)
        (first, _) = data
        assert first["what"] == "mortgage/incoming/1.csv"
        assert None not in (first["from"], first["to"])
        assert first["from"] != first["to"]

    def test_more_files_than_a_node_can_name(self, house: House) -> None:
        """Which they are stands in the snapshot's manifest."""
        for number in range(11):
            house.deliver("training", house.upload(f"file-{number}.csv"))
        house.judged(1)
        house.judged(2)
        data = differ(asked(house))["data"]
        assert isinstance(data, list)
        assert [one["what"] for one in data] == ["mortgage/incoming/2.csv"]

    def test_another_commit_and_another_image(self, house: House) -> None:
        house.judged(1)
        house.trained(2)
        event = house.registered(2)
        package = house.sagemaker.packages[house.sagemaker.arn_of(2)]
        package["MetadataProperties"]["CommitId"] = "beef"
        package["InferenceSpecification"]["Containers"][0]["ImageDigest"] = "sha256:99"
        house.deliver("approval", event)
        found = asked(house)
        assert found["code"] == [{"what": None, "from": "0123abcd", "to": "beef"}]
        assert found["image"] == [{"what": None, "from": f"sha256:{'8' * 64}", "to": "sha256:99"}]

    def test_other_metrics(self, house: House) -> None:
        house.judged(1, auc=0.72)
        house.judged(2, auc=0.74)
        assert asked(house)["metrics"] == change("auc.value", 0.72, 0.74)

    def test_other_hyperparameters_and_another_policy(
        self, house: House, respecify: Callable[..., None]
    ) -> None:
        house.judged(1)
        respecify(train={"hyperparameters": {"max_depth": 9}}, gate={"min_test_rows": 99})
        house.judged(2)
        found = asked(house)
        assert {"what": "max_depth", "from": None, "to": 9} in found["hyperparameters"]  # type: ignore[operator]
        assert {"what": "gate.min_test_rows", "from": 150, "to": 99} in found["policy"]  # type: ignore[operator]


@pytest.fixture
def respecify(
    house: House, mortgage: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """The model's file says something else from now on."""

    def change_it(**sections: dict[str, Any]) -> None:
        source = {name: _with(mortgage.source[name], more) for name, more in sections.items()}
        changed = replace(mortgage, source={**mortgage.source, **source})
        monkeypatch.setattr("steward.scope.read_all", lambda _: {"mortgage": changed})

    return change_it


def _with(section: object, more: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(section, dict)
    return {**section, **more}


class TestNotKnown:
    def test_of_a_version_that_is_not_on_record_nothing_is_compared(self, two: House) -> None:
        assert diff(two.aws, two.store, NAME, 1, 9) is None
        assert diff(two.aws, two.store, NAME, 9, 1) is None

    def test_a_version_by_hand_has_no_run_no_data_and_no_evaluation(self, house: House) -> None:
        house.judged(1)
        house.sagemaker.register(
            2,
            InferenceSpecification={
                "Containers": [{"Image": "image:1", "ModelDataUrl": f"s3://{ARTIFACTS}/by-hand"}],
                "SupportedContentTypes": ["text/csv"],
            },
        )
        house.deliver("approval", house.version_event(2))
        found = asked(house)
        assert not_known(found) == [
            (2, "data", "no snapshot of its data is on record"),
            (2, "hyperparameters", "no run that made it is on record"),
            (2, "metrics", "no evaluation of it was judged"),
            (2, "policy", "no run that made it is on record"),
        ]
        assert differ(found) == {
            "data": None,
            "hyperparameters": None,
            "metrics": None,
            "policy": None,
            "code": [{"what": None, "from": "0123abcd", "to": None}],
            "image": [{"what": None, "from": f"sha256:{'8' * 64}", "to": "image:1"}],
        }

    @pytest.mark.parametrize(
        ("folder", "parts"),
        [
            ("runs/mortgage/r2/evaluation/", ["metrics"]),
            ("specs/mortgage/", ["hyperparameters", "policy"]),
        ],
    )
    def test_what_is_gone_from_s3_is_not_compared(
        self, two: House, folder: str, parts: list[str]
    ) -> None:
        listed = two.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix=folder)["Contents"]
        two.aws.s3.delete_object(Bucket=ARTIFACTS, Key=listed[0]["Key"])
        found = asked(two)
        assert [name for name in PARTS if found[name] is None] == parts
        assert (2, parts[0], f"s3://{ARTIFACTS}/{listed[0]['Key']} does not exist any more") in (
            not_known(found)
        )

    @pytest.mark.parametrize(
        ("folder", "parts"),
        [
            ("runs/mortgage/r2/evaluation/", ["metrics"]),
            ("specs/mortgage/", ["hyperparameters", "policy"]),
        ],
    )
    def test_what_is_not_what_was_recorded_is_not_compared(
        self, two: House, folder: str, parts: list[str]
    ) -> None:
        (one,) = two.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix=folder)["Contents"]
        better = b'{"binary_classification_metrics": {"auc": {"value": 0.99}}}'
        two.aws.s3.put_object(Bucket=ARTIFACTS, Key=one["Key"], Body=better)
        found = asked(two)
        assert [name for name in PARTS if found[name] is None] == parts
        assert "0.99" not in repr(found)
        why = f"s3://{ARTIFACTS}/{one['Key']} was changed: its SHA-256 is not the one on record"
        assert (2, parts[0], why) in not_known(found)

    def test_a_manifest_that_was_changed_is_not_compared(self, house: House) -> None:
        for number in range(11):
            house.deliver("training", house.upload(f"file-{number}.csv"))
        house.judged(1)
        (one,) = house.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix="snapshots/")["Contents"]
        house.aws.s3.put_object(Bucket=ARTIFACTS, Key=one["Key"], Body=b'{"objects": []}')
        assert [name for name in PARTS if asked(house, 1, 1)[name] is None] == ["data"]


class TestWhatHappenedAround:
    def test_a_version_whose_registry_entry_was_deleted_is_compared_as_before(
        self, two: House
    ) -> None:
        before = asked(two)
        two.sagemaker.packages.clear()
        assert asked(two) == before

    def test_a_version_whose_run_has_not_ended_is_compared(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.judged(1)
        house.trained(2)
        monkeypatch.setattr(house.sagemaker, "end", lambda *_: None)
        house.deliver("approval", house.registered(2))
        assert house.store.get("lineage", f"run#{NAME}/r2", "end") is None
        assert asked(house)["not_known"] == []
