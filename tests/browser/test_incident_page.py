"""The incident page in a real browser: nothing runs, nothing overflows, and it is a page that one would show."""

import json
import re
import struct
import zlib
from pathlib import Path

import pytest

from tests.support import chromium
from tests.support.incidents import (
    HOSTILE,
    bad_day,
    detail_page,
    hostile,
    incident,
    list_page,
    many,
)

pytestmark = pytest.mark.skipif(chromium.BINARY is None, reason="chromium is not installed")

PICTURE = Path(__file__).parents[2] / "docs" / "incident-page.png"
PICTURE_WIDTH, PICTURE_HEIGHT = 1180, 700
MOST_BYTES = 200_000
# Says in the title what the page became: as wide as its frame, as wide as its content, what sticks
# out, what ran.
PROBE = """<script>
addEventListener("load", () => setTimeout(() => {
  const frame = document.getElementById("frame"), edge = frame.getBoundingClientRect().right + 1;
  const out = [...frame.querySelectorAll("*")].filter(one => one.getBoundingClientRect().right > edge).map(one => one.outerHTML);
  document.title = JSON.stringify({frame: frame.clientWidth, content: frame.scrollWidth, out: out.slice(0, 3),
    owned: window.owned || null, rows: frame.querySelectorAll("tbody tr").length, text: frame.innerText.length});
}, 300));
</script>"""


def framed(tmp_path, html, width):
    page = tmp_path / "page.html"
    page.write_text(
        f'<!doctype html><html><head><meta charset="utf-8"><title></title>{PROBE}</head>'
        f'<body style="margin:0"><div id="frame" style="width:{width}px;overflow:auto">{html}</div></body></html>',
        encoding="utf-8",
    )
    return page


def probed(tmp_path, html, width=1200):
    """Return what the probe says of a page in a widget of this width."""
    title = re.search(
        r"<title>(.*?)</title>", chromium.dom(framed(tmp_path, html, width)), re.DOTALL
    )[1]
    return json.loads(
        title.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
    )


@pytest.mark.parametrize("count", [0, 1, 200])
@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (760, "dark"), (340, "light")])
def test_the_list_neither_runs_anything_nor_overflows(tmp_path, count, width, theme):
    # GIVEN a list with an attacker's text in every fifth row
    html = list_page(many(count), theme, width=width)
    # WHEN a browser renders it in a widget of this width
    found = probed(tmp_path, html, width)
    # THEN every row is there, no script ran, and nothing sticks out to the right
    assert (found["rows"], found["owned"], found["out"]) == (count, None, [])
    assert found["content"] <= found["frame"]
    assert found["text"] > 50


@pytest.mark.parametrize(("width", "theme"), [(1200, "dark"), (340, "light")])
def test_one_incident_neither_runs_anything_nor_overflows(tmp_path, width, theme):
    # GIVEN the pages of incidents with each hostile text
    html = "".join(
        detail_page(hostile(incident("key_material_missing"), text), theme, width=width)
        for text in HOSTILE
    )
    # WHEN THEN a browser renders them: no script ran, and nothing sticks out
    found = probed(tmp_path, html, width)
    assert (found["owned"], found["out"]) == (None, [])
    assert found["content"] <= found["frame"]


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_the_probe_would_notice(tmp_path, text):
    # GIVEN a page that forgot to escape, and is too wide
    found = probed(tmp_path, f'<div style="width:2000px"><input value="{text}"></div>', 600)
    # THEN the probe says so
    assert found["owned"] == "yes" or not text.startswith('"')
    assert found["out"]
    assert found["content"] > found["frame"]


def test_the_probe_notices_a_script(tmp_path):
    assert probed(tmp_path, HOSTILE[0])["owned"] == "yes"


def colours(picture):
    """Return width, height and how many different colours a PNG of 8 bits a channel has in its first bytes of each row."""
    data = picture.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    chunks, position = b"", 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            chunks += data[position + 8 : position + 8 + length]
        position += 12 + length
    return width, height, len(set(zlib.decompress(chunks)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_theme_is_a_picture_with_something_on_it(tmp_path, theme):
    page = framed(tmp_path, list_page(bad_day(), theme), 1200)
    width, height, different = colours(chromium.picture(page, tmp_path / "page.png"))
    assert (width, height) == (1200, 900)
    assert different > 50


def test_a_blank_picture_has_nothing_on_it(tmp_path):
    page = framed(tmp_path, "", 1200)
    assert colours(chromium.picture(page, tmp_path / "page.png"))[2] < 10


def test_the_picture_of_the_readme_is_made_here(tmp_path, request):
    # GIVEN a bad day
    html = list_page(bad_day(), width=PICTURE_WIDTH)
    page = framed(tmp_path, html, PICTURE_WIDTH)
    target = tmp_path / "incident-page.png"
    # WHEN it is rendered (and, when snapshots are updated, kept)
    chromium.picture(page, target, width=PICTURE_WIDTH, height=PICTURE_HEIGHT)
    if request.config.getoption("update_snapshots") or not PICTURE.exists():
        PICTURE.write_bytes(target.read_bytes())
    # THEN the README's picture is of that size and small; fonts differ from machine to machine, so pixels are not compared
    assert colours(PICTURE)[:2] == colours(target)[:2]
    assert PICTURE.stat().st_size < MOST_BYTES
    assert "docs/incident-page.png" in (PICTURE.parents[1] / "README.md").read_text(
        encoding="utf-8"
    )
