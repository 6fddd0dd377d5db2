"""Text from outside becomes one printable, bounded line."""

from hypothesis import given
from hypothesis import strategies as st

from keywatch.model.text import ELLIPSIS, one_line


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
