"""How a finding of the rule packs of cdk-nag is accepted: beside the resource, with the reason."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

NO_KEY = {
    "AwsSolutions-SNS2": "Alerts about broken keys must not depend on a key; who wants one sets alert_topic_key_arn."
}


def accept(construct: Construct, findings: Mapping[str, str]) -> None:
    """Accept ``findings`` (rule id, with the finding in brackets where the rule has several, to reason) on ``construct``."""
    acknowledgments = [
        Acknowledgment(id=finding, reason=reason) for finding, reason in findings.items()
    ]
    Validations.of(construct).acknowledge(*acknowledgments)
