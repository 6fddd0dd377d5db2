"""How alerts leave: the alert topic, its e-mail subscriptions, a second way out, and chat."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.acknowledgements import MAIL_IS_SENT_AGAIN, NO_TOPIC_KEY, acknowledge
from infra.chat import ChatPlace, chat_topic
from infra.setting_types import ExistingTopic
from infra.settings import Settings
from infra.statements import statement_of
from infra.webhooks import Webhooks


class Alerting(Construct):
    """The topics that the function publishes to.

    ``topic`` is the alert topic. ``fallback`` exists only beside an encrypted alert topic: same
    readers, no key. ``channels`` are those that have messages of their own: ``chat``, because
    Amazon Q Developer in chat applications drops what is not in its schema, and those of
    ``Settings.channel_topics``. ``webhooks`` is there where web hooks are set.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        chat_place: ChatPlace,
    ) -> None:
        super().__init__(scope, construct_id)
        emails, key_arn = settings.alert_emails, settings.alert_topic_key_arn
        chat = settings.chat
        chat_key = chat.topic_key_arn if isinstance(chat, ExistingTopic) else None
        self.key_arns = [arn for arn in (key_arn, chat_key) if arn]
        self.topic = self._topic("AlertTopic", emails, key_arn)
        self.fallback = self._topic("FallbackTopic", emails) if key_arn else None
        self.channels = {"chat": chat_topic(self, chat, chat_place)} if chat else {}
        for name, arn in settings.channel_topics().items():
            construct_id = f"{name.capitalize()}Topic"
            self.channels[name] = sns.Topic.from_topic_arn(self, construct_id, arn)
        hooks = settings.webhooks
        self.webhooks = Webhooks(self, "Webhooks", webhooks=hooks) if hooks else None
        self._event_bus = settings.event_bus

    def buses(self) -> dict[str, str]:
        """Return the ARNs of the event buses that alerts are put on, by channel."""
        own = {"webhooks": self.webhooks.bus.attr_arn} if self.webhooks else {}
        return own | ({"events": self._event_bus} if self._event_bus else {})

    def topics(self) -> list[sns.ITopic]:
        """Return every topic that alerts are published to."""
        return [self.topic, *([self.fallback] if self.fallback else ()), *self.channels.values()]

    def permissions(self) -> list[iam.PolicyStatement]:
        """Return what the function needs to publish, and nothing else."""
        topics = [topic.topic_arn for topic in self.topics()]
        statements = [statement_of("PublishAlerts", *topics)]
        if self.key_arns:
            statements.append(_use_of_topic_keys(self.key_arns))
        if self._event_bus:
            statements.append(statement_of("PutEvents", self._event_bus))
        if self.webhooks:
            statements.append(self.webhooks.permission())
        return statements

    def _topic(
        self, construct_id: str, emails: tuple[str, ...] = (), key_arn: str | None = None
    ) -> sns.Topic:
        key = kms.Key.from_key_arn(self, f"{construct_id}Key", key_arn) if key_arn else None
        topic = sns.Topic(
            self, construct_id, display_name="KeyWatch", enforce_ssl=True, master_key=key
        )
        for email in emails:
            mail = topic.add_subscription(subscriptions.EmailSubscription(email))
            acknowledge(mail, MAIL_IS_SENT_AGAIN)
        if not key_arn:
            acknowledge(topic, NO_TOPIC_KEY)
        return topic


def _use_of_topic_keys(key_arns: Sequence[str]) -> iam.PolicyStatement:
    """SNS encrypts with the publisher's rights (SNS Developer Guide, "Key management"): these keys, through SNS only."""
    via_sns = {"kms:ViaService": f"sns.{Aws.REGION}.{Aws.URL_SUFFIX}"}
    return statement_of("EncryptAlerts", *key_arns, conditions={"StringEquals": via_sns})
