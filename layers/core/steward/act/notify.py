"""Tells people, through the stack's topic; subscribers filter by the attribute `model`."""

from steward.aws import Aws


def notify(aws: Aws, topic: str, model: str, about: str, subject: str, text: str) -> None:
    """Send a message at least once; `about` is its stable id, so that a repeat is known as one."""
    aws.sns.publish(
        TopicArn=topic,
        Subject=f"[{model}] {subject}"[:100],
        Message=f"{text}\n\nMessage id: {about}\n",
        MessageAttributes={"model": {"DataType": "String", "StringValue": model}},
    )


def ask_to_look(aws: Aws, queue_url: str, model: str) -> None:
    """Ask another function to look at a model."""
    aws.sqs.send_message(QueueUrl=queue_url, MessageBody=f'{{"look_at":"{model}"}}')
