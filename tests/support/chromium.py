"""Debian's Chromium, headless: the DOM that a page becomes, and its picture."""

import shutil
import subprocess
import tempfile
from pathlib import Path

BINARY = shutil.which("chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=2000",
)


def dom(page: Path, width: int = 1200, *, dark: bool = False, patience: int = 60) -> str:
    """Return the DOM of a page after its scripts ran, within ``patience`` seconds, for whoever prefers light or dark."""
    # blink.mojom.PreferredColorScheme: 0 is dark, 1 is light.
    colours = f"--blink-settings=preferredColorScheme={int(not dark)}"
    return _run(page, width, 900, colours, "--dump-dom", patience=patience)


def picture(page: Path, target: Path, *, width: int = 1200, height: int = 900) -> Path:
    """Write a screenshot of a page to ``target`` (PNG) and return it."""
    _run(page, width, height, f"--screenshot={target}")
    return target


def _run(page: Path, width: int, height: int, *what: str, patience: int = 60) -> str:
    assert BINARY, "chromium is not installed"
    with tempfile.TemporaryDirectory() as profile:
        command = [
            BINARY,
            *_FLAGS,
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            *what,
            page.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=True)
    return done.stdout
