"""What a column looks like: its type, its completeness, its distribution."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from local_aws.sagemaker.monitoring.captured import Cell, Columns
from local_aws.sagemaker.values import Json

NUMERIC = ("Integral", "Fractional")
BUCKETS = 10
_SKETCH_SIZE, _SKETCH_SHRINKING = 2048, 0.64
_INTEGRAL = re.compile(r"[+-]?\d+")
_FRACTIONAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def present(cells: Sequence[Cell]) -> list[str]:
    """The cells that are not null."""
    return [cell for cell in cells if cell is not None]


def type_of(cell: str) -> str:
    """The type of one cell."""
    if _INTEGRAL.fullmatch(cell):
        return "Integral"
    return "Fractional" if _FRACTIONAL.fullmatch(cell) else "String"


def inferred_type(cells: Sequence[Cell]) -> str:
    """The narrowest type that every cell has."""
    found = {type_of(cell) for cell in present(cells)}
    if not found:
        return "Unknown"
    return next(one for one in ("String", "Fractional", "Integral") if one in found)


def numbers(cells: Sequence[Cell]) -> list[float]:
    """The cells that are numbers, in order of size."""
    return sorted(float(cell) for cell in present(cells) if type_of(cell) in NUMERIC)


def statistics(columns: Columns) -> Json:
    """The content of statistics.json."""
    items = max((len(cells) for cells in columns.values()), default=0)
    features = [_feature(name, cells) for name, cells in columns.items()]
    return {"version": 0, "dataset": {"item_count": items}, "features": features}


def _feature(name: str, cells: Sequence[Cell]) -> Json:
    kind, found = inferred_type(cells), present(cells)
    common: Json = {"num_present": len(found), "num_missing": len(cells) - len(found)}
    described: Json = {"name": name, "inferred_type": kind}
    if kind in NUMERIC:
        described["numerical_statistics"] = {"common": common, **_numeric(numbers(cells))}
    elif kind == "String":
        described["string_statistics"] = {"common": common, **_categorical(found)}
    else:
        described["string_statistics"] = {"common": common, "distinct_count": 0}
    return described


def _numeric(values: list[float]) -> Json:
    total = math.fsum(values)
    mean = total / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    kll = {"buckets": _buckets(values), "sketch": _sketch(values)}
    return {
        "mean": mean,
        "sum": total,
        "std_dev": math.sqrt(variance),
        "min": values[0],
        "max": values[-1],
        "distribution": {"kll": kll},
    }


def _buckets(values: list[float]) -> list[Json]:
    low, width = values[0], (values[-1] - values[0]) / BUCKETS
    if not width:
        return [{"lower_bound": low, "upper_bound": values[-1], "count": len(values)}]
    counts = Counter(min(int((value - low) / width), BUCKETS - 1) for value in values)
    return [
        {
            "lower_bound": low + index * width,
            "upper_bound": values[-1] if index == BUCKETS - 1 else low + (index + 1) * width,
            "count": counts[index],
        }
        for index in range(BUCKETS)
    ]


def _sketch(values: list[float]) -> Json:
    """Level i holds values that stand for 2 to the power of i each."""
    data: list[list[float]] = []
    while len(values) > _SKETCH_SIZE:
        data.append(values[-1:] if len(values) % 2 else [])
        values = values[: len(values) // 2 * 2 : 2]
    data.append(values)
    return {"parameters": {"c": _SKETCH_SHRINKING, "k": _SKETCH_SIZE}, "data": data}


def _categorical(values: list[str]) -> Json:
    counts = Counter(values)
    buckets = [{"value": value, "count": count} for value, count in sorted(counts.items())]
    return {"distinct_count": len(counts), "distribution": {"categorical": {"buckets": buckets}}}
