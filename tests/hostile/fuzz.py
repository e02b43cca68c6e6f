"""Ten messages at a time that began as documented events; what comes of each must be as told.

python -m tests.hostile.fuzz CHUNK              all of a chunk
python -m tests.hostile.fuzz CHUNK NUMBER       one message of it, with all that came before
"""

import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from tests.hostile.nasty import WAYS, Raw, cut, overridden, places, written
from tests.hostile.oracle import NO, Event, Outcomes, expected
from tests.hostile.shapes import SHAPES
from tests.hostile.watched import Came, Watched, at_work

CHUNKS, BATCHES, BATCH = 20, 100, 10
_FUNCTIONS = ("training", "approval", "rollout", "drift")
# How many changes are made to one message.
_CHANGES = (0, 1, 1, 1, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Input:
    """A message, what it was made from, and what may come of it."""

    shape: str
    body: str
    outcomes: Outcomes


def made(shape: str, good: Event, chance: Random) -> Input:
    """A message made from a good event."""
    event = deepcopy(good)
    for _ in range(chance.choice(_CHANGES)):
        if there := list(places(event)):
            chance.choice(WAYS)(event, chance.choice(there), chance)
    outcomes = expected(SHAPES[shape].function, event, good)
    body = written(event)
    broken = any(_breaks(event, place) for place in places(event))
    match chance.randrange(20):
        case 0:
            body, broken = cut(body, chance), True
        case 1 if event and not broken:
            body = overridden(body, chance)
        case 2 if not broken:
            body = chance.choice((f"[{body}]", f"\ufeff{body}", f"{body}{body}", f"{body},"))
            broken = True
    return Input(shape, body, NO if broken else outcomes)


def batches(watched: Watched, chunk: int) -> Iterator[tuple[str, list[Input]]]:
    """Each batch of a chunk, and the function that gets it."""
    chance = Random(chunk)  # noqa: S311  # it only has to be the same each time
    for batch in range(BATCHES):
        function = _FUNCTIONS[batch % len(_FUNCTIONS)]
        ours = [name for name, shape in SHAPES.items() if shape.function == function]
        inputs = []
        for place in range(BATCH):
            shape = chance.choice(ours)
            good = SHAPES[shape].make(watched, batch * BATCH + place)
            inputs.append(made(shape, good, chance))
        yield function, inputs


def faults(one: Input, came: Came) -> list[str]:
    """What is wrong with what came of a message."""
    found = []
    if came.outcome not in one.outcomes:
        found.append(f"{came.outcome}, allowed is {' or '.join(sorted(one.outcomes))}")
    if came.failed and came.changed:
        found.append("reported as failed, and something was changed")
    if came.started:
        found.append(f"started {came.started}")
    return found


def run(chunk: int) -> tuple[Counter[str], list[str]]:
    """How many messages ended how, and what is wrong."""
    ended, wrong = Counter[str](), list[str]()
    watched, number = Watched(), 0
    for function, inputs in batches(watched, chunk):
        for one, came in zip(
            inputs, watched.hand_over(function, [one.body for one in inputs]), strict=True
        ):
            ended[came.outcome] += 1
            again = f"python -m tests.hostile.fuzz {chunk} {number}"
            wrong += [f"{again}: {one.shape}: {fault}" for fault in faults(one, came)]
            number += 1
    return ended, wrong


def show(chunk: int, wanted: int) -> None:
    """One message, what was to come of it, and what came."""
    watched = Watched()
    for batch, (function, inputs) in enumerate(batches(watched, chunk)):
        came = watched.hand_over(function, [one.body for one in inputs])
        if batch == wanted // BATCH:
            one, found = inputs[wanted % BATCH], came[wanted % BATCH]
            print(f"{function}, from {one.shape}: {one.body}")
            print(f"to come: {sorted(one.outcomes)}\ncame: {found.outcome} {found}")
            return


def _breaks(event: Event, place: tuple[str | int, ...]) -> bool:
    value: object = event
    for step in place:
        value = value[step]  # type: ignore[index]
    return isinstance(value, Raw) and value.breaks


if __name__ == "__main__":
    with at_work():
        if len(sys.argv) > 2:
            show(int(sys.argv[1]), int(sys.argv[2]))
        else:
            print(*run(int(sys.argv[1])), sep="\n")
