"""Members that moto's answers have and AWS's have not; they are taken out, each by name."""

import json
from dataclasses import replace

from local_aws.wire import Call, Response

SLIPS = {
    "events:ListRules": ["Rules.CreatedBy"],
    "kms:CreateKey": ["KeyMetadata.EncryptionAlgorithms"],
    "kms:DescribeKey": ["KeyMetadata.EncryptionAlgorithms"],
    "lambda:CreateFunctionUrlConfig": ["Cors", "LastModifiedTime"],
    "lambda:GetFunctionUrlConfig": ["Cors"],
    "lambda:ListLayerVersions": ["LayerVersions.Content", "LayerVersions.LayerArn"],
    "lambda:ListLayers": [
        "Layers.LatestMatchingVersion.Content",
        "Layers.LatestMatchingVersion.LayerArn",
    ],
    "secretsmanager:DescribeSecret": ["SecretVersionsToStages"],
    "secretsmanager:ListSecrets": ["SecretList.VersionIdsToStages"],
}


def without_slips(call: Call, response: Response) -> Response:
    """The answer without what moto should not have put there."""
    if str(call) not in SLIPS or not 200 <= response.status < 300:
        return response
    value = json.loads(response.body)
    for path in SLIPS[str(call)]:
        _remove(value, path.split("."))
    return replace(response, body=json.dumps(value).encode())


def _remove(value: object, path: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _remove(item, path)
    elif isinstance(value, dict) and len(path) > 1:
        _remove(value.get(path[0]), path[1:])
    elif isinstance(value, dict):
        value.pop(path[0], None)
