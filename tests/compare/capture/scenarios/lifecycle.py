"""Incidents over time: held, opened, changed, reminded of, resolved, warned of early."""

from datetime import timedelta

from ..aws import ELSEWHERE
from ..events import alias_missing, changed, denied, disabled, failed, key_missing, pending
from ..kms import KEY_ID, STORE, key_arn
from ..moment import MOMENT
from ..scene import Scene, scenario
from .causes import key_number


@scenario
def opened_reminded_changed_resolved(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="opened")
    scene.minutes(7, 40, lambda: scene.batch(disabled(), label="fails on"))
    scene.kms.add(state="PendingDeletion", DeletionDate=MOMENT.now + timedelta(days=7))
    scene.batch(changed("ScheduleKeyDeletion"), label="scheduled")
    scene.minute("changed")
    scene.batch(pending(), label="fails as changed")
    scene.kms.add(state="Disabled")
    scene.batch(changed("CancelKeyDeletion"), label="cancelled")
    scene.minute("changed back")
    scene.kms.add()
    scene.batch(changed("EnableKey"), label="enabled")
    scene.minutes(3, 6)
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="again")


@scenario
def resolved_without_proof(scene: Scene) -> None:
    scene.batch(denied(), label="denied")
    scene.batch(key_missing(), alias_missing("alias/gone"), label="missing")
    scene.minutes(9, 50)


@scenario
def held_until_it_is_visible(scene: Scene) -> None:
    scene.batch(
        changed("CreateAlias", alias="alias/new"),
        changed("CreateKey", key_number(7)),
        label="created",
    )
    scene.wait(seconds=2)
    scene.batch(alias_missing("alias/new"), key_missing(key_number(7)), label="not yet visible")
    scene.kms.add()
    scene.kms.alias("alias/new", at=MOMENT.now)
    scene.minutes(8)


@scenario
def early_warnings(scene: Scene) -> None:
    states = {
        "ScheduleKeyDeletion": "PendingDeletion",
        "DisableKey": "Disabled",
        "DeleteImportedKeyMaterial": "PendingImport",
        "DeleteExpiredKeyMaterial": "PendingImport",
        "DeleteKey": None,
        "EnableKey": "Enabled",
        "ReplicateKey": "Enabled",
        "ImportKeyMaterial": "Enabled",
        "UpdatePrimaryRegion": "Updating",
        "RotateKeyOnDemand": "Enabled",
    }
    for used, ago in (
        ("used", timedelta(hours=1)),
        ("long unused", timedelta(days=200)),
        ("never used", None),
    ):
        for number, (what, state) in enumerate(states.items(), 100 * len(used)):
            key = key_number(number)
            if state:
                arn = scene.kms.add(key, state, DeletionDate=MOMENT.now + timedelta(days=30))
                scene.kms.used(arn, MOMENT.now - ago if ago else None)
            scene.batch(changed(what, key), label=f"{what} {used}")
            if used == "used":
                scene.batch(disabled(key), label="then it fails")
    scene.batch(
        changed("DisableKey", key_number(999), eventTime="2026-02-27T00:00:00Z"),
        label="an old change",
    )


@scenario
def aliases_that_move(scene: Scene) -> None:
    scene.kms.add()
    scene.kms.add(key_number(2), "Disabled")
    scene.kms.alias("alias/payments")
    scene.batch(changed("UpdateAlias", alias="alias/payments"), label="to a usable key")
    scene.kms.alias("alias/payments", key_number(2))
    scene.batch(
        changed("UpdateAlias", key_number(2), alias="alias/payments"), label="to a disabled key"
    )
    scene.kms.aliases.clear()
    scene.batch(changed("DeleteAlias", None, alias="alias/payments"), label="deleted")
    scene.batch(alias_missing("alias/payments"), label="missing")
    scene.minutes(3, 5)


@scenario
def aliases_of_a_key_pending_deletion(scene: Scene) -> None:
    scene.kms.add(state="PendingDeletion", DeletionDate=MOMENT.now + timedelta(days=7))
    scene.batch(changed("CreateAlias", alias="alias/payments"), label="created")
    scene.batch(pending(), label="the key")
    scene.wait(hours=2)
    scene.batch(alias_missing("alias/payments"), label="its alias")
    scene.minutes(4, 15)


