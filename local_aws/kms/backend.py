"""moto's keys; those of the curve P-256 sign messages and digests, and tell a wrong signature.

Symmetric keys are there to be asked for: nothing is really encrypted.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

import hashlib
import json
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.exceptions import JsonRESTError
from moto.kms import urls
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

from local_aws.adapter import replace

ALGORITHM = "ECDSA_SHA_256"
SIGNING = "ECC_NIST_P256"
SYMMETRIC = "SYMMETRIC_DEFAULT"
KINDS = {(SIGNING, "SIGN_VERIFY"), (SYMMETRIC, "ENCRYPT_DECRYPT")}
COVERED = {
    "CreateKey": {"Description", "KeySpec", "KeyUsage", "Policy", "Tags"},
    "Sign": {"KeyId", "Message", "MessageType", "SigningAlgorithm"},
    "Verify": {"KeyId", "Message", "MessageType", "Signature", "SigningAlgorithm"},
}
LONGEST = 4096
_ECDSA = ECDSA(Prehashed(SHA256()))


class Response(KmsResponse):
    """moto's answers, but for what is done with keys."""

    def create_key(self) -> str:
        given = self._given("CreateKey")
        kind = given.get("KeySpec", SYMMETRIC), given.get("KeyUsage", "ENCRYPT_DECRYPT")
        if kind not in KINDS:
            raise NotImplementedError(f"CreateKey with {' and '.join(kind)}")
        return super().create_key()

    def get_public_key(self) -> str:
        key = self._key()
        if key.key_spec != SIGNING:
            raise JsonRESTError("UnsupportedOperationException", f"{key.arn} has no public key.")
        return json.dumps(
            {
                "KeyId": key.arn,
                "PublicKey": b64encode(key.private_key.public_key()).decode(),
                "CustomerMasterKeySpec": key.key_spec,
                "KeySpec": key.key_spec,
                "KeyUsage": key.key_usage,
                "SigningAlgorithms": key.signing_algorithms,
            }
        )

    def sign(self) -> str:
        given = self._given("Sign")
        key, digest = self._key(), _digest(given)
        signature = b64encode(_private(key).sign(digest, _ECDSA)).decode()
        return json.dumps({"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": ALGORITHM})

    def verify(self) -> str:
        given = self._given("Verify")
        key, digest = self._key(), _digest(given)
        try:
            _private(key).public_key().verify(b64decode(given["Signature"]), digest, _ECDSA)
        except InvalidSignature:
            raise JsonRESTError("KMSInvalidSignatureException", "") from None
        return json.dumps({"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": ALGORITHM})

    def _validate_key_policy(self, key_id: str, action: str) -> None:
        """moto reads a key's policy without its principals; it has been held against the call."""

    def _given(self, operation: str) -> dict[str, str]:
        given: dict[str, str] = json.loads(self.body)
        if other := set(given) - COVERED[operation]:
            raise NotImplementedError(f"{operation} with {', '.join(sorted(other))}")
        return given

    def _key(self) -> Key:
        key_id = str(json.loads(self.body)["KeyId"])
        self._validate_key_id(key_id)
        return self.kms_backend.describe_key(key_id)


def _private(key: Key) -> EllipticCurvePrivateKey:
    if not isinstance(key.private_key, ECDSAPrivateKey):
        raise JsonRESTError("InvalidKeyUsageException", f"{key.arn} does not sign.")
    return key.private_key.private_key


def _digest(given: dict[str, str]) -> bytes:
    """The digest that is signed: the message's, or the message itself if it is one."""
    message, algorithm = b64decode(given["Message"]), given["SigningAlgorithm"]
    if algorithm != ALGORITHM:
        why = f"{algorithm} is not supported by a key of {SIGNING}."
        raise JsonRESTError("InvalidKeyUsageException", why)
    kind = given.get("MessageType", "RAW")
    if kind == "DIGEST":
        if len(message) != SHA256.digest_size:
            why = f"Digest is invalid length for algorithm {ALGORITHM}."
            raise JsonRESTError("ValidationException", why)
        return message
    if kind != "RAW":
        raise NotImplementedError(f"the message type {kind}")
    if not 1 <= len(message) <= LONGEST:
        why = f"Message has {len(message)} bytes; allowed are 1 to {LONGEST}."
        raise JsonRESTError("ValidationException", why)
    return hashlib.sha256(message).digest()


def install() -> None:
    """Put the extension in moto's place; before its first use."""
    replace(kms_backends, KmsBackend, urls, Response.dispatch)
