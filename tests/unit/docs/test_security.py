"""What ``docs/security.md`` says of text from outside is what the sources do."""

from importlib import import_module
from pathlib import Path

import pytest

from docs.pages.security import ENTERS, LEAVES
from keywatch.alerts.channels import CHANNELS
from keywatch.sources import EVENTS
from keywatch.sources.app_logs import DELIVERIES

PACKAGE = Path(__file__).parents[3] / "lambda_src/keywatch"
NAMED = sorted(
    {name for row in ENTERS for name in row.cleaned_by}
    | {name for row in LEAVES for name in row.made_harmless_by}
)


@pytest.mark.parametrize("name", NAMED)
def test_what_cleans_is_there_and_is_called(name):
    # GIVEN a function that the page names
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))
    # THEN something calls it
    calls = [
        path
        for path in (*PACKAGE.rglob("*.py"), *(PACKAGE.parents[1] / "cli").glob("*.py"))
        if f"{function}(" in path.read_text(encoding="utf-8").replace(f"def {function}(", "")
        or f"render={function}" in path.read_text(encoding="utf-8")
    ]
    assert calls


def test_each_source_of_signals_has_a_row():
    doors = " ".join(row.door for row in ENTERS)
    for source in (*EVENTS, DELIVERIES):
        assert source.read.__module__ in doors or f"`{source.read.__module__}`" in doors


def test_each_channel_has_a_row():
    forms = " ".join(row.form for row in LEAVES)
    said = {
        "email": "e-mail",
        "email_json": "e-mail as JSON",
        "chat": "chat card",
        "sms": "text message",
        "machines": "document for machines",
        "events": "event on a bus",
        "webhooks": "web hooks",
    }
    for channel in CHANNELS:
        assert said.get(channel.name, channel.name) in forms
