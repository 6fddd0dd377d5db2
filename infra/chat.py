"""Alerts in Slack or Teams, through Amazon Q Developer in chat applications.

A topic of its own, because that service drops what is not in its schema. The channel gets a role
without permissions, below a guardrail that denies everything: left out, the guardrail would be
AdministratorAccess.
"""

from aws_cdk import Aws
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.acknowledgements import NO_TOPIC_KEY, acknowledge
from infra.setting_types import Chat, ExistingTopic, SlackChannel

# Unique in the account: chat configurations are global, and there is one for each Region.
CONFIGURATION_NAME = f"KeyWatch-{Aws.REGION}"
GUARDRAILS = [f"arn:{Aws.PARTITION}:iam::aws:policy/AWSDenyAll"]


def chat_topic(scope: Construct, chat: Chat) -> sns.ITopic:
    """Return the topic for chat alerts; a new one comes with the channel that listens to it."""
    if isinstance(chat, ExistingTopic):
        return sns.Topic.from_topic_arn(scope, "ChatTopic", chat.topic_arn)
    topic = sns.Topic(scope, "ChatTopic", display_name="KeyWatch", enforce_ssl=True)
    acknowledge(topic, NO_TOPIC_KEY)
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
            sns_topic_arns=[topic.topic_arn],
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
            sns_topic_arns=[topic.topic_arn],
            teams_tenant_id=chat.teams_tenant_id,
            team_id=chat.teams_team_id,
            teams_channel_id=chat.teams_channel_id,
        )
    return topic
