"""Do alerts go out? Who is subscribed to each topic, and whether the topics' own keys can be used."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
from keywatch.settings import Settings

PENDING = "PendingConfirmation"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Readers:
    """Who is subscribed to a topic: how many confirmed, and the addresses that wait for confirmation."""

    confirmed: int
    pending: tuple[str, ...]


def checks(settings: Settings) -> Sequence[HealthCheck]:
    """Return the checks of the alert topic, the fallback topic where there is one, each channel's topic, and the health topic."""
    others = dict(settings.channel_targets)
    if settings.fallback_topic_arn:
        others = {"fallback": settings.fallback_topic_arn, **others}
    return (
        HealthCheck(
            "alert_subscriptions",
            "Alerts reach nobody without a confirmed subscription.",
            _alert_subscriptions,
        ),
        *(
            HealthCheck(f"{name}_subscriptions", _why(name), _subscribed(name, arn))
            for name, arn in others.items()
        ),
        HealthCheck(
            "health_subscriptions",
            "Alarms about KeyWatch itself have a topic of their own.",
            _health_subscriptions,
        ),
        *(
            HealthCheck(
                f"{name}_topic_key",
                "Alerts about broken keys must not depend on a broken key.",
                _topic_key(name, arn),
            )
            for name, arn in {"alert": settings.topic_arn, **others}.items()
        ),
    )


def _why(name: str) -> str:
    if name == "fallback":
        return "When the key of the alert topic is broken, alerts go to the fallback topic."
    return f"Alerts for the channel {name} go to a topic of their own."


def _alert_subscriptions(deployment: Deployment) -> HealthCheckResult:
    settings = deployment.settings
    readers = _readers(deployment, settings.topic_arn)
    nobody = "Nobody is subscribed to the alerts: the topic has no confirmed subscription."
    if readers.confirmed or not settings.channel_targets:
        return _judged(readers, settings.topic_arn, FAIL, nobody)
    if any(_readers(deployment, arn).confirmed for arn in settings.channel_targets.values()):
        channels = ", ".join(settings.channel_targets)
        says = f"Nobody is subscribed to the alert topic itself. Alerts go out by {channels}."
        return _judged(readers, settings.topic_arn, PASS, says)
    return _judged(readers, settings.topic_arn, FAIL, nobody)


def _subscribed(name: str, topic_arn: str) -> Callable[[Deployment], HealthCheckResult]:
    def check(deployment: Deployment) -> HealthCheckResult:
        says = f"Nobody is subscribed to the {name} topic."
        return _judged(_readers(deployment, topic_arn), topic_arn, FAIL, says)

    return check


def _health_subscriptions(deployment: Deployment) -> HealthCheckResult:
    topic = deployment.parts.health_topic_arn
    if not topic:
        return NOT_TOLD
    says = "Nobody is subscribed to KeyWatch's health alarms."
    return _judged(_readers(deployment, topic), topic, WARN, says)


def _readers(deployment: Deployment, topic_arn: str) -> _Readers:
    found = list(_subscriptions(deployment, topic_arn))
    pending = [str(sub.get("Endpoint")) for sub in found if sub["SubscriptionArn"] == PENDING]
    confirmed = sum(sub["SubscriptionArn"].startswith("arn:") for sub in found)
    return _Readers(confirmed, tuple(pending))


def _subscriptions(deployment: Deployment, topic_arn: str) -> Iterator[dict[str, Any]]:
    pages = deployment.client("sns").get_paginator("list_subscriptions_by_topic")
    for page in pages.paginate(TopicArn=topic_arn):
        yield from page["Subscriptions"]


def _judged(readers: _Readers, topic_arn: str, nobody: str, says: str) -> HealthCheckResult:
    """Return ``nobody`` with what it ``says`` where nobody has confirmed; a warning where somebody has not."""
    subscribe = f"aws sns subscribe --topic-arn {topic_arn} --protocol email --notification-endpoint you@example.com"
    if not readers.confirmed:
        waiting = f" {len(readers.pending)} waiting for confirmation." if readers.pending else ""
        return HealthCheckResult(nobody, f"{says}{waiting}", subscribe)
    if readers.pending:
        names = ", ".join(readers.pending[:_SHOWN])
        return HealthCheckResult(WARN, f"Not confirmed yet: {names}.", subscribe)
    return HealthCheckResult(PASS, f"{counted(readers.confirmed, 'confirmed subscription')}.")


def _topic_key(name: str, topic_arn: str) -> Callable[[Deployment], HealthCheckResult]:
    def check(deployment: Deployment) -> HealthCheckResult:
        topic = deployment.client("sns").get_topic_attributes(TopicArn=topic_arn)
        key_id = topic["Attributes"].get("KmsMasterKeyId")
        if not key_id:
            return HealthCheckResult(PASS, f"The {name} topic depends on no key.")
        key, result = deployment.services.lookups.key(key_id, deployment.settings.region)
        if key and key.state == "Enabled":
            return HealthCheckResult(PASS, f"The key of the {name} topic is enabled.")
        state = key.state if key else result.error or result.outcome.value
        status = FAIL if key or result.outcome in ANSWERED else WARN
        says = f"The key of the {name} topic is {state}."
        return HealthCheckResult(status, says, f"make check KEY={key_id}")

    return check
