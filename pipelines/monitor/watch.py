"""Steward's monitor job: what an endpoint captured in a window, against its version's baseline.

AWS's own monitors are closed to new customers; this writes the files that they document:
constraint_violations.json, statistics.json, constraints.json and analysis.json, besides a page
for people and metrics for CloudWatch.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from monitor.attributions import explainability
from monitor.drift import data_quality, prediction_drift
from monitor.fairness import bias_drift
from monitor.fetch import S3, CloudWatch, Meter, Store
from monitor.found import Found
from monitor.inputs import Inputs
from monitor.plan import Plan, read_plan
from monitor.quality import model_quality
from monitor.write import last_words, leave, put_metrics, write_files
from tabular.failing import run

CHECKS: Mapping[str, Callable[[Inputs], Found]] = {
    "data_quality": data_quality,
    "prediction_drift": prediction_drift,
    "model_quality": model_quality,
    "bias": bias_drift,
    "explainability": explainability,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Do what the plan says."""
    paths = _arguments(argv)
    watch(read_plan(paths.plan), S3(), CloudWatch(), paths.out)


def watch(plan: Plan, store: Store, meter: Meter, out: Path) -> None:
    """Check, write, and only then put metrics: the files are kept even if those are refused."""
    found = CHECKS[plan.kind](Inputs(plan, store))
    out.mkdir(parents=True, exist_ok=True)
    write_files(plan, found, out)
    put_metrics(plan, found, meter)
    leave(last_words(found))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare a window with its version's baseline.")
    for name in ("--plan", "--out"):
        parser.add_argument(name, type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    run(main)
