"""`steward drift replay` tells of a stream of rows when drift would have asked for a run."""

import bz2
import gzip
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from cli import repository
from tests.cli.conftest import Steward

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "id,at,amount,plan,label"
USED = ("--time-column", "at", "--target", "label")
# 400 rows a day: ten days as they were trained on, then ten more.
DAILY = (*USED, "--baseline-rows", "4000", "--every", "1d")


def stream(moved_from: int = 20, moved_by: float = 1.0) -> str:
    """Twenty days of rows; from one of them on, amounts are higher."""
    random = Random(1)  # noqa: S311 - no secret
    lines = [COLUMNS]
    for place in range(20 * 400):
        at = START + timedelta(days=place / 400)
        amount = random.gauss(moved_by if place >= moved_from * 400 else 0.0, 1)
        plan = random.choice(("basic", "gold"))
        lines.append(f"r{place},{at.isoformat()},{amount:.4f},{plan},{place % 2}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def replayed(steward: Steward, tmp_path: Path) -> Callable[..., list[str]]:
    """The lines that a replay of this text prints, without those about files."""

    def run(text: str, *arguments: str) -> list[str]:
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding="utf-8")
        out = tmp_path / "made" / "page.html"
        ran = steward("drift", "replay", path, "--out", out, *arguments)
        assert (ran.code, ran.err) == (0, "")
        lines = ran.out.splitlines()
        assert lines.pop() == f"the picture: {out}"
        return lines

    return run


def test_where_nothing_changes_nothing_is_asked_for(replayed: Callable[..., list[str]]) -> None:
    head, *others = replayed(stream(), *DAILY)
    assert head == (
        "8000 rows; numbers: 1, categories: 1; the first 4000 rows are the baseline, "
        "windows of 1d from 2026-01-11T00:00Z on"
    )
    assert others == [
        "left out, no text in them comes twice: id",
        "10 windows judged, 0 held, 0 retrainings",
    ]


def test_drift_asks_for_a_run_in_its_third_window(replayed: Callable[..., list[str]]) -> None:
    lines = replayed(stream(moved_from=13), *DAILY)
    first, second, third = lines[2:5]
    assert first.startswith("2026-01-14T00:00Z  hold    1 violation (1 of data_quality) about am")
    assert second.startswith("2026-01-15T00:00Z  hold ")
    assert third == (
        "2026-01-16T00:00Z  retrain 1 violation (1 of data_quality) about amount, "
        "in 3 of 3 windows of version 1, which serves"
    )


def test_a_version_that_learned_of_the_drift_asks_for_no_other(
    replayed: Callable[..., list[str]],
) -> None:
    short = (*USED, "--baseline-rows", "1200", "--every", "1d")
    lines = replayed(stream(moved_from=13), *short)
    assert lines[-1].endswith("1 retraining: 2026-01-16T00:00Z")
    assert [line for line in lines if line.startswith(("2026-01-17", "2026-01-18"))] == []


def test_how_often_a_feature_must_drift_can_be_said(replayed: Callable[..., list[str]]) -> None:
    lines = replayed(stream(moved_from=13), *DAILY, "--flagged", "1", "--of", "1")
    assert "1 retraining: 2026-01-14T00:00Z" in lines[-1]


def test_windows_with_too_few_rows_are_held(replayed: Callable[..., list[str]]) -> None:
    lines = replayed(stream(moved_from=10), *DAILY, "--min-rows", "401")
    assert lines[-1] == "10 windows judged, 10 held, 0 retrainings"
    assert "400 rows are too few to judge by, 401 are needed" in lines[2]


def test_left_alone_it_takes_30_percent_as_baseline_and_windows_of_about_500_rows(
    replayed: Callable[..., list[str]],
) -> None:
    head = replayed(stream(), *USED)[0]
    assert "the first 2400 rows are the baseline, windows of 1d from 2026-01-07T00:00Z on" in head


def test_a_baseline_can_end_at_a_time(replayed: Callable[..., list[str]]) -> None:
    head = replayed(stream(), *USED, "--baseline-until", "2026-01-05", "--every", "12h")[0]
    assert "the first 1600 rows are the baseline, windows of 12h from 2026-01-05T00:00Z" in head


def test_rows_need_no_order_and_missing_values_no_care(
    replayed: Callable[..., list[str]],
) -> None:
    head, *rows = stream(moved_from=13).splitlines()
    sparse = [re.sub(r",(gold|basic),", ",NA,", row) if row[1] == "7" else row for row in rows]
    Random(2).shuffle(sparse)  # noqa: S311
    in_order, shuffled = (
        replayed("\n".join((head, *lines)), *DAILY) for lines in (sorted(sparse, key=_at), sparse)
    )
    assert shuffled == in_order


