"""KMS as documented: signatures hold outside of it, and a key's own policy opens it or nothing."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.local_aws.test_contract import same_client

MESSAGE = b"what was decided"
P256 = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
ECDSA_SHA_256 = {"SigningAlgorithm": "ECDSA_SHA_256"}
ACCOUNT = "arn:aws:iam::123456789012"


@pytest.fixture(scope="module")
def kms(client):
    return client("kms")


@pytest.fixture(scope="module")
def key(aws):
    return aws.outputs["Key"]


def public_key(kms, key):
    return load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])


def code(refused):
    return refused.value.response["Error"]["Code"]


def test_a_signature_holds_outside_of_kms(kms, key):
    signed = kms.sign(KeyId=key, Message=MESSAGE, **ECDSA_SHA_256)
    assert signed["KeyId"] == key
    public = public_key(kms, key)
    public.verify(signed["Signature"], MESSAGE, ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signed["Signature"], MESSAGE + b".", ECDSA(SHA256()))


def test_a_digest_is_signed_as_the_message_that_it_is_of(kms, key):
    digest = hashlib.sha256(MESSAGE).digest()
    signed = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", **ECDSA_SHA_256)
    public_key(kms, key).verify(signed["Signature"], MESSAGE, ECDSA(SHA256()))
    answer = kms.verify(KeyId=key, Message=MESSAGE, Signature=signed["Signature"], **ECDSA_SHA_256)
    assert answer["SignatureValid"]


def test_a_signature_that_does_not_fit_is_an_error(kms, key):
    signed = kms.sign(KeyId=key, Message=MESSAGE, **ECDSA_SHA_256)["Signature"]
    with pytest.raises(kms.exceptions.KMSInvalidSignatureException):
        kms.verify(KeyId=key, Message=MESSAGE + b".", Signature=signed, **ECDSA_SHA_256)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"MessageType": "DIGEST"}, "ValidationException"),
        ({"Message": b"x" * 4097}, "ValidationException"),
        ({"SigningAlgorithm": "RSASSA_PSS_SHA_256"}, "InvalidKeyUsageException"),
        ({"KeyId": "alias/nothing"}, "NotFoundException"),
        ({"KeyId": "11111111-2222-3333-4444-555555555555"}, "NotFoundException"),
        ({"MessageType": "EXTERNAL_MU"}, "NotImplemented"),
        ({"DryRun": True}, "NotImplemented"),
    ],
)
def test_what_cannot_be_signed_is_refused(kms, key, wrong, error):
    with pytest.raises(ClientError) as refused:
        kms.sign(**{"KeyId": key, "Message": MESSAGE, **ECDSA_SHA_256, **wrong})
    assert code(refused) == error


@pytest.mark.parametrize(
    "given",
    [P256 | {"KeySpec": "RSA_2048"}, {"KeyUsage": "GENERATE_VERIFY_MAC"}, {"MultiRegion": True}],
    ids=["of another kind", "for another use", "of several regions"],
)
def test_other_keys_are_refused(kms, given):
    with pytest.raises(ClientError) as refused:
        kms.create_key(**given)
    assert code(refused) == "NotImplemented"


def test_a_key_is_found_by_its_alias(aws, kms, key):
    for name in (aws.outputs["KeyAlias"], key.partition(":key/")[0] + ":alias/tiny"):
        found = kms.describe_key(KeyId=name)["KeyMetadata"]
        assert (found["Arn"], found["KeySpec"]) == (key, "ECC_NIST_P256")


def user(aws, client, name, *statements):
    """A person's own client of KMS."""
    iam = client("iam")
    made = iam.create_user(UserName=name)["User"]
    if statements:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        policy = iam.create_policy(PolicyName=f"of-{name}", PolicyDocument=text)["Policy"]
        iam.attach_user_policy(UserName=name, PolicyArn=policy["Arn"])
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    return made["Arn"], same_client("kms", aws, keys["AccessKeyId"], keys["SecretAccessKey"])


def opened_by(kms, principal):
    """A key whose own policy lets this principal sign, and the root do everything but that."""
    root = {"AWS": f"{ACCOUNT}:root"}
    mine = {"Effect": "Allow", "Principal": principal, "Action": "kms:Sign", "Resource": "*"}
    rest = mine | {"Principal": root, "Action": ["kms:Describe*", "kms:Get*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [mine, rest]})
    return kms.create_key(Policy=policy, **P256)["KeyMetadata"]["Arn"]


def may_sign(kms, key):
    try:
        kms.sign(KeyId=key, Message=MESSAGE, **ECDSA_SHA_256)
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
    return True


def test_who_may_sign_is_decided_by_the_keys_policy_first_and_then_by_iam(aws, client, kms, key):
    may = {"Effect": "Allow", "Action": "kms:Sign", "Resource": "*"}
    named_arn, named = user(aws, client, "named-by-key")
    _, allowed = user(aws, client, "allowed-by-iam", may)
    _, unknown = user(aws, client, "allowed-by-nobody")
    theirs = opened_by(kms, {"AWS": named_arn})

    def signers(key):
        return [may_sign(who, key) for who in (named, allowed, unknown, kms)]

    assert signers(key) == [False, True, False, True], "the account is named: IAM decides"
    assert signers(theirs) == [True, False, False, False], "one is named: nobody else, root neither"


def test_a_condition_may_name_the_alias_that_a_key_is_called_by(aws, client, key):
    may = {
        "Effect": "Allow",
        "Action": "kms:Sign",
        "Resource": key,
        "Condition": {"StringEquals": {"kms:RequestAlias": "alias/tiny"}},
    }
    _, by_alias = user(aws, client, "by-alias", may)
    assert may_sign(by_alias, "alias/tiny")
    assert not may_sign(by_alias, key)


def test_nothing_in_these_tests_got_an_answer_of_the_wrong_shape(aws):
    assert aws.faults() == []
