"""The rules of a Region: which there are, in which state, with which pattern. Plain data; intrinsic functions as dictionaries."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra import event_patterns
from infra.event_patterns import Pattern
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL

ENABLED = "ENABLED"
# A plain rule never sees read-only calls, and Decrypt, Encrypt, GenerateDataKey, Sign and
# DescribeKey all are read-only. Source: EventBridge User Guide, "Receiving read-only management
# events from AWS services".
ENABLED_FOR_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, what it lets in (in words), the state that it needs, and its pattern."""

    id: str
    description: str
    state: str
    pattern: Pattern


def sub(text: str) -> dict[str, str]:
    """Return ``text`` with its ``${…}`` for CloudFormation to fill in."""
    return {"Fn::Sub": text}


CANARY = event_patterns.Canary(
    CANARY_ALIAS,
    sub(f"Alias arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:{CANARY_ALIAS} "),
    CANARY_DENIED_CALL,
)


def rules(own_roles: Sequence[object], extra_sources: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the rules that leave out the calls of ``own_roles`` (ARNs), but for the canary.

    Without own roles they leave out nobody's, and let the canary in anyway.
    """
    return (
        Rule(
            "FailureRule",
            "Failing KMS calls",
            ENABLED_FOR_READS,
            event_patterns.failures(own_roles, CANARY, extra_sources),
        ),
        Rule(
            "ServiceRule",
            "Failing calls of other services that blame a KMS key",
            ENABLED_FOR_READS,
            event_patterns.services(own_roles, extra_sources),
        ),
        Rule(
            "ChangeRule",
            "Changes to keys, aliases and key stores",
            ENABLED,
            event_patterns.changes(extra_sources),
        ),
        Rule(
            "ServiceTextRule",
            "Failing calls of other services whose message names a KMS key",
            ENABLED_FOR_READS,
            event_patterns.service_texts(own_roles, extra_sources),
        ),
        Rule(
            "NoticeRule",
            "Notices of services that lost a KMS key",
            ENABLED,
            event_patterns.notices(extra_sources),
        ),
        Rule("NativeRule", "Events of KMS itself", ENABLED, event_patterns.native(extra_sources)),
        Rule(
            "VolumeRule",
            "EBS volumes that failed for want of a key",
            ENABLED,
            event_patterns.volumes(extra_sources),
        ),
    )
