"""The dashboard: what is broken now (the incident page), failures and alerts over time, and KeyWatch's own health."""

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.health import DIMENSIONS, NAMESPACE
from infra.intake import Intake
from keywatch.catalogue.causes import CAUSES

_FAILURES = {"Failures": "failures", "FailuresIgnored": "ignored by your rules"}
_ALERTS = {
    "AlertsSent": "alerts sent",
    "AlertsFailed": "could not be sent yet",
    "IncidentsResolved": "incidents resolved",
    "IncidentsHealed": "healed by themselves",
}
_TROUBLE = {
    "SubjectsFailed": "left in the queue",
    "TableUnreachable": "table did not answer",
    "Unreadable": "unreadable messages",
}
_WHOLE, _HALF, _THIRD = 24, 12, 8
_PAGE_HEIGHT, _GRAPH_HEIGHT = 12, 6


class Dashboard(Construct):
    """One dashboard, at most 50 metrics: up to there the first three of an account cost nothing.

    Whoever looks at it calls the page's function with their own right to ``lambda:InvokeFunction``;
    nobody is given one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        page: lambda_.Function,
        function: lambda_.Function,
        incoming: Intake,
    ) -> None:
        super().__init__(scope, construct_id)
        # Dashboards of all Regions share one list of names.
        board = cloudwatch.Dashboard(self, "Default", dashboard_name=f"KeyWatch-{Aws.REGION}")
        board.add_widgets(_incidents(page))
        board.add_widgets(
            _counts("Failing calls", _FAILURES), _counts("Alerts and incidents", _ALERTS)
        )
        board.add_widgets(_by_cause())
        board.add_widgets(_waiting(incoming), _stuck(incoming), _function(function))


def _incidents(page: lambda_.Function) -> cloudwatch.CustomWidget:
    return cloudwatch.CustomWidget(
        title="Incidents",
        function_arn=page.function_arn,
        width=_WHOLE,
        height=_PAGE_HEIGHT,
        params={},
        update_on_refresh=True,
        update_on_resize=True,
        update_on_time_range_change=False,
    )


def _own(name: str, label: str, period: Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric that the function itself writes."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=DIMENSIONS,
        label=label,
        period=period,
        statistic=statistic,
    )


def _counts(title: str, names: Mapping[str, str], width: int = _HALF) -> cloudwatch.GraphWidget:
    metrics = [_own(name, label, Duration.minutes(5)) for name, label in names.items()]
    return _graph(title, metrics, width)


def _by_cause() -> cloudwatch.GraphWidget:
    metrics = [_own(f"Incidents.{cause}", cause, Duration.hours(1)) for cause in CAUSES]
    return _graph("Incidents opened, by cause", metrics, _WHOLE, stacked=True)


def _waiting(incoming: Intake) -> cloudwatch.GraphWidget:
    age = incoming.queue.metric_approximate_age_of_oldest_message(
        label="oldest event in the queue, s", period=Duration.minutes(1), statistic="Maximum"
    )
    canary = _own("CanaryAge", "last canary seen, s ago", Duration.minutes(5), "Maximum")
    return _graph("How late is KeyWatch?", [age, canary], _THIRD)


def _stuck(incoming: Intake) -> cloudwatch.GraphWidget:
    queues = {"dead letters": incoming.dead_letters, "could not be delivered": incoming.undelivered}
    metrics = [
        queue.metric_approximate_number_of_messages_visible(
            label=label, period=Duration.minutes(5), statistic="Maximum"
        )
        for label, queue in queues.items()
    ]
    trouble = [_own(name, label, Duration.minutes(5)) for name, label in _TROUBLE.items()]
    return _graph("What got stuck?", [*metrics, *trouble], _THIRD)


def _function(function: lambda_.Function) -> cloudwatch.GraphWidget:
    period = Duration.minutes(5)
    errors = [
        function.metric_errors(label="errors", period=period, statistic="Sum"),
        function.metric_throttles(label="throttles", period=period, statistic="Sum"),
    ]
    duration = function.metric_duration(label="duration, ms (p95)", period=period, statistic="p95")
    return cloudwatch.GraphWidget(
        title="The function",
        left=errors,
        right=[duration],
        width=_THIRD,
        height=_GRAPH_HEIGHT,
        live_data=True,
    )


def _graph(
    title: str, metrics: list[cloudwatch.Metric], width: int, *, stacked: bool = False
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=metrics,
        width=width,
        height=_GRAPH_HEIGHT,
        stacked=stacked,
        live_data=True,
    )
