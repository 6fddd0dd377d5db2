"""Is a rendered alert as it should be? A linkifier, a Markdown parser and an HTML parser judge, not KeyWatch's own rules."""

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt

from keywatch.alerts.document import Document
from keywatch.alerts.wording import headings, impact_lines

Faults = Iterator[tuple[str, str]]  # what kind, and where

_LINKIFY = LinkifyIt().tlds(
    ["example", "support", "zip", "dev", "io", "\u0440\u0444"], keep_old=True
)
_LINKIFY.add("//", None)  # no mail program or chat client links what begins so
_MARKDOWN = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
# Hosts in which nobody but AWS has a name, and the documentation that KeyWatch points to.
_AWS = re.compile(
    r"(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?(?:/\S*)?|(?:https?://)?(?:docs|health|console)\.aws\.amazon\.com(?:/\S*)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"://(?!(?:docs|health|console)\.aws\.amazon\.com/)|\bwww\.|[\w.+-]@\w", re.IGNORECASE
)
_MAY_BE_ONE = re.compile(r"[:@]|\.\w")
_MENTION = re.compile(r"[<>@]|&#?\w+;")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Default-ignorable letters and marks (Unicode Character Database), noncharacters, and the blank of Braille.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufdd0-\ufdef\uffff]"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def unseen(text: str) -> Faults:
    """Tell of signs that nobody sees, or that change how the rest is seen."""
    if text.isascii() and text.isprintable():
        return
    for sign in text:
        if unicodedata.category(sign) in _UNSEEN or _IGNORABLE.match(sign):
            yield "control or invisible sign", repr(sign)
            return


def links(text: str, own: Iterable[str] = ()) -> Faults:
    """Tell of what a mail program or chat client makes a link of, but for KeyWatch's ``own``."""
    for address in sorted(own, key=len, reverse=True):
        text = text.replace(address, " ")
    for found in _ADDRESS.finditer(text):
        yield "link", text[max(0, found.start() - 30) : found.end() + 30]
    if not _MAY_BE_ONE.search(text):
        return
    for match in _LINKIFY.match(text) or ():
        if not _AWS.fullmatch(
            re.split(r"[^\w.:/#?&=%-]|(?<!\?)=(?=[\w-]+\.amazonaws)", match.text)[-1]
        ):
            yield "link", match.text


def commands(document: Document) -> list[str]:
    return [one["command"] for one in document["remedies"] if one["command"]]


def email(document: Document, subject: str, body: str) -> Faults:
    """Tell what is wrong with the Subject and the body of an e-mail."""
    if not re.fullmatch(r"[A-Z][ -~]{0,98}", subject):
        yield "Subject", repr(subject)
    yield from links(subject)
    own = document["links"].values()
    lines = body.removesuffix("\n").split("\n")
    for line in lines:
        yield from unseen(line)
    prose = [one for one in lines if one not in own and one.strip() not in commands(document)]
    yield from links("\n".join(prose))
    yield from (("extra line", one) for one in prose if len(one) > 78)
    shown = [line[4:] for line in lines if line.startswith("    ")]
    if shown != commands(document):
        yield "extra line", repr(shown)
    titles = [one.upper() for one in headings(document)]
    expected = {
        r"- ": _bullets(document),
        r"\d+\. ": len(document["remedies"]),
        r"https?:": len(document["links"]),
        r"KeyWatch incident ": 1,
    } | {rf"{re.escape(title)}( \(.*\))?$": 1 for title in titles}
    for start, most in expected.items():
        if sum(bool(re.match(start, line)) for line in lines) > most:
            yield "extra line", f"more than {most} of {start}"


def _bullets(document: Document) -> int:
    members = document["group"]["members"] if "group" in document else []
    lists = (document["because"], document["unknowns"], document["changes"], members)
    return sum(map(len, lists)) + len(impact_lines(document, 3, str)) + 1


def chat(document: Document, card: dict[str, Any]) -> Faults:
    """Tell what is wrong with a chat card: Slack's mentions, Markdown that is not KeyWatch's, links."""
    content, metadata = card["content"], card["metadata"]
    own = (*document["links"].values(), *commands(document))
    single = [content["title"], *content["nextSteps"], *content["keywords"], metadata["summary"]]
    single += metadata["additionalContext"].values()
    for text in (*single, *content["description"].split("\n")):
        yield from unseen(text)
        if found := _MENTION.search(text):
            yield "mention", text[max(0, found.start() - 20) : found.end() + 20]
    yield from links("\n".join((*single, content["description"])), own)
    named = {title.strip() for title in headings(document)}
    steps = content["nextSteps"]
    for text in (*single, content["description"]):
        for kind, said in _markdown(text):
            if kind == "fence" or (kind == "code" and text in steps):
                if said.strip("\n") not in commands(document):
                    yield "extra command", said
            elif kind != "code" and said not in named:
                yield "markup", f"{kind}: {said}"


_FINE = {"paragraph", "inline", "text", "softbreak", "hardbreak", "bullet_list", "list_item"}


