"""What must always hold, checked at each call and each change of a simulation, from outside."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from random import Random
from typing import Any

from local_aws.account import ACCOUNT, REGION
from local_aws.memory.client import Call
from local_aws.memory.items import Json
from steward.decide.rollout import next_step
from steward.decide.rollout_facts import BACK, Rollout
from steward.lineage.read import candidates_at
from steward.lineage.verify import verify
from steward.names import Names
from steward.observe.rollout import observe_rollout, read_rollout
from steward.observe.serving import read_version
from tests.simulation.house import PREFIX, House
from tests.truth.emulator import STATE, Timeline

CLOCKS = timedelta(seconds=10)
MOMENTS = 20
_READS = ("Describe", "List", "Get", "Head", "Query", "BatchGet", "Scan")
# Not a state of anything: it is heard, or leads to a look.
_TELLS = ("Publish", "SendMessage")


def changes(call: Call) -> bool:
    """Whether a call that is answered has changed something."""
    return not call.operation.startswith(_READS) and call.operation not in _TELLS


@dataclass
class Reads:
    """What one invocation has read of approvals, and when."""

    approved: dict[str, tuple[datetime, str]] = field(default_factory=dict)


class Truth:
    """Sees every call that has an effect, and every event before it can be lost."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.violations: list[str] = []
        self.events: list[Json] = []
        self.rollouts = 0
        self.revoked_in_flight = 0
        self.served: defaultdict[str, set[int]] = defaultdict(set)
        self._uploads: set[str] = set()

    def wrong(self, what: str) -> None:
        """Note that something does not hold."""
        self.violations.append(f"{self._house.world.now():%d %H:%M:%S} {what}")

    def names(self, model: str) -> Names:
        """Of a model."""
        return Names(PREFIX, model)

    # ---- as it happens

    def announced(self, event: Json) -> None:
        """AWS has announced something."""
        detail = event["detail"]
        self.events.append({"event": event})
        if event["detail-type"] == "Object Created" and "/incoming/" in detail["object"]["key"]:
            self._uploads.add(detail["object"]["version-id"])
        if event["detail-type"] == STATE and detail["EndpointStatus"] == "IN_SERVICE":
            model = detail["EndpointName"].removeprefix(f"{PREFIX}-")
            if version := self.names(model).version_of(detail["EndpointConfigName"]):
                self.served[model].add(version)

    def called(self, function: str, call: Call, answer: Json, reads: Reads) -> None:
        """A function's call had its effect."""
        match call.operation:
            case "DescribeModelPackage":
                now = self._house.world.now()
                reads.approved[answer["ModelPackageArn"]] = now, answer["ModelApprovalStatus"]
            case "CreateEndpoint" | "UpdateEndpoint":
                self._rolls_out(function, call, reads)
            case "StartPipelineExecution":
                self._runs_once(call, answer)

    def _rolls_out(self, function: str, call: Call, reads: Reads) -> None:
        self.rollouts += 1
        model = call.request["EndpointName"].removeprefix(f"{PREFIX}-")
        config, row = call.request["EndpointConfigName"], read_rollout(self._house.store, model)
        what = f"{function} {call} of {config}"
        if row is None or not row.open or row.config_name != config:
            self.wrong(f"{what}: the open rollout is {row}")
            return
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{PREFIX}-{model}/{row.version}"
        at, status = reads.approved.get(arn, (row.opened_at - 2 * CLOCKS, "unread"))
        if status != "Approved" or at < row.opened_at - CLOCKS:
            self.wrong(f"{what}: its approval was read as {status} at {at}, opened {row.opened_at}")
        self._goes_the_right_way(what, model, row)

    def _goes_the_right_way(self, what: str, model: str, row: Rollout) -> None:
        """Forward to a newer one, or one approved since the last step back; back to what served."""
        if row.direction == BACK:
            if row.version not in self.served[model]:
                self.wrong(f"{what}: goes back to {row.version}, which has never served")
            return
        live = self.names(model).version_of(row.live or "") or 0
        version = read_version(self._house.store, model, row.version)
        approval = version.approval if version else None
        later = row.stepped_back_at and approval and approval.at > row.stepped_back_at - CLOCKS
        if row.version < live and not later:
            self.wrong(f"{what}: {row.version} replaces {live}, approval {approval}")

    def _runs_once(self, call: Call, answer: Json) -> None:
        runs = self._house.account.sagemaker.runs._executions
        run = runs[answer["PipelineExecutionArn"]]
        others = [
            one.display_name
            for one in runs.values()
            if one is not run
            and one.pipeline_name == run.pipeline_name
            and (one.status == "Executing" or one.display_name == run.display_name)
        ]
        if others:
            self.wrong(f"{call} of {run.display_name}: there are {others}")

    def revoked(self, model: str, version: int) -> None:
        """A version's approval was taken back, perhaps while it is rolled out."""
        endpoint = self._house.account.sagemaker.endpoints._endpoints.get(f"{PREFIX}-{model}")
        pending = endpoint.pending if endpoint else None
        if pending and self.names(model).version_of(pending.config.name) == version:
            self.revoked_in_flight += 1

    # ---- at the end

    def check_record(self, chance: Random) -> None:
        """The ledger verifies, no edge dangles or leads round, and what served is on record."""
        items = list(self._house.store.scan(self._house.store.lineage))
        for fault in verify(items).faults:
            self.wrong(f"ledger: {fault}")
        nodes = {str(item["pk"]) for item in items if item["sk"] == "node"}
        above: dict[str, set[str]] = {}
        for end, source in _edges(items):
            above.setdefault(source, set()).add(end)
            if not {end, source} <= nodes:
                self.wrong(f"dangling: {source} -> {end}")
        try:
            list(TopologicalSorter(above).static_order())
        except CycleError as cycle:
            self.wrong(f"a cycle: {cycle}")
        for model in self._house.specs:
            self._check_served(model, chance)

    def _check_served(self, model: str, chance: Random) -> None:
        names, now = self.names(model), self._house.world.now()
        line = Timeline(names, self.events)
        first = line.stretches[1].since if len(line.stretches) > 1 else now
        for _ in range(MOMENTS):
            near = chance.choice(line.stretches[1:] or line.stretches).since
            anywhere = first + (now - first) * chance.random()
            when = chance.choice((anywhere, near + timedelta(seconds=chance.uniform(0, 90))))
            served = candidates_at(self._house.store, names.endpoint, when)
            told = frozenset(int(version) for one in served for version in one.versions)
            really = line.at(when)
            # Nobody can know of a deletion before it is noticed, nor of a call under way.
            if not line.is_at_rest(when, CLOCKS) or not really.versions:
                continue
            if not really.versions <= told or (len(served) == 1 and told != really.versions):
                self.wrong(f"{model} at {when}: {set(really.versions)} served, {set(told)} told")

    def check_rest(self) -> None:
        """All is as it should be, and no upload was forgotten."""
        self.violations += self.unfinished()
        items = self._house.store.scan(self._house.store.lineage)
        facts = [item.get("facts") for item in items if str(item["pk"]).startswith("dataset#")]
        known = {str(one["version_id"]) for one in facts if isinstance(one, dict)}
        given_up = [message.body for dead in self._house.dead().values() for message in dead]
        for version in sorted(self._uploads - known):
            if not any(version in body for body in given_up):
                self.wrong(f"the upload {version} is neither on record nor a dead letter")

    def unfinished(self) -> Iterator[str]:
        """Words that were not heard, and steps that are still to be taken."""
        house = self._house
        for model, spec in house.specs.items():
            for number, status in house.versions(model).items():
                version = read_version(house.store, model, number)
                noted = version.status if version else "not judged"
                if noted != status:
                    yield f"{model}: version {number} is {status} and on record as {noted}"
            names, now = self.names(model), house.world.now()
            facts = observe_rollout(house.root, house.store, names, spec, now, watch=False)
            verdict = next_step(facts)
            if verdict.kind not in ("nothing", "hold"):
                yield f"{model}: {verdict.kind} is still to be done: {verdict.reason}"


def _edges(items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """From what came of a node back to it."""
    for item in items:
        if "#in#" in str(item["sk"]):
            yield str(item["pk"]), str(item["sk"]).split("#", 3)[3]
