"""`steward ledger verify` of files alone: what an auditor does, without AWS or a network."""

import gzip
import json
import shutil
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.ledger import export
from cli.main import main
from local_aws.memory import InMemoryAws
from steward import digest
from steward.act.checkpoint import key_of, sign
from steward.aws import Aws
from steward.decide.checkpoint import Signed, statement
from steward.decide.verdict import Verdict
from steward.lineage.nodes import Node
from steward.observe.checkpoint import read_heads
from steward.record.decisions import record
from steward.record.items import from_item, to_item
from steward.record.store import Store
from tests.steward.builders import NOON, after
from tests.steward.signing import KEY, FakeKms


class Record:
    """A model's chain, and what an export of it lies in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.aws, self.kms = folder, InMemoryAws("lineage", "work"), FakeKms()
        self.store = Store(cast("Aws", self.aws), "lineage", "work")
        self._last: Signed | None = None
        self._count = 0

    def go_on(self, entries: int) -> None:
        for _ in range(entries):
            self._count += 1
            verdict = Verdict("approval", f"version {self._count}", "passed", "auc 0.784")
            node = Node(f"approval#{self._count}", NOON, {"words": "looks good", "share": 0.5})
            assert record(self.store, "mortgage", verdict, [node])

    def sign(self, day: int) -> None:
        heads = read_heads(self.store, ["mortgage"])
        stated = statement("steward", after(day * 24 * 60), heads, self._last)
        file = sign(cast("Aws", Signing(self.kms)), KEY, stated)
        path = self.folder / key_of(date(2026, 11, day))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
        self._last = Signed(date(2026, 11, day), digest.of(stated), heads)

    def write(self) -> Path:
        self.folder.mkdir(exist_ok=True)
        items = self.folder / "items.jsonl"
        export.write(cast("Aws", self.aws), "lineage", items)
        return items


class Signing:
    """What signs a checkpoint: KMS as it answers."""

    def __init__(self, kms: FakeKms) -> None:
        self.kms = self
        self._kms = kms

    def sign(self, KeyId: str, **request: object) -> object:  # noqa: N803  # as AWS names it
        del KeyId
        return self._kms.sign(**request)  # type: ignore[arg-type]  # passed on as it came


@pytest.fixture
def kept(tmp_path: Path) -> Record:
    """Twelve entries, of which eight are signed."""
    made = Record(tmp_path / "kept")
    made.go_on(5)
    made.sign(20)
    made.go_on(3)
    made.sign(21)
    made.go_on(4)
    made.write()
    pem = made.folder / "public-key.pem"
    pem.write_bytes(made.kms.pem())
    return made


def verify(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    code = main(["ledger", "verify", *map(str, arguments)])
    return code, capsys.readouterr().out.splitlines()


def forge(items: Path, old: str, new: str) -> None:
    text = items.read_text()
    assert old in text
    items.write_text(text.replace(old, new, 1))


def test_what_was_not_altered_verifies_and_it_says_up_to_where(
    kept: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verify(capsys, "--export", kept.folder)
    assert code == 0
    assert said[0].startswith("mortgage: 12 entries are as they were written; up to 8 they are")
    assert "the 4 behind hang together" in said[0]


def test_an_altered_byte_is_named_and_the_answer_is_no(
    kept: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(kept.folder / "items.jsonl", "looks good", "looks gopd")
    code, said = verify(capsys, "--export", kept.folder)
    assert code == 1
    assert said == ["mortgage entry 1 altered: approval#1 node is not as it was written"]


def test_a_chain_that_was_cut_off_shows_against_the_checkpoint(
    kept: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    items = kept.folder / "items.jsonl"
    lines = [line for line in items.read_text().splitlines() if number(line) <= 6]
    items.write_text("\n".join(lines))
    code, said = verify(capsys, "--export", kept.folder)
    assert (code, said) == (
        1, ["mortgage entry 7 missing: a checkpoint knows 8 entries, 6 are there"],
    )  # fmt: skip


def number(line: str) -> int:
    item = json.loads(line)["Item"]
    if item["pk"]["S"].startswith("ledger#"):
        return int(item["sk"]["S"])
    return int(item["entry"]["S"].partition("#")[2])


def test_a_checkpoint_that_nobody_signed_is_not_believed(
    kept: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(kept.folder / key_of(date(2026, 11, 21)), '"seq":8', '"seq":7')
    code, said = verify(capsys, "--export", kept.folder)
    assert code == 1
    assert said[0] == (
        "checkpoint checkpoints/2026/11/21.json cannot be believed: the key did not sign this"
    )


def test_without_checkpoints_it_says_what_it_cannot_show(
    kept: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verify(
        capsys, "--export", shutil.copy(kept.folder / "items.jsonl", kept.folder.parent)
    )
    assert code == 0
    assert "none is signed yet" in said[0]


def test_checkpoints_may_lie_elsewhere(kept: Record, capsys: pytest.CaptureFixture[str]) -> None:
    alone = shutil.copy(kept.folder / "items.jsonl", kept.folder.parent)
    code, said = verify(capsys, "--export", alone, "--checkpoints", kept.folder)
    assert code == 0
    assert "up to 8 they are signed" in said[0]


def test_an_export_that_dynamodb_made_is_read(
    kept: Record, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It lies in parts, zipped, with manifests beside them."""
    data = tmp_path / "AWSDynamoDB" / "0164" / "data"
    data.mkdir(parents=True)
    lines = (kept.folder / "items.jsonl").read_text().splitlines(keepends=True)
    for part, start in enumerate((0, 20)):
        (data / f"{part}.json.gz").write_bytes(
            gzip.compress("".join(lines[start : start + 20 if part == 0 else None]).encode())
        )
    (data.parent / "manifest-files.json").write_text("{}")
    code, said = verify(capsys, "--export", tmp_path / "AWSDynamoDB")
    assert code == 0
    assert said[0].startswith("mortgage: 12 entries")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no json", "is needed"),
        ('{"item": {}}', "is needed"),
        ('{"Item": {"pk": {"B": "AA=="}}}', "is needed"),
        (None, "holds no"),
    ],
)
def test_what_is_no_export_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "items.jsonl").write_text(content)
    assert main(["ledger", "verify", "--export", str(tmp_path)]) == 2
    assert sentence in capsys.readouterr().err


def test_checkpoints_alone_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify", "--checkpoints", "x"]) == 2
    assert "go with --export" in capsys.readouterr().err


numbers = st.integers(-(10**30), 10**30) | st.floats(-1e30, 1e30, allow_nan=False).filter(
    lambda value: value == 0 or abs(value) > 1e-30
)
values = st.recursive(
    st.text(max_size=20) | st.booleans() | st.none() | numbers,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=6))
def test_values_are_read_from_an_export_as_boto3_reads_them_from_the_table(
    item: dict[str, object],
) -> None:
    stored = json.loads(json.dumps(to_item(item)))
    assert {name: export.plain(value) for name, value in stored.items()} == from_item(stored)


@given(values)
def test_a_digest_is_the_same_before_and_after_it_was_stored(value: object) -> None:
    """DynamoDB knows neither floats nor tuples; what is verified must not depend on that."""
    stored = from_item(json.loads(json.dumps(to_item({"value": [value]}))))
    assert digest.of(stored["value"]) == digest.of([value])
