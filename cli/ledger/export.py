"""The lineage as lines of JSON in DynamoDB's own export form, so that either can be verified."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from steward.aws import Aws

type Value = Mapping[str, object]


def write(aws: Aws, table: str, file: Path) -> int:
    """Write every item of a table; returns how many there are."""
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items: list[Value] = [item for page in pages for item in page["Items"]]
    return write_items(items, file)


def write_items(items: Iterable[Value], file: Path) -> int:
    """Write items, in order of their keys, as one line each; returns how many there are."""
    lines = sorted(json.dumps({"Item": item}, sort_keys=True, default=str) for item in items)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def read(path: Path) -> Iterator[dict[str, object]]:
    """The items of an export: a file, or a folder of them as AWS writes it. Raises ValueError."""
    files = [path] if path.is_file() else sorted(_files(path))
    if not files:
        raise ValueError(f"{path} holds no *.json, *.jsonl or *.json.gz")
    for file in files:
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                yield _item(line, f"{file}:{number}")


def _files(folder: Path) -> Iterator[Path]:
    for pattern in ("*.jsonl", "*.json", "*.json.gz"):
        # AWS puts its manifests beside the folder `data`.
        yield from (one for one in folder.rglob(pattern) if not one.name.startswith("manifest-"))


def _item(line: str, where: str) -> dict[str, object]:
    try:
        return {
            key: value["S"] if "S" in value else plain(value)
            for key, value in json.loads(line)["Item"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f'{where}: found {line[:60]!r}, {{"Item": ...}} is needed') from None


def plain(value: Value) -> object:
    """A value of DynamoDB's JSON as Python has it; a tenth of the time that boto3 takes."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return _number(str(content))
        case "M" if isinstance(content, Mapping):
            return {key: plain(entry) for key, entry in content.items()}
        case "L" if isinstance(content, list):
            return [plain(entry) for entry in content]
        case "NULL":
            return None
    raise ValueError(f"an attribute of the type {kind} is never written")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else float(number)
