"""Functions with what belongs to them, roles, logs and alarms."""

from typing import Any

from local_aws.deploy.resource import Made, Request, arn, document, makes, tags


@makes("AWS::IAM::Role")
def role(request: Request) -> Made:
    """A role with its policies."""
    api, name = request.api, request.name("RoleName")
    inline, managed = request.take("Policies", []), request.take("ManagedPolicyArns", [])
    trust = document(request.take("AssumeRolePolicyDocument"))
    made = api(
        "iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust, **request.rest()
    )
    for policy in inline:
        api(
            "iam",
            "put_role_policy",
            RoleName=name,
            PolicyName=policy["PolicyName"],
            PolicyDocument=document(policy["PolicyDocument"]),
        )
    for policy_arn in managed:
        api("iam", "attach_role_policy", RoleName=name, PolicyArn=policy_arn)
    return Made(name, {"Arn": made["Role"]["Arn"], "RoleId": made["Role"]["RoleId"]})


@makes("AWS::IAM::ManagedPolicy")
def managed_policy(request: Request) -> Made:
    """A policy to attach to people or roles; to the roles that it names at once."""
    api, roles = request.api, request.take("Roles", [])
    name, text = request.name("ManagedPolicyName"), document(request.take("PolicyDocument"))
    made = api("iam", "create_policy", PolicyName=name, PolicyDocument=text, **request.rest())
    for role_name in roles:
        api("iam", "attach_role_policy", RoleName=role_name, PolicyArn=made["Policy"]["Arn"])
    return Made(made["Policy"]["Arn"], {"PolicyArn": made["Policy"]["Arn"]})


@makes("AWS::Lambda::LayerVersion")
def layer_version(request: Request) -> Made:
    """A layer's version."""
    name = request.name("LayerName")
    made = request.api("lambda", "publish_layer_version", LayerName=name, **request.rest())
    return Made(made["LayerVersionArn"], {"LayerVersionArn": made["LayerVersionArn"]})


@makes("AWS::Lambda::Function")
def function(request: Request) -> Made:
    """A function."""
    api, name, labels = request.api, request.name("FunctionName"), tags(request)
    reserved = request.take("ReservedConcurrentExecutions")
    if key := request.take("KmsKeyArn"):
        request.properties["KMSKeyArn"] = key
    made = api("lambda", "create_function", FunctionName=name, Tags=labels, **request.rest())
    if reserved is not None:
        api(
            "lambda",
            "put_function_concurrency",
            FunctionName=name,
            ReservedConcurrentExecutions=int(reserved),
        )
    return Made(name, {"Arn": made["FunctionArn"]})


@makes("AWS::Lambda::Permission")
def permission(request: Request) -> Made:
    """A permission to invoke; it is kept, not evaluated."""
    request.api("lambda", "add_permission", StatementId=request.logical_id, **request.rest())
    return Made(request.logical_id)


@makes("AWS::Lambda::Url")
def url(request: Request) -> Made:
    """A function's URL."""
    name = request.take("TargetFunctionArn")
    made = request.api("lambda", "create_function_url_config", FunctionName=name, **request.rest())
    attributes = {key: made[key] for key in ("FunctionArn", "FunctionUrl")}
    return Made(made["FunctionArn"], attributes)


@makes("AWS::Lambda::EventSourceMapping")
def event_source_mapping(request: Request) -> Made:
    """A queue that feeds a function."""
    made = request.api(
        "lambda", "create_event_source_mapping", Tags=tags(request), **request.rest()
    )
    return Made(made["UUID"], {"Id": made["UUID"]})


@makes("AWS::Lambda::EventInvokeConfig")
def event_invoke_config(request: Request) -> Made:
    """How often an event is tried, and where it goes when a function fails on it."""
    request.api("lambda", "put_function_event_invoke_config", **request.rest())
    return Made(request.logical_id)


@makes("AWS::Logs::LogGroup")
def log_group(request: Request) -> Made:
    """A log group."""
    name, days = request.name("LogGroupName"), request.take("RetentionInDays")
    options: dict[str, Any] = {"tags": tags(request)}
    if key := request.take("KmsKeyId"):
        options["kmsKeyId"] = key
    request.api("logs", "create_log_group", logGroupName=name, **options)
    if days:
        request.api("logs", "put_retention_policy", logGroupName=name, retentionInDays=int(days))
    return Made(name, {"Arn": arn("logs", f"log-group:{name}:*")})


@makes("AWS::CloudWatch::Dashboard")
def dashboard(request: Request) -> Made:
    """A dashboard."""
    name, body = request.name("DashboardName"), document(request.take("DashboardBody"))
    request.api("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=body)
    return Made(name)


@makes("AWS::CloudWatch::Alarm")
def alarm(request: Request) -> Made:
    """An alarm."""
    name = request.name("AlarmName")
    request.api("cloudwatch", "put_metric_alarm", AlarmName=name, **request.rest())
    return Made(name, {"Arn": arn("cloudwatch", f"alarm:{name}")})
