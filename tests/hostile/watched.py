"""A deployment in memory, and what came of each message: said, written, told, started."""

import importlib
import json
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO

from local_aws.account import REGION
from local_aws.memory.client import Call
from local_aws.memory.items import Json
from local_aws.memory.messages import Message
from steward import clock
from steward.log import logger, metrics
from steward.record.agenda import AGENDA
from tests.simulation.flows import SERVED, Fates
from tests.simulation.house import FUNCTIONS, House, apps, deployed, mortgage

REFUSED, AGAIN, BROKEN = "refused", "again", "broken"
IGNORED, DECISION, EFFECT, LOST = "ignored", "decision", "effect", "lost"
# Begins of what a batch says of a message that it reports as failed.
_FAILED = {
    "message refused: ": REFUSED,
    "the queue will deliver it again: ": AGAIN,
    "message failed, the queue will deliver it again": BROKEN,
}
_READS = ("Describe", "List", "Get", "Head", "Query", "BatchGet", "Scan")
# What is remembered of reports: rows from which nothing follows by themselves.
_NOTES = ("report", "window", "told")


@dataclass
class Came:
    """What came of a message."""

    failed: bool = False
    said: list[str] = field(default_factory=list)
    decided: list[Json] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    told: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """One of the words above; what changed nothing and said nothing is lost."""
        if self.failed:
            last = self.said[-1] if self.said else ""
            return next((word for begin, word in _FAILED.items() if last.startswith(begin)), LOST)
        if self.started or self.rows or set(self.nodes) & {"order", "approval"}:
            return EFFECT
        if self.decided:
            return DECISION
        return IGNORED if self.said else LOST

    @property
    def changed(self) -> bool:
        """Whether anything is other than before, or anybody was told."""
        return bool(self.nodes or self.rows or self.told or self.asked or self.started)


class Watched:
    """A house whose version 1 serves, with an eye on everything that its functions do."""

    def __init__(self) -> None:
        self._came: defaultdict[str, Came] = defaultdict(Came)
        self._sent = 0
        self.house = House(Fates(), [mortgage()], self._seen)
        SERVED(self.house)
        # What is written from here on is announced by the events that are handed over.
        for bucket in self.house.account.s3.buckets.values():
            bucket.announces = False

    def hand_over(self, function: str, bodies: Sequence[str]) -> list[Came]:
        """One batch; what came of each of its messages."""
        first, self._sent = self._sent, self._sent + len(bodies)
        batch = [
            Message(f"m{first + place}", body, self.house.now(), 1)
            for place, body in enumerate(bodies)
        ]
        self._came.clear()
        with self._listening():
            failed = self.house.run(function, batch)
        assert failed <= {one.id for one in batch}
        for name in failed:
            self._came[name].failed = True
        return [self._came[one.id] for one in batch]

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Inside, the log is read: one JSON object a line, in UTF-8."""
        handler, log = logger.registered_handler, StringIO()
        # They are never sent: after a hundred, Powertools would send them itself.
        metrics.clear_metrics()
        before = handler.setStream(log)  # type: ignore[attr-defined]
        logger.setLevel("INFO")
        try:
            yield
        finally:
            logger.setLevel("CRITICAL")
            handler.setStream(before)  # type: ignore[attr-defined]
        for line in log.getvalue().encode().decode().splitlines():
            entry = json.loads(line)
            self._came[entry["message_id"]].said.append(entry["message"])

    @property
    def _now(self) -> Came:
        """What comes of the message that is dealt with; after all, of the last one that asked."""
        return self._came[str(logger.get_current_keys().get("message_id"))]

    def _seen(self, _: str, call: Call, answer: Callable[[], Json]) -> Json:
        answered = answer()
        if not call.operation.startswith(_READS):
            self._note(call)
        return answered

    def _note(self, call: Call) -> None:
        match call.operation:
            case "TransactWriteItems":
                for action in call.request["TransactItems"]:
                    self._note_write(action)
            case "Publish":
                self._now.told.append(call.request)
            case "SendMessage":
                self._now.asked.append(call.request)
            case "PutObject":
                pass  # named by its content, and of no effect until a row names it
            case _:
                self._now.started.append(str(call))

    def _note_write(self, action: Json) -> None:
        ((kind, write),) = action.items()
        if kind == "ConditionCheck":
            return
        item = write["Item"] if kind == "Put" else write["Key"]
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if write["TableName"].endswith("lineage"):
            if sk == "node":
                self._now.nodes.append(pk.partition("#")[0])
            if pk.startswith("decision#") and sk == "node":
                self._now.decided.append(item)
        elif pk != AGENDA and not sk.startswith(_NOTES):
            self._now.rows.append(sk.partition("#")[0])


@contextmanager
def at_work() -> Iterator[None]:
    """Inside, the functions' modules are a house's; after it they are everybody's again."""
    environment, now, level = dict(os.environ), clock.now, logger.log_level
    modules = [*apps().values(), importlib.import_module("steward.scope")]
    before = [dict(vars(module)) for module in modules]
    for name in FUNCTIONS:
        os.environ.update(deployed().functions[f"steward-{name}"].environment)
    os.environ |= {"AWS_REGION": REGION, "POWERTOOLS_METRICS_DISABLED": "true"}
    logger.setLevel("CRITICAL")
    try:
        with warnings.catch_warnings():
            # As in production; pytest makes errors of them.
            warnings.filterwarnings("ignore", "No application metrics to publish")
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        clock.now = now
        for module, members in zip(modules, before, strict=True):
            vars(module).update(members)
        logger.setLevel(level)
        metrics.clear_metrics()
