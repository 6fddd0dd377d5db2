"""What untrusted text may look like in each place that shows it: plain text, chat, HTML, a log line, a command.

Text from events and logs was made one bounded printable line when it entered
(``keywatch.model.text``); here it also loses what a target would act on. Everything that a renderer
prints and did not write itself goes through one of these functions.
"""

import html as _html
import re
from textwrap import wrap
from typing import TypeGuard

from keywatch.alerts.web_addresses import has_address, without_hosts, without_mail_addresses
from keywatch.model.text import one_line

MAX_COMMAND = 2_000

# Printable ASCII with no blank at its ends: ``one_line`` would change nothing but its length.
_CLEAN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
# Mail programs and chat clients turn web addresses into links, wherever in a word these begin: what
# stands before one may be wrapped or cut away. Only KeyWatch's own links and AWS's public pages may
# be links.
_WWW = r"(?i:(?<=www)\.)"
_LINK = re.compile(rf"(?<!https)://|://(?!(?:docs|health)\.aws\.amazon\.com/)|{_WWW}")
_WEB_ADDRESS = re.compile(rf"(?<!\bfile)(?<!\bfileb)://|{_WWW}")  # the AWS CLI reads files so
_HARMLESS = {"://": "[:]//", ".": "[.]"}

# Slack and Teams share no escape sign (Slack's mrkdwn has none), so a sign with a meaning becomes
# its full-width twin.
_FULL_WIDTH = 0xFEE0
_IN_PROSE = {ord(sign): ord(sign) + _FULL_WIDTH for sign in "<>@`*~[]|\\"}
_IN_CODE = {ord(sign): ord(sign) + _FULL_WIDTH for sign in "<>@`"}
# A "_" between letters is part of a name; "&lt;" would be read as "<"; "://" and "www." become
# links.
_MEANS_SOMETHING_IN_CODE = re.compile(rf"&(?=#?\w{{1,32}};)|:(?=//)|{_WWW}")
_MEANS_SOMETHING = re.compile(
    rf"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|{_MEANS_SOMETHING_IN_CODE.pattern}"
)
# What makes a heading, a list, a rule or a quotation of a line that it begins.
_BEGINS_A_BLOCK = re.compile(r"(\d{0,9})([#+=.)-])(?=[\s#+=-]|$)")
_ACTS_IN_CHAT = re.compile(r"[<>@`]|&#?\w{1,32};")


def _is_clean(value: object, limit: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= limit and bool(_CLEAN.fullmatch(value))


def harmless(text: str) -> str:
    """Return ``text`` with every foreign web address in a form that people can read and no program makes a link."""
    if _LINK.search(text):
        text = _LINK.sub(lambda found: _HARMLESS[found.group()], text)
    return without_mail_addresses(without_hosts(text, _bracketed), _bracketed)


def _bracketed(sign: str) -> str:
    return f"[{sign}]"


def plain(value: object, limit: int = 1_000) -> str:
    """Return ``value`` for an e-mail or terminal: one printable line in which foreign web addresses are no links."""
    text = value if _is_clean(value, limit) else one_line(value, limit)
    safe = harmless(text)
    # An address that was cut may be another one, and so may "www" with the dots of the cut.
    cuts = (one_line(safe, room) for room in range(limit, 0, -1))
    return safe if len(safe) <= limit else next((cut for cut in cuts if harmless(cut) == cut), "")


def wrapped(value: object, width: int, bullet: str = "", indent: str = "  ") -> str:
    """Return ``value`` as a paragraph of lines of at most ``width`` columns, with no foreign link on any of them.

    The first line begins with ``bullet``, the others with ``indent``. A line that begins or ends
    within a word may hold an address that the word did not, so lines are made harmless, not the text.
    """
    lines = _lines(plain(value), width, bullet, indent)
    while (safe := [harmless(line) for line in lines]) != lines:
        lines = [
            part
            for line in safe
            for part in _lines(line.lstrip(), width, line[: -len(line.lstrip())], indent)
        ]
    return "\n".join(lines)


def _lines(text: str, width: int, first: str, indent: str) -> list[str]:
    return wrap(text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def ascii_line(value: object, limit: int) -> str:
    """Return ``value`` as printable ASCII of at most ``limit`` characters (SNS Subjects); other characters become ``?``."""
    text = plain(value, limit)
    if text.isascii():
        return text
    return plain(text.encode("ascii", "replace").decode("ascii"), limit)


def markdown(value: object, limit: int = 1_000) -> str:
    """Return ``value`` as prose for Slack and Teams: nobody is mentioned, nothing is linked, emphasised or quoted.

    It is no heading, list or rule either where a line or a list item begins with it.
    """
    text = _MEANS_SOMETHING.sub(_widened, one_line(value, limit).translate(_IN_PROSE))
    if opening := _BEGINS_A_BLOCK.match(text):
        text = f"{opening[1]}{_twin(opening[2])}{text[opening.end() :]}"
    return without_hosts(text, _twin)


def code(value: object, limit: int = 300) -> str:
    """Return ``value`` as an inline code span for Slack and Teams; an empty value gives the empty string."""
    text = _MEANS_SOMETHING_IN_CODE.sub(
        _widened, one_line(value, max(0, limit - 2)).translate(_IN_CODE)
    )
    text = without_hosts(text, _twin)
    return f"`{text}`" if text else ""


def html(value: object, limit: int = 1_000) -> str:
    """Return ``value`` as HTML text that is also safe inside a quoted attribute. The limit counts before escaping."""
    return _html.escape(one_line(value, limit), quote=True)


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
        or has_address(value)
    ):
        return None
    return value


def chat_command(value: object, limit: int = MAX_COMMAND) -> str | None:
    """Return a command exactly as given where no chat client would act on or alter a part of it, else ``None``."""
    exact = command(value, limit)
    return exact if exact and not _ACTS_IN_CHAT.search(exact) else None


def _widened(found: re.Match[str]) -> str:
    return _twin(found.group())


def _twin(sign: str) -> str:
    """Return the full-width twin of an ASCII sign."""
    return chr(ord(sign) + _FULL_WIDTH)
