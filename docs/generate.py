"""Write everything in the documentation that is made: ``python -m docs.generate`` (``make docs``). A test keeps it current."""

from collections.abc import Callable
from pathlib import Path

from docs.pages.causes import causes_page
from docs.pages.checks import checks_page
from docs.pages.costs import costs_page
from docs.pages.explain import explain_page
from docs.pages.licences import licences_page
from docs.pages.lifecycle import lifecycle_page
from docs.pages.readme import readme_page
from docs.pages.scale import scale_page
from docs.pages.scan import scan_page
from docs.pages.security import security_page
from docs.pages.settings import settings_page

ROOT = Path(__file__).resolve().parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "docs/causes.md": causes_page,
    "docs/checks.md": checks_page,
    "docs/costs.md": costs_page,
    "docs/explain.md": explain_page,
    "docs/licences.md": licences_page,
    "docs/lifecycle.md": lifecycle_page,
    "docs/scale.md": scale_page,
    "docs/scan.md": scan_page,
    "docs/security.md": security_page,
    "docs/settings.md": settings_page,
    "README.md": readme_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
