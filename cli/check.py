"""Checks every model's file."""

from pathlib import Path

from cli.target import Misused
from steward.spec.read import read_all


def check(folder: Path) -> str:
    """One sentence when all files are right; BadSpec with every fault when they are not."""
    if not folder.is_dir():
        raise Misused(f"{folder} is no folder; `steward check` takes a folder of model files")
    specs = read_all(folder)
    if not specs:
        raise Misused(f"{folder} holds no model's file (<name>.toml)")
    one = len(specs) == 1
    told = "1 model is right" if one else f"{len(specs)} models are right"
    return f"{told}: {', '.join(sorted(specs))}"
