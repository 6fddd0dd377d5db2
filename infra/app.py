"""From the CDK context to stacks: one for each Region that the settings name."""

import os

from aws_cdk import App, Environment

from infra import context
from infra.key_watch_stack import KeyWatchStack

STACK_NAME = "KeyWatch"


def add_stacks(app: App) -> list[KeyWatchStack]:
    """Add the stacks that the context of ``app`` asks for. Raises ``SettingsError``."""
    settings = context.from_context(
        app.node.get_all_context(), os.environ.get("CDK_DEFAULT_REGION")
    )
    if not settings.regions:
        return [KeyWatchStack(app, STACK_NAME, settings=settings)]
    several = len(settings.regions) > 1
    return [
        KeyWatchStack(
            app,
            f"{STACK_NAME}-{region}" if several else STACK_NAME,
            settings=settings,
            env=Environment(region=region),
        )
        for region in settings.regions
    ]
