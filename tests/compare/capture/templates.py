"""The templates that the tree synthesizes, without bundling its function."""

import json
import re
from pathlib import Path

from .inputs import INPUTS

_HASHES = re.compile(r"[0-9a-f]{64}")
_DEPLOYMENT = re.compile(r"(deployment\W+)[0-9a-f]{16}")


def templates() -> dict[str, str]:
    """Return every stack's template by settings and name; hashes of the sources are replaced."""
    from aws_cdk import App

    from infra.app import add_stacks

    flags = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]
    found: dict[str, str] = {}
    for name, settings in INPUTS.stacks.items():
        app = App(
            context={**flags, "keywatch": settings, "aws:cdk:bundling-stacks": []},
            analytics_reporting=False,
        )
        add_stacks(app)
        for stack in app.synth().stacks:
            text = json.dumps(stack.template, indent=1)
            found[f"template / {name} / {stack.stack_name}"] = _DEPLOYMENT.sub(
                r"\1<deployment>", _HASHES.sub("<hash>", text)
            )
    return found
