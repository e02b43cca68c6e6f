"""Starts runs. Everything is named by its content, so that doing it twice is doing it once."""

from datetime import timedelta

from steward import digest
from steward.aws import Aws
from steward.decide.training import Execution, Run
from steward.names import Names
from steward.observe.training import observe_execution

# SageMaker's clock and ours need not agree to the second.
_SKEW = timedelta(hours=1)


def start_run(aws: Aws, names: Names, run: Run) -> Execution:
    """Start the run, or find the one that was started before.

    AWS does not say for how long it remembers a token: an execution with the run's display name is
    the run.
    """
    started = _find_run(aws, names, run)
    if started:
        return observe_execution(aws, started)
    parameters = {
        "SnapshotUri": run.snapshot_uri,
        "SnapshotDigest": run.snapshot,
        "SpecUri": run.spec_uri,
        "ChampionUri": run.champion_uri,
        "ChampionSnapshotUri": run.champion_snapshot_uri,
    }
    answer = aws.sagemaker.start_pipeline_execution(
        PipelineName=names.pipeline,
        PipelineExecutionDisplayName=names.run(run.number),
        PipelineExecutionDescription="; ".join(run.reasons)[:3000],
        PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
        ClientRequestToken=run_token(names.pipeline, run),
    )
    return observe_execution(aws, answer["PipelineExecutionArn"])


def _find_run(aws: Aws, names: Names, run: Run) -> str | None:
    pages = aws.sagemaker.get_paginator("list_pipeline_executions").paginate(
        PipelineName=names.pipeline, CreatedAfter=run.opened_at - _SKEW
    )
    for page in pages:
        for found in page["PipelineExecutionSummaries"]:
            if found.get("PipelineExecutionDisplayName") == names.run(run.number):
                return found["PipelineExecutionArn"]
    return None


def run_token(pipeline: str, run: Run) -> str:
    """Client request token: a second start of the same run is the same run."""
    return digest.of([pipeline, run.definition, run.snapshot, run.number])
