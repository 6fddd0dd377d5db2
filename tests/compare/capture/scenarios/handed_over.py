"""Items that one version wrote and another reads: deploying over open incidents, and going back."""

from datetime import timedelta

from ..events import alias_missing, changed, denied, disabled, failed, key_missing, pending
from ..kms import KEY_ID, STORE
from ..moment import MOMENT
from ..scene import Scene, scenario
from .causes import key_number
from .housekeeping import PARTS, at_risk, canary_record, healthy

LOOKS = {"widgetContext": {"theme": "light", "width": 1200}}


@scenario
def open_incidents_go_on(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.kms.alias("alias/payments")
    scene.batch(
        disabled(),
        key_missing(key_number(3)),
        alias_missing("alias/gone"),
        denied(),
        label="opened",
    )
    scene.batch(changed("CreateAlias", alias="alias/new"), label="created")
    scene.batch(alias_missing("alias/new"), label="held")
    scene.minute()
    scene.handover()
    scene.invoke(LOOKS, "the page")
    scene.batch(disabled(), key_missing(key_number(3)), denied(), label="fail on")
    scene.minutes(8, 40, lambda: scene.batch(disabled(), label="goes on"))
    scene.kms.add(state="PendingDeletion", DeletionDate=MOMENT.now + timedelta(days=7))
    scene.batch(changed("ScheduleKeyDeletion"), pending(), label="scheduled")
    scene.minute("changed")
    scene.kms.add()
    scene.minutes(14, 45)


@scenario
def claimed_and_never_sent(scene: Scene) -> None:
    from ..aws import Fails

    scene.kms.add(state="Disabled")
    scene.answers("sns", "Publish", Fails("InternalError", "down", 500))
    scene.batch(disabled(), label="not sent")
    scene.handover()
    scene.answers("sns", "Publish", {"MessageId": "m"})
    scene.minutes(3)
    scene.batch(disabled(), label="again")


@scenario
def the_ledger_is_read(scene: Scene) -> None:
    scene.kms.add(state="PendingDeletion", DeletionDate=MOMENT.now + timedelta(days=7))
    scene.batch(
        changed("CreateAlias", alias="alias/payments"),
        changed("ScheduleKeyDeletion"),
        label="changed",
    )
    scene.batch(
        changed("DisconnectCustomKeyStore", None, requestParameters={"customKeyStoreId": STORE}),
        label="store",
    )
    scene.batch(pending(), label="opened")
    scene.wait(hours=3)
    scene.handover()
    scene.batch(alias_missing("alias/payments"), label="muted")
    scene.batch(
        failed(
            "CustomKeyStoreNotFoundException",
            "",
            None,
            requestParameters={"customKeyStoreId": STORE},
        ),
        label="store",
    )
    scene.invoke({"action": "check", "key_id": KEY_ID}, "check")
    scene.minutes(5, 20)


@scenario
def ended_incidents_open_again(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="opened")
    scene.kms.add()
    scene.minutes(3, 6)
    scene.handover()
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="again")
    scene.minutes(2, 10)


@scenario
def housekeeping_goes_on(scene: Scene) -> None:
    scene.settings(PARTS=PARTS)
    healthy(scene)
    at_risk(scene)
    scene.minutes(2)
    scene.batch(canary_record(), label="canary")
    scene.minutes(2, 60)
    scene.handover(PARTS=PARTS)
    scene.minutes(2)
    scene.invoke({"action": "doctor"}, "doctor")
    scene.kms.add(key_number(77), "Disabled")
    scene.minutes(13, 120)
