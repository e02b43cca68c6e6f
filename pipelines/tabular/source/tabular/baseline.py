"""What the training rows look like, in the file shapes of SageMaker Model Monitor."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tabular.files import Row

type Floats = npt.NDArray[np.float64]
type Description = dict[str, object]

INFERRED = {"number": "Fractional", "integer": "Integral", "category": "String"}
BUCKETS = 10
SKETCH_SIZE = 2048
MONITORING = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    # The shares of cells that must match: the training rows all do.
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}


def statistics(rows: Sequence[Row], features: Mapping[str, str]) -> Description:
    """statistics.json: each feature's distribution."""
    described = [
        _statistics(name, kind, _present(rows, name), len(rows)) for name, kind in features.items()
    ]
    return {"version": 0, "dataset": {"item_count": len(rows)}, "features": described}


def constraints(rows: Sequence[Row], features: Mapping[str, str]) -> Description:
    """constraints.json: what a feature may be without anybody being told."""
    described = [
        _constraints(name, kind, _present(rows, name), len(rows)) for name, kind in features.items()
    ]
    return {"version": 0, "features": described, "monitoring_config": MONITORING}


def _present(rows: Sequence[Row], name: str) -> list[str]:
    return [value for row in rows if (value := row[name])]


def _statistics(name: str, kind: str, values: list[str], rows: int) -> Description:
    common = {"num_present": len(values), "num_missing": rows - len(values)}
    head: Description = {"name": name, "inferred_type": INFERRED[kind]}
    if kind == "category":
        return head | {"string_statistics": {"common": common} | _string_statistics(values)}
    numbers = np.sort(np.array(values, dtype=np.float64))
    return head | {"numerical_statistics": {"common": common} | _numerical_statistics(numbers)}


def _string_statistics(values: list[str]) -> Description:
    counts = Counter(values)
    buckets = [{"value": value, "count": counts[value]} for value in sorted(counts)]
    return {
        "distinct_count": len(counts),
        "distribution": {"categorical": {"buckets": buckets}},
    }


def _numerical_statistics(ordered: Floats) -> Description:
    if not len(ordered):
        return {}
    return {
        "mean": float(ordered.mean()),
        "sum": float(ordered.sum()),
        "std_dev": float(ordered.std()),
        "min": float(ordered[0]),
        "max": float(ordered[-1]),
        "distribution": {"kll": {"buckets": _buckets(ordered), "sketch": _sketch(ordered)}},
    }


def _buckets(ordered: Floats) -> list[Description]:
    """Ten buckets of equal width; one value alone makes a bucket without width."""
    single = ordered[0] == ordered[-1]
    counts, edges = np.histogram(ordered, bins=1 if single else BUCKETS)
    if single:
        edges = np.array([ordered[0], ordered[0]])
    return [
        {"lower_bound": float(low), "upper_bound": float(high), "count": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _sketch(ordered: Floats) -> Description:
    """A KLL sketch: an item at level h stands for 2**h values; up to 2,048 values stand whole."""
    level = 0
    while len(ordered) >> level > SKETCH_SIZE:
        level += 1
    step = 1 << level
    kept = [float(value) for value in ordered[step // 2 :: step]]
    empty: list[list[float]] = [[] for _ in range(level)]
    return {"parameters": {"c": 0.64, "k": SKETCH_SIZE}, "data": [*empty, kept]}


def _constraints(name: str, kind: str, values: list[str], rows: int) -> Description:
    head: Description = {
        "name": name,
        "inferred_type": INFERRED[kind],
        "completeness": len(values) / rows,
    }
    if kind == "category":
        return head | {"string_constraints": {"domains": sorted(set(values))}}
    smallest = min((float(value) for value in values), default=0.0)
    return head | {"num_constraints": {"is_non_negative": smallest >= 0}}
