"""Prepare: exactly the snapshot's rows, and nothing that should not be known."""

import hashlib
import hmac

import pytest

from pipelines.tabular.steps import prepare
from tabular.failing import StepFailed
from tabular.files import read_rows
from tests.pipelines.house import LANDING, SECRET, UNVERSIONED, House, Json, Upload, csv_file

COLUMNS = ("id", "who", "passport", "income", "ok", "group")


def spec() -> Json:
    return {
        "model": "small",
        "data": {
            "key": "id",
            "label": "ok",
            "facets": ["group"],
            "pii": {"who": "drop", "passport": "hash"},
            "features": {"income": "number"},
        },
        "train": {"test_percent": 30, "hyperparameters": {}},
        "gate": {"threshold": 0.5, "metrics": {}},
    }


def row(number: int, income: object = 10, ok: object = None) -> tuple[object, ...]:
    return (f"k{number}", f"Person{number}", f"P{number:06d}", income, number % 2 if ok is None
            else ok, "x")  # fmt: skip


def upload(*rows: tuple[object, ...], name: str = "a.csv") -> Upload:
    return Upload(f"small/{name}", csv_file(COLUMNS, rows))


MANY = [row(number) for number in range(60)]


def prepared_rows(house: House) -> dict[str, dict[str, str]]:
    rows = [
        row for side in ("train", "test") for row in read_rows(house.root / side / f"{side}.csv")
    ]
    return {row["id"]: row for row in rows}


def test_every_row_is_used_once_and_accounted_for(house: House) -> None:
    house.prepare(spec(), house.snapshot([upload(*MANY[:40]), upload(*MANY[40:], name="b.csv")]))
    account = house.read("prepared/prepared.json")
    assert [one["used"] for one in account["objects"]] == [40, 20]
    assert account["rows"] == account["train_rows"] + account["test_rows"] == 60
    assert account["pii"] == {"who": "dropped", "passport": "hashed"}
    assert len(prepared_rows(house)) == 60


def test_the_newest_objects_row_wins(house: House) -> None:
    older, newer = upload(*MANY), upload(row(3, income=99), name="b.csv")
    house.prepare(spec(), house.snapshot([older, newer]))
    assert prepared_rows(house)["k3"]["income"] == "99"
    account = house.read("prepared/prepared.json")
    assert [one["used"] for one in account["objects"]] == [59, 1]


def test_a_row_without_key_or_outcome_teaches_nothing(house: House) -> None:
    keyless = ("", "Nobody", "P", 1, 1, "x")
    house.prepare(spec(), house.snapshot([upload(*MANY, row(60, ok=""), keyless)]))
    (counted,) = house.read("prepared/prepared.json")["objects"]
    assert (counted["rows"], counted["used"]) == (62, 60)


def test_a_column_that_the_spec_does_not_know_is_left_out(house: House) -> None:
    body = csv_file((*COLUMNS, "secret_score"), [(*row, 42) for row in MANY])
    house.prepare(spec(), house.snapshot([Upload("small/a.csv", body)]))
    assert set(prepared_rows(house)["k1"]) == {"id", "ok", "group", "income", "passport"}


def test_a_row_stays_on_its_side_whatever_else_arrives(house: House) -> None:
    house.prepare(spec(), house.snapshot([upload(*MANY)]))
    before = {row["id"] for row in read_rows(house.root / "test" / "test.csv")}
    more = [row(number) for number in range(60, 120)]
    house.prepare(spec(), house.snapshot([upload(*MANY), upload(*more, name="b.csv")]))
    after = {row["id"] for row in read_rows(house.root / "test" / "test.csv")}
    assert before == {key for key in after if int(key[1:]) < 60}


@pytest.mark.parametrize("key", ["k1", "L00001", "Ærø 7"])
def test_the_side_follows_from_the_keys_digest_alone(key: str) -> None:
    percent = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100
    assert not prepare.is_test(key, percent)
    assert prepare.is_test(key, percent + 1)


def test_a_hashed_column_holds_a_keyed_hash_and_a_dropped_one_is_gone(house: House) -> None:
    house.prepare(spec(), house.snapshot([upload(*MANY)]))
    expected = hmac.new(SECRET.encode(), b"P000007", hashlib.sha256).hexdigest()
    assert prepared_rows(house)["k7"]["passport"] == expected
    written = b"".join(house.written().values())
    assert b"Person7" not in written
    assert b"P000007" not in written


