"""KeyWatch's canary: one call an hour that must fail, and must come back through CloudTrail and EventBridge.

It asks for an alias that nothing has. A record of it may or may not hold what was asked for
(``requestParameters`` can be ``null``); then the error text names the alias, in the wording that
KMS has for unknown aliases.
"""

from collections.abc import Mapping
from datetime import timedelta

from keywatch.catalogue.own import CANARY_ALIAS
from keywatch.sources.fields import mapping

EVERY = timedelta(hours=1)
LATE = timedelta(hours=3)  # one that came back was sent longer ago: KeyWatch may see nothing


def is_canary(record: Mapping[str, object]) -> bool:
    """Tell whether a failing call (a CloudTrail record) asked for the canary's alias. Who called is for others to say."""
    asked = mapping(record.get("requestParameters")).get("keyId")
    if isinstance(asked, str):
        return asked == CANARY_ALIAS
    said = record.get("errorMessage")
    return isinstance(said, str) and said.startswith("Alias arn:") and f":{CANARY_ALIAS} " in said
