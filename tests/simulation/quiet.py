"""Lets a house come to rest: what is on queues is delivered, at once and as often as it takes."""

from contextlib import suppress
from datetime import timedelta

from tests.simulation.faults import Died
from tests.simulation.house import CONCERNS, House

MINUTE = timedelta(minutes=1)
# More than any case has faults: one that still fails then fails by itself.
MOST_SWEEPS = 5


def settle(house: House) -> None:
    """Deliver until all queues are empty; what fails for good ends among the dead letters.

    After a fault a sweep follows at the same moment: what was forgotten is made up for.
    """
    _empty(house)
    while house.hurt:
        house.hurt = False
        full_sweep(house)


def _empty(house: House) -> None:
    while waiting := [name for name in CONCERNS if house.queue(name).messages]:
        for name in waiting:
            deliver(house, name)


def deliver(house: House, name: str) -> None:
    """One batch; what was not dealt with can be received again at once."""
    queue = house.queue(name)
    batch = queue.receive(house.function(name).batch_size, house.world.now())
    if not batch:
        return
    try:
        failed = house.run(name, batch)
    except Died:
        failed = {message.id for message in batch}
    for message in batch:
        if message.id in failed:
            message.visible = house.world.now()
        else:
            queue.delete(message)


def sweep(house: House, *, full: bool = False) -> None:
    """A sweep that gets through, and what it asks for: one that dies is followed by the next."""
    for _ in range(MOST_SWEEPS):
        with suppress(Died, Exception):
            house.sweep(full=full)
            break
    else:
        house.sweep(full=full)
    settle(house)


def full_sweep(house: House) -> None:
    """The sweep of a quarter of an hour."""
    sweep(house, full=True)


def minutes(house: House, number: int) -> None:
    """Let minutes pass; what happens in them is delivered."""
    for _ in range(number):
        house.world.pass_until(house.world.now() + MINUTE)
        settle(house)
