"""Failures to count and not to alert, each for a written reason."""

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache

from keywatch.model.signals import KeyFailure
from keywatch.settings import IgnoreRule

# What every deployment may safely ignore.
SHIPPED = (
    IgnoreRule(
        reason="AWS Config tries to decrypt what it records, with a role that need not be allowed to; it carries on without",
        service="config.amazonaws.com",
        operation="Decrypt",
        cause="missing_or_not_authorized",
    ),
)
_FIELDS = ("principal", "service", "key", "cause", "operation", "account")


class Ignorer:
    """Tells which failures a deployment ignores; all patterns of a rule must match, ``*`` and ``?`` stand for any text."""

    def __init__(self, rules: Sequence[IgnoreRule]) -> None:
        compiled = [
            tuple(
                re.compile(translate(pattern)) if (pattern := getattr(rule, field)) != "*" else None
                for field in _FIELDS
            )
            for rule in (*SHIPPED, *rules)
        ]

        @lru_cache(maxsize=4096)
        def matches(*values: str) -> bool:
            return any(
                all(
                    pattern is None or pattern.match(value)
                    for pattern, value in zip(patterns, values, strict=True)
                )
                for patterns in compiled
            )

        self._matches = matches

    def ignores(self, failure: KeyFailure) -> bool:
        """Tell whether some rule covers ``failure``.

        Its key is named by ARN, alias or what the caller typed; its account is the one that called.
        """
        caller, identifier = failure.caller, failure.identifier
        key = failure.key_arn or (identifier.text if identifier else failure.subject.name)
        return self._matches(
            caller.principal,
            caller.service or failure.service,
            key,
            failure.classification.cause or "",
            failure.operation or "",
            failure.account or failure.subject.account,
        )
