"""Where a function's code and layers lie: folders of the checkout, nothing is zipped or copied."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A local folder travels through template and API as an S3 location with one of these buckets.
PLAIN_BUCKET = "local-folder"
PYTHON_BUCKET = "local-python-folder"


@dataclass(frozen=True)
class Layer:
    """A layer's folder; with a build method, SAM would put what is in it below `python/`."""

    folder: Path
    built_for_python: bool


def folder_of(location: Mapping[str, str]) -> Path:
    """The folder that a function's or a layer's code location stands for."""
    if location.get("S3Bucket") not in (PLAIN_BUCKET, PYTHON_BUCKET):
        raise NotImplementedError("a function or layer whose code is no local folder")
    return Path("/") / location["S3Key"]


def layer_of(content: Mapping[str, str]) -> Layer:
    """The layer that a layer version's content stands for."""
    return Layer(folder_of(content), content["S3Bucket"] == PYTHON_BUCKET)


def merge_layers(layers: Sequence[Layer], opt: Path) -> None:
    """Make `opt` what Lambda would show as /opt, out of symbolic links; later layers win."""
    shutil.rmtree(opt, ignore_errors=True)
    (opt / "python").mkdir(parents=True)
    for layer in layers:
        _overlay(layer.folder, opt / "python" if layer.built_for_python else opt)


def _overlay(source: Path, target: Path) -> None:
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _unfold(place)
            _overlay(entry, place)
        else:
            place.unlink(missing_ok=True)
            place.symlink_to(entry)


def _unfold(place: Path) -> None:
    """Turn a link to a folder into a folder of links, so that more can be put into it."""
    if place.is_symlink():
        folder = place.resolve()
        place.unlink()
        place.mkdir()
        _overlay(folder, place)


def below(opt: Path, value: str) -> str:
    """A variable's value; a path below /opt is moved to where the layers really are."""
    if value == "/opt" or value.startswith("/opt/"):
        return str(opt) + value.removeprefix("/opt")
    return value
