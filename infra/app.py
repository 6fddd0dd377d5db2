"""From the CDK context to stacks: one for each Region that the settings name.

What is in the stack of a Region does not depend on which other Regions there are, with one
exception: the chat configuration, of which an account has one, lists the topics of all Regions.
"""

import os
from collections.abc import Mapping

from aws_cdk import App, Environment

from infra import context
from infra.chat import ChatPlace, chat_place
from infra.key_watch_stack import KeyWatchStack
from infra.names import STACK_NAME


def add_stacks(app: App) -> list[KeyWatchStack]:
    """Add the stacks that the context of ``app`` asks for. Raises ``SettingsError``."""
    settings = context.from_context(
        app.node.get_all_context(), os.environ.get("CDK_DEFAULT_REGION")
    )
    here = settings.of_one_region()
    if not settings.regions:
        return [
            KeyWatchStack(
                app, STACK_NAME, settings=here, chat=ChatPlace(), stack_name=here.stack_name
            )
        ]
    stacks = {
        region: KeyWatchStack(
            app,
            f"{STACK_NAME}-{region}",
            settings=here,
            chat=chat_place(settings.chat, region, settings.regions),
            stack_name=here.stack_name.replace("{region}", region),
            env=Environment(region=region),
        )
        for region in settings.regions
    }
    _chat_comes_last(stacks)
    return list(stacks.values())


def _chat_comes_last(stacks: Mapping[str, KeyWatchStack]) -> None:
    """Deploy the stack with the chat configuration behind the others: it names their topics."""
    for home in stacks.values():
        for region in home.chat.others:
            home.add_stack_dependency(stacks[region], "the chat configuration names its topic")
