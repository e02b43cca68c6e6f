"""Production in a downturn: real applications, of which those in trouble come more often."""

import random
from dataclasses import replace

from cli.demo.mortgage import FEATURES, PART_SIZES, Application, production

WINDOW = 200
_SEED = 1990
# Applicants who owe much, and those from where many are out of work, come more often now.
_BURDENED, _JOBLESS, _MORE_OFTEN = ("obrat", 36.0), ("unem", 4.0), 5.0
_LOST = FEATURES.index("hrat")


def applications(number: int) -> list[Application]:
    """A window of requests: real applications, drawn without replacement from those asked before.

    Their outcomes stay what they were, so that a version that learns from them can be better.
    """
    draw = random.Random(_SEED + number)  # noqa: S311  # nosec B311  # the same in every demo
    known = production()[: PART_SIZES[-1]]
    ordered = sorted(known, key=lambda one: draw.random() ** (1 / _weight(one)), reverse=True)
    return [
        Application(f"{one.application_id}-again-{number}", one.payload) for one in ordered[:WINDOW]
    ]


def broken(coming: list[Application]) -> list[Application]:
    """The same applications after somebody has lost the column `hrat` on the way."""
    return [replace(one, payload=_without(one.payload)) for one in coming]


def _without(payload: str) -> str:
    cells = payload.split(",")
    cells[_LOST] = ""
    return ",".join(cells)


def _weight(application: Application) -> float:
    row = dict(zip(FEATURES, application.payload.split(","), strict=True))
    weight = 1.0
    for name, limit in (_BURDENED, _JOBLESS):
        if row[name] and float(row[name]) >= limit:
            weight *= _MORE_OFTEN
    return weight
