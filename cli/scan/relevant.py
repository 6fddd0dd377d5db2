"""Which records may tell of a key: judged by four members, so that the others need not be read.

It only leaves out what ``keywatch.sources.cloudtrail`` would call unrelated; a test compares the two.
"""

from collections import Counter
from functools import lru_cache
from itertools import compress, count
from operator import attrgetter

from keywatch.catalogue.changes import CHANGES
from keywatch.catalogue.code_lookup import core_of, service_code

from .carve import Block, Head

KMS = "kms.amazonaws.com"
# What AWS services do all day and what explains nothing is not kept.
KEPT_CHANGES = frozenset(
    change.name
    for change in CHANGES.values()
    if not change.only_looked_up or change.makes or change.makes_visible
)
# Every sentence about a key that no KMS record holds has one of these words (lower case).
WORDS = ("key", "kms", "alias")
_NAME_OF, _CODE_OF, _MESSAGE_OF = map(attrgetter, ("event_name", "error_code", "error_message"))


def numbers(block: Block, ignored: Counter[str]) -> list[int]:
    """Return the numbers of the records of a block that are to be read; failures among the others are counted as ``ignored``."""
    heads, wanted = block.heads, []
    for number in _few(heads):
        head = heads[number]
        if not isinstance(head.event_name, str):
            ignored["unknown_shape"] += 1
        elif is_relevant(head):
            wanted.append(number)
        elif head.error_code:
            ignored["not_about_keys"] += 1
    return wanted


def _few(heads: list[Head]) -> list[int]:
    """Return the numbers of the records that failed or may have changed something; most did neither."""
    names = list(map(_NAME_OF, heads))
    few = {*compress(count(), map(_CODE_OF, heads)), *compress(count(), map(_MESSAGE_OF, heads))}
    if set(map(type, names)) != {str}:
        few.update(n for n, name in enumerate(names) if not isinstance(name, str))
        names = [name if isinstance(name, str) else "" for name in names]
    if not KEPT_CHANGES.isdisjoint(names):
        few.update(n for n, name in enumerate(names) if name in KEPT_CHANGES)
    return sorted(few)


def is_relevant(head: Head) -> bool:
    """Tell whether a record may be a failure on a key or a change of one."""
    service, code, message = head.event_source, head.error_code, head.error_message
    if service == KMS:
        return True
    if not (code or message):
        return False
    return _of_another_service(code, service) or _speaks_of_keys(message)


def _speaks_of_keys(message: object) -> bool:
    return isinstance(message, str) and any(word in message.lower() for word in WORDS)


def _of_another_service(code: object, service: object) -> bool:
    if not isinstance(code, str) or not isinstance(service, str):
        return False
    return _concerns(code[:512], service[:512])


@lru_cache(maxsize=4096)
def _concerns(code: str, service: str) -> bool:
    core, says_kms = core_of(code)
    return says_kms or service_code(core, service) is not None
