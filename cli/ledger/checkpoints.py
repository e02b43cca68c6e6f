"""Checkpoints: each is what was signed, and the signature; the key's public part verifies it."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from cli.target import Target
from steward import digest
from steward.aws import Aws
from steward.decide.checkpoint import FIRST
from steward.lineage.verify import Head

FOLDER, KEY_FILE = "checkpoints", "public-key.pem"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One file: its name, what it says, and why it cannot be believed; None: it is genuine."""

    name: str
    at: str
    heads: Mapping[str, Head]
    sha256: str
    previous: str
    fault: str | None


def fetch(aws: Aws, target: Target) -> Iterator[tuple[str, bytes]]:
    """Key and bytes of each checkpoint, the first version of each: a later one hides nothing."""
    bucket = target.ledger_bucket
    pages = aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=f"{FOLDER}/"
    )
    first: dict[str, str] = {}
    for page in pages:
        # Newest first: the last one that is seen of a key is its first version.
        first |= {found["Key"]: found["VersionId"] for found in page.get("Versions", [])}
    for key, version in sorted(first.items()):
        found = aws.s3.get_object(Bucket=bucket, Key=key, VersionId=version)
        yield key, found["Body"].read()


def public_key(aws: Aws, target: Target) -> bytes:
    """The public part of the deployment's key, as PEM."""
    answer = aws.kms.get_public_key(KeyId=f"alias/{target.prefix}-ledger")
    key = load_der_public_key(answer["PublicKey"])
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def keep(aws: Aws, target: Target, folder: Path) -> list[Checkpoint]:
    """Put every checkpoint and the public key into a folder; returns them, verified."""
    files, pem = list(fetch(aws, target)), public_key(aws, target)
    for key, body in files:
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    (folder / KEY_FILE).write_bytes(pem)
    return checked(files, pem)


def read(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The same of files that were kept."""
    for file in sorted(folder.rglob("*.json")):
        yield file.relative_to(folder.parent).as_posix(), file.read_bytes()


def checked(files: Iterable[tuple[str, bytes]], pem: bytes) -> list[Checkpoint]:
    """Every checkpoint, its signature and its place behind the one before verified."""
    key = load_pem_public_key(pem)
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the public key is none of an elliptic curve")  # noqa: TRY004  # as of any other file
    found: list[Checkpoint] = []
    for name, body in files:
        before = found[-1].sha256 if found else FIRST
        found.append(_checked(name, body, key, before))
    return found


def _checked(name: str, body: bytes, key: EllipticCurvePublicKey, before: str) -> Checkpoint:
    try:
        file = json.loads(body)
        stated = file["statement"]
        heads = {
            model: Head(int(one["seq"]), str(one["digest"]))
            for model, one in stated["heads"].items()
        }
        signature = base64.b64decode(file["signature"])
        one = Checkpoint(
            name, str(stated["at"]), heads, digest.of(stated), str(stated["previous"]), None
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Checkpoint(name, "", {}, "", "", "it cannot be read")
    return replace(one, fault=_fault(one, signature, key, before))


def _fault(
    one: Checkpoint, signature: bytes, key: EllipticCurvePublicKey, before: str
) -> str | None:
    try:
        key.verify(signature, bytes.fromhex(one.sha256), ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return "the key did not sign this"
    return None if one.previous == before else "one before it is missing"
