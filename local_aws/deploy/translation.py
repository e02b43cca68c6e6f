"""Starts the translator beside everything else, and waits for it when its result is needed."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from local_aws.account import REGION

HERE = Path(__file__).resolve().parents[2]


class TranslationError(Exception):
    """The template is no valid SAM template; one sentence says why."""


class Translation:
    """A translation under way."""

    def __init__(self, template: Path, parameters: Mapping[str, str]) -> None:
        pairs = [f"{key}={value}" for key, value in parameters.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_aws.deploy.translate", str(template.resolve()), *pairs],
            cwd=HERE,
            env={**os.environ, "AWS_DEFAULT_REGION": REGION},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self) -> dict[str, Any]:
        """The translated template. Raises TranslationError."""
        output, errors = self._process.communicate()
        if self._process.returncode:
            raise TranslationError(
                errors.strip().splitlines()[-1] if errors.strip() else "it failed"
            )
        return cast(dict[str, Any], json.loads(output))

    def abandon(self) -> None:
        """End it; the result is no longer wanted."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