@scenario
def a_key_store_that_breaks(scene: Scene) -> None:
    scene.kms.store("DISCONNECTED")
    scene.batch(
        changed("DisconnectCustomKeyStore", None, requestParameters={"customKeyStoreId": STORE}),
        label="disconnected",
    )
    text = (
        "This KMS key is in a custom key store that is not connected to its external key store proxy. "
        "Connect the external key store and try the request again."
    )
    keys = [key_number(n) for n in range(12)]
    extra = {"additionalEventData": {"customKeyStoreId": STORE}}
    for key in keys:
        scene.kms.add(key, "Unavailable", CustomKeyStoreId=STORE)
    scene.batch(
        *[failed("KMSInvalidStateException", text, key, **extra) for key in keys],
        label="all its keys",
    )
    scene.kms.store("FAILED", "XKS_PROXY_NOT_REACHABLE")
    scene.minutes(
        3,
        20,
        lambda: scene.batch(
            failed("KMSInvalidStateException", text, keys[0], **extra), label="goes on"
        ),
    )
    scene.kms.store("CONNECTED")
    for key in keys:
        scene.kms.add(key, CustomKeyStoreId=STORE)
    scene.batch(
        changed("ConnectCustomKeyStore", None, requestParameters={"customKeyStoreId": STORE}),
        label="connected",
    )
    scene.minutes(4, 6)
    for what in ("UpdateCustomKeyStore", "DeleteCustomKeyStore", "CreateCustomKeyStore"):
        scene.batch(changed(what, None, requestParameters={"customKeyStoreId": STORE}), label=what)


@scenario
def many_at_once(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(*[disabled() for _ in range(60)], label="one key, sixty failures")
    scene.batch(*[key_missing(key_number(n)) for n in range(30)], label="thirty keys")
    twice = disabled()
    scene.batch(twice, twice, label="the same event twice")
    scene.minutes(2, 15)


@scenario
def causes_that_alternate(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    for _ in range(4):
        scene.batch(disabled(), label="disabled")
        scene.batch(denied(KEY_ID), label="denied")
        scene.minute()
    scene.kms.add()
    scene.minutes(4, 5, lambda: scene.batch(denied(KEY_ID), label="denied"))


@scenario
def a_warm_container_and_a_cold_one(scene: Scene) -> None:
    scene.kms.add(state="Disabled")
    scene.batch(disabled(), label="cold")
    scene.batch(disabled(), label="warm")
    scene.wait(seconds=90)
    scene.batch(disabled(), label="warm, forgotten")
    scene.settings()
    scene.batch(disabled(), label="cold again")
    scene.kms.add()
    scene.minutes(3, 6)
    scene.batch(disabled(), label="after the end, from memory or not")


@scenario
def times_from_the_past_and_the_future(scene: Scene) -> None:
    for number, hours in enumerate((-400, -30, -7, -1, 0, 1, 48)):
        when = MOMENT.now + timedelta(hours=hours)
        scene.batch(
            disabled(key_number(number), at=when),
            changed("DisableKey", key_number(20 + number), eventTime=f"{when:%FT%TZ}"),
        )
    scene.batch(
        disabled(key_number(60), eventTime="yesterday"), disabled(key_number(61), eventTime=None)
    )
    scene.minutes(2, 30)


@scenario
def one_key_in_two_regions(scene: Scene) -> None:
    mrk = "mrk-1234abcd12ab34cd56ef1234567890ab"
    scene.kms.add(mrk, "Disabled")
    scene.kms.add(mrk, region=ELSEWHERE)
    text = f"{key_arn(mrk)} is disabled."
    scene.batch(failed("DisabledException", text, mrk), label="here")
    there = f"{key_arn(mrk, ELSEWHERE)} is disabled."
    scene.batch(failed("DisabledException", there, mrk, awsRegion=ELSEWHERE), label="there")
    scene.minutes(2, 15)
