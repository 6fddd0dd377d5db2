"""Undo what loggers, JSON encoders and terminals did to a text, so that AWS's sentences can be found in it.

Every pattern here and in the modules beside it is bounded (no ``*``, no ``+``): reading stays
linear in the length of the text, whatever it holds. A test takes the patterns apart and proves it.
"""

import re
from html import unescape

# Backslashes before quotes and slashes (JSON in JSON doubles them), \u0027 and \x27, \n and \t
# written out.
_ESCAPED_CODE = re.compile(r"(?<!\\)\\{1,16}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_ESCAPED_BREAK = re.compile(r"(?<!\\)\\{1,16}[nrt]")
_ESCAPED_CHARACTER = re.compile(r"(?<!\\)\\{1,16}([\"'`/])")
_TERMINAL = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,4}|#[xX][0-9a-fA-F]{1,4}|quot|apos|lt|gt|amp|nbsp);")
_BLANKS = re.compile(r"[ \t\f\v\u00a0\u2028\u2029]{2,256}|[\t\f\v\u00a0]")
_GUTTER = re.compile(
    r"\n[ \t]{0,64}[|\u2502\u2575\u2577>]{1,4}(?: |(?=\n))"
)  # Terraform and quoted mail draw a bar before each line
_FRAME = re.compile(r"[ \t]{0,256}[\u2502\u2503]{1,2}(?=\n|$)")  # boxes of consoles
# docker compose, kubectl logs --prefix
_SOURCE = re.compile(r"[\w.-]{1,80} {1,20}\| |\[pod/[\w./-]{1,300}\] ")
_INVISIBLE = re.compile(r"[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_WIDE_BLANK = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_URL_CODE = re.compile(r"%([2-7][0-9A-Fa-f])")
_URL_PLUS = re.compile(r"(?<=[\w.':])\+(?=[\w'])")
_SYSLOG_CODE = {"#012": "\n", "#011": "\t", "#015": ""}  # rsyslog writes control characters so
_INLINE_TAG = re.compile(r"</?(?:code|b|i|em|strong|kbd|tt|span|p)>")  # of a page that was pasted
_BREAKS = re.compile(r"\n{2,256}")


def plain(text: str) -> str:
    """Return ``text`` without escapes, entities, colours, bars and runs of blanks; line breaks stay."""
    if "\\" in text:
        text = _ESCAPED_CODE.sub(_decoded, text)
        text = _ESCAPED_BREAK.sub("\n", text)
        text = _ESCAPED_CHARACTER.sub(r"\1", text)
    if "#01" in text:
        for code, character in _SYSLOG_CODE.items():
            text = text.replace(code, character)
    if "%3A" in text or "%20" in text:
        text = _url_decoded(text)
    if not text.isascii():
        text = _WIDE_BLANK.sub(" ", _INVISIBLE.sub("", text))
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    text = _without_markup(text)
    if text.startswith(("\u2502", "> >", ">>")):
        text = "\n" + text
    if "\n" not in text and "\r" not in text:
        return _BLANKS.sub(" ", text) if "  " in text or "\t" in text else text
    text = _without_source(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _GUTTER.sub("\n", _GUTTER.sub("\n", _FRAME.sub("", text) if "\u2502" in text else text))
    return _BREAKS.sub("\n", _BLANKS.sub(" ", text).replace(" \n", "\n").replace("\n ", "\n"))


def _without_source(text: str) -> str:
    """Remove the name of the container or pod that a tool put before every line, where it is the same one."""
    source = _SOURCE.match(text)
    if source is None or text.count("\n" + source.group(0)) < text.rstrip("\n").count("\n"):
        return text
    return text[source.end() :].replace("\n" + source.group(0), "\n")


def _without_markup(text: str) -> str:
    if "</" in text:
        text = _INLINE_TAG.sub("", text)
    return _ENTITY.sub(_entity, _ENTITY.sub(_entity, text)) if "&" in text else text


def _url_decoded(text: str) -> str:
    plus = "+" in text and ("%3Akms%3A" in text or "%3A+" in text)  # a form writes blanks so
    text = _URL_CODE.sub(lambda match: chr(int(match.group(1), 16)), text)
    return _URL_PLUS.sub(" ", text) if plus else text


def _decoded(match: re.Match[str]) -> str:
    number = int(match.group(1) or match.group(2), 16)
    return "?" if 0xD800 <= number <= 0xDFFF else chr(number)  # noqa: PLR2004 - the range of surrogates, which are no text


def _entity(match: re.Match[str]) -> str:
    return unescape(match.group(0)).replace("\xa0", " ")


def readable(message: str) -> tuple[str, str]:
    """Return a message as one plain line, and the same in lower case, of the same length."""
    text = flat(plain(message)).strip()
    return text, lowered(text)


def flat(text: str) -> str:
    """Return plain ``text`` as one line of the same length, so that positions in both agree."""
    return text.replace("\n", " ")


def lowered(text: str) -> str:
    """Return ``text`` in lower case and of the same length (a few capitals become two characters in lower case)."""
    low = text.lower()
    return (
        low
        if len(low) == len(text)
        else "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    )
