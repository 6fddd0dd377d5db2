"""The page as HTML: only the elements that KeyWatch writes, whatever the texts are."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.incidents import (
    HOSTILE,
    bad_day,
    changes,
    detail_page,
    hostile,
    incident,
    list_page,
    many,
)
from tests.unit.alerts.factory import SCENES

OURS = {
    *(
        "a",
        "b",
        "br",
        "cwdb-action",
        "div",
        "h2",
        "h3",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "style",
        "table",
        "tbody",
        "td",
        "th",
    ),
    *("thead", "tr", "ul"),
}
ATTRIBUTES = {"action", "class", "data-is", "display", "endpoint", "href", "rel", "style", "target"}
VOID = {"br"}
HOSTS = ("https://console.aws.amazon.com/", "https://docs.aws.amazon.com/")
LAMBDA_ANSWER = 6 * 1024 * 1024


class Reader(HTMLParser):
    """Collects what a browser would make of a page, and whether every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes, self.links, self.parameters = (
            [],
            set(),
            set(),
            [],
            [],
        )

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "cwdb-action":
            self.parameters.append(json.loads(data))


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def assert_ours(html):
    found = read(html)
    assert found.seen <= OURS
    assert found.attributes <= ATTRIBUTES
    assert all(link.startswith(HOSTS) for link in found.links)
    return found


@pytest.mark.parametrize("cause", SCENES)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(cause, text):
    # GIVEN an incident that has an attacker's text wherever there is one
    one = hostile(incident(cause), text)
    # WHEN THEN neither page has an element, attribute or link that is not KeyWatch's own
    found = assert_ours(list_page([one]))
    assert_ours(detail_page(one, known=changes(text, text)))
    # AND a click asks for exactly this incident
    assert found.parameters == [{}, {"incident": one.subject.id}]


@given(text=st.text(max_size=300))
@examples(100)
def test_any_text_stays_text(text):
    one = hostile(incident("alias_not_found"), text)
    assert_ours(list_page([one]))
    assert_ours(detail_page(one, known=changes(text, text)))


@pytest.mark.parametrize("count", [0, 1, 200])
def test_a_page_is_far_from_what_the_function_may_answer(count):
    assert len(list_page(many(count)).encode()) < LAMBDA_ANSWER / 10


def test_worst_comes_first():
    # GIVEN the incidents of a bad day, and an alias that is muted
    html = list_page([*bad_day(), incident("key_deleted", "muted", status="muted")])
    # THEN what was alerted comes by severity, what was not comes last
    ranks = [
        html.index(f">{title}<")
        for title in (
            "Key scheduled for deletion",
            "Key disabled",
            "Key missing, or caller not allowed",
        )
    ]
    assert ranks == sorted(ranks)
    assert html.index(">Key deleted<") > max(ranks)


def test_a_cut_list_says_so():
    assert "More than 3 incidents" in list_page(many(3), more=True)
    assert "3 incidents<" in list_page(many(3))
    assert "1 incident<" in list_page(many(1))


def test_theme_and_width_of_the_widget():
    assert '<div class="kw dark">' in list_page([], "dark")
    assert '<div class="kw light narrow">' in list_page([], "no such theme", width=400)


def test_an_early_warning_has_no_failures():
    html = list_page([incident("key_pending_deletion", failures=0)])
    assert "none yet" in html
