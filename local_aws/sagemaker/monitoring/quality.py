"""Model quality: answers joined with the truth that came later, measured, held to thresholds.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.sagemaker.monitoring.captured import (
    Cells,
    DataError,
    Record,
    event_id,
    lines,
    records,
    rows_of,
)
from local_aws.sagemaker.values import Json, section, text

GROUPS = {
    "BinaryClassification": "binary_classification",
    "MulticlassClassification": "multiclass_classification",
    "Regression": "regression",
}
_FEWEST_FOR_DEVIATION, _SAMPLES, _SHARE = 200, 5, 0.8
_BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}

type Metrics = dict[str, float]


@dataclass(frozen=True)
class Attributes:
    """Where an answer has its label and its probability: the index or the name of a column."""

    inference: str | None
    probability: str | None
    threshold: float

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Attributes":
        """As the job's environment says."""
        return cls(
            environment.get("inference_attribute"),
            environment.get("probability_attribute"),
            float(environment.get("probability_threshold_attribute", "0.5")),
        )

    def pair(self, answer: Cells, truth: Cells) -> "Pair":
        """One answer beside the truth."""
        probability = _cell(answer, self.probability) if self.probability else None
        if self.inference:
            predicted = _cell(answer, self.inference)
        elif probability is not None:
            predicted = str(int(float(probability) > self.threshold))
        else:
            raise DataError("Neither InferenceAttribute nor ProbabilityAttribute is given.")
        label = next(iter(truth.values()), None)
        if label is None:
            raise DataError("A ground truth has no label.")
        return Pair(_label(predicted), _label(label), float(probability) if probability else None)


@dataclass(frozen=True)
class Pair:
    """What was predicted, and what is true."""

    predicted: str
    truth: str
    probability: float | None


def _cell(row: Cells, attribute: str) -> str:
    cell = row.get(f"_c{attribute}" if attribute.isdigit() else attribute)
    if cell is None:
        raise DataError(f"An answer has no {attribute!r}: it has {sorted(row)}.")
    return cell


def _label(value: str) -> str:
    """Labels as they are compared: 1.0 is 1."""
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() else value


def merged(captured: Path, truths: Path, attributes: Attributes) -> list[Pair]:
    """Every answer whose truth has come."""
    known = {event_id(line): section(line, "groundTruthData") for line in lines(truths)}
    return [
        pair
        for record in records(captured)
        if record.event_id in known
        for pair in _pairs(record, known[record.event_id], attributes)
    ]


def _pairs(record: Record, truth: Json, attributes: Attributes) -> Iterator[Pair]:
    labels = list(rows_of(truth))
    if len(labels) != len(record.answer):
        raise DataError(
            f"The record {record.event_id} has {len(record.answer)} answers and {len(labels)} "
            "ground truths."
        )
    for answer, label in zip(record.answer, labels, strict=True):
        yield attributes.pair(answer, label)


def measured(problem: str, pairs: Sequence[Pair]) -> Json:
    """The metrics of a kind of problem, with their standard deviations."""
    measure = _MEASURES[problem]
    values, deviations = measure(pairs), _deviations(measure, pairs)
    found: Json = {
        name: {"value": value, "standard_deviation": deviations.get(name, "NaN")}
        for name, value in values.items()
    }
    if problem != "Regression":
        found["confusion_matrix"] = _confusion(pairs)
    return {f"{GROUPS[problem]}_metrics": found}


def _deviations(measure: "Callable[[Sequence[Pair]], Metrics]", pairs: Sequence[Pair]) -> Metrics:
    """Of five samples of 80 %, if there are enough."""
    if len(pairs) < _FEWEST_FOR_DEVIATION:
        return {}
    chance = random.Random(0)  # noqa: S311 - a sample is not a secret
    drawn = [measure(chance.sample(pairs, int(len(pairs) * _SHARE))) for _ in range(_SAMPLES)]
    shared = set.intersection(*(set(one) for one in drawn))
    return {name: statistics.stdev(one[name] for one in drawn) for name in shared}


