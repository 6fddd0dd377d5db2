"""Alerts by web hook: PagerDuty, Opsgenie, Slack and whatever takes JSON, through API destinations of EventBridge.

The function puts one event for each alert on a bus of its own. A rule for each web hook picks the
body that was made for its kind (``InputPath``) and sends it as it is: no input transformer puts text
together, so that nothing in an alert can break the JSON. EventBridge tries again for hours, and
keeps what could not be delivered in a queue with an alarm. Secrets are resolved by CloudFormation
from Secrets Manager when it deploys, into the connection.
Source: EventBridge User Guide, "API destinations" and "Connections".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.setting_types import Webhook
from infra.statements import statement_of
from keywatch.alerts.channel import DETAIL_TYPE, EVENT_SOURCE

A_SECOND = 10  # requests to one receiver
MAX_AGE = Duration.hours(4)  # what is older misleads more than it helps
MAX_TRIES = 185
PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
OPSGENIE = "https://api.opsgenie.com"
UNKNOWN = "unknown"  # the owner of what nobody is known to own

ACCEPTED = {
    "AwsSolutions-SQS3": "It is itself the dead-letter queue of the web hooks.",
    "Serverless-SQSRedrivePolicy": "It is itself where dead letters go, with an alarm.",
}


@dataclass(frozen=True, slots=True)
class _Request:
    """One kind of request of a web hook: to where, which part of the event, for which statuses."""

    name: str
    endpoint: str
    body: str
    statuses: Sequence[Any] = ()
    path_values: Sequence[str] = ()
    query: Mapping[str, str] = field(default_factory=dict)


class Webhooks(Construct):
    """The bus (``bus``), what is sent from it, and the queue of what could not be delivered (``undelivered``)."""

    def __init__(self, scope: Construct, construct_id: str, *, webhooks: Sequence[Webhook]) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.CfnEventBus(
            self,
            "Bus",
            name=f"{Stack.of(self).stack_name}-webhooks",
            description="KeyWatch: alerts on their way to web hooks",
        )
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(self.undelivered, ACCEPTED)
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            description="KeyWatch: lets rules call the web hooks",
        )
        destinations, rules = [], []
        for number, webhook in enumerate(webhooks, 1):
            connection = self._connection(number, webhook)
            for request in _requests(webhook):
                name = f"{webhook.kind.capitalize()}{number}{request.name}"
                destination = self._destination(name, connection, request)
                destinations.append(destination.attr_arn)
                rules.append(self._rule(name, webhook, request, destination))
        self._role.add_to_policy(statement_of("CallWebhooks", *destinations))
        self.undelivered.add_to_resource_policy(_only_from(rules, self.undelivered))

    def permission(self) -> iam.PolicyStatement:
        """Return what the function needs to put alerts on the bus."""
        return statement_of("PutWebhooks", self.bus.attr_arn)

    def _connection(self, number: int, webhook: Webhook) -> events.CfnConnection:
        return events.CfnConnection(
            self,
            f"{webhook.kind.capitalize()}{number}Connection",
            description=f"KeyWatch: {webhook.kind}",
            authorization_type="API_KEY",
            auth_parameters=_authorization(webhook),
        )

    def _destination(
        self, name: str, connection: events.CfnConnection, request: _Request
    ) -> events.CfnApiDestination:
        return events.CfnApiDestination(
            self,
            f"{name}Destination",
            description="KeyWatch: alerts",
            connection_arn=connection.attr_arn,
            http_method="POST",
            invocation_endpoint=request.endpoint,
            invocation_rate_limit_per_second=A_SECOND,
        )

    def _rule(
        self,
        name: str,
        webhook: Webhook,
        request: _Request,
        destination: events.CfnApiDestination,
    ) -> events.CfnRule:
        return events.CfnRule(
            self,
            f"{name}Rule",
            description=f"KeyWatch: alerts for {webhook.kind}",
            event_bus_name=self.bus.ref,
            event_pattern=_pattern(webhook, request),
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="Webhook",
                    arn=destination.attr_arn,
                    role_arn=self._role.role_arn,
                    input_path=f"$.detail.{request.body}",
                    http_parameters=_http(request),
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=self.undelivered.queue_arn
                    ),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=MAX_AGE.to_seconds(),
                        maximum_retry_attempts=MAX_TRIES,
                    ),
                )
            ],
        )


def _requests(webhook: Webhook) -> Iterator[_Request]:
    """Yield what is requested of a kind of receiver."""
    if webhook.kind == "pagerduty":
        yield _Request("", webhook.url or PAGERDUTY, "pagerduty")
    elif webhook.kind == "slack":
        # The address is the secret.
        yield _Request("", _secret(webhook), "slack")
    elif webhook.kind == "opsgenie":
        alerts = f"{webhook.url or OPSGENIE}/v2/alerts"
        yield _Request("", alerts, "opsgenie", [{"anything-but": "resolved"}])
        yield _Request(
            "Close",
            f"{alerts}/*/close",
            "opsgenie",
            ["resolved"],
            ["$.detail.document.incident_id"],
            {"identifierType": "alias"},
        )
    else:
        yield _Request("", webhook.url or "", "document")


def _secret(webhook: Webhook) -> str:
    """Return the reference that CloudFormation resolves (CloudFormation User Guide, "Dynamic references")."""
    key = f":{webhook.secret_key}" if webhook.secret_key else ""
    return f"{{{{resolve:secretsmanager:{webhook.secret_arn}:SecretString{key}}}}}"


def _authorization(webhook: Webhook) -> events.CfnConnection.AuthParametersProperty:
    """Return how requests are authorized: by a header; PagerDuty wants its key in the body."""
    header, value = {
        "pagerduty": ("X-Routing-Key", _secret(webhook)),
        "opsgenie": ("Authorization", f"GenieKey {_secret(webhook)}"),
        "slack": ("X-Sent-By", "KeyWatch"),  # a connection must have one
        "generic": (webhook.header or "Authorization", _secret(webhook)),
    }[webhook.kind]
    body = None
    if webhook.kind == "pagerduty":
        key = events.CfnConnection.ParameterProperty(
            key="routing_key", value=_secret(webhook), is_value_secret=True
        )
        body = events.CfnConnection.ConnectionHttpParametersProperty(body_parameters=[key])
    return events.CfnConnection.AuthParametersProperty(
        api_key_auth_parameters=events.CfnConnection.ApiKeyAuthParametersProperty(
            api_key_name=header, api_key_value=value
        ),
        invocation_http_parameters=body,
    )


def _pattern(webhook: Webhook, request: _Request) -> dict[str, Any]:
    owners = [{"exists": False} if one == UNKNOWN else one for one in webhook.owners]
    wanted: dict[str, Sequence[Any]] = {
        "severity": webhook.severities,
        "owner": owners,
        "status": request.statuses,
    }
    document = {name: list(values) for name, values in wanted.items() if values}
    return {
        "source": [EVENT_SOURCE],
        "detail-type": [DETAIL_TYPE],
        **({"detail": {"document": document}} if document else {}),
    }


def _http(request: _Request) -> events.CfnRule.HttpParametersProperty | None:
    if not request.path_values:
        return None
    return events.CfnRule.HttpParametersProperty(
        path_parameter_values=list(request.path_values),
        query_string_parameters=dict(request.query),
    )


def _only_from(rules: Sequence[events.CfnRule], queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="WebhooksOfOurRules",
        principals=[iam.ServicePrincipal("events.amazonaws.com")],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions={"ArnEquals": {"aws:SourceArn": [rule.attr_arn for rule in rules]}},
    )
