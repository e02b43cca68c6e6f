"""A version as it is on record once it has served: written by what writes it, on AWS by moto."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256

import pytest
from moto import mock_aws

from cli.target import Target
from steward.aws import Aws
from steward.decide.approval import Read, judge, weigh
from steward.lineage.nodes import End, Link, Node, Serving, Shift, dataset_id, run_id, snapshot_id
from steward.names import Names
from steward.record.approval import record_judgement, record_word
from steward.record.ledger import append, ensure
from steward.record.lineage import end_writes, node_writes, serving_writes, shift_writes
from steward.record.store import Store
from tests.steward.builders import (
    ACCOUNT,
    BOB,
    GATE,
    REGION,
    after,
    bias_report,
    evaluation,
    evidence,
    package,
)
from tests.steward.fakes import new_clock, new_store
from tests.steward.signing import FakeKms

NAMES = Names("steward", "mortgage")
FOLDER = "runs/mortgage/r1/Report/reports"
KEY = "mortgage/incoming/part-1.csv"
CAPTURE = "capture/mortgage/v1/steward-mortgage/AllTraffic/2026/11/20/12/a.jsonl"
SPEC = {
    "description": "Approve or deny a mortgage application",
    "owner": "credit-risk@example.com",
    "data": {"label": "approve", "features": {"income": "number"}},
    "train": {"test_percent": 30, "hyperparameters": {"max_iter": 80}},
    "gate": {
        "metrics": {"auc": {"min": 0.65}},
        "bias": {"white": {"max_abs": {"DPPL": 0.15}}},
    },
}


class Where(Target):
    """The deployment of these tests, under the names that their tables have."""

    artifact_bucket = "artifacts"
    ledger_bucket = "ledger"
    lineage_table = "lineage"
    work_table = "work"


WHERE = Where("steward", ACCOUNT, REGION, "")


@pytest.fixture(scope="session")
def clients() -> Aws:
    """Clients are costly to make and hold no state; what they talk to is new in every test."""
    return Aws()


@contextmanager
def opened(aws: Aws) -> Iterator[Store]:
    """Empty tables and buckets, and a key that signs."""
    with mock_aws():
        store = new_store(aws)
        aws.s3.put_bucket_versioning(
            Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"}
        )
        aws.s3.create_bucket(
            Bucket="ledger", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        aws.sagemaker.create_model_package_group(ModelPackageGroupName=NAMES.group)
        kms = FakeKms()
        kms.install(aws.kms)
        yield store
        kms.leave(aws.kms)


@pytest.fixture
def store(clients: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    new_clock(monkeypatch)
    with opened(clients) as store:
        yield store


@pytest.fixture
def history(store: Store) -> "History":
    return History(store)


class History:
    """What happened to version 1, step by step."""

    def __init__(self, store: Store) -> None:
        self.store, self.aws = store, store.aws

    def document(self, key: str, content: object) -> tuple[str, str]:
        """Put a document into S3; returns its URI and its digest."""
        body = json.dumps(content).encode()
        self.aws.s3.put_object(Bucket="artifacts", Key=key, Body=body)
        return f"s3://artifacts/{key}", sha256(body).hexdigest()

    def named(self, folder: str, content: object) -> tuple[str, str]:
        """Put a document under the name of its digest."""
        digest = sha256(json.dumps(content).encode()).hexdigest()
        return self.document(f"{folder}/mortgage/{digest}.json", content)

    def train(self) -> None:
        """A run learned from one object."""
        dataset = dataset_id("landing", KEY, "v-1")
        one = {"key": KEY, "version_id": "v-1", "size": 1000, "sha256": "9" * 64}
        uri, digest = self.named("snapshots", {"objects": [one]})
        spec, _ = self.named("specs", SPEC)
        self.document(
            "runs/mortgage/r1/Prepare/prepared/prepared.json",
            {"objects": [{"key": KEY, "version_id": "v-1", "rows": 300, "used": 290}]},
        )
        self.snapshot, self.run = digest, run_id(package().execution_arn)
        snapshot = Node(snapshot_id(digest), after(0), {"manifest": uri, "objects": 1},
                        (Link("hadMember", dataset),))  # fmt: skip
        run = Node(self.run, after(1), {"number": 1, "spec": spec, "reasons": ["uploads"]},
                   (Link("used", snapshot.id),))  # fmt: skip
        ensure(self.store, "mortgage", [Node(dataset, after(0), one), snapshot, run])
        self.write(end_writes(self.store, End(self.run, after(2), {"status": "Succeeded"})))

    def register(self, **reports: object) -> None:
        """The version was registered with reports, and judged; None: without that one."""
        usual = {
            "evaluation": evaluation(),
            "bias": bias_report(0.1),
            "explainability": {"explanations": {"shuffled": {"approve": {
                "global_importance_values": {"income": 0.2}}}}},
        }  # fmt: skip
        given = {name: one for name, one in (usual | reports).items() if one is not None}
        places = {name: self.document(_key(name), one) for name, one in given.items()}
        trained = hasattr(self, "run")
        self.package = package(
            snapshot=self.snapshot if trained else "",
            prepared_uri=package().prepared_uri if trained else "",
            reports={name: uri for name, (uri, _) in places.items()},
        )
        known: Mapping[str, object] = dict.fromkeys(usual) | given
        read = evidence(
            **known,
            read={name: Read(*place) for name, place in places.items()},
            run_on_record=trained,
            snapshot_on_record=trained,
        )
        verdict = judge(self.package, read, GATE, after(1))
        self.version = record_judgement(self.store, NAMES, GATE, verdict, self.package, read)

    def approve(self, words: str = "it is good") -> None:
        """A person approved it."""
        said = replace(
            self.package, status="Approved", words=words, modified_by=BOB, modified_at=after(5)
        )
        verdict, approval = weigh(self.version, said, GATE, "approval#steward-mortgage/1/x")
        record_word(self.store, NAMES, verdict, self.version, said, approval)

    def serve(self) -> None:
        """It was rolled out from 12:10 to 12:20."""
        rollout = "rollout#steward-mortgage/1"
        links = (Link("used", "model-version#steward-mortgage/1"),)
        node = Node(rollout, after(10), {"direction": "forward"}, links)
        shift = Shift(NAMES.endpoint, after(10), 1, rollout)
        ended = End(rollout, after(20), {"outcome": "served", "asked_at": after(11)})
        serving = Serving(NAMES.endpoint, after(20), {"1": 100}, rollout)
        self.write(node_writes(self.store, [node]))
        self.write(shift_writes(self.store, shift))
        self.write([*end_writes(self.store, ended), *serving_writes(self.store, serving)])

    def watch(self) -> None:
        """A monitor looked at the hour from 12:00, and found something."""
        found = {"kind": "data_quality", "rows": 200, "violations": 1,
                 "window": [after(0), after(60)], "listed": [{"about": "income"}]}  # fmt: skip
        links = (Link("wasInfluencedBy", "model-version#steward-mortgage/1"),)
        node = Node("drift-report#1", after(75), found, links)
        self.write(node_writes(self.store, [node]))

    def all(self) -> "History":
        """Everything, once."""
        self.train()
        self.register()
        self.approve()
        self.serve()
        self.watch()
        self.aws.s3.put_object(Bucket="artifacts", Key=CAPTURE, Body=b"{}\n")
        return self

    def write(self, writes: list[object]) -> None:
        assert append(self.store, "mortgage", writes)  # type: ignore[arg-type]


def _key(name: str) -> str:
    return f"{FOLDER}/{name}/analysis.json"
