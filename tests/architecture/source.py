"""Reading our own source: which modules there are, what they import, what they call."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CONCERNS = ("training", "approval", "rollout", "drift", "sweep", "lineage")


def files(*folders: str) -> list[Path]:
    """Every Python file below these folders; a folder without any is a mistake in the test."""
    found = []
    for folder in folders:
        here = sorted((ROOT / folder).rglob("*.py"))
        assert here, f"no Python files below {folder}"
        found += here
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    """`path` as a reader would look for it."""
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    """The full name of everything that the file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(paths: list[Path], *packages: str) -> list[str]:
    """`file imports what`, for each import of one of these packages or of something in them."""
    return [
        f"{name(path)} imports {imported}"
        for path in paths
        for imported in imports(path)
        if any(f"{imported}.".startswith(f"{package}.") for package in packages)
    ]


def attributes(path: Path) -> Iterator[str]:
    """Every `a.b` and `a.b.c` in the file, as text."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
