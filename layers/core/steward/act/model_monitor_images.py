"""AWS's own images of Model Monitor and Clarify: the account that owns them, by region.

From `image_uri_config` of the SageMaker Python SDK 2.257.7.
"""

from steward.spec.kinds import BIAS, EXPLAINABILITY

# sagemaker-model-monitor-analyzer
_ANALYZER = {
    "af-south-1": "875698925577",
    "ap-east-1": "001633400207",
    "ap-northeast-1": "574779866223",
    "ap-northeast-2": "709848358524",
    "ap-northeast-3": "990339680094",
    "ap-south-1": "126357580389",
    "ap-southeast-1": "245545462676",
    "ap-southeast-2": "563025443158",
    "ap-southeast-3": "669540362728",
    "ca-central-1": "536280801234",
    "eu-central-1": "048819808253",
    "eu-central-2": "590183933784",
    "eu-north-1": "895015795356",
    "eu-south-1": "933208885752",
    "eu-south-2": "437450045455",
    "eu-west-1": "468650794304",
    "eu-west-2": "749857270468",
    "eu-west-3": "680080141114",
    "il-central-1": "843974653677",
    "me-central-1": "588750061953",
    "me-south-1": "607024016150",
    "sa-east-1": "539772159869",
    "us-east-1": "156813124566",
    "us-east-2": "777275614652",
    "us-west-1": "890145073186",
    "us-west-2": "159807026194",
}
# sagemaker-clarify-processing
_CLARIFY = {
    "ap-northeast-1": "377024640650",
    "ap-south-1": "452307495513",
    "ap-southeast-1": "834264404009",
    "ap-southeast-2": "007051062584",
    "ca-central-1": "675030665977",
    "eu-central-1": "017069133835",
    "eu-north-1": "763603941244",
    "eu-west-1": "131013547314",
    "eu-west-2": "440796970383",
    "eu-west-3": "341593696636",
    "sa-east-1": "520018980103",
    "us-east-1": "205585389593",
    "us-east-2": "211330385671",
    "us-west-1": "740489534195",
    "us-west-2": "306415355426",
}


def image_of(kind: str, region: str) -> str:
    """The image that computes a kind; empty for a region in which none is known."""
    if kind in (BIAS, EXPLAINABILITY):
        return _uri(_CLARIFY, region, "sagemaker-clarify-processing:1.0")
    return _uri(_ANALYZER, region, "sagemaker-model-monitor-analyzer")


def _uri(accounts: dict[str, str], region: str, name: str) -> str:
    found = accounts.get(region)
    return f"{found}.dkr.ecr.{region}.amazonaws.com/{name}" if found else ""
