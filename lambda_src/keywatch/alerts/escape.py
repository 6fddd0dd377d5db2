"""What untrusted text may look like in each place that shows it: plain text, chat, HTML, a log line, a command.

Text from events and logs was made one bounded printable line when it entered
(``keywatch.model.text``); here it also loses what a target would act on. Everything that a renderer
prints and did not write itself goes through one of these functions.
"""

import html as _html
import re
from typing import TypeGuard

from keywatch.model.text import one_line

MAX_COMMAND = 2_000

# Mail programs and chat clients turn web addresses into links. Only KeyWatch's own links and AWS's
# public pages may be links.
# Printable ASCII with no blank at its ends: ``one_line`` would change nothing but its length.
_CLEAN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_LINK = re.compile(r"://(?!(?:docs|health)\.aws\.amazon\.com/)|(?i:(?<=\bwww)\.)")
_WEB_ADDRESS = re.compile(r"(?i)https?://|\bwww\.")
_DEFANGED = {"://": "[:]//", ".": "[.]"}

# Slack and Teams share no escape sign (Slack's mrkdwn has none), so a sign with a meaning becomes
# its full-width twin.
_FULL_WIDTH = 0xFEE0
_IN_PROSE = {ord(sign): ord(sign) + _FULL_WIDTH for sign in "<>@`*~[]|\\"}
_IN_CODE = {ord(sign): ord(sign) + _FULL_WIDTH for sign in "<>@`"}
# A "_" between letters is part of a name; "&lt;" would be read as "<"; "://" and "www." become
# links.
_MEANS_SOMETHING_IN_CODE = re.compile(r"&(?=#?\w{1,32};)|:(?=//)|(?i:(?<=\bwww)\.)")
_MEANS_SOMETHING = re.compile(
    rf"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|{_MEANS_SOMETHING_IN_CODE.pattern}"
)
_ACTS_IN_CHAT = re.compile(r"[<>@`]|&#?\w{1,32};")


def _is_clean(value: object, limit: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= limit and bool(_CLEAN.fullmatch(value))


def plain(value: object, limit: int = 1_000) -> str:
    """Return ``value`` for an e-mail or terminal: one printable line in which foreign web addresses are no links."""
    text = value if _is_clean(value, limit) else one_line(value, limit)
    if not _LINK.search(text):
        return text
    return one_line(_LINK.sub(lambda found: _DEFANGED[found.group()], text), limit)


def ascii_line(value: object, limit: int) -> str:
    """Return ``value`` as printable ASCII of at most ``limit`` characters (SNS Subjects); other characters become ``?``."""
    text = plain(value, limit)
    return text if text.isascii() else text.encode("ascii", "replace").decode("ascii").strip()


def markdown(value: object, limit: int = 1_000) -> str:
    """Return ``value`` as prose for Slack and Teams: nobody is mentioned, nothing is linked, emphasised or quoted."""
    return _MEANS_SOMETHING.sub(_widened, one_line(value, limit).translate(_IN_PROSE))


def code(value: object, limit: int = 300) -> str:
    """Return ``value`` as an inline code span for Slack and Teams; an empty value gives the empty string."""
    text = _MEANS_SOMETHING_IN_CODE.sub(
        _widened, one_line(value, max(0, limit - 2)).translate(_IN_CODE)
    )
    return f"`{text}`" if text else ""


def html(value: object, limit: int = 1_000) -> str:
    """Return ``value`` as HTML text that is also safe inside a quoted attribute. The limit counts before escaping."""
    return _html.escape(one_line(value, limit), quote=True)


def log(value: object, limit: int = 256) -> str:
    """Return ``value`` for a log line: one line of printable ASCII, other characters as Python writes them in a literal."""
    return one_line(
        one_line(value, limit).encode("ascii", "backslashreplace").decode("ascii"), limit
    )


def command(value: object, limit: int = MAX_COMMAND) -> str | None:
    """Return a command exactly as it was given, or ``None`` when it cannot be shown so.

    A command that was cut, wrapped or cleaned is another command, so there is no third way. None of
    the catalogue's holds a web address: one that does got it from outside.
    """
    if (
        not isinstance(value, str)
        or not value
        or not (_is_clean(value, limit) or one_line(value, limit) == value)
        or _WEB_ADDRESS.search(value)
    ):
        return None
    return value


def chat_command(value: object, limit: int = MAX_COMMAND) -> str | None:
    """Return a command exactly as given where no chat client would act on or alter a part of it, else ``None``."""
    exact = command(value, limit)
    return exact if exact and not _ACTS_IN_CHAT.search(exact) else None


def _widened(found: re.Match[str]) -> str:
    return chr(ord(found.group()) + _FULL_WIDTH)