def failure(house: House, snapshot: Json, digest: str | None = None) -> str:
    with pytest.raises(StepFailed) as failed:
        house.prepare(spec(), snapshot, digest)
    return str(failed.value)


def test_another_manifest_than_the_runs_is_refused(house: House) -> None:
    sentence = failure(house, house.snapshot([upload(*MANY)]), digest="ab" * 32)
    assert sentence.endswith(f"but the run was started for {'ab' * 32}.")


def test_an_object_with_other_bytes_is_named_with_its_version(house: House) -> None:
    snapshot = house.snapshot([upload(*MANY)])
    snapshot["objects"][0]["sha256"] = "cd" * 32
    version = snapshot["objects"][0]["version_id"]
    sentence = failure(house, snapshot)
    assert sentence.startswith(f"small/a.csv version {version} has digest ")
    assert sentence.endswith(f"but {'cd' * 32} was recorded.")


def test_a_newer_version_under_the_same_key_changes_nothing(house: House) -> None:
    snapshot = house.snapshot([upload(*MANY)])
    house.s3.put_object(Bucket=LANDING, Key="small/a.csv", Body=b"something else")
    house.prepare(spec(), snapshot)
    assert len(prepared_rows(house)) == 60


def test_a_version_that_is_gone_is_named(house: House) -> None:
    snapshot = house.snapshot([upload(*MANY)])
    version = snapshot["objects"][0]["version_id"]
    house.s3.delete_object(Bucket=LANDING, Key="small/a.csv", VersionId=version)
    assert failure(house, snapshot) == (
        f"small/a.csv version {version} cannot be read: it was deleted."
    )


def unversioned(house: House) -> tuple[Json, str]:
    """A snapshot of one object in a bucket without versions, and what it is called there."""
    snapshot = house.snapshot([upload(*MANY)], UNVERSIONED)
    return snapshot, f"small/a.csv with ETag {snapshot['objects'][0]['etag']}"


class TestAnObjectWithoutVersions:
    def test_is_read_while_it_is_the_one_that_was_uploaded(self, house: House) -> None:
        house.prepare(spec(), unversioned(house)[0])
        assert len(prepared_rows(house)) == 60

    def test_that_was_overwritten_is_named(self, house: House) -> None:
        snapshot, name = unversioned(house)
        house.s3.put_object(Bucket=UNVERSIONED, Key="small/a.csv", Body=b"something else")
        why = "it was overwritten, and its bucket keeps no versions"
        assert failure(house, snapshot) == f"{name} cannot be read: {why}."

    def test_that_was_deleted_is_named(self, house: House) -> None:
        snapshot, name = unversioned(house)
        house.s3.delete_object(Bucket=UNVERSIONED, Key="small/a.csv")
        assert failure(house, snapshot) == f"{name} cannot be read: it was deleted."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*MANY, row(60, ok="yes")], "row 61: ok must be 0, 1 or empty."),
        ([*MANY, row(60, income="lots")], "row 61: income must be a number."),
        ([row(number, ok=1) for number in range(60)], "ok is 1 in all 42 training rows."),
        ([], "The snapshot leaves no training rows to work with."),
    ],
)
def test_rows_that_cannot_be_learnt_from_fail_with_one_sentence(
    house: House, rows: list[tuple[object, ...]], sentence: str
) -> None:
    assert failure(house, house.snapshot([upload(*rows)])).endswith(sentence)


def test_a_snapshot_without_test_rows_fails(house: House) -> None:
    rows = [row for row in MANY if not prepare.is_test(str(row[0]), 30)]
    sentence = failure(house, house.snapshot([upload(*rows)]))
    assert sentence == "The snapshot leaves no test rows to work with."


def test_a_missing_column_is_named(house: House) -> None:
    body = csv_file(("id", "ok"), [("k1", 1)])
    sentence = failure(house, house.snapshot([Upload("small/a.csv", body)]))
    assert sentence.endswith("lacks group, income.")


def timed_spec(**data: object) -> Json:
    section = {**spec()["data"], "time": "at", **data}
    rule = {"group": {"disadvantaged": "x", "group": "city"}}
    return spec() | {"data": section, "gate": {**spec()["gate"], "bias": rule}}


def timed(*rows: tuple[object, ...]) -> Upload:
    return Upload("small/timed.csv", csv_file((*COLUMNS, "at", "city"), rows))


def timed_rows(at: str = "2026-11-20T08:15:30Z") -> list[tuple[object, ...]]:
    return [(*row, at, "Rome") for row in MANY]


