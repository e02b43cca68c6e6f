"""The demo's story as far as its first canary, and a report of drift: all functions work.

python -m tests.killed.story FOLDER     plays it as `steward demo` does
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from cli.demo import acts, checks, story
from cli.demo.stage import MODEL, Stage, require
from cli.demo.story import Step
from steward import times

WORDS = "learned from 400 more applications, better on the same rows"


def _upload(stage: Stage) -> None:
    # Every story meets the same full hours, at which monitors begin anew.
    acts.wait_for_the_hour(stage)
    acts.upload(stage, acts.FIRST_PARTS)


def _bake(stage: Stage) -> None:
    acts.approve(stage, 2, WORDS)
    stage.until("version 2 takes traffic", lambda: acts.bakes(stage))


def _serve(stage: Stage) -> None:
    acts.let_it_serve(stage, 2)
    acts.predict(stage, 2, acts.requests()[1])


def _report(stage: Stage) -> None:
    """A monitor's report on an hour: a column is missing in production."""
    end = stage.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    start = end - timedelta(hours=1)
    window = {"kind": "data_quality", "version": 2, "rows": 500}
    window |= {"start": times.iso(start), "end": times.iso(end)}
    violation = {"feature_name": "hrat", "constraint_check_type": "missing_column_check"}
    stage.aws.s3.put_object(
        Bucket=stage.target.artifact_bucket,
        Key=f"monitoring/{MODEL}/v2/data_quality/{start:%Y/%m/%d/%H}/constraint_violations.json",
        Body=json.dumps({"version": 1, "violations": [violation], "window": window}),
    )
    stage.local.settle()


def _paged(stage: Stage) -> str:
    (decision,) = acts.drift_decisions(stage)
    require(decision["verdict"] == "page", f"the report was judged: {decision['verdict']}")
    return str(decision["reason"])


def _as_told(name: str) -> Step:
    return next(step for step in story.STEPS if step.name == name)


STEPS = (
    _as_told("boot"),
    Step("upload", _upload, checks.uploaded),
    *map(_as_told, ("train", "register", "approve", "serve", "predict", "new_data")),
    Step("bake", _bake, lambda stage: checks.approved(stage, 2)),
    Step("rollout", _serve, lambda stage: checks.served(stage, 2, rollouts=2)),
    Step("report", _report, _paged),
)


@contextmanager
def told_in(folder: Path, at_the_end: Callable[[Stage], object]) -> Iterator[None]:
    """Inside, the demo plays these steps and has its files in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story, "STEPS", STEPS)
        patch.setattr(story, "STATE", folder / "demo")
        patch.setattr(story, "SUMMARY", folder / "summary.json")
        patch.setattr(story, "_tell_the_end", lambda stage, *_: at_the_end(stage))
        yield


if __name__ == "__main__":
    with told_in(Path(sys.argv[1]), lambda _: None):
        sys.exit(story.demo())
