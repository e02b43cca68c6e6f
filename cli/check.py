"""Checks every model's file."""

from pathlib import Path

from steward.spec.read import read_all


def check(folder: Path) -> str:
    """One sentence when all files are right; BadSpec with every fault when they are not."""
    specs = read_all(folder)
    return f"{len(specs)} models are right: {', '.join(sorted(specs))}"
