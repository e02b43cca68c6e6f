"""Endpoints serve real models, change over all at once, and say what they do."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from .conftest import BUCKET, IMAGE, ROLE, Calls, Client, Local, Put, tar_gz
from .serving import ENVIRONMENT, Shop, adder

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


@pytest.fixture
def shop(local: Local, sm: Client, put: Put, name: str) -> Shop:
    return Shop(local, sm, put, name)


@pytest.fixture
def ask(runtime: Client, name: str) -> Calls:
    """Sends CSV to the test's endpoint."""

    def ask(body: str, **more: str) -> str:
        answer = runtime.invoke_endpoint(
            EndpointName=name, Body=body, ContentType="text/csv", Accept="text/csv", **more
        )
        return answer["Body"].read().decode()

    return ask


def test_an_endpoint_serves_after_three_minutes(local: Local, shop: Shop, ask: Calls) -> None:
    arn = shop.create(shop.config("one", adder(1)))
    creating = shop.described()
    with pytest.raises(ClientError) as early:
        ask("1")
    local.advance(179)
    waiting = shop.described()
    local.advance(1)
    serving = shop.described()

    assert arn == f"{ARN}:endpoint/{shop.name}"
    assert creating["EndpointStatus"] == waiting["EndpointStatus"] == "Creating"
    assert creating["PendingDeploymentSummary"]["EndpointConfigName"] == f"{shop.name}-one"
    assert early.value.response["Error"]["Code"] == "ValidationError"
    assert serving["EndpointStatus"] == "InService"
    assert "PendingDeploymentSummary" not in serving
    variant = serving["ProductionVariants"][0]
    image = variant["DeployedImages"][0]
    assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == 2
    assert image["SpecifiedImage"] == IMAGE
    assert image["ResolvedImage"].startswith(IMAGE.removesuffix(":1.9") + "@sha256:")
    assert ask("1,x\n2,y") == "2.0\n3.0"


def test_an_answer_names_its_variant_and_type(shop: Shop, runtime: Client) -> None:
    shop.serve(shop.config("one", adder(1)))

    answer = runtime.invoke_endpoint(
        EndpointName=shop.name,
        Body=b"1",
        ContentType="text/csv",
        Accept="text/csv",
        TargetVariant="AllTraffic",
    )

    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["ContentType"] == "text/csv; charset=utf-8"


def test_a_model_that_fails_is_a_model_error(shop: Shop, ask: Calls) -> None:
    shop.serve(shop.config("one", adder(1)))

    with pytest.raises(ClientError) as failed:
        ask("-1")

    response = failed.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 500
    assert "negative" in response["OriginalMessage"]
    assert ask("1") == "2.0"


def test_invoking_what_is_not_there_is_a_validation_error(ask: Calls) -> None:
    with pytest.raises(ClientError, match="not found") as refused:
        ask("1")
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_old_fleet_serves_until_the_new_one_takes_over(
    local: Local, shop: Shop, ask: Calls
) -> None:
    shop.serve(shop.config("one", adder(1)))
    deployment = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
    }

    shop.update(shop.config("two", adder(10)), DeploymentConfig=deployment)
    local.advance(299)
    updating, before = shop.described(), ask("1")
    local.advance(1)
    updated, after = shop.described(), ask("1")

    assert updating["EndpointStatus"] == "Updating"
    assert updating["EndpointConfigName"] == f"{shop.name}-one"
    pending = updating["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == f"{shop.name}-two"
    assert pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] == "Creating"
    assert before == "2.0"
    assert updated["EndpointStatus"] == "InService"
    assert updated["EndpointConfigName"] == f"{shop.name}-two"
    assert updated["LastDeploymentConfig"] == deployment
    assert after == "11.0"


def test_states_and_deployments_are_announced_as_aws_spells_them(local: Local, shop: Shop) -> None:
    arn = shop.serve(shop.config("one", adder(1)))
    shop.update(shop.config("two", adder(2)))
    local.advance(300)

    states = local.announced(STATE, arn)
    begun, switched = local.announced(DEPLOYMENT, arn)

    assert [(e["EndpointStatus"], e["EndpointConfigName"]) for e in states] == [
        ("CREATING", f"{shop.name}-one"),
        ("IN_SERVICE", f"{shop.name}-one"),
        ("UPDATING", f"{shop.name}-one"),
        ("IN_SERVICE", f"{shop.name}-two"),
    ]
    assert set(states[-1]) == {
        "EndpointName", "EndpointArn", "EndpointConfigName", "ProductionVariants",
        "EndpointStatus", "CreationTime", "LastModifiedTime", "Tags",
    }  # fmt: skip
    assert states[-1]["ProductionVariants"] == [{"DesiredWeight": 1.0, "DesiredInstanceCount": 2.0}]
    assert states[-1]["LastModifiedTime"] > 1e12
    assert begun["EndpointConfigName"] == f"{shop.name}-one"
    summary = begun["PendingDeploymentSummary"]
    assert summary["EndpointConfigName"] == f"{shop.name}-two"
    variant = summary["ProductionVariants"][0]
    assert variant["VariantStatus"][0]["Status"] == "Creating"
    statuses = switched["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"]
    assert statuses[0]["Status"] == "ActivatingTraffic"


BROKEN = tar_gz({"code/inference.py": "raise ImportError('no such library')"})


