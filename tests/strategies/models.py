"""A model for each strategy: its file, and versions whose answers say which version they are."""

import io
import tarfile

STRATEGIES = ("all-at-once", "canary", "linear", "rolling")
INSTANCES = 4
# The share of the traffic that each stage gives to the new fleet.
SHARES = {
    "all-at-once": [1.0],
    "canary": [0.25, 1.0],
    "linear": [0.25, 0.5, 0.75, 1.0],
    "rolling": [0.5, 1.0],
}
_SIZES = {"canary": 25, "linear": 25, "rolling": 50}

FILE = """
schema = 1
owner = "team@example.com"
[data]
prefix = "{name}/incoming/"
key = "id"
label = "y"
[data.features]
x = "number"
[train]
pipeline = "tabular"
[serve]
instance_type = "ml.m7i.large"
instances = {instances}
[rollout]
strategy = "{strategy}"
size_percent = {size}
bake = "{bake}"
timeout = "2h"
min_requests = {requests}
on_no_evidence = "{otherwise}"
[rollout.alarms]
error_rate = 0.05
model_error_rate = 0.05
[rollout.capture]
percent = {captured}
"""

# Answers with its number; a bad one fails for a fifth of the requests, and says its number too.
CODE = """
import os

def model_fn(model_dir):
    number, share = open(os.path.join(model_dir, "version.txt")).read().split()
    return number, float(share)

def input_fn(body, content_type):
    return float(body)

def predict_fn(x, model):
    number, share = model
    if x < share:
        raise ValueError("version " + number)
    return number

def output_fn(number, accept):
    return "version " + number, accept
"""
ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}


def name_of(strategy: str) -> str:
    """The model with this strategy."""
    return strategy.replace("-", "")


def file_of(
    strategy: str,
    *,
    requests: int = 20,
    otherwise: str = "rollback",
    captured: int = 0,
    bake: str = "4m",
) -> str:
    """Its file: what becomes of a canary with fewer requests, and percent of them captured."""
    return FILE.format(
        name=name_of(strategy),
        strategy=strategy,
        size=_SIZES.get(strategy, 25),
        instances=INSTANCES,
        requests=requests,
        otherwise=otherwise,
        captured=captured,
        bake=bake,
    )


def archive(version: int, failing: float) -> bytes:
    """A version's model.tar.gz; `failing` is the share of the requests that it fails."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in {
            "version.txt": f"{version} {failing}",
            "code/inference.py": CODE,
        }.items():
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()
