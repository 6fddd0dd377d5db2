"""The look of the page and the few pieces of HTML that it is made of. Texts given to these functions are escaped here."""

import json
import re
from collections.abc import Iterable, Mapping

from keywatch.alerts.escape import MAX_COMMAND, html

NARROW = 900  # pixels: below that, a table becomes a list
_PADDING = 16  # pixels at either side
_LONG = 20  # characters of a word that may be too long for a column
_WORD = re.compile(r"\S+")
_PIECE = re.compile(r"[^:/_.=,-]*[:/_.=,-]*")

_BASE = """
.kw{font:14px/1.45 "Amazon Ember","Helvetica Neue",Roboto,Arial,sans-serif;padding:12px 16px;box-sizing:border-box;
max-width:100%;overflow-wrap:anywhere;container-type:inline-size}
.kw *{box-sizing:border-box}
.kw table{width:100%;table-layout:fixed;border-collapse:collapse;color:inherit;font:inherit}
.kw th{font-size:12px;font-weight:600;text-align:left;padding:6px 10px;border-bottom:1px solid}
.kw td{padding:10px;vertical-align:top;border-bottom:1px solid}
.kw h2{font-size:20px;line-height:1.25;margin:8px 0 6px;font-weight:700}
.kw h3{font-size:12px;letter-spacing:.06em;text-transform:uppercase;margin:18px 0 6px;font-weight:700}
.kw p{margin:0 0 6px}.kw ul,.kw ol{margin:0;padding-left:20px}.kw li{margin:0 0 6px}.kw p,.kw li{max-width:1100px}
.kw .part{display:inline-block}
.kw pre{margin:6px 0 10px;padding:8px 12px;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all;
font:12.5px/1.5 Menlo,Consolas,"DejaVu Sans Mono",monospace}
.kw td pre{margin:6px 0 0;padding:4px 8px;font-size:11.5px}
.kw code{user-select:all;font:12.5px/1.5 Menlo,Consolas,"DejaVu Sans Mono",monospace}
.kw .mono{font:12.5px/1.5 Menlo,Consolas,"DejaVu Sans Mono",monospace}
.kw .name{font-weight:600}.kw .num{font-variant-numeric:tabular-nums;text-align:right}
.kw .tag{display:inline-block;font-size:11px;font-weight:700;letter-spacing:.04em;text-transform:uppercase;padding:1px 7px;
border-radius:9px;color:#fff}
.kw .critical{background:#c01a1a}.kw .high{background:#b3480b}.kw .warning{background:#7a5f00}.kw .info{background:#3b5b8c}
.kw .still{background:#5f6b7a}
.kw .foot{margin-top:16px}.kw cwdb-action{display:none}
.kw .go{cursor:pointer;text-decoration:none;font-weight:600}.kw .go:hover{text-decoration:underline}
.kw .bar{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;margin:0 0 10px}
.kw .big{font-size:18px;font-weight:700}
.kw .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:8px 16px;margin:12px 0 0}
.kw .facts b{display:block;font-size:12px;font-weight:600}
.kw .none{padding:36px 12px;text-align:center}.kw .none .big{display:block;margin-bottom:4px}
"""
# Where a table has no room: each row is a block. By the width that CloudWatch names, and by that of the page itself.
_AS_LIST = """
{kw} thead{{display:none}}{kw} tr{{display:block;padding:8px 0;border-bottom:1px solid}}
{kw} tbody,{kw} table{{display:block}}{kw} td{{display:block;border:0;padding:2px 0;text-align:left}}
{kw} td[data-is]::before{{content:attr(data-is) ": ";font-weight:600}}
"""
_LISTS = (
    _AS_LIST.format(kw=".kw.narrow")
    + f"@container (max-width:{NARROW - 2 * _PADDING - 1}px){{{_AS_LIST.format(kw='.kw')}}}"
)
_COLOURS = """
.kw.{theme}{{background:{ground};color:{text}}}
.kw.{theme} th,.kw.{theme} .soft,.kw.{theme} h3,.kw.{theme} .facts b{{color:{soft}}}
.kw.{theme} th,.kw.{theme} td,.kw.{theme} tr{{border-color:{line}}}
.kw.{theme} tbody tr:hover td{{background:{shade}}}
.kw.{theme} pre{{background:{shade};color:{text}}}
.kw.{theme} a{{color:{link}}}
"""
_THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "ground": "#ffffff",
        "text": "#16191f",
        "soft": "#5f6b7a",
        "line": "#e1e4e8",
        "shade": "#f4f6f8",
        "link": "#0b5fb8",
    },
    "dark": {
        "ground": "#161d26",
        "text": "#e3e6ea",
        "soft": "#9aa7b6",
        "line": "#323b47",
        "shade": "#1f2833",
        "link": "#5cb0ff",
    },
}
STYLE = (
    _BASE
    + "".join(_COLOURS.format(theme=theme, **colours) for theme, colours in _THEMES.items())
    + _LISTS
)


