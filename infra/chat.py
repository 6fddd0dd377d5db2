"""Alerts in Slack or Teams, through Amazon Q Developer in chat applications.

A topic of its own, because that service drops what is not in its schema. One Slack channel can be
configured once in an account: one Region has the configuration (setting ``chat``, ``region``; else
the first Region), and it lists the topics of all. The channel gets a role
without permissions, below a guardrail that denies everything: left out, the guardrail would be
AdministratorAccess.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.acknowledgements import NO_TOPIC_KEY, acknowledge
from infra.names import CHAT_TOPIC_NAME
from infra.setting_types import Chat, ExistingTopic, SlackChannel, TeamsChannel

# Unique in the account: chat configurations are global.
CONFIGURATION_NAME = f"KeyWatch-{Aws.REGION}"
GUARDRAILS = [f"arn:{Aws.PARTITION}:iam::aws:policy/AWSDenyAll"]


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """Where the chat configuration is: ``here``, for the topics of the Regions ``others``, too; or elsewhere."""

    here: bool = True
    others: tuple[str, ...] = ()


def chat_place(chat: Chat | None, region: str, regions: Sequence[str]) -> ChatPlace:
    """Return where the chat configuration is, seen from ``region``, which is one of ``regions``."""
    if chat is None or isinstance(chat, ExistingTopic):
        return ChatPlace()
    home = chat.region or regions[0]
    if region != home:
        return ChatPlace(here=False)
    return ChatPlace(others=tuple(one for one in regions if one != home))


def chat_topic(scope: Construct, chat: Chat, place: ChatPlace) -> sns.ITopic:
    """Return the topic for chat alerts; a new one comes with the channel that listens to it, or is listened to from elsewhere."""
    if isinstance(chat, ExistingTopic):
        return sns.Topic.from_topic_arn(scope, "ChatTopic", chat.topic_arn)
    topic = sns.Topic(
        scope,
        "ChatTopic",
        display_name="KeyWatch",
        enforce_ssl=True,
        # Only what is named from another Region needs a name that can be known there.
        topic_name=None if place.here else CHAT_TOPIC_NAME,
    )
    acknowledge(topic, NO_TOPIC_KEY)
    if place.here:
        _listen(scope, chat, [topic.topic_arn, *map(_topic_in, place.others)])
    return topic


def _topic_in(region: str) -> str:
    return f"arn:{Aws.PARTITION}:sns:{region}:{Aws.ACCOUNT_ID}:{CHAT_TOPIC_NAME}"


def _listen(scope: Construct, chat: SlackChannel | TeamsChannel, topics: list[str]) -> None:
    """Let a channel listen to ``topics``."""
    role = iam.Role(
        scope,
        "ChannelRole",
        assumed_by=iam.ServicePrincipal(
            "chatbot.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        ),
        description="KeyWatch: lets a chat channel receive alerts; it may do nothing else",
    )
    if isinstance(chat, SlackChannel):
        chatbot.CfnSlackChannelConfiguration(
            scope,
            "SlackChannel",
            configuration_name=CONFIGURATION_NAME,
            iam_role_arn=role.role_arn,
            guardrail_policies=GUARDRAILS,
            sns_topic_arns=topics,
            slack_workspace_id=chat.slack_workspace_id,
            slack_channel_id=chat.slack_channel_id,
        )
    else:
        chatbot.CfnMicrosoftTeamsChannelConfiguration(
            scope,
            "TeamsChannel",
            configuration_name=CONFIGURATION_NAME,
            iam_role_arn=role.role_arn,
            guardrail_policies=GUARDRAILS,
            sns_topic_arns=topics,
            teams_tenant_id=chat.teams_tenant_id,
            team_id=chat.teams_team_id,
            teams_channel_id=chat.teams_channel_id,
        )
