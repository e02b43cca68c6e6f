"""Stands for AWS's analyzer image: run as a module in a processing job, told by its environment."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from local_aws.sagemaker.monitoring import checks, quality
from local_aws.sagemaker.monitoring.captured import DataError, records, table
from local_aws.sagemaker.monitoring.preprocessing import preprocessed
from local_aws.sagemaker.monitoring.profiles import statistics
from local_aws.sagemaker.values import Json, sections, text

_PREPROCESSOR = "record_preprocessor_script"
NO_TRUTH = "No captured record has a ground truth with its id."


def analyze(environment: Mapping[str, str]) -> int:
    """Write constraint_violations.json, constraints.json and statistics.json; count the former."""
    constraints = _baseline(environment, "baseline_constraints")
    if environment["analysis_type"] == "MODEL_QUALITY":
        found, broken = _model_quality(environment, constraints)
    else:
        found, broken = _data_quality(environment, constraints)
    output = Path(environment["output_path"])
    written: dict[str, Json] = {
        "constraint_violations": {"violations": broken},
        "constraints": constraints,
        "statistics": found,
    }
    for name, content in written.items():
        (output / f"{name}.json").write_text(json.dumps(content, indent=2))
    return len(broken)


def _data_quality(environment: Mapping[str, str], constraints: Json) -> tuple[Json, list[Json]]:
    folder, script = Path(environment["dataset_source"]), _file(environment, _PREPROCESSOR)
    if script:
        rows = list(preprocessed(folder, script))
    else:
        rows = [row for record in records(folder) for row in record.rows()]
    names = [text(feature, "name") for feature in sections(constraints, "features")]
    columns = table(rows, names)
    baseline = _baseline(environment, "baseline_statistics")
    # Without constraints there is nothing to hold the data against; the statistics are written.
    broken = checks.violations(columns, constraints, baseline) if constraints else []
    return statistics(columns), broken


def _model_quality(environment: Mapping[str, str], constraints: Json) -> tuple[Json, list[Json]]:
    problem = environment["problem_type"]
    pairs = quality.merged(
        Path(environment["dataset_source"]),
        Path(environment["ground_truth_source"]),
        quality.Attributes.of(environment),
    )
    if not pairs:
        raise DataError(NO_TRUTH)
    metrics = quality.measured(problem, pairs)
    dataset = {
        "item_count": len(pairs),
        "start_time": environment["start_time"],
        "end_time": environment["end_time"],
    }
    broken = quality.violations(problem, metrics, constraints)
    return {"version": 0.0, "dataset": dataset, **metrics}, broken


def _baseline(environment: Mapping[str, str], name: str) -> Json:
    """A file of the baseline, empty if the definition names none."""
    found = _file(environment, name)
    return cast(Json, json.loads(found.read_text())) if found else {}


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    """The file that an input brought; None if the definition names none."""
    folder = Path(environment[name])
    return next((path for path in sorted(folder.rglob("*")) if path.is_file()), None)


def main() -> None:
    """Analyze, and leave the message that the job ends with."""
    environment = dict(os.environ)
    message = Path(environment["termination_message_path"])
    try:
        count = analyze(environment)
    except (DataError, ValueError) as error:
        message.write_text(f"Error: {error}")
        sys.exit(255)
    status = "CompletedWithViolations" if count else "Completed"
    what = f"{count} violations" if count else "no violations"
    message.write_text(f"{status}: Job completed successfully with {what}.")


if __name__ == "__main__":
    main()