def test_times_and_groups_are_kept_beside_the_features(house: House) -> None:
    house.prepare(timed_spec(), house.snapshot([timed(*timed_rows())]))
    kept = prepared_rows(house)["k1"]
    assert (kept["at"], kept["city"]) == ("2026-11-20T08:15:30Z", "Rome")


def test_a_group_that_is_a_feature_is_one_column(house: House) -> None:
    named = timed_spec(features={"income": "number", "city": "category"})
    house.prepare(named, house.snapshot([timed(*timed_rows())]))
    header = (house.root / "train" / "train.csv").read_text().partition("\n")[0]
    assert header == "id,ok,group,income,city,at,passport"


@pytest.mark.parametrize("at", ["2026-11-20", "2026-11-20T08:15:30+01:00", "20261120T081530Z"])
def test_a_time_may_be_any_of_iso_8601(house: House, at: str) -> None:
    house.prepare(timed_spec(), house.snapshot([timed(*timed_rows(at))]))
    assert prepared_rows(house)["k1"]["at"] == at


@pytest.mark.parametrize("at", ["20.11.2026", "yesterday", ""])
def test_what_is_no_time_is_named_by_column_and_row_and_not_quoted(house: House, at: str) -> None:
    rows = [*timed_rows(), (*row(60), at, "Rome")]
    with pytest.raises(StepFailed) as failed:
        house.prepare(timed_spec(), house.snapshot([timed(*rows)]))
    assert str(failed.value).endswith("row 61: at must be a time in ISO 8601.")


def recent_keys(house: House) -> set[str]:
    return {row["id"] for row in read_rows(house.root / "test" / "recent.csv")}


class TestRecentRows:
    def test_are_the_test_rows_of_objects_that_the_serving_version_does_not_know(
        self, house: House
    ) -> None:
        older = house.snapshot([upload(*MANY[:40])])
        both = older | {
            "objects": [
                *older["objects"],
                *house.snapshot([upload(*MANY[40:], name="b.csv")])["objects"],
            ]
        }
        house.prepare(spec(), both, champion_snapshot=house.keep_snapshot(older))
        tested = {row["id"] for row in read_rows(house.root / "test" / "test.csv")}
        assert recent_keys(house) == {key for key in tested if int(key[1:]) >= 40} != set()

    def test_come_from_a_newer_version_under_the_same_key_too(self, house: House) -> None:
        older = house.snapshot([upload(*MANY)])
        newer = house.snapshot([upload(*MANY)])
        house.prepare(spec(), newer, champion_snapshot=house.keep_snapshot(older))
        assert len(recent_keys(house)) == house.read("prepared/prepared.json")["test_rows"]

    def test_come_from_an_object_without_versions_that_was_overwritten(self, house: House) -> None:
        older = house.snapshot([upload(*MANY[1:])], UNVERSIONED)
        newer = house.snapshot([upload(*MANY)], UNVERSIONED)
        house.prepare(spec(), newer, champion_snapshot=house.keep_snapshot(older))
        assert len(recent_keys(house)) == house.read("prepared/prepared.json")["test_rows"]

    @pytest.mark.parametrize("known", [False, True])
    def test_are_none_where_nothing_is_new_or_nothing_is_known(
        self, house: House, known: bool
    ) -> None:
        snapshot = house.snapshot([upload(*MANY)])
        kept = house.keep_snapshot(snapshot) if known else ""
        house.prepare(spec(), snapshot, champion_snapshot=kept)
        written = (house.root / "test" / "recent.csv").read_text()
        assert written == "id,ok,group,income,passport\n"

    def test_need_the_manifest_that_the_uri_names(self, house: House) -> None:
        snapshot = house.snapshot([upload(*MANY)])
        uri = house.keep_snapshot(snapshot)
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        house.s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
        with pytest.raises(StepFailed) as failed:
            house.prepare(spec(), snapshot, champion_snapshot=uri)
        assert str(failed.value) == (
            f"The snapshot {uri} has digest {hashlib.sha256(b'{}').hexdigest()},"
            f" but is named {key.removeprefix('snapshots/').removesuffix('.json')}."
        )

    def test_need_a_manifest_that_is_still_there(self, house: House) -> None:
        with pytest.raises(
            StepFailed, match=r"^s3://artifacts/snapshots/gone\.json cannot be read"
        ):
            house.prepare(
                spec(),
                house.snapshot([upload(*MANY)]),
                champion_snapshot="s3://artifacts/snapshots/gone.json",
            )
