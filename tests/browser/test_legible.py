"""The incident page is legible wherever it is shown, measured in a browser: one session for all widths, themes and contents."""

import json
import re

import pytest

from keywatch.alerts.wording import iso
from keywatch.model.group import CALLER, Group, GroupKey
from keywatch.page import listing, markup, view
from tests.support import chromium
from tests.support.incidents import ENDPOINT, NOW, bad_day, detail_page, incident, list_page, many
from tests.unit.alerts.factory import ACCOUNT, APP, REGION, SCENES

pytestmark = pytest.mark.skipif(chromium.BINARY is None, reason="chromium is not installed")

WIDTHS = (600, 700, 1000, 1600)
THEMES = ("light", "dark")
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text of ordinary size
# For each frame: what sticks out, which words are broken although they would fit, the worst contrast.
PROBE = """<script>
const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const grounds = new Map();
const ground = one => {
  if (!one) return [255, 255, 255];
  if (!grounds.has(one)) {
    const c = rgb(getComputedStyle(one).backgroundColor);
    grounds.set(one, c.length < 4 || c[3] > 0 ? c : ground(one.parentElement));
  }
  return grounds.get(one);
};
const lines = rects => new Set([...rects].map(r => Math.round(r.top))).size;
function measured(frame) {
  const edge = frame.getBoundingClientRect().right + 1, out = [], broken = [];
  let contrast = 21, shown = 0;
  for (const one of frame.querySelectorAll("*"))
    if (one.getBoundingClientRect().right > edge) out.push(one.outerHTML.slice(0, 200));
  const texts = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT), range = document.createRange();
  for (let node; node = texts.nextNode();) {
    const parent = node.parentElement, style = getComputedStyle(parent);
    if (!node.data.trim() || !parent.getClientRects().length) continue;
    const [a, b] = [luminance(rgb(style.color)), luminance(ground(parent))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < contrast) contrast = ratio;
    const words = [...node.data.matchAll(/[\\p{L}\\p{N}]+/gu)];
    shown += words.length;
    range.selectNodeContents(node);
    if (parent.closest("pre") || lines(range.getClientRects()) < 2) continue;
    const room = parent.closest("td,li,p,div,h2").clientWidth - 24;
    for (const word of words) {
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const rects = range.getClientRects(), wide = [...rects].reduce((sum, r) => sum + r.width, 0);
      if (lines(rects) > 1 && wide < room) broken.push(word[0]);
    }
  }
  return {name: frame.id, content: frame.scrollWidth, frame: frame.clientWidth, out: out.slice(0, 3),
          broken: broken.slice(0, 5), contrast, shown};
}
addEventListener("load", () => {
  document.title = JSON.stringify([...document.querySelectorAll(".frame")].map(measured));
  document.body.textContent = "";
});
</script>"""


def wave():
    """A group of 1,500, beside what broke by itself."""
    key = GroupKey(CALLER, ACCOUNT, REGION, APP)
    group = Group("wave-20261123T021405Z", key, 1500, frozenset(), NOW, NOW)
    rows = view.worst_first(view.view_of(one, (), NOW, view.IN_A_ROW) for one in bad_day())
    return listing.listing(rows, [group], endpoint=ENDPOINT, now=iso(NOW), more=False)


def pages():
    """Yield the name of each page, and the page by theme and width."""
    for count in (0, 1, 200):
        # An attacker's words are measured elsewhere: nobody promises that they are legible.
        shown = [one for number, one in enumerate(many(count * 5 // 4 + 1)) if number % 5][:count]
        yield (
            f"list of {count}",
            lambda theme, width, shown=shown: list_page(shown, theme, width=width),
        )
    body = wave()
    yield "group of 1,500", lambda theme, width: markup.page(body, theme=theme, width=width)
    for cause in sorted(SCENES)[::5]:
        one = incident(cause)
        yield cause, lambda theme, width, one=one: detail_page(one, theme, width=width)


# What each of the tests below would find: too wide, a broken word, faint text.
BAD = (
    '<div class="frame" id="bad" style="width:600px;overflow:auto;background:#fff"><div style="width:2000px">wide</div>'
    '<p style="width:200px"><span style="display:inline-block;width:30px;overflow-wrap:anywhere">legible</span></p>'
    '<p style="color:#aaa">faint</p></div>'
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What the probe says of every page in every width and theme, all in one document."""
    frames = "".join(
        f'<div class="frame" id="{name} {width} {theme}" style="width:{width}px;overflow:auto">{made(theme, width)}</div>'
        for name, made in pages()
        for width in WIDTHS
        for theme in THEMES
    )
    frames = re.sub(r"(?<!^)<style>.*?</style>", "", frames, flags=re.DOTALL)
    page = tmp_path_factory.mktemp("legible") / "pages.html"
    head = f'<meta charset="utf-8"><title></title>{PROBE}<style>{markup.STYLE}</style>'
    page.write_text(
        f'<!doctype html><html><head>{head}</head><body style="margin:0">{frames}{BAD}</body></html>',
        encoding="utf-8",
    )
    title = re.search(r"<title>(.*?)</title>", chromium.dom(page, 1700, patience=600), re.DOTALL)[1]
    for reference, sign in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")):
        title = title.replace(reference, sign)
    *found, bad = json.loads(title)
    assert bad["out"]
    assert bad["content"] > bad["frame"]
    assert bad["broken"] == ["legible"]
    assert bad["contrast"] < LEAST_CONTRAST
    assert len(found) == len(list(pages())) * len(WIDTHS) * len(THEMES)
    return found


def test_everything_is_shown(measured):
    # THEN the empty list says something, and 200 incidents say much
    assert all(one["shown"] > 5 for one in measured)
    assert all(one["shown"] > 4000 for one in measured if one["name"].startswith("list of 200"))


def test_nothing_sticks_out(measured):
    assert [(one["name"], one["out"]) for one in measured if one["out"]] == []
    assert [one["name"] for one in measured if one["content"] > one["frame"]] == []


def test_no_word_is_broken_that_has_room(measured):
    assert [(one["name"], one["broken"]) for one in measured if one["broken"]] == []


def test_all_text_has_contrast(measured):
    faint = [
        (one["name"], round(one["contrast"], 2))
        for one in measured
        if one["contrast"] < LEAST_CONTRAST
    ]
    assert faint == []
