"""Signs checkpoints, and puts them where nobody can change or delete them."""

import base64
from collections.abc import Mapping
from datetime import date

from steward import digest
from steward.aws import Aws, ClientError


def key_of(day: date) -> str:
    """Key of a day's checkpoint in the ledger bucket, which is under Object Lock."""
    return f"checkpoints/{day:%Y/%m/%d}.json"


def sign(aws: Aws, key: str, statement: Mapping[str, object]) -> str:
    """The checkpoint as a file: what is signed, and the signature of its SHA-256 by a KMS key."""
    answer = aws.kms.sign(
        KeyId=key,
        Message=bytes.fromhex(digest.of(statement)),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    signed = {
        "statement": statement,
        "signature": base64.b64encode(answer["Signature"]).decode(),
        "algorithm": answer["SigningAlgorithm"],
        "key": answer["KeyId"],
    }
    return digest.canonical(signed)


def put(aws: Aws, bucket: str, day: date, file: str) -> bool:
    """Put a day's checkpoint; False when one is there: it stands, whoever made it."""
    try:
        aws.s3.put_object(
            Bucket=bucket,
            Key=key_of(day),
            Body=file.encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
            raise
        return False
    return True
