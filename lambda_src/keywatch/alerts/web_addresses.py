"""Web and mail addresses in text from outside: where they stand, and what keeps a program from making links of them.

Mail programs and chat clients take for a link whatever looks like a host with a known top-level
domain, with ``https://`` before it or without, and whatever looks like a mail address. Names of Java
classes, files and versions look alike and are none, so the domains are listed.
"""

import re
from collections.abc import Callable

from keywatch.alerts.top_level_domains import TOP_LEVEL_DOMAINS

# Principals of AWS services, and AWS's public pages. Nobody else has a host there, but everybody may
# have a bucket below s3.amazonaws.com: with a path after it, a principal is an address.
_PRINCIPAL = re.compile(r"(?:[a-z0-9-]{1,40}\.)?amazonaws\.com(?:\.cn)?", re.IGNORECASE)
_PUBLIC_PAGES = re.compile(r"(?:docs|health|console)\.aws\.amazon\.com", re.IGNORECASE)
_PATH = re.compile(r"[/?#]\S|:\d")
# Some programs take what stands before the first dot for a label, whatever it is.
_HOST = re.compile(r"(?:\w[\w-]*|(?<=\S))(?:\.\w[\w-]*)+")
_DOT = re.compile(r"\.(\w[\w-]*)")
# Before the sign: what RFC 5322 lets stand there, and what programs take for it.
_MAIL = re.compile(r"(?<=[^\s<>()\[\]@\"`])@(?=\w)")

Harmless = Callable[[str], str]


def without_hosts(text: str, mark: Harmless) -> str:
    """Return ``text`` with each dot that makes a foreign host of it replaced by what ``mark`` makes of a dot."""
    if "." not in text:
        return text
    return _HOST.sub(lambda host: _marked(host, text, mark), text)


def _marked(host: re.Match[str], text: str, mark: Harmless) -> str:
    name = host.group()
    if (
        _is_of_aws(name, text[host.end() : host.end() + 2])
        and text[host.start() - 1 : host.start()] != "@"
    ):
        return name
    return _DOT.sub(lambda dot: f"{mark('.')}{dot[1]}" if _ends_a_host(dot[1]) else dot[0], name)


def _is_of_aws(host: str, after: str) -> bool:
    if _PUBLIC_PAGES.fullmatch(host):
        return True
    return _PRINCIPAL.fullmatch(host) is not None and not _PATH.match(after)


def _ends_a_host(label: str) -> bool:
    """Tell whether a host may end in ``label``, be it at the end of a word or cut off after it."""
    lower = label.lower().strip("_-")
    return lower in TOP_LEVEL_DOMAINS or lower.startswith("xn--") or not lower.isascii()


def without_mail_addresses(text: str, mark: Harmless) -> str:
    """Return ``text`` with the sign in each mail address replaced by what ``mark`` makes of it."""
    return _MAIL.sub(lambda _: mark("@"), text) if "@" in text else text


def has_address(text: str) -> bool:
    """Tell whether a program may make a link of a part of ``text`` that has no scheme before it."""
    return without_mail_addresses(without_hosts(text, _seen), _seen) != text


def _seen(_sign: str) -> str:
    return " "
