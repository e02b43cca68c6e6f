"""Runs a script of the team's own on each captured record: `preprocess_handler(inference_record)`.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html
"""

import runpy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

from local_aws.sagemaker.monitoring.captured import Cells, DataError, lines
from local_aws.sagemaker.values import Json, section

_HANDLER = "preprocess_handler"

type Handler = Callable[[SimpleNamespace], object]


def preprocessed(folder: Path, script: Path) -> Iterator[Cells]:
    """The rows that a script makes of the records below a folder."""
    handler = _handler(script)
    for line in lines(folder):
        made = handler(_record(line))
        for row in made if isinstance(made, list) else [made]:
            yield _cells(row)


def _handler(script: Path) -> Handler:
    found = runpy.run_path(str(script)).get(_HANDLER)
    if not callable(found):
        raise DataError(f"The preprocessor {script.name} has no function {_HANDLER}.")
    handler: Handler = found
    return handler


def _record(line: Json) -> SimpleNamespace:
    data = section(line, "captureData")
    return SimpleNamespace(
        endpoint_input=SimpleNamespace(**section(data, "endpointInput")),
        endpoint_output=SimpleNamespace(**section(data, "endpointOutput")),
    )


def _cells(row: object) -> Cells:
    if not isinstance(row, Mapping):
        raise DataError(f"A preprocessor returns a dict or a list of them, got {row!r}.")
    return {str(name): _cell(value) for name, value in row.items()}


def _cell(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None
