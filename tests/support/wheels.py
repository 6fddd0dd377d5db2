"""Tiny packages, an index that serves them, and locks that name them, for tests of the set-up."""

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A package file in an index."""

    name: str
    version: str
    file: Path

    @property
    def locked(self) -> str:
        """The lines of a lock that name this file and no other, as ``make lock`` writes them."""
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        return f"{self.name}=={self.version} \\\n    --hash=sha256:{digest}\n    # via a test\n"


@dataclass(frozen=True)
class Index:
    """A package index in a folder (PyPA, "Simple repository API"); pip reads it by its file address."""

    folder: Path

    @property
    def address(self) -> str:
        return self.folder.as_uri()

    def publish(
        self,
        name: str,
        version: str,
        needs: Sequence[str] = (),
        extras: Mapping[str, Sequence[str]] | None = None,
    ) -> Wheel:
        """Publish a package that needs others, and more with its extras."""
        project = self.folder / name
        project.mkdir(parents=True, exist_ok=True)
        wheel = Wheel(name, version, project / f"{name}-{version}-py3-none-any.whl")
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": f"VERSION = {version!r}\n",
            f"{info}/METADATA": _metadata(name, version, needs, extras or {}),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(wheel.file, "w") as archive:
            for file, text in (files | {f"{info}/RECORD": record}).items():
                archive.writestr(file, text)
        links = (f'<a href="{file.name}">{file.name}</a>' for file in sorted(project.glob("*.whl")))
        (project / "index.html").write_text(f"<!doctype html>{' '.join(links)}")
        return wheel


def _metadata(
    name: str, version: str, needs: Sequence[str], extras: Mapping[str, Sequence[str]]
) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}" for need in needs]
    for extra, more in extras.items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f'Requires-Dist: {need}; extra == "{extra}"' for need in more]
    return "\n".join(lines) + "\n"
