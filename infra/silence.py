"""Settings that would blind or mute KeyWatch: some are refused, others are deployed with a loud warning. Pure."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from infra import values as v
from infra.setting_types import ExistingTopic, Ignore
from infra.settings import Settings
from keywatch.alerts.channel import EVENT_SOURCE
from keywatch.catalogue.causes import CAUSES

# What failing calls are made of on any day. A rule whose every pattern fits all of these ignores
# nearly everything.
_ORDINARY = {
    "principal": (
        "arn:aws:iam::111122223333:role/payments",
        "arn:aws:iam::444455556666:user/alice",
    ),
    "service": ("kms.amazonaws.com",),
    "operation": ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"),
    "key": (
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:us-east-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321",
        "alias/payments",
    ),
    "cause": tuple(CAUSES),
}


_WARNINGS = {
    "NobodyIsTold": (
        "Nobody is subscribed to the alerts: set alert_emails or chat, or subscribe to the topic of the output AlertTopicArn."
    ),
    "NobodyIsToldOfHealth": (
        "Nobody is subscribed to the alarms about KeyWatch itself: set alert_emails, or subscribe to the topic of the output "
        "HealthTopicArn."
    ),
    "KeyOfAnotherAccount": (
        "The key of the alert topic belongs to account {owner}. Alerts go out by it only while its policy lets the function's "
        "role use it through SNS (kms:GenerateDataKey*, kms:Decrypt). Otherwise every alert takes the fallback topic."
    ),
    "EventsCanBeForged": (
        "extra_event_sources: everybody who may call events:PutEvents on the default bus can make KeyWatch send alerts. They say "
        "that they are replayed."
    ),
}


def refused(settings: Settings, region: str | None = None) -> dict[str, str]:
    """Return what cannot be deployed, by setting; ``region`` is that of the credentials, where it is known."""
    regions = settings.regions or ((region,) if region else ())
    problems = {
        "chat": _other_region(_chat_topic(settings), regions, "a topic") or _nowhere(settings),
        "event_bus": _other_region(settings.event_bus, regions, "a bus") or _own_source(settings),
        "webhooks": next(
            filter(
                None,
                (_other_region(one.secret_arn, regions, "a secret") for one in settings.webhooks),
            ),
            None,
        ),
        "alert_topic_key_arn": _other_region(settings.alert_topic_key_arn, regions, "a key"),
        "ignore": _mutes_everything(settings.ignore),
    }
    return {name: problem for name, problem in problems.items() if problem}


def warnings(settings: Settings, account: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield what is deployed all the same, as an id and a sentence; ``account`` is that of the credentials, where it is known."""
    if not settings.alert_emails:
        name = "NobodyIsToldOfHealth" if settings.chat else "NobodyIsTold"
        yield name, _WARNINGS[name]
    owner = (settings.alert_topic_key_arn or "::::").split(":")[4]
    if owner and account and owner != account:
        yield "KeyOfAnotherAccount", _WARNINGS["KeyOfAnotherAccount"].format(owner=owner)
    if settings.extra_event_sources:
        yield "EventsCanBeForged", _WARNINGS["EventsCanBeForged"]


def _chat_topic(settings: Settings) -> str | None:
    return settings.chat.topic_arn if isinstance(settings.chat, ExistingTopic) else None


def _nowhere(settings: Settings) -> str | None:
    home = getattr(settings.chat, "region", None)
    if home is None or settings.regions:
        return None
    return f"{home} is the Region of the chat configuration, and no Region is set. Allowed: with it, regions"


def _own_source(settings: Settings) -> str | None:
    if settings.event_bus and EVENT_SOURCE in settings.extra_event_sources:
        return f"its events would come back by extra_event_sources. Allowed: other sources than {EVENT_SOURCE} there"
    return None


def _other_region(arn: str | None, regions: tuple[str, ...], what: str) -> str | None:
    home = v.arn_region(arn) if arn else None
    if home is None or all(region == home for region in regions):
        return None
    return (
        f"{what} of {home} cannot be used from {', '.join(one for one in regions if one != home)}. "
        "Allowed: with it, only its own Region in regions"
    )


def _mutes_everything(rules: tuple[Ignore, ...]) -> str | None:
    for rule in rules:
        patterns = {name: text for name, text in rule.as_dict().items() if name != "reason"}
        if all(
            fnmatchcase(ordinary, text)
            for name, text in patterns.items()
            for ordinary in _ORDINARY[name]
        ):
            return f"{v.shown(patterns)} would ignore nearly every failure. Allowed: patterns that leave something to alert"
    return None
