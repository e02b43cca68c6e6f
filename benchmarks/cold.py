"""How much a function's cold start is, against the least that any function with its clients needs.

Both are measured from the start of the interpreter, in the built artifact, with the same boto3: the
function until its handler is imported and its clients are made, the bare script until it has
imported boto3 and made the same clients. Bytecode is there as far as the build made it, and none
is written, as on Lambda. What counts is processor time, so that other work on the machine matters
little; importing waits for nothing.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

# The clients that each function makes; tests hold this to the calls heard, and to the roles.
CLIENTS = {
    "training": ("dynamodb", "s3", "sagemaker", "sns"),
    "approval": ("dynamodb", "s3", "sagemaker", "sns", "sqs"),
    "rollout": ("application-autoscaling", "cloudwatch", "dynamodb", "s3", "sagemaker", "sns"),
    "drift": ("dynamodb", "s3", "sagemaker", "sns", "sqs"),
    "sweep": ("dynamodb", "kms", "s3", "sqs"),
    "lineage": ("dynamodb", "s3"),
}
ROUNDS = 15
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_SECRET_ACCESS_KEY": "dummy",
}
_PATH = "import sys; paths, clients = sys.argv[1].split(':'), sys.argv[2:]; sys.path[:0] = paths\n"
FUNCTION = (
    f"{_PATH}import app\nfor name in clients: getattr(app._aws, name.removeprefix('application-'))"
)
BARE = f"{_PATH}import boto3\nfor name in clients: boto3.client(name)"


def cold_ratios(build: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """For each function the ratio of the medians; the runs take turns, so that noise meets all."""
    layers = sorted(build.glob("*Layer/python"))
    runs = {
        (concern, script): _command(script, [build / f"{concern.title()}Function", *layers], names)
        for concern, names in CLIENTS.items()
        for script in (FUNCTION, BARE)
    }
    for command in runs.values():
        _seconds(command)  # fills the file cache
    taken = {run: list[float]() for run in runs}
    for _ in range(rounds):
        for run, command in runs.items():
            taken[run].append(_seconds(command))
    return {
        f"cold_ratio.{concern}": median(taken[concern, FUNCTION]) / median(taken[concern, BARE])
        for concern in CLIENTS
    }


def _command(script: str, paths: list[Path], clients: tuple[str, ...]) -> list[str]:
    joined = ":".join(str(path.resolve()) for path in paths)
    return [sys.executable, "-I", "-S", "-B", "-c", script, joined, *clients]


def _seconds(command: list[str]) -> float:
    """Processor time of a process, its own and the system's for it."""
    process = subprocess.Popen(command, env=_ENVIRONMENT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime
