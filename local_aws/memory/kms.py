"""KMS in memory: keys of the curve P-256, which sign digests the same way every time (RFC 6979)."""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local_aws.memory.errors import error, invalid
from local_aws.memory.items import Json

_ECDSA = ECDSA(Prehashed(SHA256()), deterministic_signing=True)


class InMemoryKMS:
    """The keys of an account, by ARN."""

    def __init__(self) -> None:
        self.keys: dict[str, EllipticCurvePrivateKey] = {}

    def create(self, arn: str) -> None:
        """A new key: an account's n-th is the same in every run."""
        self.keys[arn] = derive_private_key(len(self.keys) + 1, SECP256R1())

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered."""
        return {"Sign": self.sign, "GetPublicKey": self.public_key}

    def sign(self, request: Json) -> Json:
        """Sign a digest."""
        key, message = self._key(request), request["Message"]
        if request["MessageType"] != "DIGEST" or request["SigningAlgorithm"] != "ECDSA_SHA_256":
            raise NotImplementedError("the in-memory KMS signs digests with ECDSA_SHA_256 only")
        if len(message) != SHA256.digest_size:
            raise invalid("Digest is invalid length for algorithm ECDSA_SHA_256.")
        signature = key.sign(message, _ECDSA)
        algorithm = request["SigningAlgorithm"]
        return {"KeyId": request["KeyId"], "Signature": signature, "SigningAlgorithm": algorithm}

    def public_key(self, request: Json) -> Json:
        """The public part, with which a signature is checked."""
        public = self._key(request).public_key()
        return {
            "KeyId": request["KeyId"],
            "PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "KeySpec": "ECC_NIST_P256",
            "KeyUsage": "SIGN_VERIFY",
            "SigningAlgorithms": ["ECDSA_SHA_256"],
        }

    def _key(self, request: Json) -> EllipticCurvePrivateKey:
        if request["KeyId"] not in self.keys:
            raise error("NotFoundException", f"there is no key {request['KeyId']}")
        return self.keys[request["KeyId"]]
