"""Write the generated pages of this directory: ``python -m docs.generate`` (``make docs``). A test keeps them current."""

from collections.abc import Callable
from pathlib import Path

from docs.pages.causes import causes_page
from docs.pages.explain import explain_page

HERE = Path(__file__).parent
PAGES: dict[str, Callable[[], str]] = {"causes.md": causes_page, "explain.md": explain_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
