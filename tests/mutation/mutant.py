"""Mutants: replaces the code of one function in this process, as if its file said so."""

import gc
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType

from steward.record.items import Item
from steward.record.store import Write, delete
from tests.mutation.sites import CORE, ROOT, Site, mutated
from tests.mutation.syntax import HELPERS

type Functions = Mapping[tuple[str, str], list[FunctionType]]


def nothing(table: str, pk: str, sk: str, condition: str | Item) -> Write:
    """In place of a write that only looks: one that changes nothing."""
    del condition
    return delete(table, pk, f"{sk}#nothing")


def without(condition: str | Item, key: str) -> str | Item:
    """A condition that compares one value less."""
    if isinstance(condition, str):
        return condition
    return {name: value for name, value in condition.items() if name != key}


def functions(files: Iterable[str]) -> Functions:
    """Every function that the modules of these files define, by file and qualified name."""
    names = {str(ROOT / file): file for file in files}
    for file in names.values():
        importlib.import_module(_module(file))
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in names:
            name = names[one.__code__.co_filename], one.__qualname__
            found.setdefault(name, []).append(one)
    return found


def become(site: Site, known: Functions) -> None:
    """Be the mutant of a site from now on: for a process that ends soon."""
    path = ROOT / site.file
    tree = mutated(site.file, path.read_text(encoding="utf-8"), site.id)
    module = compile(tree, str(path), "exec", dont_inherit=True)
    code = next(one for one in codes([module]) if one.co_qualname == site.inside)
    for one in known[site.file, site.inside]:
        one.__code__ = code
        one.__globals__[HELPERS] = sys.modules[__name__]


def codes(given: Iterable[CodeType]) -> Iterator[CodeType]:
    """Code, and all code within it."""
    for code in given:
        yield code
        yield from codes(one for one in code.co_consts if isinstance(one, CodeType))


def _module(file: str) -> str:
    path = Path(file.removeprefix(f"{CORE}/").removeprefix("functions/")).with_suffix("")
    return ".".join(("steward", *path.parts) if file.startswith(CORE) else path.parts)
