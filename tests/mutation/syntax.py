"""Pieces of syntax that mutants are made of."""

import ast
import copy

# By this name mutated code finds what stands in for a write that only looks, see mutant.py.
HELPERS = "_mutation"


def told(value: ast.expr) -> bool:
    """Whether a value says more than nothing: not None, False, or an empty text or collection."""
    return any(
        not isinstance(part, ast.Tuple | ast.List | ast.Dict | ast.Load | ast.Constant)
        or (isinstance(part, ast.Constant) and bool(part.value))
        for part in ast.walk(value)
    )


def never(test: ast.expr) -> ast.expr:
    # It is still evaluated: what it assigns on the way is there.
    return ast.BoolOp(ast.And(), [test, ast.Constant(value=False)])


def always(test: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.Or(), [test, ast.Constant(value=True)])


def helper(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(
        ast.Attribute(ast.Name(HELPERS, ast.Load()), name, ast.Load()), [*arguments], []
    )


def unconditional(node: ast.Call, func: ast.Name, place: int) -> ast.expr:
    """The same write without its condition; one that only looks changes nothing instead."""
    if func.id == "check":
        return helper("nothing", *node.args)
    return ast.Call(node.func, node.args[:place], node.keywords)


def unless(test: ast.expr | None, this: ast.expr, that: ast.expr, *, wanted: bool) -> ast.expr:
    if test is None:
        return this
    body, orelse = (this, that) if wanted else (that, this)
    return ast.IfExp(copy.deepcopy(test), body, orelse)
