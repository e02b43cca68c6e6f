"""What a function is told by its environment, as one typed value per function."""

import os
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Deployment:
    """What every function that handles a model's events knows."""

    prefix: str
    account_id: str
    aws_region: str
    steward_models: str
    artifact_bucket: str
    lineage_table: str
    work_table: str
    topic_arn: str

    @property
    def models(self) -> Path:
        """The folder of the models' files."""
        return Path(self.steward_models)


@dataclass(frozen=True, slots=True)
class TrainingSettings(Deployment):
    """Environment of functions/training."""

    landing_bucket: str


@dataclass(frozen=True, slots=True)
class ApprovalSettings(Deployment):
    """Environment of functions/approval; `approval_role` is the name of its own role."""

    rollout_queue_url: str
    approval_role: str
    allow_automatic_approval: str

    @property
    def automatic(self) -> bool:
        """Whether Steward itself may approve, where a model's file asks for it."""
        return self.allow_automatic_approval == "true"


@dataclass(frozen=True, slots=True)
class RolloutSettings(Deployment):
    """Environment of functions/rollout."""

    execution_role_arn: str


@dataclass(frozen=True, slots=True)
class DriftSettings(Deployment):
    """Environment of functions/drift."""

    training_queue_url: str
    landing_bucket: str
    execution_role_arn: str


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """Environment of functions/sweep."""

    prefix: str
    steward_models: str
    lineage_table: str
    work_table: str
    ledger_bucket: str
    ledger_key: str
    training_queue_url: str
    approval_queue_url: str
    rollout_queue_url: str
    drift_queue_url: str

    @property
    def models(self) -> Path:
        """The folder of the models' files."""
        return Path(self.steward_models)


@dataclass(frozen=True, slots=True)
class LineageSettings:
    """Environment of functions/lineage."""

    prefix: str
    artifact_bucket: str
    lineage_table: str


def load[S](kind: type[S]) -> S:
    """Read `kind`'s fields from the variables of the same name in upper case."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # S is a dataclass
    missing = [name.upper() for name in names if name.upper() not in os.environ]
    if missing:
        raise RuntimeError(f"environment variables are missing: {', '.join(missing)}")
    return kind(**{name: os.environ[name.upper()] for name in names})
