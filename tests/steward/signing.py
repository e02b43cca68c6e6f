"""KMS as far as checkpoints need it: one key. (moto signs the digest of what is a digest.)"""

# ruff: noqa: N803 (arguments are named like the members of AWS's requests)

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.steward.builders import ACCOUNT, REGION
from tests.steward.standin import Json, Standin

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"


class FakeKms(Standin):
    """A key of an elliptic curve, as the template makes it."""

    service = "kms"

    def __init__(self) -> None:
        super().__init__()
        self._key = generate_private_key(SECP256R1())

    def sign(self, Message: bytes, MessageType: str, SigningAlgorithm: str, **_: object) -> Json:
        if MessageType != "DIGEST" or len(Message) != SHA256.digest_size:
            raise self.refuse("ValidationException", "a digest of 32 bytes is needed")
        signature = self._key.sign(Message, ECDSA(Prehashed(SHA256())))
        return {"KeyId": KEY, "Signature": signature, "SigningAlgorithm": SigningAlgorithm}

    def pem(self) -> bytes:
        """The public part, as it is kept beside checkpoints."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def get_public_key(self, **_: object) -> Json:
        public = self._key.public_key()
        return {
            "KeyId": KEY,
            "PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        }
