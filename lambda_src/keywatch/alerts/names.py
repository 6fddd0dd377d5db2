"""What an alert calls things: the broken key, its place, those who called it."""

import re
from collections.abc import Callable
from functools import partial

from keywatch.alerts.alert import SubjectView
from keywatch.alerts.document import UNKNOWN, AffectedSubject
from keywatch.catalogue.causes import Cause
from keywatch.model.identifiers import parse
from keywatch.model.text import one_line

_MAX_NAME = 100
_PLACE = re.compile(r"[A-Za-z0-9*][A-Za-z0-9*-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")


def display_name(cause: Cause, subject: SubjectView) -> str:
    """Return the most human name of what is broken: its alias, else its key id, else what the caller typed, in quotes."""
    if subject.key_store and cause.about_key_store:
        return _quoted_if_odd(subject.key_store)
    names = [name for name in (subject.alias, subject.identifier, subject.key_arn) if name]
    for parsed in map(parse, names):
        if name := parsed.alias or parsed.key_id:
            return one_line(name, _MAX_NAME)
    typed = one_line(names[0], _MAX_NAME) if names else ""
    if typed:
        return f'"{typed}"'
    if subject.key_store:
        return f"key store {_quoted_if_odd(subject.key_store)}"
    return "a key that AWS did not name"


def _quoted_if_odd(name: str) -> str:
    short = one_line(name, _MAX_NAME)
    return short if _WORD.fullmatch(name) else f'"{short}"'


def known_place(value: str | None) -> str:
    """Return an account or Region, or ``unknown`` where nobody knows it."""
    return value if value and _PLACE.fullmatch(value) else UNKNOWN


def arn_shortener(subject: AffectedSubject) -> Callable[[str], str]:
    """Return what cuts the ARNs of the alert's own account and Region down to what people say: ``role/payments``."""
    account, region = subject["account"], subject["region"]
    if UNKNOWN in (account, region):
        return str
    here = f"(?:kms:{re.escape(region)}|iam:|sts:):{re.escape(account)}"
    return partial(re.compile(rf"\barn:aws[a-z-]{{0,20}}:{here}:(?=[a-z])").sub, "")
