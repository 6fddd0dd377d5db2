"""Do alerts go out? Who is subscribed to the topics, and whether the alert topic's own key can be used."""

from keywatch.actions.doctor.deployment import (
    FAIL,
    NOT_TOLD,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.model.evidence import ANSWERED
from keywatch.model.text import counted

PENDING = "PendingConfirmation"


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
    if not topic:
        return NOT_TOLD
    says = "Nobody is subscribed to KeyWatch's health alarms."
    return _subscribed(deployment, [topic], WARN, says)


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
    status = FAIL if key or result.outcome in ANSWERED else WARN
    return HealthCheckResult(status, f"The key of the alert topic is {state}.", check)


CHECKS = (
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
