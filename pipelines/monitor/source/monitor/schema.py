"""Whether a window's rows have the columns, the types and the completeness of the baseline."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from monitor.found import Violation
from monitor.inputs import row_by_name
from monitor.payload import Cells
from monitor.tables import number
from tabular.files import Row

LEAST_ROWS = 30  # fewer rows say nothing about a schema
MOST_OTHER = 0.1  # the share by which cells may be of another kind than the baseline's
UNNAMED = {"missing": "Missing columns", "extra": "Extra columns"}  # as Model Monitor calls them


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 0.0


def chance_of_more(window: Share, baseline: Share) -> float:
    """Fisher's exact test that the window's share is not above the baseline's."""
    rows, ones = window.whole + baseline.whole, window.part + baseline.part
    return float(stats.hypergeom.sf(window.part - 1, rows, ones, window.whole))


def violations(
    captured: Sequence[Cells], baseline: Sequence[Row], features: Mapping[str, str], alpha: float
) -> list[Violation]:
    """What is wrong with the schema of these rows; nothing, if they are too few to tell."""
    if len(captured) < LEAST_ROWS:
        return []
    found = _unnamed_columns(captured, features) + _named_columns(captured, features)
    absent = {violation.subject["feature_name"] for violation in found}
    rows = [row for cells in captured if (row := row_by_name(cells, features)) is not None]
    for name, kind in features.items():
        if name not in absent:
            before, now = [row[name] for row in baseline], [row[name] for row in rows]
            found += _cells(name, kind, before, now, alpha)
    return found


def _unnamed_columns(captured: Sequence[Cells], features: Mapping[str, str]) -> list[Violation]:
    """Lists of cells that are mostly too short, or mostly too long."""
    sizes = [len(cells) for cells in captured if not isinstance(cells, Mapping)]
    short = Share(sum(size < len(features) for size in sizes), len(captured))
    long = Share(sum(size > len(features) for size in sizes), len(captured))
    found = []
    for share, what in ((short, "missing"), (long, "extra")):
        if share.value > 1 / 2:
            count = f"fewer than {len(features)}" if what == "missing" else f"over {len(features)}"
            sentence = f"{share.part} of {share.whole} rows have {count} cells."
            found.append(_column(UNNAMED[what], what, share, sentence))
    return found


def _named_columns(captured: Sequence[Cells], features: Mapping[str, str]) -> list[Violation]:
    """Features that most objects do not name, and other names that most objects have."""
    objects = [cells for cells in captured if isinstance(cells, Mapping)]
    if len(objects) <= len(captured) / 2:
        return []
    found = []
    for name in features:
        share = Share(sum(name not in cells for cells in objects), len(objects))
        if share.value > 1 / 2:
            sentence = f"{share.part} of {share.whole} rows do not name {name}."
            found.append(_column(name, "missing", share, sentence))
    more = Share(sum(bool(cells.keys() - features.keys()) for cells in objects), len(objects))
    if more.value > 1 / 2:
        sentence = f"{more.part} of {more.whole} rows name columns that the model does not take."
        found.append(_column(UNNAMED["extra"], "extra", more, sentence))
    return found


def _column(name: str, what: str, share: Share, sentence: str) -> Violation:
    return Violation(
        {"feature_name": name},
        f"{what}_column_check",
        sentence,
        test="share_of_rows",
        statistic=share.value,
        threshold=1 / 2,
        effect=share.value,
        direction="down" if what == "missing" else "up",
    )


def _cells(
    name: str, kind: str, before: Sequence[str], now: Sequence[str], alpha: float
) -> list[Violation]:
    old, new = _count(before, _is_missing), _count(now, _is_missing)
    found = []
    if new.value > old.value + MOST_OTHER and chance_of_more(new, old) < alpha:
        sentence = (
            f"{name} is complete in {1 - new.value:.1%} of {new.whole} rows;"
            f" it was in {1 - old.value:.1%} of the baseline."
        )
        found.append(violation_of_share(name, "completeness_check", sentence, new, old))
    if kind == "category":
        return found
    strange, known = _count(_present(now), _is_no_number), Share(0, len(_present(before)))
    if strange.value > MOST_OTHER and chance_of_more(strange, known) < alpha:
        sentence = f"{strange.value:.1%} of {strange.whole} values of {name} are no numbers."
        found.append(violation_of_share(name, "data_type_check", sentence, strange, known))
    return found


def violation_of_share(
    name: str, check: str, sentence: str, now: Share, before: Share
) -> Violation:
    """A share that is further from the baseline's than is allowed, beyond chance."""
    return Violation(
        {"feature_name": name},
        check,
        sentence,
        test="fisher_exact",
        statistic=now.value,
        threshold=before.value + MOST_OTHER,
        effect=now.value - before.value,
        direction="down" if check == "completeness_check" else "up",
        p_value=chance_of_more(now, before),
    )


def _count(cells: Sequence[str], is_part: Callable[[str], bool]) -> Share:
    return Share(sum(is_part(cell) for cell in cells), len(cells))


def _present(cells: Sequence[str]) -> list[str]:
    return [cell for cell in cells if cell]


def _is_missing(cell: str) -> bool:
    return not cell


def _is_no_number(cell: str) -> bool:
    return math.isnan(number(cell))
