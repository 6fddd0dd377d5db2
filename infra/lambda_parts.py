"""What all functions of the stack have in common: their runtime, their log groups, and what Powertools is told."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
POWERTOOLS: Mapping[str, str] = {
    "POWERTOOLS_SERVICE_NAME": "keywatch",
    "POWERTOOLS_METRICS_NAMESPACE": "KeyWatch",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def log_group(scope: Construct, name: str) -> logs.LogGroup:
    """Return the log group of a function: kept for a month, and gone with the stack."""
    return logs.LogGroup(
        scope,
        "Logs",
        log_group_name=name,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
