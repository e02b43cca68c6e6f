"""Data quality: the columns of a table held against constraints.json and statistics.json.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from local_aws.sagemaker.monitoring import drift
from local_aws.sagemaker.monitoring.captured import Cell, Columns
from local_aws.sagemaker.monitoring.profiles import NUMERIC, numbers, present, type_of
from local_aws.sagemaker.values import Json, section, sections, text, texts


def violations(columns: Columns, constraints: Json, baseline: Json) -> list[Json]:
    """Everything in the table that does not meet the constraints."""
    config, features = section(constraints, "monitoring_config"), sections(constraints, "features")
    if config.get("evaluate_constraints") == "Disabled":
        return []
    known = {text(one, "name"): one for one in sections(baseline, "features")}
    found = list(_count(len(columns), len(features)))
    for feature in features:
        name = text(feature, "name")
        if name in columns:
            rules = _merged(config, section(feature, "monitoringConfigOverrides"))
            found += _of_feature(columns[name], feature, rules, known.get(name, {}))
    return found


def _merged(config: Json, overrides: Json) -> Json:
    part = "distribution_constraints"
    return {**config, **overrides, part: {**section(config, part), **section(overrides, part)}}


def _violation(name: str, check: str, description: str) -> Json:
    return {
        "feature_name": name,
        "constraint_check_type": check,
        "description": description,
    }


def _count(now: int, before: int) -> Iterator[Json]:
    if now == before:
        return
    what = "missing" if now < before else "extra"
    yield _violation(
        f"{what.title()} columns",
        f"{what}_column_check",
        f"There are {what} columns in current dataset. Number of columns in current dataset: "
        f"{now}, Number of columns in baseline constraints: {before}",
    )


def _of_feature(
    cells: Sequence[Cell], feature: Json, rules: Json, baseline: Json
) -> Iterator[Json]:
    name, values = text(feature, "name"), present(cells)
    yield from _completeness(name, len(values) / len(cells), feature)
    if not values:
        return
    yield from _types(name, values, feature, rules)
    yield from _domain(name, values, feature, rules)
    limits = section(rules, "distribution_constraints")
    if limits.get("perform_comparison", "Enabled") == "Enabled":
        yield from _drift(name, values, baseline, limits)


def _completeness(name: str, share: float, feature: Json) -> Iterator[Json]:
    wanted = _number(feature, "completeness", 0.0)
    if share < wanted:
        said = f"Completeness: {share} is below the expected completeness: {wanted}"
        yield _violation(name, "completeness_check", said)


def _types(name: str, values: Sequence[str], feature: Json, rules: Json) -> Iterator[Json]:
    expected, wanted = feature.get("inferred_type"), _number(rules, "datatype_check_threshold", 1.0)
    if expected not in NUMERIC:  # every cell is a string
        return
    allowed = NUMERIC if expected == "Fractional" else ("Integral",)
    share = sum(type_of(value) in allowed for value in values) / len(values)
    if share < wanted:
        yield _violation(
            name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: {expected}, Expected "
            f"match: {wanted * 100}%. Observed: Only {share * 100}% of data is {expected}.",
        )


def _domain(name: str, values: Sequence[str], feature: Json, rules: Json) -> Iterator[Json]:
    domain = set(texts(section(feature, "string_constraints"), "domains"))
    wanted = _number(rules, "domain_content_threshold", 1.0)
    share = sum(value in domain for value in values) / len(values)
    if domain and share < wanted:
        yield _violation(
            name,
            "categorical_values_check",
            f"Value in domain requirement is not met. Expected match: {wanted * 100}%. Observed: "
            f"Only {share * 100}% of values are in the domain.",
        )


def _drift(name: str, values: Sequence[str], baseline: Json, limits: Json) -> Iterator[Json]:
    method = str(limits.get("comparison_method", "Robust"))
    if kll := section(_distribution(baseline, "numerical_statistics"), "kll"):
        if figures := numbers(values):
            distance = drift.numeric(figures, kll, method)
            yield from _too_far(name, distance, _number(limits, "comparison_threshold", 0.1))
        return
    buckets = sections(
        section(_distribution(baseline, "string_statistics"), "categorical"), "buckets"
    )
    known = {text(one, "value"): int(cast(int, one["count"])) for one in buckets}
    if not known:
        return
    threshold = _number(limits, "categorical_comparison_threshold", 0.1)
    if limits.get("categorical_drift_method", "LInfinity") == "LInfinity":
        yield from _too_far(name, drift.categorical(Counter(values), known, method), threshold)
        return
    p_value = drift.chi_squared(Counter(values), known)
    if p_value is not None and p_value < threshold:
        said = f"Baseline drift p-value: {p_value} is below threshold: {threshold}"
        yield _violation(name, "baseline_drift_check", said)


def _distribution(feature: Json, statistics: str) -> Json:
    return section(section(feature, statistics), "distribution")


def _too_far(name: str, distance: float, threshold: float) -> Iterator[Json]:
    if distance > threshold:
        said = f"Baseline drift distance: {distance} exceeds threshold: {threshold}"
        yield _violation(name, "baseline_drift_check", said)


def _number(source: Json, name: str, default: float) -> float:
    return float(cast(float, source.get(name, default)))
