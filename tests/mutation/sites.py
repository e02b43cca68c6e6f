"""Sites: the places where Steward's code asks or refuses, and what each becomes without that.

They are found by what stands in the syntax tree, so new code has its sites by itself:

    condition  of a conditional write, or one value of it: the write goes without it
    branch     an `if`: it is never taken
    operand    of `and`, `or` in a test: it decides nothing
    choice     of `x if test else y`, or a comparison that is returned: the other way round
    filter     of a comprehension: it lets everything through
    case       that refuses what no other case knows: it does nothing
    handler    of an exception: the exception goes on

Approval, four eyes and freshness are decided in decide/, where every test is a site. Elsewhere a
branch is one if it raises, or answers that something is held or not known.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.syntax import always, helper, never, told, unconditional, unless

ROOT = Path(__file__).parent.parent.parent
CORE = "layers/core/steward"
# Where everything that is asked decides something; in functions/ only what is chosen by it.
DECIDES = (f"{CORE}/decide/",)
# Where what matters is what is refused or not known, and what a failure means.
GUARDS = (
    f"{CORE}/observe/", f"{CORE}/events/", f"{CORE}/batch.py", f"{CORE}/scope.py",
    f"{CORE}/record/", f"{CORE}/lineage/verify.py", f"{CORE}/lineage/read.py", "functions/",
)  # fmt: skip
# Steward's words for a conditional write, and after how many arguments the condition comes.
WRITES = {"put": 2, "delete": 3, "check": 3}
# Arguments of AWS's own that make a write conditional.
CONDITIONS = ("ConditionExpression", "IfNoneMatch")
# What functions/ call where they refuse or hold something.
_REFUSALS = {
    "settle", "held", "withdraw", "withdrawn", "give_up", "hold", "refused", "unread",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One place. `id` is the file, the function, the kind and its number there of this kind.

    `inside` is the outermost function, whose code is replaced; `source` what stands there, in one
    line. `lines`: a test that runs none of them does not tell the mutant from the code.
    """

    id: str
    file: str
    inside: str
    source: str
    done: str
    lines: range


def sites_in(file: str, text: str) -> list[Site]:
    """Every site of a file, in order, by what stands in it."""
    walk = _Walk(file, text)
    walk.visit(walk.tree)
    return walk.sites


def mutated(file: str, text: str, site: str) -> ast.Module:
    """A file's tree with one site mutated."""
    walk = _Walk(file, text, site)
    walk.visit(walk.tree)
    return ast.fix_missing_locations(walk.tree)


