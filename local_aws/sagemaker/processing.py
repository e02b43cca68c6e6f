"""Processing jobs: inputs copied in, a script run, outputs copied out."""

import json

from local_aws.sagemaker import names, storage
from local_aws.sagemaker.processes import Command
from local_aws.sagemaker.sandbox import RefusedError, Sandbox, refuse_unless
from local_aws.sagemaker.values import Json, section, sections, text, text_map, texts, whole

MESSAGE = "/opt/ml/output/message"
_INPUT: Json = {
    "S3DataType": "S3Prefix",
    "S3InputMode": "File",
    "S3DataDistributionType": "FullyReplicated",
    "S3CompressionType": "None",
}


class Processing:
    """How a processing job is prepared, and what it leaves."""

    kind = "Processing"
    default_runtime = 86_400

    def check(self, request: Json) -> None:
        """Refuse what cannot run here, before anything is copied."""
        for entry in sections(request, "ProcessingInputs"):
            if "S3Input" not in entry:
                raise RefusedError("a processing input that is not an S3Input is not covered")
            refuse_unless(_INPUT, section(entry, "S3Input"), "S3Input")
        for entry in self._outputs(request):
            if "S3Output" not in entry:
                raise RefusedError("a processing output that is not an S3Output is not covered")
            refuse_unless({"S3UploadMode": "EndOfJob"}, section(entry, "S3Output"), "S3Output")
        if not texts(section(request, "AppSpecification"), "ContainerEntrypoint"):
            raise RefusedError("an image's own entry point cannot run without a container")

    def image(self, request: Json) -> str:
        """The container's image."""
        return str(section(request, "AppSpecification").get("ImageUri", ""))

    def prepare(self, request: Json, sandbox: Sandbox) -> Command:
        """Copy the inputs and make the command."""
        for entry in sections(request, "ProcessingInputs"):
            self.fetch(entry, sandbox)
        for entry in self._outputs(request):
            sandbox.folder(text(section(entry, "S3Output"), "LocalPath"))
        sandbox.folder("/opt/ml/output")
        self._write_config(request, sandbox)
        return self.command(request, sandbox)

    def fetch(self, entry: Json, sandbox: Sandbox) -> None:
        """Copy one input."""
        source = section(entry, "S3Input")
        target = sandbox.folder(text(source, "LocalPath"))
        storage.download(sandbox.role.s3, text(source, "S3Uri"), target)

    def command(self, request: Json, sandbox: Sandbox) -> Command:
        """What is run."""
        app = section(request, "AppSpecification")
        words = texts(app, "ContainerEntrypoint") + texts(app, "ContainerArguments")
        return sandbox.python(words, text_map(request, "Environment"), sandbox.root)

    def _write_config(self, request: Json, sandbox: Sandbox) -> None:
        config = sandbox.folder("/opt/ml/config")
        arn = names.arn("processing-job", sandbox.name)
        described = {"ProcessingJobArn": arn, "ProcessingJobName": sandbox.name, **request}
        (config / "processingjobconfig.json").write_text(json.dumps(described))
        hosts = {"current_host": "algo-1", "hosts": ["algo-1"]}
        (config / "resourceconfig.json").write_text(json.dumps(hosts))

    def collect(self, request: Json, sandbox: Sandbox) -> Json:
        """Copy the outputs to S3."""
        for entry in self._outputs(request):
            target = section(entry, "S3Output")
            folder = sandbox.path(text(target, "LocalPath"))
            storage.upload(sandbox.role.s3, folder, text(target, "S3Uri"))
        return {}

    def failure(self, code: int, sandbox: Sandbox) -> str:
        """What AWS says of a script that failed."""
        message = sandbox.left_message(MESSAGE)
        if not message:
            return "AlgorithmError: See job logs for more information"
        return f"AlgorithmError: {message}, exit code: {code}"

    def runtime(self, request: Json) -> int:
        """How many seconds it may run."""
        limit = section(request, "StoppingCondition")
        return whole(limit, "MaxRuntimeInSeconds", self.default_runtime)

    def _outputs(self, request: Json) -> list[Json]:
        return sections(section(request, "ProcessingOutputConfig"), "Outputs")
