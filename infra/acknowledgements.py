"""How a finding of cdk-nag's rule packs is acknowledged: beside the resource, with the reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

NO_TOPIC_KEY = {
    "AwsSolutions-SNS2": "Alerts about broken keys must not depend on a key; who wants one sets alert_topic_key_arn."
}
NO_TRACING = {
    "Serverless-LambdaTracing": "Metrics and the log tell what a trace would; X-Ray is one more right and one more bill."
}
MAIL_IS_SENT_AGAIN = {
    "Serverless-SNSRedrivePolicy": "Mail that SNS could not deliver for hours is of no use: reminders tell what fails."
}
ANSWERED_AT_ONCE = {
    "Serverless-LambdaDLQ": "It is only called for an answer: who looks at the dashboard sees that there is none."
}
KEEPS_WHAT_FAILED = {
    "Serverless-LambdaDLQ": "A destination on failure keeps what failed, and why; a dead-letter queue would not say why."
}
NO_STREAM = {
    "Serverless-LambdaEventSourceMappingDestination": (
        "Destinations of mappings are for streams; the queue's own redrive policy keeps what failed."
    )
}


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on ``construct``: rule id, with the finding in brackets where the rule has several, to reason."""
    acknowledgments = [
        Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items()
    ]
    Validations.of(construct).acknowledge(*acknowledgments)