def _at(row: str) -> str:
    return row.split(",")[1]


@pytest.mark.parametrize(("suffix", "packed"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_packed_files_are_read_as_they_are(
    steward: Steward, tmp_path: Path, suffix: str, packed: Callable[[bytes], bytes]
) -> None:
    path, out = tmp_path / f"rows.csv{suffix}", tmp_path / "page.html"
    path.write_bytes(packed(stream().encode()))
    ran = steward("drift", "replay", path, *DAILY, "--out", out)
    assert ran.code == 0
    assert "10 windows judged" in ran.out


def test_the_page_loads_nothing_and_tells_what_was_found(
    replayed: Callable[..., list[str]], tmp_path: Path
) -> None:
    replayed(stream(moved_from=13), *DAILY)
    page = (tmp_path / "made" / "page.html").read_text(encoding="utf-8")
    assert "rows.csv: drift would have asked for 1 run." in page
    assert "1: window from 2026-01-16T00:00Z" in page
    assert "drifted in 7 of 10 windows" in page
    assert not re.search(r"<script|https?:|src=|@import|url\(", page)


def test_a_columns_name_cannot_become_part_of_the_page(
    replayed: Callable[..., list[str]], tmp_path: Path
) -> None:
    replayed(stream().replace("amount", "<b>amount", 1), *DAILY)
    page = (tmp_path / "made" / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;amount" in page
    assert "<b>amount" not in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "rows.csv has no column 'when'; it has id, at, amount, plan, label."),
        (("--time-column", "plan"), "8000 of 8000 cells of plan are no ISO 8601 time or year, the"),
        (("--target", "outcome"), "has no column 'outcome'"),
        (("--leave-out", "colour"), "has no column 'colour'"),
        (("--baseline-rows", "8000"), "8000 of 8000 rows would be the baseline; at least 200 are"),
        (("--baseline-rows", "0"), "--baseline-rows is 0, allowed is 1 and more."),
        (("--baseline-until", "2025"), "0 of 8000 rows would be the baseline"),
        (("--baseline-until", "soon"), "--baseline-until is 'soon', which is no ISO 8601 time."),
        (("--baseline-until", "2026", "--baseline-rows", "9"), "not both"),
        (("--every", "week"), "--every is 'week', which is no duration such as 90s, 10m, 1h"),
        (("--every", "0h"), "--every is '0h', which is no duration"),
        (("--flagged", "4"), "--flagged is 4, allowed is 1 to --of (3)."),
        (("--alpha", "1"), "--alpha is 1.0, allowed is more than 0 and less than 1."),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(
    steward: Steward, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(stream(), encoding="utf-8")
    used = ("--time-column", "at" if arguments else "when", "--target", "label")
    ran = steward("drift", "replay", path, *used, *arguments)
    assert (ran.code, ran.out) == (2, "")
    (said,) = ran.said
    assert sentence in said


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "holds no row below a header"),
        ("latin.csv", b"id,at\n\xfc,2026\n", "is no CSV of UTF-8 text"),
        ("torn.csv.gz", gzip.compress(b"id,at\n1,2026\n")[:-9], "is no CSV of UTF-8 text"),
        ("plain.csv.bz2", b"id,at\n1,2026\n", "is no CSV of UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    steward: Steward, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    ran = steward("drift", "replay", tmp_path / name, *USED)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    missing = steward("drift", "replay", tmp_path / "nosuch.csv", *USED)
    assert (missing.code, missing.out) == (2, "")
    assert "nosuch.csv cannot be used (No such file or directory)" in missing.err


def test_the_example_of_the_documentation_prints_what_stands_there(
    steward: Steward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.ROOT)
    text = (repository.ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(\.venv/bin/steward drift replay .*?)\n```", text, re.DOTALL)
    assert block
    command, _, printed = block[1].replace("\\\n", "").partition("\n")
    ran = steward(*command.split()[1:], "--out", tmp_path / "page.html")
    assert ran.code == 0
    assert ran.out.splitlines()[:-1] == printed.splitlines()[:-1]
    assert printed.splitlines()[-1] == "the picture: build/replay/countymurders.html"


def test_no_other_command_waits_for_numpy() -> None:
    code = "import cli.main, sys; sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=repository.ROOT, check=True)