def _confusion(pairs: Sequence[Pair]) -> Json:
    labels = sorted({pair.truth for pair in pairs} | {pair.predicted for pair in pairs})
    return {
        truth: {
            guess: sum(one.truth == truth and one.predicted == guess for one in pairs)
            for guess in labels
        }
        for truth in labels
    }


def _regression(pairs: Sequence[Pair]) -> Metrics:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    truth, guess = ([float(v) for v in column] for column in _columns(pairs))
    mse = float(mean_squared_error(truth, guess))
    found = {"mae": float(mean_absolute_error(truth, guess)), "mse": mse, "rmse": mse**0.5}
    return found | ({"r2": float(r2_score(truth, guess))} if len(pairs) > 1 else {})


def _binary(pairs: Sequence[Pair]) -> Metrics:
    from sklearn.metrics import fbeta_score, precision_score, recall_score, roc_auc_score

    truth, guess = ([_bit(value) for value in column] for column in _columns(pairs))
    wrong = [abs(a - b) for a, b in zip(truth, guess, strict=True)]
    sensitivity = float(recall_score(truth, guess, zero_division=0))
    specificity = float(recall_score(truth, guess, pos_label=0, zero_division=0))
    found = {
        "recall": sensitivity,
        "precision": float(precision_score(truth, guess, zero_division=0)),
        "accuracy": 1 - sum(wrong) / len(wrong),
        "true_positive_rate": sensitivity,
        "true_negative_rate": specificity,
        "false_positive_rate": 1 - specificity,
        "false_negative_rate": 1 - sensitivity,
    }
    for name, beta in _BETAS.items():
        found[name] = float(fbeta_score(truth, guess, beta=beta, zero_division=0))
    chances = [pair.probability for pair in pairs if pair.probability is not None]
    if len(chances) == len(pairs) and len(set(truth)) == 2:
        found["auc"] = float(roc_auc_score(truth, chances))
    return found


def _bit(label: str) -> int:
    if label not in ("0", "1"):
        raise DataError(f"The labels of a binary classification are 0 and 1, got {label!r}.")
    return int(label)


def _multiclass(pairs: Sequence[Pair]) -> Metrics:
    from sklearn.metrics import accuracy_score, fbeta_score, precision_score, recall_score

    truth, guess = _columns(pairs)
    found = {
        "accuracy": float(accuracy_score(truth, guess)),
        "weighted_recall": float(recall_score(truth, guess, average="weighted", zero_division=0)),
        "weighted_precision": float(
            precision_score(truth, guess, average="weighted", zero_division=0)
        ),
    }
    for name, beta in _BETAS.items():
        score = fbeta_score(truth, guess, beta=beta, average="weighted", zero_division=0)
        found[f"weighted_{name}"] = float(score)
    return found


def _columns(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    return [pair.truth for pair in pairs], [pair.predicted for pair in pairs]


_MEASURES: Mapping[str, Callable[[Sequence[Pair]], Metrics]] = {
    "BinaryClassification": _binary,
    "MulticlassClassification": _multiclass,
    "Regression": _regression,
}


def violations(problem: str, metrics: Json, constraints: Json) -> list[Json]:
    """Every metric that is beyond its threshold."""
    found = section(metrics, f"{GROUPS[problem]}_metrics")
    wanted = section(constraints, f"{GROUPS[problem]}_constraints")
    if unknown := sorted(set(wanted) - set(found)):
        raise DataError(f"The metric {unknown[0]} cannot be computed, only {sorted(found)}.")
    return [
        broken
        for name in wanted
        for broken in _beyond(name, section(found, name), section(wanted, name))
    ]


def _beyond(name: str, metric: Json, constraint: Json) -> Iterator[Json]:
    value, threshold = float(str(metric["value"])), float(str(constraint["threshold"]))
    operator = text(constraint, "comparison_operator")
    if value < threshold if operator == "LessThanThreshold" else value > threshold:
        yield {
            "constraint_check_type": operator,
            "description": f"Metric {name} with {value} +/- {metric['standard_deviation']} was "
            f"{operator} '{threshold}'",
            "metric_name": name,
        }
