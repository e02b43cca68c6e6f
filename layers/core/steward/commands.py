"""The commands that a message to people ends with, as a person types them."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from steward.words import one_line

type Action = tuple[str, str]
"""What a command is for, in words that follow `To`, and the command."""

_USUAL = "steward"


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands about one model of one deployment."""

    prefix: str
    model: str
    region: str

    def status(self) -> Action:
        """What is registered, serves, waits and comes next."""
        return "see how it stands", self._steward("status")

    def abort(self) -> Action:
        """The end of the rollout under way."""
        return "end it", self._steward("abort", self.model, _WHY)

    def rollback(self) -> Action:
        """The way back to the version that served before."""
        return "go back", self._steward("rollback", self.model, _WHY)

    def pause(self) -> Action:
        """No rollout forward and no training run."""
        return "keep it from starting", self._steward("pause", self.model, _WHY)

    def resume(self) -> Action:
        """The end of a pause, or of what a broken schema holds."""
        return "let it go on", self._steward("resume", self.model, _WHY)

    def trace(self, endpoint: str) -> Action:
        """Where a prediction came from."""
        asked = self._steward("trace", "--endpoint", endpoint, "--id", "'<inference id>'")
        return "see where a prediction came from", asked

    def sign_off(self, decision: str) -> Action:
        """Somebody else has looked at what was done by way of exception."""
        signed = self._steward("sign-off", self.model, f"'{decision}'", _WHY)
        return "sign it off, as somebody else", signed

    def approve(self, arn: str, words: str) -> Action:
        """A word for a version."""
        return "approve", self._update(arn, "Approved", words)

    def reject(self, arn: str) -> Action:
        """A word against a version."""
        return "reject", self._update(arn, "Rejected", "<your words>")

    def failed_step(self, execution: str) -> Action:
        """How far a pipeline's run came."""
        listed = self._sagemaker("list-pipeline-execution-steps", "--pipeline-execution-arn")
        return "see which step failed", f"{listed} {execution}"

    def job(self, name: str) -> Action:
        """How a monitor's job went."""
        described = self._sagemaker("describe-processing-job", "--processing-job-name")
        return "see how the job went", f"{described} {name}"

    def upload(self, uri: str) -> Action:
        """The same object, corrected."""
        return "upload it again, corrected", f"aws s3 cp <file> {_quoted(uri)}"

    def read(self, uri: str) -> Action:
        """A report as it was written."""
        return "read the report", f"aws s3 cp {_quoted(uri)} -"

    def _update(self, arn: str, status: str, words: str) -> str:
        updated = self._sagemaker("update-model-package", "--model-package-arn", arn)
        return f"{updated} --model-approval-status {status} --approval-description '{words}'"

    def _sagemaker(self, *words: str) -> str:
        operation, *rest = words
        return " ".join(("aws sagemaker", operation, "--region", self.region, *rest))

    def _steward(self, *words: str) -> str:
        deployment = () if self.prefix == _USUAL else ("--prefix", self.prefix)
        return " ".join(("steward", *deployment, *words))


_WHY = "--why '<your words>'"


def _quoted(uri: str) -> str:
    """Whoever may upload names the object: a shell shall take it for one word."""
    return shlex.quote(one_line(uri))


def body(text: str, owner: str, todo: Sequence[Action]) -> str:
    """A message: what happened, what to do about it, and who answers for the model."""
    commands = "\n".join(f"To {aim}:\n  {command}" for aim, command in todo)
    return f"{text}\n\n{commands}\n\nOwner: {owner}"
