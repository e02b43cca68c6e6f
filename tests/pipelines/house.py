"""The tabular pipeline's own scripts, run in a folder, with S3 and a secret store beside it."""

import hashlib
import io
import json
import tarfile
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

import train
from pipelines.tabular.steps import evaluate, prepare, report

LANDING, ARTIFACTS, UNVERSIONED = "landing", "artifacts", "unversioned"
REPOSITORY = Path(__file__).parents[2]
SECRET = "a-key-per-stack"

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type Json = dict[str, object]


def mortgage_spec(**hyperparameters: object) -> Json:
    """The example model's spec, as `steward publish` writes it."""
    text = (REPOSITORY / "models" / "mortgage.toml").read_text()
    spec: Json = tomllib.loads(text) | {"model": "mortgage"}
    section = spec["train"]
    assert isinstance(section, dict)
    section["hyperparameters"] |= hyperparameters
    return spec


@dataclass(frozen=True)
class Upload:
    """A file in the landing bucket."""

    key: str
    body: bytes


def _make_bucket(s3: "S3Client", bucket: str) -> None:
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    if bucket != UNVERSIONED:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


class House:
    """The folders that SageMaker would lay before each step, below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.s3 = boto3.client("s3")
        for bucket in (LANDING, ARTIFACTS, UNVERSIONED):
            _make_bucket(self.s3, bucket)
        secrets = boto3.client("secretsmanager")
        with suppress(secrets.exceptions.ResourceExistsException):
            secrets.create_secret(Name="pii-key", SecretString=SECRET)

    def snapshot(self, uploads: Sequence[Upload], bucket: str = LANDING) -> Json:
        """Put the uploads into a bucket and describe exactly these versions."""
        objects = []
        for upload in uploads:
            answer = self.s3.put_object(Bucket=bucket, Key=upload.key, Body=upload.body)
            objects.append(
                {
                    "key": upload.key,
                    "version_id": answer.get("VersionId"),
                    "etag": answer["ETag"].strip('"'),
                    "sha256": hashlib.sha256(upload.body).hexdigest(),
                }
            )
        return {"schema": 1, "bucket": bucket, "objects": objects, "left_out": []}

    def keep_snapshot(self, snapshot: Json) -> str:
        """Put a manifest into the artifact bucket under its digest; its URI."""
        body = json.dumps(snapshot).encode()
        key = f"snapshots/{hashlib.sha256(body).hexdigest()}.json"
        self.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=body)
        return f"s3://{ARTIFACTS}/{key}"

    def prepare(
        self, spec: Json, snapshot: Json, digest: str | None = None, champion_snapshot: str = ""
    ) -> None:
        """Run Prepare."""
        given = self.lay("snapshot", snapshot)
        prepare.main(
            [
                f"--snapshot={given.parent}",
                f"--snapshot-digest={digest or hashlib.sha256(given.read_bytes()).hexdigest()}",
                f"--champion-snapshot-uri={champion_snapshot}",
                f"--spec={self.lay('spec', spec).parent}",
                f"--out={self.root}",
            ]
        )

    def train(self) -> None:
        """Run Train, and pack the model as SageMaker does."""
        folders = {name: self.root / name for name in ("train", "spec", "model-dir")}
        train.main([f"--{name}={path}" for name, path in folders.items()])
        (self.root / "model").mkdir(exist_ok=True)
        with tarfile.open(self.root / "model" / "model.tar.gz", "w:gz") as tar:
            tar.add(folders["model-dir"], arcname=".")

    def evaluate(self, champion_uri: str = "") -> Json:
        """Run Evaluate; what it wrote."""
        evaluate.main(
            [*self.given("model", "test", "prepared", "spec"), f"--champion-uri={champion_uri}",
             f"--out={self.root / 'evaluation'}"]
        )  # fmt: skip
        return self.read("evaluation/evaluation.json")

    def report(self) -> None:
        """Run Report."""
        report.main(
            [*self.given("model", "train", "test", "spec"), f"--out={self.root / 'reports'}"]
        )

    def run(self, spec: Json, uploads: Sequence[Upload], champion_uri: str = "") -> Json:
        """Run all four; the evaluation."""
        self.prepare(spec, self.snapshot(uploads))
        self.train()
        evaluation = self.evaluate(champion_uri)
        self.report()
        return evaluation

    def keep_model(self, name: str) -> str:
        """Put the trained model into the artifact bucket; its URI."""
        archive = self.root / "model" / "model.tar.gz"
        self.s3.upload_file(str(archive), ARTIFACTS, f"{name}/model.tar.gz")
        return f"s3://{ARTIFACTS}/{name}/model.tar.gz"

    def lay(self, folder: str, value: Json) -> Path:
        """Lay a JSON document alone into an input folder."""
        path = self.root / folder / "document.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value))
        return path

    def given(self, *names: str) -> list[str]:
        """The options that name input folders."""
        return [f"--{name}={self.root / name}" for name in names]

    def read(self, path: str) -> Json:
        """A JSON file below the root."""
        value: Json = json.loads((self.root / path).read_text())
        return value

    def written(self) -> dict[str, bytes]:
        """Every file that the steps wrote, the model archive unpacked."""
        files = {}
        for path in self.root.rglob("*"):
            if path.is_file():
                files[path.relative_to(self.root).as_posix()] = path.read_bytes()
        return files


def csv_file(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A CSV file with a header."""
    out = io.StringIO()
    for row in (columns, *rows):
        print(*row, sep=",", file=out)
    return out.getvalue().encode()
