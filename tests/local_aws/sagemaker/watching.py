"""An endpoint that is monitored in tests, and the calls and files that it takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .conftest import BUCKET, ROLE, Client, Get, Json, Local, Put

ANALYZER = "468650794304.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0"
HOURLY = "cron(0 * ? * * *)"
KINDS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
CONFIG: Json = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Simple",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}


def capture_config(name: str) -> Json:
    """Everything is captured below the test's own prefix."""
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/{name}/capture/",
        "CaptureOptions": [{"CaptureMode": mode} for mode in ("Input", "Output")],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }


def csv_record(answer: str, request: str, event: str) -> Json:
    sides = {"endpointInput": ("INPUT", request), "endpointOutput": ("OUTPUT", answer)}
    data = {
        side: {"observedContentType": "text/csv", "mode": mode, "data": text, "encoding": "CSV"}
        for side, (mode, text) in sides.items()
    }
    return {"captureData": data, "eventMetadata": {"eventId": event}, "eventVersion": "0"}


def jsonl(records: Sequence[Json]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def columns(**types: str) -> list[Json]:
    return [
        {"name": name, "inferred_type": kind, "completeness": 1.0} for name, kind in types.items()
    ]


def numeric_baseline(name: str, values: Sequence[float]) -> Json:
    kll = {"sketch": {"parameters": {"c": 0.64, "k": 2048}, "data": [sorted(values)]}}
    return {"name": name, "numerical_statistics": {"distribution": {"kll": kll}}}


def categorical_baseline(name: str, counts: dict[str, int]) -> Json:
    buckets = [{"value": value, "count": count} for value, count in counts.items()]
    return {
        "name": name,
        "string_statistics": {"distribution": {"categorical": {"buckets": buckets}}},
    }


@dataclass
class Watch:
    """An endpoint in service, and what is put beside it to be monitored."""

    local: Local
    sm: Client
    put: Put
    get: Get
    name: str

    def definition(self, kind: str = "DataQuality", **changes: Any) -> str:
        image = ANALYZER if kind in ("DataQuality", "ModelQuality") else CLARIFY
        app: Json = {"ImageUri": image}
        data: Json = {
            "EndpointInput": {
                "EndpointName": self.name,
                "LocalPath": "/opt/ml/processing/input/endpoint",
            }
        }
        if kind in ("ModelQuality", "ModelBias"):
            data["GroundTruthS3Input"] = {"S3Uri": f"s3://{BUCKET}/{self.name}/truth"}
        if kind == "ModelQuality":
            app["ProblemType"] = "BinaryClassification"
            data["EndpointInput"]["InferenceAttribute"] = "0"
        if kind in ("ModelBias", "ModelExplainability"):
            app["ConfigUri"] = f"s3://{BUCKET}/{self.name}/analysis_config.json"
        output = {
            "S3Uri": f"s3://{BUCKET}/{self.name}/reports",
            "LocalPath": "/opt/ml/processing/output",
        }
        request: Json = {
            "JobDefinitionName": self.name,
            f"{kind}AppSpecification": app,
            f"{kind}JobInput": data,
            f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
            "JobResources": {"ClusterConfig": CLUSTER},
            "RoleArn": ROLE,
        }
        answer = self.call("create", kind, "job_definition")(**(request | changes))
        return str(answer["JobDefinitionArn"])

    def call(self, verb: str, kind: str, what: str) -> Any:
        snake = {
            "DataQuality": "data_quality",
            "ModelQuality": "model_quality",
            "ModelBias": "model_bias",
            "ModelExplainability": "model_explainability",
        }
        return getattr(self.sm, f"{verb}_{snake[kind]}_{what}")

    def schedule(self, kind: str = "DataQuality", **times: str) -> str:
        answer = self.sm.create_monitoring_schedule(
            MonitoringScheduleName=self.name,
            MonitoringScheduleConfig=self.config(kind, **times),
        )
        return str(answer["MonitoringScheduleArn"])

    def config(self, kind: str = "DataQuality", **times: str) -> Json:
        return {
            "ScheduleConfig": {"ScheduleExpression": HOURLY} | times,
            "MonitoringJobDefinitionName": self.name,
            "MonitoringType": kind,
        }

    def against(self, constraints: Json, statistics: Sequence[Json] = ()) -> str:
        """A definition with a baseline."""
        kept = {"version": 0, "dataset": {"item_count": 100}, "features": list(statistics)}
        return self.definition(
            DataQualityBaselineConfig={
                "ConstraintsResource": {
                    "S3Uri": self.put("baseline/constraints.json", json.dumps(constraints))
                },
                "StatisticsResource": {
                    "S3Uri": self.put("baseline/statistics.json", json.dumps(kept))
                },
            }
        )

    def to_the_hour(self) -> datetime:
        """Go to just after the next hour begins, with time to spare; returns the hour."""
        now = self.local.world.now()
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self.local.advance((hour - now).total_seconds() + 1)
        return hour

    def captured(self, hour: datetime, records: Sequence[Json]) -> None:
        key = f"capture/{self.name}/AllTraffic/{hour:%Y/%m/%d/%H}/1.jsonl"
        self.put(key, jsonl(records))

    def truth(self, hour: datetime, labels: dict[str, str]) -> None:
        records = [
            {
                "groundTruthData": {"data": label, "encoding": "CSV"},
                "eventMetadata": {"eventId": event},
                "eventVersion": "0",
            }
            for event, label in labels.items()
        ]
        self.put(f"truth/{hour:%Y/%m/%d/%H}/1.jsonl", jsonl(records))

    def run(self, records: Sequence[Json], kind: str = "DataQuality") -> Json:
        """Let one hourly execution look at these records; returns its summary."""
        hour = self.to_the_hour()
        self.captured(hour, records)
        self.schedule(kind)
        self.local.advance(3600 + 900)
        return self.last()

    def last(self) -> Json:
        described = self.sm.describe_monitoring_schedule(MonitoringScheduleName=self.name)
        summary: Json = described["LastMonitoringExecutionSummary"]
        return summary

    def job(self, execution: Json) -> Json:
        job_name = execution["ProcessingJobArn"].rpartition("/")[2]
        found: Json = self.sm.describe_processing_job(ProcessingJobName=job_name)
        return found

    def written(self, execution: Json, file: str) -> Any:
        output = self.job(execution)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
        return json.loads(self.get(f"{output['S3Uri']}/{file}.json"))

    def violations(self, execution: Json) -> list[tuple[str, str]]:
        found = self.written(execution, "constraint_violations")["violations"]
        return [(one["feature_name"], one["constraint_check_type"]) for one in found]
