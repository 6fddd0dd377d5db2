"""Do events come in? Rules, the queue and who reads it, dead letters."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    NOT_TOLD,
    PASS,
    Deployment,
    HealthCheck,
    HealthCheckResult,
    is_gone,
)
from keywatch.model.text import counted

OLD = timedelta(minutes=15)


def _rules(deployment: Deployment) -> HealthCheckResult:
    if not deployment.parts.rules:
        return NOT_TOLD
    events = deployment.client("events")
    problems: list[str] = []
    for name, state in deployment.parts.rules.items():
        problems += _rule_problems(events, name, state, deployment.queue_arn)
    if problems:
        return HealthCheckResult(FAIL, " ".join(problems))
    rules = f"All {len(deployment.parts.rules)} rules"
    return HealthCheckResult(PASS, f"{rules} are enabled and send their events to the queue.")


def _rule_problems(events: Any, name: str, state: str, queue_arn: str) -> Iterable[str]:  # noqa: ANN401 - a boto3 client
    try:
        found = events.describe_rule(Name=name).get("State")
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
    except ClientError as error:
        if not is_gone(error):
            raise
        yield f"Rule {name} does not exist."
        return
    if found != state:
        yield f"Rule {name} is {found} and must be {state}."
    if queue_arn not in {target.get("Arn") for target in targets}:
        yield f"Rule {name} does not send its events to the queue."


def _mapping(deployment: Deployment) -> HealthCheckResult:
    if not deployment.queue_arn:
        return NOT_TOLD
    lambda_ = deployment.client("lambda")
    found = lambda_.list_event_source_mappings(
        EventSourceArn=deployment.queue_arn, FunctionName=deployment.settings.function_name
    )
    states = {mapping["UUID"]: mapping.get("State") for mapping in found["EventSourceMappings"]}
    if any(state in {"Enabled", "Creating", "Enabling", "Updating"} for state in states.values()):
        return HealthCheckResult(PASS, "The function reads the queue.")
    enable = [f"aws lambda update-event-source-mapping --enabled --uuid {uuid}" for uuid in states]
    return HealthCheckResult(
        FAIL,
        f"The function does not read the queue ({', '.join(map(str, states.values())) or 'no mapping'}).",
        *enable[:1],
    )


def _queue(deployment: Deployment) -> HealthCheckResult:
    if not deployment.parts.queue_url:
        return NOT_TOLD
    waiting = _waiting(deployment, deployment.parts.queue_url)
    now = deployment.services.now()
    points = deployment.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": deployment.parts.queue_url.rpartition("/")[2]}],
        StartTime=now - OLD,
        EndTime=now,
        Period=int(OLD.total_seconds()),
        Statistics=["Maximum"],
    )["Datapoints"]
    oldest = max((point["Maximum"] for point in points), default=0.0)
    for_long = (
        f"{counted(waiting, 'message')} waiting, the oldest for {counted(round(oldest), 'second')}."
    )
    says = for_long if waiting or oldest else "No message is waiting."
    return HealthCheckResult(FAIL if oldest > OLD.total_seconds() else PASS, says)


def _dead_letters(deployment: Deployment) -> HealthCheckResult:
    if not deployment.parts.dead_letter_urls:
        return NOT_TOLD
    found = {
        url: count
        for url in deployment.parts.dead_letter_urls
        if (count := _waiting(deployment, url))
    }
    if not found:
        return HealthCheckResult(PASS, "The dead-letter queues are empty.")
    url = next(iter(found))
    show = f"aws sqs receive-message --queue-url {url} --max-number-of-messages 10 --visibility-timeout 0"
    return HealthCheckResult(
        FAIL,
        f"{counted(sum(found.values()), 'event')} ended in a dead-letter queue, and no alert was sent for them.",
        show,
    )


def _waiting(deployment: Deployment, queue_url: str) -> int:
    answer = deployment.client("sqs").get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


CHECKS = (
    HealthCheck(
        "rules",
        "The rules bring events in. In the plain ENABLED state they never see Decrypt.",
        _rules,
        "make deploy",
    ),
    HealthCheck(
        "intake", "Events wait in the queue until the function reads them.", _mapping, "make deploy"
    ),
    HealthCheck(
        "queue",
        "Old messages mean that alerts come late, because the function fails or is throttled.",
        _queue,
        "aws logs tail /keywatch/function --since 1h",
    ),
    HealthCheck(
        "dead_letters",
        "An event in a dead-letter queue is an alert that was never sent.",
        _dead_letters,
    ),
)
