"""What a request or an outcome carries, in whichever encoding it was written down."""

import base64
import csv
import io
import json
from collections.abc import Mapping

from tabular.files import Json

type Cells = tuple[str, ...] | Mapping[str, str]  # by place, or by name


class Malformed(ValueError):
    """This is not what AWS writes; the message never holds what was found, which may be private."""


def member(value: Json, name: str) -> Json:
    """A member of an object; None if there is none."""
    if not isinstance(value, dict):
        raise Malformed("An object is expected.")
    return value.get(name)


def text(value: Json) -> str:
    """A text that must be there."""
    if not isinstance(value, str) or not value:
        raise Malformed("A text is expected.")
    return value


def parse(line: str) -> Json:
    """A line of JSON."""
    try:
        value: Json = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed("JSON is expected.") from None
    return value


def rows_of(part: Json) -> list[Cells]:
    """The rows in a captured request or in ground truth: `data`, `encoding` and perhaps a type."""
    data = text(member(part, "data"))
    encoding = member(part, "encoding")
    kind = str(member(part, "observedContentType") or "")
    if encoding == "BASE64":
        data, encoding = _decoded(data), "JSON" if "json" in kind else "CSV"
    if encoding == "CSV":
        return _csv_rows(data)
    if encoding == "JSON":
        return _json_rows(parse(data))
    raise Malformed("The encodings are CSV, JSON and BASE64.")


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:
        raise Malformed("Base64 of a text is expected.") from None


def _csv_rows(data: str) -> list[Cells]:
    try:
        return [tuple(cells) for cells in csv.reader(io.StringIO(data, newline="")) if cells]
    except csv.Error:
        raise Malformed("CSV is expected.") from None


def _json_rows(value: Json) -> list[Cells]:
    if isinstance(value, dict) and "instances" in value:
        value = value["instances"]
    if isinstance(value, list) and any(isinstance(item, list | dict) for item in value):
        return [_json_row(item) for item in value]
    return [_json_row(value)]


def _json_row(value: Json) -> Cells:
    if isinstance(value, dict):
        return {name: _cell(cell) for name, cell in value.items()}
    if isinstance(value, list):
        return tuple(_cell(cell) for cell in value)
    raise Malformed("A row is a list or an object.")


def _cell(value: Json) -> str:
    if isinstance(value, list | dict):
        raise Malformed("A cell is no list and no object.")
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
