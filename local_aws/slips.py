"""Members that moto's answers have and AWS's have not; they are taken out, each by name."""

import json
from dataclasses import replace

from local_aws.wire import Call, Response

SLIPS = {
    "events:ListRules": ("Rules", "CreatedBy"),
    "lambda:ListLayerVersions": ("LayerVersions", "Content"),
    "lambda:ListLayers": ("Layers", "LatestMatchingVersion", "Content"),
    "secretsmanager:DescribeSecret": ("SecretVersionsToStages",),
    "secretsmanager:ListSecrets": ("SecretList", "VersionIdsToStages"),
}


def without_slips(call: Call, response: Response) -> Response:
    """The answer without what moto should not have put there."""
    path = SLIPS.get(str(call))
    if path is None or response.status != 200:
        return response
    value = json.loads(response.body)
    _remove(value, path)
    return replace(response, body=json.dumps(value).encode())


def _remove(value: object, path: tuple[str, ...]) -> None:
    if isinstance(value, list):
        for item in value:
            _remove(item, path)
    elif isinstance(value, dict) and len(path) > 1:
        _remove(value.get(path[0]), path[1:])
    elif isinstance(value, dict):
        value.pop(path[0], None)
