"""The page of a scan in a real browser: it draws, sorts, filters and opens, nothing overflows, and nothing of the logs runs."""

import json
import re

import pytest

from cli.__main__ import main
from tests.support import chromium
from tests.unit.scan.trails import call, change, log_file
from tests.unit.sources.records import ACCOUNT, REGION

HOSTILE = "</script><script>window.owned=1</script><img src=x onerror=window.owned=1>"

# Runs beside the page's own script, in a copy of the page without its policy.
PROBE = r"""<script>
addEventListener("load", () => setTimeout(() => {
  const rows = () => [...document.querySelectorAll("tbody tr.one")];
  const count = (what) => document.querySelectorAll(what).length;
  const found = {rows: rows().length, bars: count("svg rect"), legend: count("#legend li")};
  document.querySelector('th[data-by="failures"] button').click();
  found.calls = rows().map(row => +row.cells[4].textContent);
  rows()[0].click();
  found.detail = document.querySelector("tr.detail").innerText;
  const search = document.getElementById("search");
  search.value = "alias/x"; search.dispatchEvent(new Event("input", {bubbles: true}));
  found.filtered = rows().length;
  search.value = ""; search.dispatchEvent(new Event("input", {bubbles: true}));
  // WCAG 2.2: how much a colour stands out from what is behind it
  const parts = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor, rest = parts(colour);
      if (rest.length === 3 || rest[3] > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (colour, one) => {
    const [more, less] = [light(colour), light(ground(one))].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };
  const texts = [...document.querySelectorAll("h1, h2, h3, p, li, td, th button, span, pre, input, select, label")];
  const least = (all, property, on) => Math.min(...all.map((one) => contrast(getComputedStyle(one)[property], on(one))));
  found.text = least(texts.filter((one) => one.textContent.trim()), "color", (one) => one);
  found.bar = least([...document.querySelectorAll("svg rect")], "fill", (one) => one.closest("div"));
  found.ground = getComputedStyle(document.body).backgroundColor;
  found.wide = document.documentElement.scrollWidth; found.frame = document.documentElement.clientWidth;
  found.owned = window.owned || null; found.images = document.images.length;
  document.title = JSON.stringify(found);
}, 300));
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    log, html = folder / "1.json", folder / "page.html"
    evil = ("NotFoundException", f"Invalid keyId '{HOSTILE}'")
    alias = ("NotFoundException", f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/x is not found.")
    records = [
        change(0, "DisableKey"),
        *[call(1440 * day) for day in range(1, 9)],
        *[call(n) for n in range(1, 40)],
    ]
    records += [
        call(50, evil, requestParameters={"keyId": HOSTILE}),
        call(60, alias, requestParameters={"keyId": "alias/x"}),
    ]
    log.write_bytes(log_file(*records))
    main(["scan", "--html", str(html), str(log)])
    return html


def test_no_request_leaves_the_page_and_its_policy_allows_only_what_is_in_it(page):
    # GIVEN the page
    text = page.read_text()
    # WHEN and THEN nothing in it names another place, and the policy forbids what would
    assert not re.search(r"(?:src|href|url|action)\s*[=(]\s*[\"']?(?:https?:)?//", text)
    assert "default-src 'none'" in text
    assert HOSTILE not in text
    assert text.count("<script") == 2


@pytest.mark.skipif(chromium.BINARY is None, reason="chromium is not installed")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [700, 1600])
def test_it_draws_sorts_filters_opens_fits_and_is_legible(page, tmp_path, width, dark):
    # GIVEN the page with a probe in it
    probed = tmp_path / "probed.html"
    without_policy = re.sub(r"<meta http-equiv[^>]*>", "", page.read_text())
    probed.write_text(without_policy.replace("</body>", f"{PROBE}</body>"))
    # WHEN a browser shows it
    title = re.search(r"<title>(.*?)</title>", chromium.dom(probed, width, dark=dark), re.DOTALL)[1]
    found = json.loads(title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    # THEN it has its rows and bars, sorts by calls, opens a row, and filters
    assert (found["rows"], found["filtered"]) == (11, 1)
    assert found["bars"] >= 9
    assert found["legend"] == 3
    assert found["calls"] == sorted(found["calls"], reverse=True)
    assert "called DisableKey" in found["detail"]
    # AND every text and bar stands out from its ground as WCAG 2.2 (1.4.3 and 1.4.11) asks, in the colours asked for
    assert found["text"] >= 4.5
    assert found["bar"] >= 3
    assert (found["ground"] == "rgb(255, 255, 255)") == (not dark)
    # AND nothing is wider than the window, and nothing of the logs ran
    assert found["wide"] <= found["frame"]
    assert (found["owned"], found["images"]) == (None, 0)


@pytest.mark.skipif(chromium.BINARY is None, reason="chromium is not installed")
def test_with_its_policy_the_page_still_works(page):
    # GIVEN the page as it is written; WHEN a browser shows it; THEN its own style and script run
    dom = chromium.dom(page)
    assert dom.count('class="one"') == 11
    assert "<svg" in dom
