"""Pages of which parts are made: each stands between ``<!-- name -->`` and ``<!-- /name -->``, the rest is written by people."""

from collections.abc import Callable, Mapping
from pathlib import Path


def with_parts(page: Path, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with its made parts as they are now; raises ``ValueError`` where it has no place for one."""
    text = page.read_text(encoding="utf-8")
    for name, make in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(
                f"{page.name} has no part {name}: put {begin.strip()} and {end.strip()} on lines of their own"
            )
        text = f"{before}{begin}{make()}{end}{after}"
    return text
