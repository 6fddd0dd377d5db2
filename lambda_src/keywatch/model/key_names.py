"""The forms in which a KMS key may be named, and nothing else.

A key id is a UUID or ``mrk-`` and 32 hexadecimal digits; an alias name matches
``alias/[a-zA-Z0-9/_-]+`` (256 characters at most) and is case-sensitive. Sources: KMS API model
(``KeyIdType``, ``AliasNameType``) and recorded answers of the service.
"""

import re

MAX_IDENTIFIER = 512
ACCOUNT_DIGITS = 12

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UUID = re.compile(_UUID)
KEY_ID = re.compile(rf"{_UUID}|mrk-[0-9a-f]{{32}}")
ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")
# Partition, Region, account, and key/<key id> or alias/<name>.
ARN = re.compile(r"arn:(aws[a-z-]{0,20}):kms:([a-z0-9-]{1,32}):([0-9*]{3,12}):(.{1,400})")


def is_well_formed(text: str) -> bool:
    """Tell whether KMS would accept ``text`` as the name of some key, existing or not."""
    if arn := ARN.fullmatch(text):
        account, resource = arn.group(3), arn.group(4)
        known_account = len(account) == ACCOUNT_DIGITS or not account.isdigit()
        return known_account and _is_resource(resource)
    return bool(KEY_ID.fullmatch(text) or ALIAS.fullmatch(text))


def _is_resource(resource: str) -> bool:
    """Tell whether the part of an ARN after the account names a key or an alias."""
    if resource.startswith("key/"):
        return KEY_ID.fullmatch(resource, 4) is not None
    return ALIAS.fullmatch(resource) is not None
