"""The demo's file of the incident page: every incident is in it, and a click leads there without CloudWatch."""

import re

import pytest

from demo.page import views, write_page
from keywatch.page import widget
from tests.support.incidents import ENDPOINT
from tests.support.world import START, alias_missing, world


class Context:
    invoked_function_arn = ENDPOINT


def test_the_file_holds_the_list_and_every_incident_in_both_themes(tmp_path):
    # GIVEN a function with three open incidents
    with world() as on:
        for name in ("one", "two", "three"):
            on.take(alias_missing(f"alias/{name}", at=START))
        # WHEN the demo writes its page
        file = write_page(
            lambda event: widget.answer(event, Context(), on.services), tmp_path / "out"
        )
    text = file.read_text(encoding="utf-8")
    # THEN the list and three incidents are there, light and dark, and every click leads to one of them
    anchors = set(re.findall(r'<section class="view" id="([^"]+)"', text))
    assert len(anchors) == 4
    assert set(re.findall(r'href="#([^"]+)"', text)) == anchors
    assert text.count('<div class="kw light">') == text.count('<div class="kw dark">') == 4
    assert "<cwdb-action " not in text
    assert "<script" not in text


def test_an_answer_that_is_no_page_is_said():
    with pytest.raises(TypeError, match="errorMessage"):
        views(lambda event: {"errorMessage": "Unhandled"})
