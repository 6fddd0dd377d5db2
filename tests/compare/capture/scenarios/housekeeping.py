"""What KeyWatch does for itself: canary, doctor, daily sweep."""

import json
from datetime import timedelta
from typing import Any

from ..aws import ACCOUNT, ELSEWHERE, REGION, Fails
from ..events import failed
from ..house import CHAT, FUNCTION, HEALTH, TOPIC
from ..kms import STORE
from ..moment import MOMENT
from ..scene import Scene, scenario
from .causes import key_number

CANARY = "alias/keywatch-canary-that-never-exists"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/intake"
DEAD = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/dead"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"
LONG = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
PARTS = json.dumps(
    {
        "rules": {"failures": LONG, "changes": "ENABLED"},
        "queue_url": QUEUE,
        "dead_letter_urls": [DEAD],
        "health_topic_arn": HEALTH,
        "deployment": "d1",
    }
)


def healthy(scene: Scene) -> None:
    """Script a deployment in which everything is as it should be."""
    selectors = [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "ExcludeManagementEventSources": [],
        }
    ]
    subscribed = {
        "SubscriptionArn": f"{TOPIC}:1",
        "Owner": ACCOUNT,
        "Protocol": "email",
        "Endpoint": "a@x",
        "TopicArn": TOPIC,
    }
    source = {
        "ArnLike": {"AWS:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/payments:*"}
    }
    policy = {"Statement": [{"Principal": {"Service": "logs.amazonaws.com"}, "Condition": source}]}
    ours = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"
    answers: dict[tuple[str, str], Any] = {
        ("cloudtrail", "DescribeTrails"): {"trailList": [{"Name": "all", "TrailARN": TRAIL}]},
        ("cloudtrail", "GetTrailStatus"): {"IsLogging": True},
        ("cloudtrail", "GetEventSelectors"): {"EventSelectors": selectors},
        ("events", "DescribeRule"): lambda _, p: {
            "State": LONG if p["Name"] == "failures" else "ENABLED"
        },
        ("events", "ListTargetsByRule"): {
            "Targets": [{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:intake"}]
        },
        ("lambda", "ListEventSourceMappings"): {
            "EventSourceMappings": [{"UUID": "u-1", "State": "Enabled"}]
        },
        ("lambda", "GetPolicy"): {"Policy": json.dumps(policy)},
        ("logs", "DescribeSubscriptionFilters"): {
            "subscriptionFilters": [{"destinationArn": ours}]
        },
        ("sqs", "GetQueueAttributes"): {"Attributes": {"ApproximateNumberOfMessages": "0"}},
        ("cloudwatch", "GetMetricStatistics"): {"Datapoints": [{"Maximum": 3.0}]},
        ("sns", "ListSubscriptionsByTopic"): {"Subscriptions": [subscribed]},
        ("sns", "GetTopicAttributes"): {"Attributes": {}},
    }
    for (service, operation), answer in answers.items():
        scene.answers(service, operation, answer)


def canary_record(**fields: Any) -> dict[str, Any]:
    role = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
    issuer = {"sessionIssuer": {"type": "Role", "arn": role, "accountId": ACCOUNT}}
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyWatch-function-{REGION}/KeyWatch"
    own = {"type": "AssumedRole", "arn": session, "accountId": ACCOUNT, "sessionContext": issuer}
    text = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY} is not found."
    return failed(
        "NotFoundException", text, CANARY, eventName="DescribeKey", userIdentity=own, **fields
    )


@scenario
def the_canary(scene: Scene) -> None:
    scene.invoke({"canary": "now"}, "sent by hand")
    scene.batch(canary_record(), label="came back")
    scene.batch(canary_record(requestParameters=None), label="came back without request")
    scene.batch(
        failed(
            "NotFoundException",
            f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY} is not found.",
            CANARY,
        ),
        label="somebody else's",
    )
    scene.minutes(7, 30)
    scene.kms.add()
    scene.kms.alias(CANARY)
    scene.invoke({"canary": "now"}, "somebody created it")
    scene.answers("kms", "DescribeKey", Fails("AccessDeniedException", "denied"))
    scene.invoke({"canary": "now"}, "denied")


@scenario
def the_doctor_of_a_healthy_deployment(scene: Scene) -> None:
    scene.settings(PARTS=PARTS, CHAT_TOPIC_ARN=CHAT)
    healthy(scene)
    scene.invoke({"action": "doctor"}, "before the first minute")
    scene.minute()
    scene.batch(canary_record(), label="canary")
    scene.invoke({"action": "doctor"}, "healthy")


