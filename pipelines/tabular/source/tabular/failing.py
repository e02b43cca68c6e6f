"""How a step fails: with one sentence that a person can act on."""

import os
import sys
from collections.abc import Callable
from pathlib import Path


class StepFailed(Exception):
    """The step cannot go on, and its message says why in one sentence."""


def run(main: Callable[[], None]) -> None:
    """Run a step; if it fails, say why on stderr and in the job's exit message, and exit with 1."""
    try:
        main()
    except StepFailed as failure:
        print(failure, file=sys.stderr)
        _leave_exit_message(str(failure))
        sys.exit(1)


def _leave_exit_message(sentence: str) -> None:
    """Write where SageMaker looks for a processing job's ExitMessage; a training job has none."""
    if place := os.environ.get("EXIT_MESSAGE_FILE"):
        path = Path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sentence[:1024])
