"""KeyWatch's canary: two calls an hour that must fail, and must come back through CloudTrail and EventBridge.

AWS promises a record of every call that succeeds, and of failed ones only "in some scenarios, such as
when the caller is denied" (KMS Developer Guide, "Logging with CloudTrail"). So one call asks for an
alias that nothing has, and one is denied: what comes back of them tells a KeyWatch that sees nothing
from one that merely is not told of missing keys. A record may or may not hold what was asked for
(``requestParameters`` can be ``null``); then the error text names the alias, in the wording that KMS
has for unknown aliases.
"""

from collections.abc import Mapping
from datetime import timedelta

from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.sources.fields import mapping

EVERY = timedelta(hours=1)
LATE = timedelta(hours=3)  # one that came back was sent longer ago: KeyWatch may see nothing
MISSING, DENIED = "missing", "denied"


def canary_call(record: Mapping[str, object]) -> str | None:
    """Return which of the canary's calls a failing call (a CloudTrail record) is; ``None`` for any other.

    Who called is for others to say.
    """
    if record.get("eventName") == CANARY_DENIED_CALL:
        # Where nothing forbids it, it fails for want of the key that it asks about.
        return DENIED if str(record.get("errorCode")).startswith("AccessDenied") else MISSING
    return MISSING if asks_for_its_alias(record) else None


def asks_for_its_alias(record: Mapping[str, object]) -> bool:
    """Tell whether a failing call asked for the canary's alias, which nobody else has a reason to ask for."""
    asked = mapping(record.get("requestParameters")).get("keyId")
    if isinstance(asked, str):
        return asked == CANARY_ALIAS
    said = record.get("errorMessage")
    return isinstance(said, str) and said.startswith("Alias arn:") and f":{CANARY_ALIAS} " in said
