"""How a finding of cdk-nag's rule packs is acknowledged: beside the resource, with the reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

NO_TOPIC_KEY = {
    "AwsSolutions-SNS2": "Alerts about broken keys must not depend on a key; who wants one sets alert_topic_key_arn."
}


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on ``construct``: rule id, with the finding in brackets where the rule has several, to reason."""
    acknowledgments = [
        Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items()
    ]
    Validations.of(construct).acknowledge(*acknowledgments)
