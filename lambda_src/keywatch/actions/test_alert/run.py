"""Answer ``test_alert``: send, and say of each channel what it answered and what nobody can know yet."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.alerts.publish import ALERTS, FALLBACK, ChannelAnswer
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.identifiers import partition_of
from keywatch.model.incident import new_id
from keywatch.model.levels import Confidence
from keywatch.model.signals import Subject
from keywatch.model.text import counted, one_line
from keywatch.services import Services

SCHEMA = "keywatch.test_alert/1"
# What an accepted message does not prove yet, by channel.
_KNOWN = {
    "chat": "The topic took it; whether the card is shown, only the chat channel tells.",
    "events": "The bus took it; what its rules make of it, their own metrics tell.",
    "webhooks": "EventBridge took it and sends it within seconds, for each web hook whose severities and owners it fits. It "
    "tries for 4 hours; what cannot be delivered lies in a queue of its own, with the alarm WebhooksUndelivered.",
}


def test_alert(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Send a test through every channel; return what each of them answered."""
    alert = _alert(fields["severity"], services)
    return {
        "schema": SCHEMA,
        "incident_id": alert.incident_id,
        "severity": alert.severity,
        "channels": [_answer(one, services) for one in services.publisher.test(alert)],
    }


def _alert(severity: str, services: Services) -> Alert:
    settings, now = services.settings, services.now()
    subject = Subject("test", settings.account, settings.region, "test alert")
    place = SubjectView(
        None, None, None, None, settings.account, settings.region, partition_of(settings.region)
    )
    asked = Reason("KeyWatch", "somebody called the action test_alert.")
    diagnosis = Diagnosis("unclassified", Confidence.CERTAIN, (asked,))
    return Alert(
        status="test",
        incident_id=new_id(subject, now),
        subject=place,
        diagnosis=diagnosis,
        impact=Impact(failures=0, first_seen=now, last_seen=now),
        severity=severity,
    )


def _answer(one: ChannelAnswer, services: Services) -> dict[str, Any]:
    topic = one.channel in {ALERTS, FALLBACK}
    known = _subscribed(one.target, services) if topic else _KNOWN.get(one.channel, "")
    return {
        "channel": one.channel,
        "target": one.target,
        "accepted": one.accepted,
        "says": one_line(one.says, 300),
        "known": known if one.accepted else "",
    }


def _subscribed(topic: str, services: Services) -> str:
    """Say who gets what the topic took, as far as SNS tells."""
    try:
        client = services.client("sns", services.settings.region)
        listed = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    except (ClientError, BotoCoreError):
        services.counts.add("ChecksBroken")
        return "Who is subscribed cannot be read."
    confirmed = [one["Protocol"] for one in listed if one["SubscriptionArn"].startswith("arn:")]
    if not confirmed:
        return "Nobody is subscribed: nobody gets it."
    by_protocol = ", ".join(f"{name} {count}" for name, count in sorted(Counter(confirmed).items()))
    return (
        f"{counted(len(confirmed), 'confirmed subscription')} ({by_protocol}) get it unless their filter leaves it out; "
        "whether a mailbox took it, SNS does not say."
    )
