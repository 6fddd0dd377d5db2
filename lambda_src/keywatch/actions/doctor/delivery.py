"""Do events come in, and do alerts go out? Rules, queue, dead letters, and who is subscribed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.model.evidence import ANSWERED
from keywatch.model.text import counted

OLD = timedelta(minutes=15)
PENDING = "PendingConfirmation"
_NO_PARTS = HealthCheckResult(WARN, "The stack did not tell the function where to look.")


def _rules(deployment: Deployment) -> HealthCheckResult:
    if not deployment.parts.rules:
        return _NO_PARTS
    events = deployment.client("events")
    problems: list[str] = []
    for name, state in deployment.parts.rules.items():
        problems += _rule_problems(events, name, state, deployment.queue_arn)
    if problems:
        return HealthCheckResult(FAIL, " ".join(problems))
    return (
        HealthCheckResult(
            PASS,
            f"All {len(deployment.parts.rules)} rules are enabled and send their events to the queue.",
        )
        if deployment.parts.rules
        else _NO_PARTS
    )


def _rule_problems(events: Any, name: str, state: str, queue_arn: str) -> Iterable[str]:  # noqa: ANN401 - a boto3 client
    try:
        found = events.describe_rule(Name=name).get("State")
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        yield f"Rule {name} does not exist."
        return
    if found != state:
        yield f"Rule {name} is {found} and must be {state}."
    if queue_arn not in {target.get("Arn") for target in targets}:
        yield f"Rule {name} does not send its events to the queue."


def _mapping(deployment: Deployment) -> HealthCheckResult:
    if not deployment.queue_arn:
        return _NO_PARTS
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
        return _NO_PARTS
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
    says = f"{counted(waiting, 'message')} waiting, the oldest for {oldest:.0f} seconds."
    return HealthCheckResult(FAIL if oldest > OLD.total_seconds() else PASS, says)


def _dead_letters(deployment: Deployment) -> HealthCheckResult:
    if not deployment.parts.dead_letter_urls:
        return _NO_PARTS
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


def _alert_subscriptions(deployment: Deployment) -> HealthCheckResult:
    settings = deployment.settings
    topics = [settings.topic_arn, *settings.channel_targets.values()]
    return _subscribed(
        deployment,
        topics,
        FAIL,
        "Nobody is subscribed to the alerts: the topic has no confirmed subscription.",
    )


def _health_subscriptions(deployment: Deployment) -> HealthCheckResult:
    topic = deployment.parts.health_topic_arn
    return (
        _subscribed(deployment, [topic], WARN, "Nobody is subscribed to KeyWatch's health alarms.")
        if topic
        else _NO_PARTS
    )


def _subscribed(
    deployment: Deployment, topics: list[str], nobody: str, says: str
) -> HealthCheckResult:
    pages = deployment.client("sns").get_paginator("list_subscriptions_by_topic")
    found = [
        sub
        for topic in topics
        for page in pages.paginate(TopicArn=topic)
        for sub in page["Subscriptions"]
    ]
    pending = [sub for sub in found if sub["SubscriptionArn"] == PENDING]
    confirmed = [sub for sub in found if sub["SubscriptionArn"].startswith("arn:")]
    subscribe = f"aws sns subscribe --topic-arn {topics[0]} --protocol email --notification-endpoint you@example.com"
    if not confirmed:
        waiting = f" {len(pending)} waiting for confirmation." if pending else ""
        return HealthCheckResult(nobody, f"{says}{waiting}", subscribe)
    if pending:
        names = ", ".join(str(sub.get("Endpoint")) for sub in pending[:5])
        return HealthCheckResult(WARN, f"Not confirmed yet: {names}.", subscribe)
    return HealthCheckResult(PASS, f"{counted(len(confirmed), 'confirmed subscription')}.")


def _topic_key(deployment: Deployment) -> HealthCheckResult:
    attributes = deployment.client("sns").get_topic_attributes(
        TopicArn=deployment.settings.topic_arn
    )["Attributes"]
    key_id = attributes.get("KmsMasterKeyId")
    if not key_id:
        return HealthCheckResult(PASS, "The alert topic depends on no key.")
    key, result = deployment.services.lookups.key(key_id, deployment.settings.region)
    if key and key.state == "Enabled":
        return HealthCheckResult(PASS, "The key of the alert topic is enabled.")
    state = key.state if key else result.error or result.outcome.value
    check = f"make check KEY={key_id}"
    return HealthCheckResult(
        FAIL if key or result.outcome in ANSWERED else WARN,
        f"The key of the alert topic is {state}.",
        check,
    )


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
    HealthCheck(
        "alert_subscriptions",
        "Alerts reach nobody without a confirmed subscription.",
        _alert_subscriptions,
    ),
    HealthCheck(
        "health_subscriptions",
        "Alarms about KeyWatch itself have a topic of their own.",
        _health_subscriptions,
    ),
    HealthCheck(
        "alert_topic_key", "Alerts about broken keys must not depend on a broken key.", _topic_key
    ),
)
