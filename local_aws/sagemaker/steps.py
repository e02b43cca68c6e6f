"""What each type of pipeline step does, with the rights of the pipeline's role."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from local_aws.sagemaker import names
from local_aws.sagemaker.definition import Step
from local_aws.sagemaker.executions import Execution, StepRun
from local_aws.sagemaker.expressions import Scope
from local_aws.sagemaker.jobs import Jobs
from local_aws.sagemaker.roles import RoleSession
from local_aws.sagemaker.values import Json, section, sections, text


class StepFailedError(Exception):
    """The step fails, for this reason."""


@dataclass
class StepWork:
    """One step in one run."""

    execution: Execution
    step_run: StepRun
    scope: Scope
    role: RoleSession
    jobs: Jobs
    chosen: tuple[Step, ...] = ()

    def arguments(self) -> Json:
        """The step's arguments, evaluated; a condition evaluates its own."""
        step = self.step_run.step
        if step.type == "Condition":
            return step.arguments
        return cast(Json, self.scope.evaluate(step.arguments))

    def run(self, arguments: Json, has_group: Callable[[str], bool]) -> None:
        """Do what the step's type says, and keep what later steps may refer to."""
        match self.step_run.step.type:
            case "Processing" | "Training" as kind:
                self._run_job(kind, arguments)
            case "Condition":
                self._choose(arguments)
            case "RegisterModel":
                self._register(arguments, has_group)
            case _:
                message = str(arguments.get("ErrorMessage", ""))
                self.step_run.metadata = {"Fail": {"ErrorMessage": message}}
                raise StepFailedError(message)

    def _run_job(self, kind: str, arguments: Json) -> None:
        name = names.job_name(self.execution.id, self.step_run.step.name)
        arn = names.arn(f"{kind.lower()}-job", name)
        # As AWS does: the job is created by a call of the pipeline's role, so its rights count.
        self._call(f"create_{kind.lower()}_job", {**arguments, f"{kind}JobName": name})
        self.step_run.metadata = {f"{kind}Job": {"Arn": arn}}
        self.step_run.job_arn = arn
        if self.execution.stopping.is_set():
            self.jobs.stop(arn)
        job = self.jobs.wait(arn)
        if job.status != "Completed":
            raise StepFailedError(job.failure or f"The job {name} ended as {job.status}.")
        self.scope.properties[self.step_run.step.name] = self.jobs.describe(arn)
        self._keep_property_files(arguments)

    def _call(self, operation: str, arguments: Json) -> Json:
        """Call SageMaker as the pipeline's role; botocore checks the arguments first."""
        method = cast(Callable[..., Json], getattr(self.role.sagemaker, operation))
        return method(**arguments)

    def _keep_property_files(self, arguments: Json) -> None:
        outputs = sections(section(arguments, "ProcessingOutputConfig"), "Outputs")
        uris = {
            text(output, "OutputName"): text(section(output, "S3Output"), "S3Uri").rstrip("/")
            for output in outputs
        }
        self.scope.property_files[self.step_run.step.name] = {
            file: f"{uris[output]}/{path}"
            for file, (output, path) in self.step_run.step.property_files.items()
        }

    def _choose(self, arguments: Json) -> None:
        holds = all(self.scope.holds(c) for c in sections(arguments, "Conditions"))
        self.step_run.metadata = {"Condition": {"Outcome": str(holds)}}
        self.scope.properties[self.step_run.step.name] = {"Outcome": str(holds)}
        self.chosen = self.step_run.step.branches[0 if holds else 1]

    def _register(self, arguments: Json, has_group: Callable[[str], bool]) -> None:
        group = str(arguments.get("ModelPackageGroupName", ""))
        if group and not has_group(group):
            self._call("create_model_package_group", {"ModelPackageGroupName": group})
        arn = text(self._call("create_model_package", arguments), "ModelPackageArn")
        self.step_run.metadata = {"RegisterModel": {"Arn": arn}}
        self.scope.properties[self.step_run.step.name] = {
            **arguments,
            "ModelPackageArn": arn,
            "ModelPackageStatus": "Completed",
        }
