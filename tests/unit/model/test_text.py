"""Text from outside becomes one printable, bounded line."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.model.text import ELLIPSIS, code_points, one_line


def test_line_breaks_controls_and_direction_marks_become_blanks():
    assert one_line("a\r\nb\x00c\u202ed\u200be\ud800f") == "a b c d e f"


def test_what_is_cut_off_is_marked():
    assert one_line("x" * 300, 10) == "x" * 7 + ELLIPSIS


def test_what_is_no_text_is_empty():
    assert [one_line(value) for value in (None, 5, ["x"], {"x": 1}, b"x")] == [""] * 5


@given(st.text(max_size=400), st.integers(1, 80))
def test_any_text_is_one_clean_line_within_its_limit(value, limit):
    line = one_line(value, limit)
    assert len(line) <= max(limit, len(ELLIPSIS))
    assert len(line.splitlines()) <= 1
    assert one_line(line, max(limit, len(ELLIPSIS))) == line


def invisible():
    """Every code point that nobody sees, as far as this Python's Unicode data goes."""
    kinds = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    by_kind = {n for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in kinds}
    # Default_Ignorable_Code_Point (Unicode Character Database, DerivedCoreProperties) beyond Cf.
    ignorable = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0x2065}
    ignorable |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9)}
    return by_kind | ignorable | {*range(0xE0000, 0xE1000)} | {0x2800}


def test_nothing_that_nobody_sees_stays_in_a_text():
    kept = [f"U+{n:04X}" for n in sorted(invisible()) if one_line(f"a{chr(n)}b") != "a b"]
    assert kept == []


@pytest.mark.parametrize("text", ["alias/caf\u00e9", "\u6f22\u5b57", "\U0001f525", "\u0440"])
def test_what_people_see_stays(text):
    assert one_line(text) == text


def test_code_points_tell_letters_apart_that_look_alike():
    assert code_points("alias/\u0440ay\u0440") == "\u0440 U+0440"
    assert code_points("alias/payments") == ""
