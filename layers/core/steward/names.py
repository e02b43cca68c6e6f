"""The names that Steward gives to things on AWS; every one begins `<prefix>-<model>`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

VARIANT = "AllTraffic"
# In the place of a version, where captured predictions of all versions lie together.
SHARED = "shared"
ABORT = "abort"
ALARMS = (ABORT, "error-rate", "model-error-rate", "p99")
# A schedule's name has 63 characters; kinds are short where a window's hour follows.
_SHORT = {
    "data_quality": "dq",
    "prediction_drift": "pd",
    "model_quality": "mq",
    "bias": "bi",
    "explainability": "ex",
}
_JOB = re.compile(rf"(.+)-v\d+-(?:{'|'.join(_SHORT.values())})-\d{{10}}")
_WATCHED = re.compile(rf"-v(\d+)-(?:{'|'.join(_SHORT.values())})-[0-9a-f]{{8}}")
_REPORT = re.compile(r"(s3://.+/)(?:bias|explainability)/analysis\.json")
_SERVED = re.compile(r"-v(\d+)-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one model's resources in one deployment."""

    prefix: str
    model: str

    @property
    def group(self) -> str:
        """Model package group; the pipeline and the endpoint have the same name."""
        return f"{self.prefix}-{self.model}"

    pipeline = group
    endpoint = group

    def served(self, version: int, digest: str) -> str:
        """SageMaker model and endpoint config of one version: at most 63 characters."""
        return f"{self.group}-v{version}-{digest[:8]}"

    def version_of(self, config_name: str) -> int | None:
        """The version that a config of ours serves; None for a config of somebody else."""
        # Wholly: a model `mortgage-v2` has configs that begin like those of `mortgage`.
        found = _SERVED.fullmatch(config_name.removeprefix(self.group))
        return int(found[1]) if found and config_name.startswith(self.group) else None

    def alarm(self, rollout: int, kind: str) -> str:
        """One alarm of a rollout."""
        return f"{self.group}-r{rollout}-{kind}"

    def alarms(self, rollout: int) -> list[str]:
        """Every alarm that a rollout can have."""
        return [self.alarm(rollout, kind) for kind in ALARMS]

    def run(self, number: int) -> str:
        """Display name of a pipeline execution."""
        return f"{self.group}-run-{number}"

    def monitor_job(self, kind: str, version: int, start: datetime) -> str:
        """The processing job that looks at one window: at most 63 characters."""
        return f"{self.group}-v{version}-{_SHORT[kind]}-{start:%Y%m%d%H}"

    def job_definition(self, kind: str, version: int, digest: str) -> str:
        """What a schedule of Model Monitor runs: at most 63 characters, so kinds are short."""
        return f"{self.group}-v{version}-{_SHORT[kind]}-{digest[:8]}"

    def version_of_definition(self, name: str) -> int | None:
        """The version that a job definition of ours watches; None for one of somebody else."""
        found = _WATCHED.fullmatch(name.removeprefix(self.group))
        return int(found[1]) if found and name.startswith(self.group) else None

    def schedule(self, kind: str) -> str:
        """A kind's monitoring schedule; with Steward's own monitors, the name of its metrics."""
        return f"{self.group}-{kind.replace('_', '-')}"


def model_of_job(prefix: str, job: str) -> str | None:
    """The model that a processing job of ours watches; None for any other job."""
    found = _JOB.fullmatch(job)
    return model_of(prefix, found[1]) if found else None


def model_of(prefix: str, name: str) -> str | None:
    """The model whose group, pipeline or endpoint has this name; None when it is not ours."""
    model = name.removeprefix(f"{prefix}-")
    return (
        model if model != name and re.fullmatch(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", model) else None
    )


def report_folder(uris: Iterable[str]) -> str:
    """The folder below which each report of a version has one of its own; empty: it has none."""
    found = (_REPORT.fullmatch(uri) for uri in uris)
    return next((named[1] for named in found if named), "")


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise ValueError(f"not an S3 URI with bucket and key: {uri!r}")
    return bucket, key