def all_sites() -> list[Site]:
    """Every site of Steward's own code."""
    paths = sorted(path for top in (CORE, "functions") for path in (ROOT / top).rglob("*.py"))
    return [
        site
        for path in paths
        for site in sites_in(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]


class _Walk(ast.NodeTransformer):
    """Notes every site, and mutates the one that is wanted."""

    def __init__(self, file: str, text: str, wanted: str = "") -> None:
        self.file, self.tree = file, ast.parse(text)
        self.sites: list[Site] = []
        self._wanted = wanted
        self._scope: list[str] = []
        self._functions: list[ast.FunctionDef] = []
        self._counts = Counter[str]()
        self._decides = self.file.startswith(DECIDES)
        self._guards = self._decides or self.file.startswith(GUARDS)
        self._writes = _imported(self.tree, "steward.record.store") & WRITES.keys()
        self._named = {one.name: one for one in self.tree.body if isinstance(one, ast.FunctionDef)}

    def _offer(
        self,
        kind: str,
        node: ast.AST,
        done: str,
        *,
        source: ast.AST | None = None,
        body: list[ast.stmt] | None = None,
    ) -> bool:
        """Note a site of the function that is being walked; True when it is the wanted one.

        `body` is what runs only where the mutant differs.
        """
        if not self._functions:
            return False
        where = ".".join(self._scope)
        self._counts[f"{where}::{kind}"] += 1
        name = f"{self.file}::{where}::{kind}::{self._counts[f'{where}::{kind}']}"
        first, last = (body[0], body[-1]) if body else (node, node)
        lines = range(getattr(first, "lineno", 0), getattr(last, "end_lineno", 0) + 1)
        text = " ".join(ast.unparse(source or node).split())
        inside = ".".join(self._scope[: self._scope.index(self._functions[0].name) + 1])
        self.sites.append(Site(name, self.file, inside, text, done, lines))
        return name == self._wanted

    # ---- where we are

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._scope.append(node.name)
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()
        self._scope.pop()
        return node

    # ---- what is decided

    def visit_If(self, node: ast.If) -> ast.AST:
        self._operands(node.test)
        offered = self._decides or (self._guards and self._refuses(node.body))
        if offered and self._offer(
            "branch", node.test, "the branch is never taken", body=node.body
        ):
            node.test = never(node.test)
        self.generic_visit(node)
        return node

    def _refuses(self, body: list[ast.stmt]) -> bool:
        """Whether a branch raises, or says that something is held or not known."""
        last = body[-1]
        if self.file.startswith("functions/"):
            called = (
                one.func for part in body for one in ast.walk(part) if isinstance(one, ast.Call)
            )
            names = {one.id for one in called if isinstance(one, ast.Name)}
            return isinstance(last, ast.Raise) or bool(names & _REFUSALS)
        return isinstance(last, ast.Raise) or (
            isinstance(last, ast.Return) and (last.value is None or not told(last.value))
        )

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self._operands(node.test)
        offered = self._decides or self.file.startswith("functions/")
        if offered and self._offer("choice", node.test, "the other way round", source=node):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        self.generic_visit(node)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        returns = self._functions[-1].returns
        if isinstance(returns, ast.Name) and returns.id == "bool":
            self._operands(node.value)
        if (
            self._decides
            and isinstance(node.value, ast.Compare)
            and self._offer("choice", node.value, "the other way round")
        ):
            node.value = ast.UnaryOp(ast.Not(), node.value)
        self.generic_visit(node)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        for number, test in enumerate(node.ifs):
            self._operands(test)
            if self._decides and self._offer("filter", test, "everything is let through"):
                node.ifs[number] = always(test)
        self.generic_visit(node)
        return node

    def _operands(self, test: ast.expr | None) -> None:
        """The operands of a test; what `x or default` gives as a value is none."""
        if self._decides and isinstance(test, ast.BoolOp):
            neutral = always if isinstance(test.op, ast.And) else never
            for number, operand in enumerate(test.values):
                if self._offer("operand", operand, "it decides nothing", source=test):
                    test.values[number] = neutral(operand)
                self._operands(operand)
        elif isinstance(test, ast.UnaryOp):
            self._operands(test.operand)

    # ---- what is refused

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        refuses = self._guards and isinstance(node.body[-1], ast.Raise)
        if refuses and self._offer("case", node.body[-1], "it does nothing", body=node.body):
            node.body = [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        gives_up = self._guards and node.type
        if gives_up and self._offer("handler", node, "the exception goes on", body=node.body):
            node.body = [ast.Raise()]
        self.generic_visit(node)
        return node

    # ---- what is written only if

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        for keyword in node.keywords:
            if keyword.arg in CONDITIONS and self._offer("condition", node, "goes without it"):
                node.keywords = [one for one in node.keywords if one is not keyword]
        if isinstance(node.func, ast.Name) and node.func.id in self._writes:
            return self._write(node, node.func, WRITES[node.func.id])
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        keys = [one.value for one in node.keys if isinstance(one, ast.Constant)]
        named = any(one in CONDITIONS for one in keys)
        if named and self._offer("condition", node, "goes without it"):
            return ast.Dict([], [])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        target = node.targets[0]
        key = target.slice if isinstance(target, ast.Subscript) else None
        named = isinstance(key, ast.Constant) and key.value in CONDITIONS
        if named and self._offer("condition", node, "goes without it"):
            return ast.Pass()
        return node

    def _write(self, node: ast.Call, func: ast.Name, place: int) -> ast.AST:
        if len(node.args) <= place:
            return node
        given = node.args[place]
        for test, wanted, arm in self._arms(given):
            what = f"{func.id} without {ast.unparse(arm)}"
            if self._offer("condition", node, what):
                return unless(test, unconditional(node, func, place), node, wanted=wanted)
            for key in self._keys(arm):
                if self._offer("condition", node, f"{func.id} whatever is its {key!r}"):
                    node.args[place] = helper("without", given, ast.Constant(key))
        return node

    def _arms(self, given: ast.expr) -> Iterator[tuple[ast.expr | None, bool, ast.expr]]:
        """What a condition may be, and when it is: by which test, and which way that turns out."""
        found = self._assigned(given.id) if isinstance(given, ast.Name) else given
        if isinstance(found, ast.IfExp):
            yield found.test, True, found.body
            yield found.test, False, found.orelse
        else:
            yield None, True, found or given

    def _assigned(self, name: str) -> ast.expr | None:
        for one in ast.walk(self._functions[-1]) if self._functions else ():
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name:
                return one.value
        return None

    def _keys(self, arm: ast.expr) -> list[str]:
        """The values that a condition compares, if it is more than one."""
        if isinstance(arm, ast.Call) and isinstance(arm.func, ast.Name):
            called = self._named.get(arm.func.id)
            last = called.body[-1] if called else None
            arm = last.value if isinstance(last, ast.Return) and last.value else arm
        keys = arm.keys if isinstance(arm, ast.Dict) else []
        names = [str(one.value) for one in keys if isinstance(one, ast.Constant)]
        return names if len(names) > 1 else []


def _imported(tree: ast.Module, module: str) -> set[str]:
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }
