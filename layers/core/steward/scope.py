"""One model in one deployment: what every step of a look needs at hand."""

from dataclasses import dataclass
from datetime import datetime

from steward import clock
from steward.aws import Aws
from steward.commands import Commands
from steward.decide.repair import mended
from steward.decide.verdict import Verdict
from steward.errors import BadEvent
from steward.log import count, logger
from steward.names import Names, model_of, model_of_job
from steward.record.store import Store
from steward.settings import Deployment, TrainingSettings
from steward.spec.model import ModelSpec
from steward.spec.read import read_all


@dataclass(frozen=True, slots=True)
class Scope[S: Deployment]:
    """A model's spec and names, the deployment's settings, the ways to AWS, and who asks."""

    aws: Aws
    store: Store
    settings: S
    spec: ModelSpec
    names: Names
    asked_by: str = ""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.spec.name

    @property
    def commands(self) -> Commands:
        """What a person may type about the model."""
        return Commands(self.settings.prefix, self.spec.name, self.settings.aws_region)

    def log(self, verdict: Verdict) -> None:
        """Log a verdict; every line from here to the next one carries its decision's id."""
        logger.append_keys(decision=verdict.id(self.model))
        told = {"verdict": verdict.kind, "repair": verdict.repair or None}
        logger.info(verdict.reason, extra=told, stacklevel=2)

    def mended(self, verdict: Verdict, since: datetime | None) -> Verdict:
        """The verdict, marked as a repair if the sweep had to find what has been so for long."""
        return mended(verdict, self.asked_by, since, clock.now())


@dataclass(frozen=True, slots=True)
class Models[S: Deployment]:
    """Every model of a deployment."""

    aws: Aws
    settings: S
    specs: dict[str, ModelSpec]

    def named(self, model: str, asked_by: str = "") -> Scope[S]:
        """The model of this name; BadEvent when no file describes it."""
        if model not in self.specs:
            raise BadEvent(f"model: found {model!r}, known are {sorted(self.specs)}")
        logger.append_keys(model=model)
        ours = self.settings
        store = Store(self.aws, ours.lineage_table, ours.work_table, ours.artifact_bucket)
        names = Names(self.settings.prefix, model)
        return Scope(self.aws, store, self.settings, self.specs[model], names, asked_by)

    def with_resource(self, name: str) -> Scope[S] | None:
        """The model whose group, pipeline or endpoint has this name; None, counted, for no model.

        Rules match by prefix only, and another deployment's prefix may begin with ours.
        """
        model = model_of(self.settings.prefix, name)
        if model in self.specs:
            return self.named(model)
        _ignored(name)
        return None

    def with_upload(
        self: "Models[TrainingSettings]", bucket: str, key: str
    ) -> Scope[TrainingSettings] | None:
        """The model whose data prefix holds this key; None, counted, for no model."""
        ours = self.specs.values() if bucket == self.settings.landing_bucket else ()
        for spec in ours:
            if key.startswith(spec.data.prefix) and not key.endswith("/"):
                return self.named(spec.name)
        _ignored(f"s3://{bucket}/{key}")
        return None

    def with_job(self, job: str) -> Scope[S] | None:
        """The model whose monitor runs a processing job; None, counted, for no model."""
        model = model_of_job(self.settings.prefix, job)
        if model in self.specs:
            return self.named(model)
        _ignored(job)
        return None

    def with_report(self, bucket: str, key: str) -> Scope[S]:
        """The model whose monitoring report has this key: `monitoring/<model>/v<N>/...`."""
        ours = self.settings.artifact_bucket
        if bucket != ours:
            raise BadEvent(f"bucket: found {bucket!r}, reports lie in {ours!r}")
        folder, _, rest = key.partition("/")
        if folder != "monitoring":
            raise BadEvent(f"key: found {key!r}, reports lie below monitoring/<model>/")
        return self.named(rest.partition("/")[0])


def _ignored(name: str) -> None:
    count("Ignored")
    logger.info("ignored: %s belongs to no model", name)


def models[S: Deployment](aws: Aws, settings: S) -> Models[S]:
    """Read every model's file of the deployment."""
    return Models(aws, settings, read_all(settings.models))
