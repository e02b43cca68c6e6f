"""Writes docs/iam.md from template.yaml: every role, every statement, and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.architecture.source import ROOT
from tests.architecture.test_template import listed, template

PAGE = ROOT / "docs" / "iam.md"
# What people write stands above this line, what follows is made from the template.
MARK = "<!-- Below: `make docs` -->\n"
_NOISE = re.compile(
    r"arn:\$\{AWS::Partition\}:|\$\{AWS::Region\}:|\$\{AWS::AccountId\}:"
    r"|-\$\{AWS::AccountId\}-\$\{AWS::Region\}|\.\$\{AWS::Region\}\.amazonaws\.com"
)


@dataclass(frozen=True)
class Row:
    """One statement, told."""

    holder: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str
    why: str
    everything: str | None


def page() -> str:
    """The page as it should be."""
    rows = list(statements())
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return "\n".join([written + mark, *_everything(rows), *_holders(rows)])


def statements() -> Iterator[Row]:
    """Every statement of every policy that a role or a person has, or that hangs on a key."""
    told = comments()
    for logical, resource in template()["Resources"].items():
        for document in _documents(resource):
            for one in document["Statement"]:
                why, everything = told.get((logical, one.get("Sid", "")), ("", None))
                yield Row(
                    holder=logical,
                    sid=one.get("Sid", ""),
                    effect=one["Effect"],
                    actions=tuple(listed(one["Action"])),
                    resources=tuple(short(thing) for thing in listed(one["Resource"])),
                    condition=_condition(one.get("Condition", {})),
                    why=why,
                    everything=everything,
                )


def _documents(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::IAM::Role":
            return [policy["PolicyDocument"] for policy in properties["Policies"]]
        case "AWS::IAM::ManagedPolicy":
            return [properties["PolicyDocument"]]
        case "AWS::KMS::Key":
            return [properties["KeyPolicy"]]
    return []


def comments() -> dict[tuple[str, str], tuple[str, str | None]]:
    """By resource and Sid: the comment above the statement, and the one behind its `*`."""
    found: dict[tuple[str, str], tuple[str, str | None]] = {}
    logical, sid, above = "", "", ""
    for line in (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines():
        if begins := re.match(r"  (\w+):$", line):
            logical, sid = begins[1], ""
        if named := re.match(r" +- Sid: (\w+)$", line):
            sid = named[1]
            found[logical, sid] = above, None
        if everything := re.match(r' +Resource: "\*"(?:  # (.+))?$', line):
            found[logical, sid] = found.get((logical, sid), ("", None))[0], everything[1] or ""
        comment = re.match(r" +# (.+)$", line)
        above = f"{above} {comment[1]}".strip() if comment else ""
    return found


def short(thing: Any) -> str:
    """A resource as a person would say it."""
    match thing:
        case {"Fn::Sub": [text, _]}:
            return _NOISE.sub("", text.replace("${Bucket}", "${LandingBucket}"))
        case {"Fn::Sub": text}:
            return _NOISE.sub("", text)
        case {"Fn::GetAtt": [name, *_]}:
            return name
        case {"Ref": name}:
            return _NOISE.sub("", name)
    return str(thing)


def _condition(condition: dict[str, dict[str, Any]]) -> str:
    """What must hold for the statement to count."""
    return "; ".join(
        f"`{key}` {'is not' if 'Not' in operator else 'is'} "
        + " or ".join(f"`{short(value)}`" for value in listed(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _everything(rows: list[Row]) -> Iterator[str]:
    """Each `*` that stands for all resources, with its reason."""
    wide = [row for row in rows if row.everything is not None]
    allowing = [row for row in wide if row.effect == "Allow" and not row.holder.endswith("Key")]
    yield "## Where `*` is the resource"
    yield (
        f"\n{len(wide)} of {len(rows)} statements; {len(allowing)} of them allow something to a "
        "role or a person, and AWS offers no resource for any of their actions.\n"
    )
    yield "| who | statement | actions | reason |\n|---|---|---|---|"
    for row in wide:
        yield f"| {row.holder} | {_name(row)} | {_code(row.actions)} | {row.everything} |"


def _holders(rows: list[Row]) -> Iterator[str]:
    for holder in dict.fromkeys(row.holder for row in rows):
        yield f"\n## {holder}\n"
        if told := template()["Resources"][holder]["Properties"].get("Description"):
            yield f"{told}.\n"
        yield "| statement | actions | resources | only if | why |\n|---|---|---|---|---|"
        for row in (row for row in rows if row.holder == holder):
            cells = (_name(row), _code(row.actions), _code(row.resources), row.condition, row.why)
            yield f"| {' | '.join(cells)} |"
    yield ""


def _name(row: Row) -> str:
    return f"{row.sid}{' (denied)' if row.effect == 'Deny' else ''}"


def _code(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
