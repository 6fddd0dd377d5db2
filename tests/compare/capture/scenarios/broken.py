"""AWS or the input does not do what it should."""

from typing import Any

from ..aws import Fails
from ..events import alias_missing, changed, delivery, disabled, key_missing
from ..house import CHAT, FALLBACK, TOPIC
from ..scene import Scene, scenario
from .causes import key_number

DOWN = Fails("InternalServerError", "down", 500)
_REQUESTS: tuple[Any, ...] = (
    None,
    [],
    "text",
    7,
    {},
    {"action": None},
    {"action": "dance"},
    {"action": ["check"]},
    {"action": "explain"},
    {"action": "explain", "text": 7},
    {"action": "explain", "record": "x"},
    {"action": "check"},
    {"action": "check", "key_id": None},
    {"action": "check", "key_id": []},
    {"action": "check", "key_id": [1]},
    {"action": "check", "key_id": ["x"] * 60},
    {"action": "check", "key_id": "x", "region": "nowhere"},
    {"action": "check", "key_id": "x", "wait_seconds": -1},
    {"action": "check", "key_id": "x", "wait_seconds": True, "notify": "yes", "colour": 1},
    {"action": "sweep", "resume": "x", "notify": 1},
    {"action": "doctor", "please": True},
    {"Records": None},
    {"Records": [None, 7, {}, {"messageId": 1}, {"messageId": "a"}]},
    {"awslogs": None},
    {"awslogs": {"data": "no base64"}},
    {"awslogs": {"data": "aGVsbG8="}},
    {"detail-type": None},
    {"detail-type": "AWS API Call via CloudTrail"},
    {"detail-type": "AWS API Call via CloudTrail", "detail": []},
    {"detail-type": "Something else", "detail": {}},
)


@scenario
def requests_that_make_no_sense(scene: Scene) -> None:
    for request in _REQUESTS:
        scene.invoke(request, repr(request)[:60])


@scenario
def poison_beside_failures(scene: Scene) -> None:
    deep = "[" * 100_000
    scene.batch(
        "no JSON",
        disabled(),
        "null",
        "[]",
        '"text"',
        deep,
        {"detail-type": 7},
        {"Records": [1, None]},
        label="poison",
    )
    scene.invoke({"Records": [{"messageId": "x"}, {"messageId": "y", "body": 7}]}, "bodies missing")
    scene.batch(
        {"Records": [disabled()["detail"], key_missing()["detail"]]},
        disabled()["detail"],
        label="records without envelope",
    )


@scenario
def sns_is_down(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.answers("sns", "Publish", DOWN)
    scene.batch(disabled(), key_missing(key_number(4)), label="not sent")
    scene.invoke(
        delivery([f"NotFoundException: Key '{key_number(1)}' does not exist"]),
        "a log delivery, not sent",
    )
    scene.minute("the clock cannot send")
    scene.answers("sns", "Publish", {"MessageId": "m"})
    scene.batch(disabled(), label="sent")
    scene.minutes(3)


@scenario
def the_table_is_down(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    for operation in ("Query", "GetItem", "PutItem", "UpdateItem"):
        scene.answers("dynamodb", operation, DOWN)
    scene.batch(disabled(), changed("DisableKey"), label="ungrouped")
    scene.batch(disabled(), label="ungrouped again")
    scene.minute("the clock cannot look")
    scene.invoke({"widgetContext": {"theme": "dark", "width": 900}}, "the page")
    scene.invoke({"action": "check", "key_id": "alias/x"}, "check")
    for operation in ("Query", "GetItem", "PutItem", "UpdateItem"):
        scene.passes("dynamodb", operation)
    scene.batch(disabled(), label="grouped")


@scenario
def only_writes_fail(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="opened")
    scene.answers("dynamodb", "UpdateItem", DOWN)
    scene.batch(disabled(), key_missing(key_number(3)), label="not counted")
    scene.minute("not followed")
    scene.passes("dynamodb", "UpdateItem")
    scene.answers("dynamodb", "PutItem", DOWN)
    scene.batch(key_missing(key_number(4)), changed("EnableKey"), label="not opened")
    scene.passes("dynamodb", "PutItem")
    scene.minutes(3, 5)


@scenario
def the_topics_own_key_is_broken(scene: Scene) -> None:
    scene.settings(FALLBACK_TOPIC_ARN=FALLBACK, CHAT_TOPIC_ARN=CHAT)

    def publish(_region: str, params: Any) -> Any:
        return (
            Fails("KMSDisabledException", "the key is disabled")
            if params["TopicArn"] == TOPIC
            else {"MessageId": "m"}
        )

    scene.answers("sns", "Publish", publish)
    scene.batch(disabled(), label="by the fallback")


@scenario
def chat_is_broken(scene: Scene) -> None:
    scene.settings(CHAT_TOPIC_ARN=CHAT)
    scene.batch(disabled(), label="both")
    scene.answers(
        "sns",
        "Publish",
        lambda _, params: DOWN if params["TopicArn"] == CHAT else {"MessageId": "m"},
    )
    scene.batch(alias_missing("alias/x"), label="without chat")


@scenario
def items_that_nobody_can_read(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="opened")
    odd = {
        "subject": {"S": "key#odd"},
        "item": {"S": "incident"},
        "queue": {"S": "due"},
        "due_at": {"N": "1"},
    }
    scene.store(odd)
    scene.minutes(2, 15)
    scene.invoke({"widgetContext": {"theme": "light", "width": 900}}, "the page")
