"""The incident page as a file: the deployed function's own answers to CloudWatch, made clickable without CloudWatch.

CloudWatch replaces the widget by what a click asks for. The file holds all these answers, and shows
one at a time by CSS alone.
"""

import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "demo-out"
NAME = "incident-page.html"
_WIDTH = 1160
_LINK = re.compile(
    r'<a class="go">(?P<label>[^<]*)</a><cwdb-action [^>]*>(?P<parameters>[^<]*)</cwdb-action>'
)
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_FRAME = """
body{margin:0;font:14px/1.5 "Helvetica Neue",Roboto,Arial,sans-serif;background:#dfe3e8;color:#16191f;color-scheme:light dark}
main{max-width:1600px;margin:0 auto;padding:16px}
label{margin-right:14px;cursor:pointer}
.view{display:none;scroll-margin-top:60px;border-radius:10px;overflow:hidden}
.view:target,main:not(:has(.view:target)) .view:first-of-type{display:block}
#light:checked~main .in-dark,#dark:checked~main .in-light,#system:checked~main .in-dark{display:none}
body:has(#dark:checked){background:#2a323d;color:#e3e6ea}
@media (prefers-color-scheme:dark){
body:has(#system:checked){background:#2a323d;color:#e3e6ea}
#system:checked~main .in-dark{display:block}#system:checked~main .in-light{display:none}
}
input{margin:18px 6px 0 16px}
"""

Ask = Callable[[Mapping[str, Any]], object]


def write_page(ask: Ask, folder: Path = FOLDER) -> Path:
    """Write the incident page of a deployed function to ``folder`` and return the file; ``ask`` invokes the function."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / NAME
    file.write_text(document(views(ask)), encoding="utf-8")
    return file


def views(ask: Ask) -> dict[str, str]:
    """Return the list of incidents (under the key ``""``) and each incident that it leads to, as the function answers."""
    listed = _answer(ask, {})
    wanted = (
        parameters.get("incident", "") for parameters in map(_parameters, _LINK.finditer(listed))
    )
    return {"": listed} | {
        incident: _answer(ask, {"incident": incident})
        for incident in dict.fromkeys(wanted)
        if incident
    }


def document(shown: Mapping[str, str]) -> str:
    """Return one HTML document of all views, in light and dark: as the reader's system has it, until one is chosen."""
    anchors = {incident: f"view-{number}" for number, incident in enumerate(shown)}
    style = next(iter(_STYLE.findall(shown[""])), "")
    sections = "".join(
        f'<section class="view" id="{anchors[incident]}">{_both_themes(_STYLE.sub("", page), anchors)}</section>'
        for incident, page in shown.items()
    )
    switch = "".join(
        f'<input type="radio" name="theme" id="{theme.lower()}"{checked}><label for="{theme.lower()}">{theme}</label>'
        for theme, checked in (("System", " checked"), ("Light", ""), ("Dark", ""))
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>KeyWatch incidents</title>'
        f'<meta name="viewport" content="width=device-width">{style}'
        f"<style>{_FRAME}</style></head><body>{switch}<main>{sections}</main></body></html>\n"
    )


def _answer(ask: Ask, parameters: Mapping[str, str]) -> str:
    answer = ask({"widgetContext": {"theme": "light", "width": _WIDTH}, **parameters})
    if not isinstance(answer, str):
        raise TypeError(f"the function answered the incident page with {answer!r}")
    return answer


def _parameters(link: re.Match[str]) -> dict[str, str]:
    parameters: dict[str, str] = json.loads(html.unescape(link["parameters"]))
    return parameters


def _both_themes(page: str, anchors: Mapping[str, str]) -> str:
    linked = _LINK.sub(
        lambda link: f'<a class="go" href="#{_anchor(link, anchors)}">{link["label"]}</a>', page
    )
    dark = linked.replace('<div class="kw light', '<div class="kw dark', 1)
    return f'<div class="in-light">{linked}</div><div class="in-dark">{dark}</div>'


def _anchor(link: re.Match[str], anchors: Mapping[str, str]) -> str:
    return anchors.get(_parameters(link).get("incident", ""), anchors[""])
