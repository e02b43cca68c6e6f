"""Tells people, through the stack's topic; subscribers filter by the attribute `model`."""

from steward import digest
from steward.aws import Aws
from steward.commands import Action, body
from steward.decide.verdict import Verdict
from steward.scope import Scope
from steward.settings import Deployment

# SNS takes 256 KB; nobody reads as much.
_LONGEST = 10_000


def tell[S: Deployment](
    scope: Scope[S], verdict: Verdict, subject: str, text: str, *todo: Action
) -> None:
    """Write to a model's owner what was decided, and with which commands to answer it.

    At least once; the decision's id stands in the message, so that a repeat is known as one.
    """
    about = verdict.id(scope.model)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    message = body(text, scope.spec.owner, todo or (scope.commands.status(),))
    scope.aws.sns.publish(
        TopicArn=scope.settings.topic_arn,
        Subject=f"[{scope.model}] {subject}"[:100],
        Message=f"{message}\n\nMessage id: {about}\n",
        MessageAttributes={"model": {"DataType": "String", "StringValue": scope.model}},
    )


def ask_to_look(aws: Aws, queue_url: str, model: str, asked_by: str = "") -> None:
    """Ask another function to look at a model."""
    asked = {"look_at": model} | ({"asked_by": asked_by} if asked_by else {})
    aws.sqs.send_message(QueueUrl=queue_url, MessageBody=digest.canonical(asked))
