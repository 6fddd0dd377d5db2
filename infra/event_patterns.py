"""The event patterns of the rules: which events enter KeyWatch. Plain data in, plain data out.

Sources: EventBridge User Guide ("Content filtering in event patterns", "Read-only management
events"), the events reference of AWS KMS and the EBS User Guide ("EBS volume notifications"); the
error codes are those of ``keywatch.catalogue.codes``. ``own_roles`` are the exact ARNs of this deployment's
roles; in a template they may hold CloudFormation functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keywatch.catalogue.changes import NATIVE_CHANGES, RULE_CHANGES
from keywatch.catalogue.code_lookup import rule_codes
from keywatch.catalogue.codes import RULE_PREFIXES
from keywatch.catalogue.notices import LAUNCH_WORDS, NOTICE_SOURCES, OPENSEARCH_EVENT, RDS_EVENTS

Pattern = dict[str, Any]

# The default quota of EventBridge for one pattern, in characters.
MAX_PATTERN_LENGTH = 2048

API_CALL = "AWS API Call via CloudTrail"
SERVICE_EVENT = "AWS Service Event via CloudTrail"
EBS_VOLUME = "EBS Volume Notification"


@dataclass(frozen=True, slots=True)
class Canary:
    """The failing calls of KeyWatch that must come in: an alias, how the error text about it begins, and the denied call."""

    alias: str
    error: object
    denied_call: str

    def marks(self) -> tuple[Mapping[str, Any], ...]:
        """Return what tells the canary, where the record holds what was asked for and where only the error text does."""
        return (
            {"requestParameters": {"keyId": [self.alias]}},
            {"errorMessage": [{"prefix": self.error}]},
            {"eventName": [self.denied_call]},
        )


def failures(
    own_roles: Sequence[object], canary: Canary, extra_sources: Sequence[str] = ()
) -> Pattern:
    """Every failing KMS call but KeyWatch's own, of which only the canary may pass.

    Needs a rule that sees read-only management events (Decrypt is one).
    """
    return {
        "source": ["aws.kms", *extra_sources],
        "detail-type": [API_CALL, SERVICE_EVENT],
        "detail": {
            "eventSource": ["kms.amazonaws.com"],
            "errorCode": [{"exists": True}],
            **_not_by(own_roles, *canary.marks()),
        },
    }


def changes(extra_sources: Sequence[str] = ()) -> Pattern:
    """Successful changes to keys, aliases and key stores. KMS's own deletions arrive as service events."""
    return {
        "source": ["aws.kms", *extra_sources],
        "detail-type": [API_CALL, SERVICE_EVENT],
        "detail": {
            "eventSource": ["kms.amazonaws.com"],
            "eventName": list(RULE_CHANGES),
            "errorCode": [{"exists": False}],
        },
    }


def native(extra_sources: Sequence[str] = ()) -> Pattern:
    """Events that KMS itself emits, with or without a trail."""
    return {"source": ["aws.kms", *extra_sources], "detail-type": list(NATIVE_CHANGES)}


def services(own_roles: Sequence[object], extra_sources: Sequence[str] = ()) -> Pattern:
    """Failing calls of other services whose error code speaks of a KMS key. Nobody but AWS can send ``aws.`` sources."""
    return {
        "source": [{"prefix": "aws."}, *extra_sources],
        "detail-type": [API_CALL],
        "detail": {
            "eventSource": [{"anything-but": ["kms.amazonaws.com"]}],
            "errorCode": [
                *({"prefix": prefix} for prefix in RULE_PREFIXES),
                *rule_codes(),
            ],
            **_not_by(own_roles),
        },
    }


# Words of an error message that speak of a KMS key under a code that does not.
KEY_WORDS = ("*:kms:*", "*KMS key*", "*KMS Key*", "*does not exist in this Region*")


def service_texts(own_roles: Sequence[object], extra_sources: Sequence[str] = ()) -> Pattern:
    """Failing calls of other services whose error message speaks of a KMS key, whatever the code: many say ``AccessDenied``.

    A rule of its own: merged into ``services`` it would be over the quota for one pattern. What
    both let in comes twice and is counted once.
    """
    return {
        "source": [{"prefix": "aws."}, *extra_sources],
        "detail-type": [API_CALL],
        "detail": {
            "eventSource": [{"anything-but": ["kms.amazonaws.com"]}],
            "errorCode": [{"exists": True}],
            "errorMessage": [{"wildcard": words} for words in KEY_WORDS],
            **_not_by(own_roles),
        },
    }


def notices(extra_sources: Sequence[str] = ()) -> Pattern:
    """Notices of services that lost a key: databases of RDS, OpenSearch domains, instances that Auto Scaling cannot launch."""
    return {
        "source": [*NOTICE_SOURCES, *extra_sources],
        "$or": [
            {"detail": {"EventID": list(RDS_EVENTS)}},
            {"detail": {"event": [OPENSEARCH_EVENT]}},
            {"detail": {"StatusMessage": [{"wildcard": f"*{words}*"} for words in LAUNCH_WORDS]}},
        ],
    }


def volumes(extra_sources: Sequence[str] = ()) -> Pattern:
    """EBS volumes that could not be created or attached and say why; the cause names the key when it is the key."""
    return {
        "source": ["aws.ec2", *extra_sources],
        "detail-type": [EBS_VOLUME],
        "detail": {"result": ["failed"], "cause": [{"exists": True}]},
    }


def _not_by(own_roles: Sequence[object], *exceptions: Mapping[str, Any]) -> Mapping[str, Any]:
    if not own_roles:
        return {}
    # anything-but does not match a missing field, and calls by users, root and AWS services have no
    # session issuer.
    return {
        "$or": [
            {
                "userIdentity": {
                    "sessionContext": {
                        "sessionIssuer": {"arn": [{"anything-but": list(own_roles)}]}
                    }
                }
            },
            {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": [{"exists": False}]}}}},
            *exceptions,
        ]
    }
