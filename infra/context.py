"""From the CDK context to settings: the object under ``"keywatch"`` in cdk.json, and single overrides of it.

``-c keywatch:<setting>=<JSON or plain text>`` on the command line overrides one setting.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra import silence
from infra.settings import FIELDS, Settings
from infra.values import Invalid, shown

CONTEXT_KEY = "keywatch"
OVERRIDE_PREFIX = f"{CONTEXT_KEY}:"


class SettingsError(Exception):
    """The settings cannot be deployed. The message has one line for each problem: the setting, what is wrong, what is allowed."""


def from_context(context: Mapping[str, object], region: str | None = None) -> Settings:
    """Read the settings out of the CDK context; ``region`` is that of the credentials. Raises ``SettingsError``."""
    given, problems = _given(context)
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = _read(name, value)
        except Invalid as invalid:
            problems[name] = str(invalid)
    settings = Settings(**values)
    problems = {**settings.problems(), **silence.refused(settings, region), **problems}
    if problems:
        raise SettingsError(
            "\n".join(
                f"KeyWatch setting {shown(name)}: {problem}" for name, problem in problems.items()
            )
        )
    return settings


def _read(name: str, value: object) -> object:
    if name not in FIELDS:
        raise Invalid(f"there is no such setting. Allowed: {', '.join(FIELDS)}")
    metadata = FIELDS[name].metadata
    try:
        return metadata["read"](value)
    except Invalid as invalid:
        raise Invalid(f"{invalid}. Allowed: {metadata['allowed']}") from None


def _given(context: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    base = _json_or_text(context.get(CONTEXT_KEY, {}))
    if isinstance(base, Mapping):
        given = {str(name): value for name, value in base.items()}
        problems = {}
    else:
        given = {}
        problems = {
            CONTEXT_KEY: f"{shown(base)} is not an object. Allowed: an object of {', '.join(FIELDS)}"
        }
    for key, value in context.items():
        if key.startswith(OVERRIDE_PREFIX):
            given[key.removeprefix(OVERRIDE_PREFIX)] = _json_or_text(value)
    return given, problems


def _json_or_text(value: object) -> object:
    """Read what came from the command line: JSON where it is JSON, else the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