def test_a_container_that_cannot_start_fails_a_new_endpoint(shop: Shop, sm: Client) -> None:
    shop.serve(shop.config("bad", BROKEN))
    failed = shop.described()

    assert failed["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in failed["FailureReason"]
    with pytest.raises(ClientError, match="Failed"):
        shop.update(shop.config("one", adder(1)))
    log = (shop.local.world.root / "logs" / f"endpoint-{shop.name}.log").read_text()
    assert "no such library" in log
    sm.delete_endpoint(EndpointName=shop.name)


def test_an_update_that_cannot_start_leaves_the_old_fleet_in_service(
    local: Local, shop: Shop, ask: Calls
) -> None:
    shop.serve(shop.config("one", adder(1)))

    shop.update(shop.config("bad", BROKEN))
    local.advance(300)
    described = shop.described()

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == f"{shop.name}-one"
    assert "ping" in described["FailureReason"]
    assert ask("1") == "2.0"


def test_one_update_at_a_time_and_never_to_the_same_configuration(local: Local, shop: Shop) -> None:
    one = shop.config("one", adder(1))
    shop.create(one)

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        shop.update(one)
    local.advance(180)
    with pytest.raises(ClientError, match="currently in use endpoint configuration"):
        shop.update(one)
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        shop.update("nothing")
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        shop.create(one)


def test_live_counts_are_retained_on_request(local: Local, shop: Shop, sm: Client) -> None:
    shop.serve(shop.config("one", adder(1)))
    two = shop.model("two", adder(2))
    sm.create_endpoint_config(
        EndpointConfigName=two,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": two,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 7,
            }
        ],
    )

    shop.update(two, RetainAllVariantProperties=True)
    local.advance(300)

    assert shop.described()["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_deleting_takes_a_minute_and_frees_the_name(
    local: Local, shop: Shop, sm: Client, ask: Calls
) -> None:
    shop.serve(shop.config("one", adder(1)))

    sm.delete_endpoint(EndpointName=shop.name)
    deleting = shop.described()["EndpointStatus"]
    with pytest.raises(ClientError, match="not in service"):
        ask("1")
    local.advance(60)

    assert deleting == "Deleting"
    with pytest.raises(ClientError, match="Could not find endpoint"):
        shop.described()
    shop.create(f"{shop.name}-one")


def test_models_and_configurations_are_immutable_and_listed(shop: Shop, sm: Client) -> None:
    config = shop.config("one", adder(1))

    with pytest.raises(ClientError, match="already existing model"):
        sm.create_model(ModelName=config, PrimaryContainer={"Image": IMAGE})
    with pytest.raises(ClientError, match="already existing endpoint configuration"):
        sm.create_endpoint_config(
            EndpointConfigName=config,
            ProductionVariants=sm.describe_endpoint_config(EndpointConfigName=config)[
                "ProductionVariants"
            ],
        )
    models = sm.list_models(NameContains=shop.name)["Models"]
    configs = sm.list_endpoint_configs(NameContains=shop.name)["EndpointConfigs"]
    assert [m["ModelArn"] for m in models] == [f"{ARN}:model/{config}"]
    assert [c["EndpointConfigArn"] for c in configs] == [f"{ARN}:endpoint-config/{config}"]
    sm.delete_endpoint_config(EndpointConfigName=config)
    sm.delete_model(ModelName=config)
    with pytest.raises(ClientError, match="Could not find model"):
        sm.describe_model(ModelName=config)


def test_a_model_needs_a_package_that_exists(sm: Client, name: str) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        sm.create_model(
            ModelName=name,
            PrimaryContainer={"ModelPackageName": f"{ARN}:model-package/nothing/1"},
        )


FIT = """
import os, joblib
from sklearn.linear_model import LogisticRegression
model = os.environ["SM_MODEL_DIR"]
joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), os.path.join(model, "model.joblib"))
os.makedirs(os.path.join(model, "code"))
with open("inference.py") as script, open(os.path.join(model, "code/inference.py"), "w") as copy:
    copy.write(script.read())
"""
INFERENCE = """
import os, joblib
def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))
"""


def test_what_a_training_job_made_serves_by_its_package(
    local: Local, shop: Shop, sm: Client, runtime: Client, put: Put
) -> None:
    sm.create_training_job(
        TrainingJobName=shop.name,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={
            "sagemaker_program": "fit.py",
            "sagemaker_submit_directory": put(
                "source.tar.gz", tar_gz({"fit.py": FIT, "inference.py": INFERENCE})
            ),
        },
        RoleArn=ROLE,
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/{shop.name}"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    local.settle()
    job = sm.describe_training_job(TrainingJobName=shop.name)
    sm.create_model_package_group(ModelPackageGroupName=shop.name)
    package = sm.create_model_package(
        ModelPackageGroupName=shop.name,
        ClientToken=uuid.uuid4().hex,
        InferenceSpecification={
            "Containers": [
                {
                    "Image": IMAGE,
                    "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
                    "Environment": ENVIRONMENT,
                }
            ]
        },
    )["ModelPackageArn"]
    sm.create_model(
        ModelName=shop.name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"ModelPackageName": package},
    )
    sm.create_endpoint_config(
        EndpointConfigName=shop.name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": shop.name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
    )
    shop.serve(shop.name)

    answer = runtime.invoke_endpoint(
        EndpointName=shop.name, Body=b"[[0.0], [1.0]]", ContentType="application/json"
    )

    assert json.load(answer["Body"]) == [0, 1]
    described = sm.describe_model(ModelName=shop.name)
    assert described["PrimaryContainer"] == {"ModelPackageName": package}
