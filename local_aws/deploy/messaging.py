"""Queues, topics and event rules."""

import json

from local_aws.deploy.resource import Made, Request, arn, document, makes, tags

QUEUE_ATTRIBUTES = (
    "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue",
    "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize",
    "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy",
    "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
)  # fmt: skip
TOPIC_ATTRIBUTES = ("ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId")
SUBSCRIPTION_ATTRIBUTES = (
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
)


def _attributes(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """The properties that the API takes as attributes, all of them as text."""
    given = {name: request.take(name) for name in names if name in request.properties}
    return {name: v if isinstance(v, str) else json.dumps(v) for name, v in given.items()}


@makes("AWS::SQS::Queue")
def queue(request: Request) -> Made:
    """A queue."""
    name, labels = request.name("QueueName"), tags(request)
    attributes = _attributes(request, QUEUE_ATTRIBUTES)
    made = request.api("sqs", "create_queue", QueueName=name, tags=labels, Attributes=attributes)
    url = str(made["QueueUrl"])
    return Made(url, {"Arn": arn("sqs", name), "QueueName": name, "QueueUrl": url})


@makes("AWS::SQS::QueuePolicy")
def queue_policy(request: Request) -> Made:
    """A policy for queues; it is kept, not evaluated."""
    policy = document(request.take("PolicyDocument"))
    for url in request.take("Queues"):
        request.api("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": policy})
    return Made(request.logical_id)


@makes("AWS::SNS::Topic")
def topic(request: Request) -> Made:
    """A topic with its subscriptions."""
    name, subscriptions = request.name("TopicName"), request.take("Subscription", [])
    labels, attributes = request.take("Tags", []), _attributes(request, TOPIC_ATTRIBUTES)
    made = request.api("sns", "create_topic", Name=name, Tags=labels, Attributes=attributes)
    topic_arn = str(made["TopicArn"])
    for subscription_ in subscriptions:
        request.api("sns", "subscribe", TopicArn=topic_arn, **subscription_)
    return Made(topic_arn, {"TopicArn": topic_arn, "TopicName": name})


@makes("AWS::SNS::TopicPolicy")
def topic_policy(request: Request) -> Made:
    """A policy for topics; it is kept, not evaluated."""
    policy = document(request.take("PolicyDocument"))
    for topic_arn in request.take("Topics"):
        request.api(
            "sns",
            "set_topic_attributes",
            TopicArn=topic_arn,
            AttributeName="Policy",
            AttributeValue=policy,
        )
    return Made(request.logical_id)


@makes("AWS::SNS::Subscription")
def subscription(request: Request) -> Made:
    """A subscription to a topic."""
    who = {key: request.take(key) for key in ("TopicArn", "Protocol", "Endpoint")}
    attributes = _attributes(request, SUBSCRIPTION_ATTRIBUTES)
    made = request.api("sns", "subscribe", **who, Attributes=attributes, ReturnSubscriptionArn=True)
    return Made(made["SubscriptionArn"], {"Arn": made["SubscriptionArn"]})


@makes("AWS::Events::Rule")
def rule(request: Request) -> Made:
    """A rule with its targets."""
    name, targets = request.name("Name"), request.take("Targets", [])
    if pattern := request.take("EventPattern"):
        request.properties["EventPattern"] = document(pattern)
    made = request.api("events", "put_rule", Name=name, **request.rest())
    if targets:
        request.api("events", "put_targets", Rule=name, Targets=targets)
    return Made(name, {"Arn": made["RuleArn"]})