@scenario
def the_doctor_finds_everything(scene: Scene) -> None:
    scene.settings(PARTS=PARTS)
    healthy(scene)
    pending = {
        "SubscriptionArn": "PendingConfirmation",
        "Protocol": "email",
        "Endpoint": "a@x",
        "TopicArn": TOPIC,
    }
    advanced = {
        "AdvancedEventSelectors": [
            {
                "Name": "m",
                "FieldSelectors": [
                    {"Field": "eventCategory", "Equals": ["Management"]},
                    {"Field": "readOnly", "Equals": ["false"]},
                    {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
                ],
            }
        ]
    }
    gone = Fails("ResourceNotFoundException", "gone")
    ill: tuple[tuple[str, str, Any], ...] = (
        ("cloudtrail", "DescribeTrails", {"trailList": []}),
        ("cloudtrail", "GetTrailStatus", {"IsLogging": False}),
        ("cloudtrail", "GetEventSelectors", advanced),
        (
            "cloudtrail",
            "GetEventSelectors",
            {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]},
        ),
        ("events", "DescribeRule", {"State": "ENABLED"}),
        ("events", "DescribeRule", gone),
        ("events", "ListTargetsByRule", {"Targets": []}),
        (
            "lambda",
            "ListEventSourceMappings",
            {"EventSourceMappings": [{"UUID": "u-1", "State": "Disabled"}]},
        ),
        ("lambda", "ListEventSourceMappings", {"EventSourceMappings": []}),
        ("lambda", "GetPolicy", gone),
        ("logs", "DescribeSubscriptionFilters", {"subscriptionFilters": []}),
        ("logs", "DescribeSubscriptionFilters", gone),
        ("sqs", "GetQueueAttributes", {"Attributes": {"ApproximateNumberOfMessages": "7"}}),
        ("cloudwatch", "GetMetricStatistics", {"Datapoints": [{"Maximum": 3000.0}]}),
        ("sns", "ListSubscriptionsByTopic", {"Subscriptions": []}),
        ("sns", "ListSubscriptionsByTopic", {"Subscriptions": [pending]}),
        ("sns", "GetTopicAttributes", {"Attributes": {"KmsMasterKeyId": "alias/topic"}}),
        ("kms", "DescribeKey", Fails("AccessDeniedException", "denied")),
        ("kms", "ListKeys", Fails("ThrottlingException", "Rate exceeded")),
        ("dynamodb", "Query", Fails("ResourceNotFoundException", "no table")),
    )
    for service, operation, answer in ill:
        healthy(scene)
        scene.kms.install()
        scene.passes("dynamodb", "Query")
        scene.answers(service, operation, answer)
        scene.invoke({"action": "doctor"}, f"{service} {operation}")
    scene.settings()
    scene.invoke({"action": "doctor"}, "without a stack around it")


@scenario
def the_doctor_may_see_nothing(scene: Scene) -> None:
    scene.settings(PARTS=PARTS)
    scene.invoke({"action": "doctor"}, "all denied")


@scenario
def a_day_of_housekeeping(scene: Scene) -> None:
    scene.settings(PARTS=PARTS, CHAT_TOPIC_ARN=CHAT)
    healthy(scene)
    at_risk(scene)
    scene.minutes(3)
    scene.minutes(9, 180)
    scene.settings(PARTS=PARTS.replace("d1", "d2"), CHAT_TOPIC_ARN=CHAT)
    scene.kms.add(key_number(77), "Disabled")
    scene.minutes(2)
    scene.minutes(9, 180)


def at_risk(scene: Scene) -> None:
    soon = MOMENT.now + timedelta(days=3)
    states = (
        "Enabled",
        "Disabled",
        "PendingDeletion",
        "PendingImport",
        "Unavailable",
        "PendingReplicaDeletion",
        "Creating",
    )
    for number, state in enumerate(states):
        arn = scene.kms.add(
            key_number(number),
            state,
            DeletionDate=soon,
            CustomKeyStoreId=STORE if state == "Unavailable" else "cks-0000000000000000x",
        )
        scene.kms.used(arn, MOMENT.now - timedelta(days=number * 40) if number % 2 else None)
    scene.kms.add(
        key_number(40), Origin="EXTERNAL", ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=soon
    )
    scene.kms.add(key_number(41), KeyManager="AWS")
    for number in range(100, 150):
        scene.kms.add(key_number(number))
    scene.kms.alias("alias/disabled", key_number(1))
    scene.kms.alias("alias/pending", key_number(2))
    scene.kms.alias("alias/nowhere", key_number(999))
    scene.kms.alias("alias/without-key", None)
    scene.kms.alias("alias/aws/s3", None)
    scene.kms.store("DISCONNECTED")
    scene.kms.store("FAILED", "NETWORK_ERRORS", "AWS_CLOUDHSM", "cks-1234567890abcdef1")
    scene.kms.store("CONNECTED", store="cks-1234567890abcdef2")


@scenario
def sweeps_by_hand(scene: Scene) -> None:
    scene.invoke({"action": "sweep"}, "nothing there")
    at_risk(scene)
    scene.invoke({"action": "sweep"}, "all of it")
    scene.invoke({"action": "sweep", "notify": True}, "and tell")
    scene.invoke({"action": "sweep", "resume": key_number(40)}, "go on")
    scene.answers("kms", "DescribeKey", Fails("AccessDeniedException", "denied"))
    scene.invoke({"action": "sweep", "notify": True}, "keys denied")
    scene.answers("kms", "DescribeKey", Fails("ThrottlingException", "Rate exceeded"))
    scene.invoke({"action": "sweep"}, "keys throttled")
    for operation in ("ListKeys", "ListAliases", "DescribeCustomKeyStores"):
        scene.kms.install()
        scene.answers("kms", operation, Fails("AccessDeniedException", "denied"))
        scene.invoke({"action": "sweep"}, f"{operation} denied")
    scene.kms.install()
    scene.answers("sns", "Publish", Fails("InternalErrorException", "down", 500))
    scene.invoke({"action": "sweep", "notify": True}, "SNS is down")


__all__ = ["ELSEWHERE", "PARTS", "healthy"]
