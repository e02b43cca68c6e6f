"""Dashboards: kept as they were put; nobody draws them."""

import json

from local_aws.account import ACCOUNT
from local_aws.cloudwatch.wire import CloudWatchError
from local_aws.sagemaker.values import Json, text


class Dashboards:
    """The dashboards of the account, by name."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}

    def put(self, request: Json) -> Json:
        """PutDashboard: a body of JSON with widgets."""
        body = text(request, "DashboardBody")
        try:
            fits = isinstance(json.loads(body)["widgets"], list)
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise CloudWatchError("InvalidParameterInput", "DashboardBody has no widgets.")
        self.bodies[text(request, "DashboardName")] = body
        return {"DashboardValidationMessages": []}

    def get(self, request: Json) -> Json:
        """GetDashboard."""
        name = text(request, "DashboardName")
        if name not in self.bodies:
            raise CloudWatchError("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return {
            "DashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}",
            "DashboardBody": self.bodies[name],
            "DashboardName": name,
        }
