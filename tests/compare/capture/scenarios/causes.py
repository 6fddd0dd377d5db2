"""Every error text under every kind of evidence: nothing there, a usable key, all denied, throttled; the state it speaks of."""

from datetime import timedelta
from typing import Any

from ..aws import ACCOUNT, ELSEWHERE, OTHER_ACCOUNT, REGION, Fails
from ..errors import CONNECTION_ERRORS, SERVICES, STATES, TEXTS
from ..events import APP, alias_missing, changed, denied, disabled, envelope, failed, key_missing
from ..kms import KEY_ID, key_arn
from ..moment import MOMENT
from ..scene import Scene, scenario


def key_number(number: int) -> str:
    return f"1234abcd-12ab-34cd-56ef-{number:012d}"


def filled(text: str | None, key_id: str, alias: str) -> str | None:
    if text is None:
        return None
    return text.format(
        key=key_arn(key_id), alias=f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}", id=key_id
    )


def every_text(scene: Scene, first: int, **fields: Any) -> None:
    for number, (code, text) in enumerate(TEXTS, first):
        key_id, alias = key_number(number), f"alias/thing-{number}"
        typed = alias if text and "{alias}" in text else key_id
        event = failed(code, filled(text, key_id, alias), typed, **fields)
        scene.batch(event, label=f"{code}: {text}"[:90])


@scenario
def every_text_about_nothing_that_exists(scene: Scene) -> None:
    every_text(scene, 0)


@scenario
def every_text_about_usable_keys(scene: Scene) -> None:
    for number, _ in enumerate(TEXTS):
        scene.kms.add(key_number(number))
        scene.kms.alias(f"alias/thing-{number}", key_number(number))
    every_text(scene, 0)


@scenario
def every_text_while_look_ups_are_denied(scene: Scene) -> None:
    for operation in ("DescribeKey", "ListAliases", "DescribeCustomKeyStores", "GetKeyLastUsage"):
        scene.answers(
            "kms",
            operation,
            Fails(
                "AccessDeniedException", f"User: x is not authorized to perform: kms:{operation}"
            ),
        )
    scene.answers("cloudtrail", "LookupEvents", Fails("AccessDeniedException", "not authorized"))
    every_text(scene, 0)


@scenario
def every_text_while_look_ups_are_throttled(scene: Scene) -> None:
    for operation in ("DescribeKey", "ListAliases", "DescribeCustomKeyStores", "GetKeyLastUsage"):
        scene.answers("kms", operation, Fails("ThrottlingException", "Rate exceeded"))
    scene.answers("cloudtrail", "LookupEvents", Fails("ThrottlingException", "Rate exceeded"))
    every_text(scene, 0)


@scenario
def every_text_of_a_key_in_a_store(scene: Scene) -> None:
    for number, _ in enumerate(TEXTS):
        store = f"cks-{number:017d}"
        scene.kms.add(
            key_number(number), "Unavailable", CustomKeyStoreId=store, Origin="EXTERNAL_KEY_STORE"
        )
        scene.kms.store("DISCONNECTED", store=store)
    for number, (code, text) in enumerate(TEXTS):
        key_id, store = key_number(number), f"cks-{number:017d}"
        extra = {
            "additionalEventData": {"customKeyStoreId": store, "xksKeyId": f"external-{number}"}
        }
        scene.batch(
            failed(code, filled(text, key_id, "alias/x"), key_id, **extra),
            label=f"{code}: {text}"[:90],
        )


@scenario
def every_connection_error(scene: Scene) -> None:
    code, text = STATES["Unavailable"]
    for number, error in enumerate(CONNECTION_ERRORS):
        store, key_id = f"cks-{number:017d}", key_number(number)
        kind = "EXTERNAL_KEY_STORE" if error.startswith("XKS") else "AWS_CLOUDHSM"
        scene.kms.store("FAILED", error, kind, store)
        scene.kms.add(
            key_id, "Unavailable", CustomKeyStoreId=store, Origin=kind.removeprefix("AWS_")
        )
        scene.batch(failed(code, filled(text, key_id, ""), key_id), label=error)