def _markdown(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a reader of Markdown makes of a text beyond paragraphs and bullets, and what it says."""
    for token in _MARKDOWN.parse(text):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if token.type == "fence":
            yield "fence", token.content
        elif kind not in _FINE:
            yield kind, text[:60]
        children = token.children or []
        for at, child in enumerate(children):
            if child.type == "code_inline":
                yield "code", child.content
            elif child.nesting == 1 or child.type in {"image", "html_inline"}:
                yield child.type, children[at + 1].content if at + 1 < len(children) else ""


def document_for_machines(document: Document, facts_commands: list[str]) -> Faults:
    """Tell what is wrong with the document: signs that nobody sees, links of others, commands that were altered."""
    if json.loads(json.dumps(document)) != document:
        yield "document", "does not come back the same"
    for text in strings(document):
        yield from unseen(text)
    for address in document["links"].values():
        if not re.fullmatch(
            r"https://(?:console|docs|health)\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/[!-~]*",
            address,
        ):
            yield "link", address
    for command in commands(document):
        if command not in facts_commands:
            yield "extra command", command


def strings(value: object) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for child in children:
        yield from strings(child)


_TAGS = {
    *("div", "style", "p", "h2", "h3", "span", "br", "ul", "ol", "li", "pre", "b"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "cwdb-action"),
}
_ATTRIBUTES = {
    "class": re.compile(r"[a-z -]+"),
    "style": re.compile(r"width:\d+%"),
    "data-is": re.compile(r"[A-Z][a-z]+"),
    "href": re.compile(r"https://[a-z.-]+/[^<>\"' ]*"),
    "target": re.compile(r"_blank"),
    "rel": re.compile(r"noopener noreferrer"),
    "action": re.compile(r"call"),
    "display": re.compile(r"widget"),
    "endpoint": re.compile(r"arn:aws:lambda:[a-z0-9:-]+:[A-Za-z-]+"),
}


class _Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[str, str]] = []
        self.hrefs: list[str] = []
        self.pre: list[str] = []
        self.calls: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.faults.append(("markup", tag))
        for name, value in attrs:
            rule = _ATTRIBUTES.get(name)
            if rule is None or not rule.fullmatch(value or ""):
                self.faults.append(("markup", f"{tag} {name}={value}"))
            if name == "href":
                self.hrefs.append(value or "")
        self._open.append(tag)
        if tag in {"pre", "cwdb-action"}:
            {"pre": self.pre, "cwdb-action": self.calls}[tag].append("")
        if tag == "br":
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(("markup", f"</{tag}> ends nothing"))

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in {"pre", "cwdb-action"}:
            {"pre": self.pre, "cwdb-action": self.calls}[inside][-1] += data
        if inside != "style":
            self.faults += unseen(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(("markup", f"<!--{data}"))

    def handle_decl(self, decl: str) -> None:
        self.faults.append(("markup", decl))


def page(document: Document, html: str, *, whole: bool) -> Faults:
    """Tell what is wrong with the page of an incident (``whole``), or with the list."""
    read = _Page()
    read.feed(html)
    read.close()
    yield from read.faults
    if read._open:
        yield "markup", f"left open: {read._open}"
    own = set(document["links"].values())
    yield from (("link", href) for href in read.hrefs if href not in own)
    if whole and read.pre != commands(document):
        yield "extra line", repr(read.pre)
    for call in read.calls:
        if set(json.loads(call)) - {"incident"}:
            yield "extra argument", call


def terminal(output: str, command_lines: list[str], most_lines: int | None) -> Faults:
    """Tell what is wrong with what the command line shows: ``command_lines`` and nothing else stand at depth four."""
    plain = _COLOUR.sub("", output)
    lines = plain.split("\n")
    for line in lines:
        yield from unseen(line)
    # Terminals make a link of what has a scheme; names that a table folds are theirs alone.
    said = "\n".join(one for one in lines if one.strip() not in command_lines)
    yield from (("link", found.group()) for found in _ADDRESS.finditer(said))
    shown = [line[4:] for line in lines if line.startswith("    ") and line.strip()]
    if most_lines is not None and (shown != command_lines or len(lines) - 1 > most_lines):
        yield (
            "extra line",
            repr(shown) if shown != command_lines else f"{len(lines) - 1} lines, not {most_lines}",
        )


def argv(template: str, facts: dict[str, str]) -> list[str]:
    """Return the arguments that a command of the catalogue must have, each fact one of them, or within one."""
    if not facts.get("region"):
        template = template.replace(" --region {region}", "")
    return [
        re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: facts.get(found[1], ""), word)
        for word in shlex.split(template)
    ]


def links_of_json(document: Document, body: str) -> Faults:
    """Tell of links in the JSON that a person gets by mail, but for KeyWatch's own and what stands in a command."""
    read = json.loads(body)
    if [one["command"] for one in read["remedies"]] != [
        one["command"] for one in document["remedies"]
    ]:
        yield "extra command", body
    if read["links"] != document["links"]:
        yield "link", repr(read["links"])
    others = [one for one in strings(read | {"links": {}}) if one not in commands(document)]
    yield from links("\n".join(others))
