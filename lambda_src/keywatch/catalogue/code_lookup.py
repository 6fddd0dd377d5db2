"""What the reader, the event pattern and the log filter take from the table of codes.

The reader looks a code up by its *core*: lower case, without namespace, ``KMS.`` or ``Client.``
prefix and without the suffix Exception, Fault or Error; CloudTrail, the SDKs and the services
differ in these (``AccessDenied`` and ``AccessDeniedException``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from keywatch.catalogue.codes import (
    CODES,
    LOGGED_CUT,
    LOGGED_FAMILIES,
    LOGGED_IN_COMPANY,
    ONLY_KMS_PREFIXES,
    RULE_PREFIXES,
    STORE_CHANGES,
    ErrorCode,
    Meaning,
    Words,
)
from keywatch.catalogue.texts import filter_phrases
from keywatch.model.levels import Confidence

_SUFFIXES = ("exception", "fault", "error")
_PREFIXES = ("kms.", "client.", "server.")


@lru_cache(maxsize=1024)
def core_of(code: str) -> tuple[str, bool]:
    """Return the core of ``code`` and whether the code itself says that KMS is meant (its prefix or namespace)."""
    core = code.strip().lower()
    namespace, hash_sign, tail = core.rpartition("#")
    kms = bool(hash_sign) and ("kms" in namespace or "trent" in namespace)
    core = tail.split(":", 1)[0] if hash_sign else core
    for prefix in _PREFIXES:
        if core.startswith(prefix):
            core, kms = core[len(prefix) :], kms or prefix == "kms."
    for suffix in _SUFFIXES:
        if core.endswith(suffix) and core != suffix:
            core = core.removesuffix(suffix)
            break
    return core, kms


def of_kms(row: ErrorCode) -> bool:
    """Tell whether KMS says a code, or a service that passes on KMS's answer with ``KMS.`` before it."""
    return "kms" in row.said_by.split() or core_of(row.code)[1]


def of_another_service(row: ErrorCode) -> bool:
    """Tell whether another service says a code as one of its own."""
    return row.said_by != "kms" and not core_of(row.code)[1]


@dataclass(frozen=True, slots=True)
class _Meanings:
    """Core to meaning: answers of KMS; codes of other services; common words, by service and core."""

    kms: dict[str, Meaning] = field(default_factory=dict)
    services: dict[str, Meaning] = field(default_factory=dict)
    common_words: dict[tuple[str, str], Meaning] = field(default_factory=dict)


def _meanings() -> _Meanings:
    found = _Meanings()
    for row in CODES:  # one plain loop: every cold start runs it
        core, says_kms = core_of(row.code)
        services = row.said_by.split()
        if says_kms or "kms" in services:
            found.kms[core] = row.means
        if row.common_word:
            found.common_words.update(((service, core), row.means) for service in services)
        elif not says_kms and row.said_by != "kms":
            found.services[core] = row.means
    return found


_FOUND = _meanings()
KMS_MEANINGS, SERVICE_MEANINGS, COMMON_WORDS = _FOUND.kms, _FOUND.services, _FOUND.common_words
WORDS: dict[str, Words] = {core_of(r.code)[0]: r.means.words for r in CODES if r.means.words}
_ALONE_IN_LOGS = frozenset(core_of(r.code)[0] for r in CODES if r.alone_in_logs)
_EXACT = frozenset(r.code for r in CODES if r.means.cause and "kms" in r.code.lower())
_ONLY_KMS = tuple(prefix.lower() for prefix in ONLY_KMS_PREFIXES)

_UNKNOWN = Meaning("unclassified", Confidence.POSSIBLE)
# What a code of a service that no row has says of "the KMS key" in its own name.
_NAMED_TROUBLES = (
    ("notfound", Meaning("key_not_found", Confidence.POSSIBLE)),
    ("disabled", Meaning("key_disabled", Confidence.POSSIBLE)),
)
_VALIDATION = Meaning(None, reason="out_of_scope_validation")
_NO_EXTERNAL_KEY = Meaning("external_key_not_found", Confidence.CERTAIN)
_STATE_CHANGE = Meaning(None, reason="out_of_scope_state_change")
_MISSING_OR_UNUSABLE = (
    "notfound",
    "unavailable",
    "invalidstate",
    "disabled",
    "unreachable",
    "inaccessible",
    "notaccessible",
)