@scenario
def every_state_as_kms_reports_it(scene: Scene) -> None:
    for number, (state, (code, text)) in enumerate(STATES.items()):
        key_id = key_number(number)
        arn = scene.kms.add(
            key_id,
            state,
            DeletionDate=MOMENT.now + timedelta(days=7),
            PendingDeletionWindowInDays=7,
        )
        scene.kms.used(arn, MOMENT.now - timedelta(days=3))
        scene.kms.alias(f"alias/known-{number}", key_id)
        scene.batch(failed(code, filled(text, key_id, ""), key_id), label=state)
        # The same state behind a text that says something else.
        other = key_number(100 + number)
        scene.kms.add(other, state, DeletionDate=MOMENT.now + timedelta(days=7))
        scene.batch(key_missing(other), label=f"{state}, said to be missing")


@scenario
def services_that_call_kms(scene: Scene) -> None:
    for number, (service, operation, code, text) in enumerate(SERVICES):
        key_id = key_number(number)
        request = {
            "kmsKeyId": key_arn(key_id),
            "bucketName": "invoices",
            "keyId": f"alias/thing-{number}",
        }
        fields = {"eventSource": service, "eventName": operation, "requestParameters": request}
        scene.batch(
            failed(code, filled(text, key_id, f"alias/thing-{number}"), None, **fields),
            label=f"{service} {code}",
        )
    for number, (service, operation, code, text) in enumerate(SERVICES, 50):
        fields = {"eventSource": service, "eventName": operation, "requestParameters": None}
        scene.batch(failed(code, None, None, **fields), label=f"{service} {code} without text")
        fields = {"eventSource": service, "eventName": operation}
        scene.batch(
            failed("AccessDenied", filled(text, key_number(number), ""), None, **fields),
            label=f"{service} denied",
        )


@scenario
def names_that_may_have_been_meant(scene: Scene) -> None:
    scene.kms.add()
    for name in ("alias/payments", "alias/orders", "alias/payments-eu", "alias/Payments"):
        scene.kms.alias(name)
    for name in (
        "alias/paymnets",
        "alias/PAYMENTS",
        "alias/order",
        "alias/entirely-else",
        "alias/payments/",
    ):
        scene.batch(alias_missing(name), label=name)
    malformed = (
        "payments",
        "alias:payments",
        " alias/payments",
        KEY_ID[:-1],
        f"arn:aws:kms:{REGION}:{ACCOUNT}:{KEY_ID}",
        "None",
        "",
    )
    for name in malformed:
        text = f"Invalid keyId '{name}'"
        scene.batch(failed("NotFoundException", text, name), label=f"malformed {name!r}")


@scenario
def keys_that_live_elsewhere(scene: Scene) -> None:
    scene.kms.add(region=ELSEWHERE)
    scene.kms.alias("alias/payments", region=ELSEWHERE)
    scene.batch(key_missing(), label="a key of another Region")
    scene.batch(alias_missing("alias/payments"), label="an alias of another Region")
    typed = key_arn(region=ELSEWHERE)
    scene.batch(
        failed("NotFoundException", f"Invalid arn {ELSEWHERE}", typed),
        label="an ARN of another Region",
    )
    scene.batch(denied(typed), label="a denial of an ARN of another Region")
    mrk = "mrk-1234abcd12ab34cd56ef1234567890ab"
    primary = {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": key_arn(mrk, ELSEWHERE), "Region": ELSEWHERE},
    }
    scene.kms.add(mrk, region=ELSEWHERE, MultiRegion=True, MultiRegionConfiguration=primary)
    scene.batch(key_missing(mrk), label="a replica that is gone")
    foreign = key_arn(account=OTHER_ACCOUNT)
    scene.batch(denied(foreign), label="a key of another account")
    scene.batch(
        failed("NotFoundException", f"Key '{foreign}' does not exist", foreign),
        label="a missing key of another account",
    )
    away = {
        "userIdentity": {"type": "AWSAccount", "accountId": OTHER_ACCOUNT, "principalId": "AIDA"},
        "sharedEventID": "shared-1",
    }
    scene.batch(denied(key_arn(), **away), label="a caller of another account")


