"""Events as they arrive: what no rule of a spoke or of the stack could have sent is not read.

EventBridge writes the account and Region of an event (EventBridge User Guide, "Event structure"), and
CloudTrail the account that it recorded for (``recipientAccountId``): both are the same for what a rule
on the default bus of an account forwards. Nobody but AWS can put an event whose source begins with
``aws.``, in any account; what the rules of a hub's bus let in besides is for them to say.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from keywatch.catalogue.changes import NATIVE_CHANGES
from keywatch.catalogue.notices import NOTICE_SOURCES
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Unrelated
from keywatch.sources import read_event
from keywatch.sources.cloudtrail import DETAIL_TYPES, KMS, SERVICE_EVENT
from keywatch.sources.fields import mapping
from keywatch.sources.native import EBS_VOLUME
from keywatch.sources.replayed import replayed_from
from keywatch.sources.source import Event, Reception

# Reasons that are counted; see ``keywatch.catalogue.counters``.
OTHER_ACCOUNT, OF_NO_RULE = "account_mismatch", "of_no_rule"
_ACCOUNT = re.compile(r"[0-9]{12}")


def read_arrival(event: object, reception: Reception) -> tuple[Signal, ...]:
    """Read an event that came over the bus; never raises.

    For a hub, every signal says in which account it was recorded.
    """
    if not isinstance(event, dict):
        return read_event(event, reception)
    reason = _refused_by_hub(event) if reception.look_up_role else _refused(event)
    if reason:
        return (Unrelated(reason),)
    signals = read_event(event, reception)
    if not reception.look_up_role:
        return signals
    return tuple(_recorded_in(str(event["account"]), signal) for signal in signals)


def _recorded_in(account: str, signal: Signal) -> Signal:
    return (
        replace(signal, recorded_in=account)
        if isinstance(signal, (KeyFailure, KeyChange))
        else signal
    )


def _refused(event: Event) -> str:
    """Return why an event is not read; what was not sent by AWS may have been recorded anywhere."""
    named = mapping(event.get("detail")).get("recipientAccountId")
    same = named is None or "account" not in event or named == event["account"]
    return "" if same or replayed_from(event) else OTHER_ACCOUNT


def _refused_by_hub(event: Event) -> str:
    """Return why an event on a hub's bus is not read; empty for what a spoke's rule may have sent."""
    account, detail = event.get("account"), mapping(event.get("detail"))
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        return OF_NO_RULE
    if detail.get("recipientAccountId") not in (None, account) or _names_another(event, account):
        return OTHER_ACCOUNT
    return "" if _may_be_of_a_rule(event, detail) else OF_NO_RULE


def _names_another(event: Event, account: str) -> bool:
    """Tell whether the resources of an event, which are ARNs, are those of another account."""
    resources = event.get("resources")
    parts = [str(one).split(":") for one in resources] if isinstance(resources, list) else []
    owners = {arn[4] for arn in parts if arn[0] == "arn" and len(arn) > 5}  # noqa: PLR2004 - arn:partition:service:region:account:resource
    return not owners <= {account, ""}


def _may_be_of_a_rule(event: Event, detail: Mapping[str, object]) -> bool:
    """Tell whether source and detail-type, and the service that was called, are those of a rule (``infra.event_patterns``)."""
    source, kind, service = event.get("source"), event.get("detail-type"), detail.get("eventSource")
    if not isinstance(source, str) or not isinstance(kind, str) or "region" not in event:
        return False
    is_aws = not replayed_from(event)  # a private source may tell what any other would
    if kind in DETAIL_TYPES:
        of_kms = not is_aws or source == "aws.kms"
        if service == KMS:
            return of_kms and detail.get("awsRegion", event["region"]) == event["region"]
        return isinstance(service, str) and kind != SERVICE_EVENT and source != "aws.kms"
    if kind in NATIVE_CHANGES:
        return not is_aws or source == "aws.kms"
    if kind == EBS_VOLUME:
        return not is_aws or source == "aws.ec2"
    return not is_aws or source in NOTICE_SOURCES
