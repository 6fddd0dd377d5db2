"""The parts of the README that are made: a real alert, what the command line says, the make targets, the costs in a line.

Everything else in the README is written by people.
"""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from cli.__main__ import main as command_line
from docs.pages import costs
from docs.pages.parts import with_parts
from docs.pages.scan import table
from keywatch.actions.check.run import check
from tests.support.world import world

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ERROR = "NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:alias/paymnets is not found."
_TARGET = re.compile(r"^([a-z-]+):[^#\n]*## (.+)$", re.MULTILINE)


def readme_page() -> str:
    """Return the README with its made parts as they are now."""
    return with_parts(README, PARTS)


def _alert() -> str:
    """Return the alert of docs/alerts.md, which a test renders, without what comes after its second command."""
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    mail = page.partition("```text\n")[2].partition("```")[0]
    return f"```text\n{mail.partition('3. Find who')[0].rstrip()}\n```\n"


def _explain() -> str:
    return f'```sh\necho "{ERROR}" | ./keywatch explain\n```\n\n```text\n{_said(["explain"], stdin=ERROR)}\n```\n'


def _check() -> str:
    """Return what ``check`` says of a misspelt alias, asked of the function's own code over a scripted KMS."""
    with world() as on:
        on.kms.alias_targets["alias/payments"] = "1234abcd-12ab-34cd-56ef-1234567890ab"
        on.kms.add()
        said = _said(
            ["check", "alias/paymnets"], ask=lambda request: check(request, on.services, None)
        )
    return f"```sh\n./keywatch check alias/paymnets\n```\n\n```text\n{said}\n```\n"


def _said(arguments: list[str], *, ask: Any = None, stdin: str = "") -> str:  # noqa: ANN401 - as the command line takes it
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        command_line(arguments, ask, io.StringIO(stdin))
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def _targets() -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rows = "\n".join(f"| `make {name}` | {said} |" for name, said in _TARGET.findall(makefile))
    return f"| | |\n|---|---|\n{rows}\n"


def _costs() -> str:
    return (
        f"About ${costs.total(costs.IDLE):.2f} in an idle month, ${costs.total(costs.STORM):.2f} for a million failures of ten "
        f"keys (list prices of us-east-1, {costs.PRICES_AS_OF}, no free tier; an estimate). [The arithmetic](docs/costs.md).\n"
    )


PARTS = {
    "alert": _alert,
    "explain": _explain,
    "scan": table,
    "check": _check,
    "targets": _targets,
    "costs": _costs,
}