def kms_code(core: str, operation: str | None) -> Meaning:
    """Return what an answer of KMS means by its code alone; codes that nobody knew are judged by their words."""
    if core == "customkeystoreinvalidstate" and operation in STORE_CHANGES:
        return _STATE_CHANGE
    if core == "kmsinvalidstate" and operation == "CancelKeyDeletion":
        return _STATE_CHANGE  # the key is not pending deletion
    if core == "xkskeynotfound" and operation == "CreateKey":
        return _NO_EXTERNAL_KEY
    return KMS_MEANINGS.get(core) or _guess(core)


def service_code(core: str, service: str) -> Meaning | None:
    """Return what another service's code says about a KMS key, or ``None`` when it says nothing about one."""
    if known := SERVICE_MEANINGS.get(core):
        return known
    if known := COMMON_WORDS.get((service.partition(".")[0], core)):
        return known
    if "kms" not in core:
        return None
    if "kmskey" in core:
        return next((m for word, m in _NAMED_TROUBLES if word in core), _guess(core))
    return _guess(core)


def _guess(core: str) -> Meaning:
    return _UNKNOWN if any(word in core for word in _MISSING_OR_UNUSABLE) else _VALIDATION


def only_kms(core: str) -> bool:
    """Tell whether a code, by its core, is one that only KMS itself answers."""
    return core.startswith(_ONLY_KMS)


def speaks_of_store(code: str) -> bool:
    """Tell whether a code is about a custom key store, its cluster or its proxy, and so about no key."""
    return core_of(code)[0].startswith(("customkeystore", "cloudhsmcluster", "xksproxy"))


def names_kms(code: str) -> bool:
    """Tell whether a code in a log, where no service is named, by itself says that a KMS key is meant."""
    return only_kms(core_of(code)[0]) or _for_keys(code)


def can_be_of_kms(code: str) -> bool:
    """Tell whether a code in a log is one that KMS answers, alone or among others, or a service about a KMS key."""
    return core_of(code)[0] in KMS_MEANINGS or _for_keys(code)


def _for_keys(code: str) -> bool:
    core, says_kms = core_of(code)
    return says_kms or core in _ALONE_IN_LOGS or service_code(core, "") is not None


def is_token(code: str) -> bool:
    """Tell whether a word in a log can be an error code in scope, of KMS or of a service about a key."""
    core = core_of(code)[0]
    meaning = KMS_MEANINGS.get(core) or (
        SERVICE_MEANINGS.get(core) if _speaks_of_keys(core) else None
    )
    return bool(meaning and meaning.cause) and (
        code.endswith(("Exception", "Fault")) or code in _EXACT
    )


def is_known_by_itself(code: str) -> bool:
    """Tell whether a word that somebody asks about is a code in scope, or has KMS and a trouble of a key in its name."""
    if is_token(code):
        return True
    core = core_of(code)[0]
    meaning = SERVICE_MEANINGS.get(core) or service_code(core, "")
    return bool("kms" in core and meaning and meaning.cause)


def is_common_word(code: str) -> bool:
    """Tell whether a code of KMS is one that other programs' errors are called as well."""
    core, says_kms = core_of(code)
    return not says_kms and not _speaks_of_keys(core) and core not in _ALONE_IN_LOGS


def _speaks_of_keys(core: str) -> bool:
    return only_kms(core) or "kms" in core or core.startswith("encryptionkey")


def rule_codes() -> tuple[str, ...]:
    """Return the codes of other services that the event pattern names in full: those that begin in no usual way."""
    return tuple(
        row.code
        for row in CODES
        if row.means.cause and of_another_service(row)
        if not row.unruled and not row.code.startswith(RULE_PREFIXES)
    )


def filter_codes() -> tuple[str, ...]:
    """Return what the log filter looks for beside the phrases of texts, as regular expressions of its grammar.

    These are the codes in scope, each unless its row says why not, and the common words in KMS's
    company.
    """
    families = tuple(re.compile(family) for family in LOGGED_FAMILIES)
    wanted = dict.fromkeys(row.code for row in CODES if row.means.cause and not row.unfiltered)
    alone = [code for code in wanted if not any(family.search(code) for family in families)]
    names = (code.replace(".", r"\.") for code in alone)
    found = (*LOGGED_FAMILIES, *LOGGED_IN_COMPANY, *LOGGED_CUT, *names)
    phrases = filter_phrases()
    return tuple(fragment for fragment in found if fragment not in phrases)


def short_codes() -> Iterator[str]:
    """Yield the codes of one word that other services answer without Exception or Fault at the end: plain words in a log."""
    for row in CODES:
        one_word = "." not in row.code and not row.code.lower().endswith(_SUFFIXES)
        if one_word and of_another_service(row) and not row.unruled:
            yield row.code
