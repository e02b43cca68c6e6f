"""Models to serve in tests, and the calls that put them on an endpoint."""

from dataclasses import dataclass

from .conftest import IMAGE, ROLE, Client, Json, Local, Put, tar_gz

# Adds its number to the first cell of each row. Answers as the framework's containers expect it.
ADDER = """
import json, os

def model_fn(model_dir):
    print("loading from", model_dir)
    return int(open(os.path.join(model_dir, "number.txt")).read())

def input_fn(body, content_type):
    assert content_type == "text/csv", content_type
    return [float(line.split(",")[0]) for line in body.splitlines()]

def predict_fn(rows, number):
    if rows[0] < 0:
        raise ValueError("negative")
    return [row + number for row in rows]

def output_fn(rows, accept):
    return "\\n".join(str(row) for row in rows), accept
"""
ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}


def adder(number: int) -> bytes:
    """A model that adds `number`."""
    return tar_gz({"number.txt": str(number), "code/inference.py": ADDER})


@dataclass
class Shop:
    """Makes models, configurations and endpoints under one name."""

    local: Local
    sm: Client
    put: Put
    name: str
    instances: int = 2

    def model(self, label: str, archive: bytes) -> str:
        name = f"{self.name}-{label}"
        self.sm.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": self.put(f"{label}/model.tar.gz", archive),
                "Environment": ENVIRONMENT,
            },
        )
        return name

    def config(self, label: str, archive: bytes, **more: object) -> str:
        """A configuration with one variant that serves a new model."""
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": self.model(label, archive),
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": self.instances,
        }
        name = f"{self.name}-{label}"
        self.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], **more
        )
        return name

    def create(self, config: str) -> str:
        """An endpoint that is being created."""
        return str(
            self.sm.create_endpoint(EndpointName=self.name, EndpointConfigName=config)[
                "EndpointArn"
            ]
        )

    def serve(self, config: str) -> str:
        """An endpoint in service."""
        arn = self.create(config)
        self.local.advance(180)
        return arn

    def update(self, config: str, **more: object) -> None:
        self.sm.update_endpoint(EndpointName=self.name, EndpointConfigName=config, **more)

    def described(self) -> Json:
        described: Json = self.sm.describe_endpoint(EndpointName=self.name)
        return described
