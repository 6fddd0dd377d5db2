"""``make sbom``: what ships with the function, and what builds it, as CycloneDX 1.6 (JSON), from the locks.

The same locks make the same files, byte for byte: no time and no random serial number stands in
them. Licences are what installed packages and package-lock.json say of themselves.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from tools.locks import FUNCTION, LOCKS

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^ ;\\\n]+)(?P<rest>(?:.*\\\n)(?:    --hash.*\n?)*)",
    re.MULTILINE,
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy"
_CLASSIFIER = "License :: OSI Approved :: "
Component = dict[str, Any]


def main(target: Path) -> int:
    """Write ``function.cdx.json`` and ``toolchain.cdx.json`` into the folder ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    for name, made in {"function": function(), "toolchain": toolchain()}.items():
        path = target / f"{name}.cdx.json"
        path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        sys.stdout.write(f"wrote {path.name}: {len(made['components'])} components\n")
    return 0


def function() -> dict[str, Any]:
    """Return the SBOM of what ships with the function."""
    return _sbom("keywatch-function", python_components(_read(f"{FUNCTION}.txt")))


def toolchain() -> dict[str, Any]:
    """Return the SBOM of what synthesizes, deploys, tests and audits it: Python and Node."""
    python = [part for lock in LOCKS for part in python_components(_read(f"{lock}.txt"))]
    node = node_components(json.loads(_read("package-lock.json")))
    return _sbom("keywatch-toolchain", [*python, *node])


def _sbom(name: str, components: Iterator[Component] | list[Component]) -> dict[str, Any]:
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name, "bom-ref": name}},
        "components": sorted(components, key=lambda one: str(one["bom-ref"])),
    }


def python_components(lock: str) -> Iterator[Component]:
    """Yield the packages of a lock, each with its licence and the hashes of its files."""
    for pin in _PIN.finditer(lock):
        purl = f"pkg:pypi/{pin['name'].lower().replace('_', '-')}@{pin['version']}"
        files = _HASH.findall(pin["rest"])
        component = _component(pin["name"], pin["version"], purl, licence_of(pin["name"]))
        if len(files) == 1:
            component["hashes"] = [{"alg": "SHA-256", "content": files[0]}]
        else:  # one of these: a wheel for some platform, or the sources
            component["properties"] = [{"name": "keywatch:sha256", "value": one} for one in files]
        yield component


def node_components(lock: Mapping[str, Any]) -> Iterator[Component]:
    """Yield the packages of package-lock.json."""
    for path, package in lock["packages"].items():
        if path:
            name = path.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
            component = _component(name, package["version"], purl, package.get("license"))
            algorithm, _, digest = package.get("integrity", "").partition("-")
            if algorithm == "sha512":
                content = base64.b64decode(digest).hex()
                component["hashes"] = [{"alg": "SHA-512", "content": content}]
            yield component


def _component(name: str, version: str, purl: str, licence: str | None) -> Component:
    component: Component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def licence_of(package: str) -> str | None:
    """Return what an installed package says of its licence; ``None`` where it is not installed here or says nothing."""
    try:
        about = metadata(package)
    except PackageNotFoundError:
        return None
    classified = [
        value.removeprefix(_CLASSIFIER)
        for value in about.get_all("Classifier", [])
        if value.startswith(_CLASSIFIER)
    ]
    expressions, texts = about.get_all("License-Expression", []), about.get_all("License", [])
    said = next(filter(None, (*expressions, ", ".join(classified), *texts)), "")
    if _MIT in " ".join(said.split()):  # the whole text, and not its name
        return "MIT License"
    return said.splitlines()[0][:100] if said else None


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