def page(body: str, *, theme: str, width: object = None) -> str:
    """Return the whole widget around ``body`` (HTML). ``theme`` is CloudWatch's; an unknown one is light."""
    shown = theme if theme in _THEMES else "light"
    narrow = " narrow" if isinstance(width, int | float) and width < NARROW else ""
    return f'<div class="cwdb-no-default-styles"></div><style>{STYLE}</style><div class="kw {shown}{narrow}">{body}</div>'


def call(label: str, endpoint: str, **parameters: str) -> str:
    """Return a link that calls the function again with ``parameters`` and shows its answer in place of the widget.

    Without an ``endpoint`` there is nothing to call, and the label stands alone.
    """
    if not endpoint:
        return f'<span class="name">{html(label)}</span>'
    return (
        f'<a class="go">{html(label)}</a><cwdb-action action="call" display="widget" endpoint="{html(endpoint)}">'
        f"{_inert(parameters)}</cwdb-action>"
    )


def _inert(parameters: Mapping[str, str]) -> str:
    """Return ``parameters`` as JSON that means the same wherever it is read, as HTML or as text."""
    text = json.dumps(parameters)
    return "".join(f"\\u{ord(sign):04x}" if sign in "<>&'" else sign for sign in text)


def tag(text: str, kind: str) -> str:
    """Return a small coloured label; ``kind`` is a severity or ``still``."""
    return f'<span class="tag {html(kind, 16)}">{html(text, 32)}</span>'


def command(typed: str | None) -> str:
    """Return a command as it must be typed, which one click selects; those that cannot be shown so were left out before."""
    return f"<pre>{html(typed, MAX_COMMAND)}</pre>" if typed else ""


def section(title: str, body: str) -> str:
    """Return ``body`` (HTML) under a heading; nothing for nothing."""
    return f"<h3>{html(title)}</h3>{body}" if body else ""


def breakable(text: object, limit: int = 1_000) -> str:
    """Return ``text`` as HTML in which a long name or ARN breaks at its separators, and not within a word."""
    return _WORD.sub(_in_pieces, html(text, limit))  # no character reference has a separator in it


def _in_pieces(word: re.Match[str]) -> str:
    if len(word[0]) <= _LONG:
        return word[0]
    pieces = filter(None, _PIECE.findall(word[0]))
    return "".join(f'<span class="part">{piece}</span>' for piece in pieces)


def bullets(texts: Iterable[str]) -> str:
    """Return texts as a list; nothing for none."""
    items = "".join(f"<li>{breakable(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def facts(named: Mapping[str, str]) -> str:
    """Return names and values side by side, as many in a row as there is room for."""
    cells = "".join(
        f"<div><b>{html(name)}</b>{breakable(value)}</div>"
        for name, value in named.items()
        if value
    )
    return f'<div class="facts">{cells}</div>'
