"""The page of licences: what ships with the function, and what is asked for to build, test and audit it."""

import json
from pathlib import Path

from infra.packages import roots
from tools import sbom

ROOT = Path(__file__).resolve().parents[2]
_HEAD = """# Licences

KeyWatch itself is under the Apache License 2.0. These packages are used by it; the licences are what they say of themselves.
`make sbom` writes every package, those that these bring along included, with version, licence and hashes (CycloneDX).
"""


def licences_page() -> str:
    """Return the page."""
    shipped = list(sbom.python_components(_read(f"{sbom.FUNCTION}.txt")))
    node = list(sbom.node_components(json.loads(_read("package-lock.json"))))
    asked = {one.name.lower() for lock in sbom.LOCKS for one in roots(_read(f"{lock}.in"))}
    locked = {
        one["name"].lower(): one
        for lock in sbom.LOCKS
        for one in sbom.python_components(_read(f"{lock}.txt"))
    }
    tools = [locked[name] for name in sorted(asked) if name in locked]
    return (
        f"{_HEAD}\n## Ships with the function\n\n{_table(shipped)}"
        f"\n## Builds, deploys, tests and audits it\n\n{_table([*tools, *node])}"
    )


def _table(components: list[sbom.Component]) -> str:
    rows = "".join(
        f"| {one['name']} | {one['version']} | {_licence(one)} |\n" for one in components
    )
    return f"| package | version | licence |\n|---|---|---|\n{rows}"


def _licence(component: sbom.Component) -> str:
    return ", ".join(one["license"]["name"] for one in component.get("licenses", ()))


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