@scenario
def who_deleted_it(scene: Scene) -> None:
    history = [
        changed(
            "ScheduleKeyDeletion", requestParameters={"keyId": KEY_ID, "pendingWindowInDays": 7}
        )["detail"],
        changed("DeleteKey", userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"})[
            "detail"
        ],
    ]
    found = {
        "Events": [
            {"EventId": record["eventID"], "CloudTrailEvent": scene_json(record)}
            for record in history
        ]
    }
    scene.answers("cloudtrail", "LookupEvents", found)
    scene.wait(days=8)
    scene.batch(key_missing(), label="CloudTrail knows")
    scene.batch(alias_missing("alias/payments"), label="an alias")


@scenario
def who_changed_it_as_the_ledger_knows(scene: Scene) -> None:
    scene.kms.add()
    for what, alias in (
        ("CreateKey", None),
        ("CreateAlias", "alias/payments"),
        ("ScheduleKeyDeletion", None),
        ("DeleteAlias", "alias/payments"),
        ("DeleteKey", None),
    ):
        scene.wait(hours=1)
        scene.batch(changed(what, alias=alias), label=what)
    scene.kms.keys.clear()
    scene.wait(hours=5)
    scene.batch(key_missing(), alias_missing("alias/payments"), disabled(), label="then they fail")


@scenario
def callers_of_every_kind(scene: Scene) -> None:
    identities: tuple[dict[str, Any], ...] = (
        {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
        {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/x",
            "accountId": ACCOUNT,
            "userName": "x",
        },
        {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b",
            "accountId": ACCOUNT,
        },
        {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
        {"type": "AWSAccount", "accountId": OTHER_ACCOUNT},
        {"type": "WebIdentityUser", "principalId": "arn:aws:iam::1:oidc", "userName": "repo:x"},
        {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
        {"type": "SomethingNew"},
        {},
    )
    for number, identity in enumerate(identities):
        scene.batch(
            disabled(key_number(number), userIdentity=identity), label=str(identity.get("type"))
        )
    own = f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyWatch-function-{REGION}/KeyWatch"
    issuer = {
        "sessionIssuer": {
            "type": "Role",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}",
        }
    }
    mine = {"type": "AssumedRole", "arn": own, "accountId": ACCOUNT, "sessionContext": issuer}
    scene.batch(disabled(key_number(50), userIdentity=mine), label="KeyWatch itself")


@scenario
def hostile_text(scene: Scene) -> None:
    for number, text in enumerate(
        (
            "<script>alert(1)</script>",
            "@here <!channel>",
            "a\u202eb\r\nSubject: x",
            "[x](http://x)",
            "x" * 4000,
        )
    ):
        scene.batch(
            failed(
                "NotFoundException",
                f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/{text} is not found.",
                f"alias/{text}",
            )
        )
        scene.batch(
            disabled(
                key_number(number), userIdentity={"type": "IAMUser", "arn": text, "userName": text}
            )
        )
        scene.batch(
            failed("KMSInvalidStateException", text, text),
            envelope({"eventName": text, "errorCode": text, "errorMessage": text}),
        )


@scenario
def what_is_to_be_ignored(scene: Scene) -> None:
    rules = [
        {"cause": "key_disabled", "key": "alias/playground-*", "reason": "x"},
        {"principal": f"{APP}*", "service": "s3*", "reason": "y"},
    ]
    scene.settings(IGNORE_RULES=scene_json(rules))
    scene.kms.add(state="Disabled")
    scene.kms.alias("alias/playground-1")
    scene.batch(
        failed("DisabledException", f"{key_arn()} is disabled.", "alias/playground-1"),
        disabled(),
        label="some ignored",
    )


def scene_json(value: Any) -> str:
    import json

    return json.dumps(value)
