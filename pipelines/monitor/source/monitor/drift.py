"""The checks `data_quality` and `prediction_drift`: are inputs and scores what they were?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np

from monitor import schema
from monitor.compare import Change, flag
from monitor.found import Bars, Chart, Figures, Found, Histogram, Metric, Violation
from monitor.inputs import Inputs
from monitor.schema import MOST_OTHER, Share, chance_of_more, violation_of_share
from monitor.tables import Baseline, Table, baseline_of, changes_of, table_of
from tabular import baseline as shapes
from tabular.files import Row

NAMESPACE = "/aws/sagemaker/Endpoints/data-metric"
UNKNOWN = "(not in the baseline)"  # stands for every category that the baseline never saw
SCORE = "prediction"
MOST_BARS = 8
LEAST_SHARE = 5e-4  # a smaller one is drawn as 0.0 %
NAMED_FROM = 5  # a category of fewer baseline rows could tell of a person, and is not named


def data_quality(inputs: Inputs) -> Found:
    """Schema first, then the distribution of every feature whose schema is right."""
    features, captured = inputs.spec.features, inputs.captures.rows
    pairs = [(row.time, usable) for row in captured if (usable := inputs.row(row)) is not None]
    rows, times = [row for _, row in pairs], np.array([time for time, _ in pairs])
    before = inputs.baseline_rows("baseline/rows.csv")
    broken = schema.violations([row.cells for row in captured], before, features, inputs.plan.alpha)
    known = baseline_of(table_of(before, features, inputs.time_of(before)))
    window = replace(table_of(rows, features), times=times).without(_left_out(broken, features))
    found = _compared(inputs, known, window, len(rows))
    unseen = _unseen(known, window, inputs.plan.alpha) if len(rows) >= inputs.plan.min_rows else []
    documents = dict(found.documents) | _shapes(_told(rows, known), features)
    return replace(
        found,
        violations=(*broken, *found.violations, *unseen),
        notes=(*inputs.captures.notes(), *found.notes),
        documents=documents,
        metrics=(*found.metrics, *_completeness(rows, features)),
    )


def prediction_drift(inputs: Inputs) -> Found:
    """The scores against those of rows the model never trained on."""
    scored = [row for row in inputs.captures.rows if not math.isnan(row.score)]
    before = inputs.baseline_rows("baseline/predictions.csv")
    old = table_of(before, {"score": "number"}, inputs.time_of(before))
    known = baseline_of(Table({SCORE: old.numbers["score"]}, {}, old.times))
    times = np.array([row.time for row in scored])
    window = Table({SCORE: np.array([row.score for row in scored])}, {}, times)
    found = _compared(inputs, known, window, len(scored))
    rows = [{SCORE: repr(row.score)} for row in scored]
    return replace(
        found,
        notes=(*inputs.captures.notes(), *found.notes),
        documents=dict(found.documents) | _shapes(rows, {SCORE: "number"}),
    )


def _compared(inputs: Inputs, known: Baseline, window: Table, rows: int) -> Found:
    """The comparison of two tables as violations, figures, metrics and charts."""
    plan = inputs.plan
    enough = rows >= plan.min_rows
    changes = changes_of(known, window)
    flagged = set(flag(changes, plan.alpha, plan.min_effect)) if enough else set()
    changes.sort(key=lambda change: (change not in flagged, -change.effect))
    notes = [] if enough else [f"{rows} rows are too few to compare; {plan.min_rows} are needed."]
    described = [asdict(change) | {"flagged": change in flagged} for change in changes]
    return Found(
        rows,
        violations=[_violation(change, plan.min_effect) for change in changes if change in flagged],
        notes=notes,
        enough=enough,
        documents={"analysis.json": {"features": described, "cycle": list(known.with_cycle)}},
        metrics=[
            Metric(NAMESPACE, f"feature_baseline_drift_{change.feature}", change.effect)
            for change in changes
        ],
        figures=_figures(changes, flagged),
        charts=[_chart(change, known, window, change in flagged) for change in changes],
    )


def _violation(change: Change, min_effect: float) -> Violation:
    where = "is not as it was" if change.direction == "changed" else f"went {change.direction}"
    return Violation(
        {"feature_name": change.feature},
        "baseline_drift_check",
        f"{change.feature} {where}: its distribution is {change.effect:.3f} from the baseline's"
        f" (allowed: {min_effect:.3f}), which chance gives with p = {change.p_value:.2g}.",
        test=change.test,
        statistic=change.statistic,
        threshold=min_effect,
        effect=change.effect,
        direction=change.direction,
        p_value=change.p_value,
    )


def _left_out(broken: Sequence[Violation], features: Mapping[str, str]) -> set[str]:
    """The features whose values say nothing; all, where cells have no names and do not fit."""
    names = {violation.subject["feature_name"] for violation in broken}
    return set(features) if names & set(schema.UNNAMED.values()) else names


def _unseen(known: Baseline, window: Table, alpha: float) -> list[Violation]:
    """Categories with many values that the baseline does not know.

    A baseline in which many values occur once leads one to expect as many new ones.
    """
    found = []
    for name, values in window.categories.items():
        counts = known.categories[name].counts
        now = Share(sum(bool(v) and v not in counts for v in values), sum(map(bool, values)))
        once = Share(sum(count == 1 for count in counts.values()), int(sum(counts.values())))
        if now.value > once.value + MOST_OTHER and chance_of_more(now, once) < alpha:
            sentence = f"{now.value:.1%} of {now.whole} values of {name} are not in the baseline."
            found.append(violation_of_share(name, "categorical_values_check", sentence, now, once))
    return found


def _told(rows: Sequence[Row], known: Baseline) -> list[Row]:
    """The rows as they are described: nothing tells which unknown category was there."""
    return [{name: _cell(cell, name, known) for name, cell in row.items()} for row in rows]


def _cell(cell: str, name: str, known: Baseline) -> str:
    if name in known.categories:
        return cell if not cell or cell in known.categories[name].counts else UNKNOWN
    # A histogram needs values that are further apart than a float's last digits.
    return f"{float(cell):.12g}" if cell else cell


def _shapes(rows: Sequence[Row], features: Mapping[str, str]) -> dict[str, Mapping[str, object]]:
    """What Model Monitor would write of these rows; nothing, if there are none."""
    if not rows:
        return {}
    return {
        "statistics.json": shapes.statistics(rows, features),
        "constraints.json": shapes.constraints(rows, features),
    }


def _completeness(rows: Sequence[Row], features: Mapping[str, str]) -> list[Metric]:
    return [
        Metric(NAMESPACE, f"feature_non_null_{name}", sum(bool(row[name]) for row in rows))
        for name in features
    ]


def _figures(changes: Sequence[Change], flagged: set[Change]) -> Figures:
    columns = ("Feature", "Test", "Effect", "p", "Direction", "PSI", "Wasserstein")
    rows = [
        (
            change.feature,
            change.test.replace("_", " "),
            f"{change.effect:.3f}",
            f"{change.p_value:.2g}",
            change.direction if change in flagged else "",
            _decimal(change.psi),
            _decimal(change.wasserstein),
        )
        for change in changes
    ]
    return Figures(columns, rows, [change in flagged for change in changes], words=2)


def _decimal(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _chart(change: Change, known: Baseline, window: Table, is_flagged: bool) -> Chart:
    name = change.feature
    note = f"{change.effect:.3f} from the baseline, p = {change.p_value:.2g}"
    if name in known.with_cycle:
        note += ", without the daily cycle"
    if name in known.numbers:
        before = known.numbers[name]
        now = before.seen_in(window.numbers[name], window.times)
        return Histogram(name, note, before.ordered, now, is_flagged)
    expected = known.categories[name].expected_at(window.times)
    pairs = _pairs(known.categories[name].counts, expected, window.categories[name])
    return Bars(name, note, pairs, is_flagged, percent=True)


def _pairs(
    counts: Mapping[str, float], expected: Mapping[str, float], values: Sequence[str]
) -> list[tuple[str, float | None, float | None]]:
    """Shares before and now of the commonest categories, of all others, and of unknown ones."""
    seen = Counter(value for value in values if value)
    common = sorted(counts, key=lambda name: -counts[name])[:MOST_BARS]
    named = [name for name in common if counts[name] >= NAMED_FROM]
    sides = []
    for side in (expected, seen):
        whole = sum(side.values())
        shares = [side.get(name, 0) / whole for name in named]
        unknown = sum(count for name, count in side.items() if name not in counts) / whole
        sides.append([*shares, max(1 - sum(shares) - unknown, 0.0), unknown])
    return [
        (name, before, now)
        for name, before, now in zip([*named, "(others)", "(unknown)"], *sides, strict=True)
        if name in named or max(before, now) >= LEAST_SHARE
    ]
