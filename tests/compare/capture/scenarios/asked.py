"""What people ask: check, the incident page."""

import json
from datetime import timedelta
from typing import Any

from ..aws import ACCOUNT, ELSEWHERE, OTHER_ACCOUNT, REGION, Fails
from ..errors import STATES
from ..events import alias_missing, changed, denied, disabled, key_missing
from ..kms import KEY_ID, STORE, key_arn
from ..moment import MOMENT
from ..scene import Scene, scenario
from .causes import key_number
from .housekeeping import at_risk, healthy


def check(scene: Scene, key_id: Any, **more: Any) -> None:
    scene.invoke({"action": "check", "key_id": key_id, **more}, f"check {key_id} {more}"[:80])


@scenario
def checks(scene: Scene) -> None:
    scene.kms.add()
    scene.kms.used(key_arn(), MOMENT.now - timedelta(days=2))
    for name in ("alias/payments", "alias/orders"):
        scene.kms.alias(name)
    for asked in (
        KEY_ID,
        key_arn(),
        "alias/payments",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments",
    ):
        check(scene, asked)
    for number, state in enumerate((*STATES, "SomethingNew"), 10):
        scene.kms.add(
            key_number(number),
            state,
            DeletionDate=MOMENT.now + timedelta(days=5),
            CustomKeyStoreId=STORE,
        )
        check(scene, key_number(number))
        check(scene, key_number(number), notify=True)
    scene.kms.add(key_number(30), Enabled=False, KeyUsage="SIGN_VERIFY")
    scene.kms.add(key_number(31), KeyManager="AWS")
    scene.kms.add(
        key_number(32),
        ExpirationModel="KEY_MATERIAL_EXPIRES",
        ValidTo=MOMENT.now + timedelta(days=2),
        Origin="EXTERNAL",
    )
    check(scene, [key_number(30), key_number(31), key_number(32), "alias/nowhere"])
    for asked in (
        "alias/paymnets",
        "payments",
        key_number(99),
        "",
        " x ",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:{KEY_ID}",
        "alias/x" * 60,
    ):
        check(scene, asked)
        check(scene, asked, notify=True)
    check(scene, [KEY_ID, "alias/payments", "alias/nowhere", KEY_ID])
    check(scene, KEY_ID, region=ELSEWHERE)
    check(scene, key_arn(region=ELSEWHERE))
    check(scene, key_arn(account=OTHER_ACCOUNT))
    scene.kms.add(region=ELSEWHERE)
    check(scene, key_arn(region=ELSEWHERE))
    check(scene, "alias/orders", region=ELSEWHERE)


@scenario
def checks_that_wait(scene: Scene) -> None:
    asked: list[int] = []

    def appears(_region: str, params: Any) -> Any:
        asked.append(1)
        if len(asked) < 4:
            return Fails("NotFoundException", f"Key '{key_arn(params['KeyId'])}' does not exist")
        return scene.kms.describe_key(REGION, params)

    scene.kms.add()
    scene.answers("kms", "DescribeKey", appears)
    check(scene, KEY_ID, wait_seconds=60)
    asked.clear()
    check(scene, KEY_ID, wait_seconds=3)
    check(scene, [key_number(1), KEY_ID], wait_seconds=300, notify=True)


@scenario
def checks_that_cannot_tell(scene: Scene) -> None:
    for error in (
        Fails("AccessDeniedException", "denied"),
        Fails("ThrottlingException", "Rate exceeded"),
        Fails("KMSInternalException", "", 500),
    ):
        scene.answers("kms", "DescribeKey", error)
        check(scene, KEY_ID)
        check(scene, "alias/payments", notify=True)
        check(scene, "alias/payments", wait_seconds=5)
    scene.kms.install()
    for operation in ("ListAliases", "GetKeyLastUsage", "DescribeCustomKeyStores"):
        scene.kms.add(state="Unavailable", CustomKeyStoreId=STORE)
        scene.answers("kms", operation, Fails("AccessDeniedException", "denied"))
        check(scene, KEY_ID)
        check(scene, "alias/nothing")


@scenario
def checks_of_what_the_ledger_knows(scene: Scene) -> None:
    for what, alias in (
        ("CreateAlias", "alias/payments"),
        ("DisableKey", None),
        ("DeleteAlias", "alias/payments"),
    ):
        scene.batch(changed(what, alias=alias), label=what)
        scene.wait(hours=3)
    scene.kms.add(state="Disabled")
    check(scene, KEY_ID)
    check(scene, "alias/payments")


@scenario
def the_command_line(scene: Scene) -> None:
    healthy(scene)
    at_risk(scene)
    scene.kms.add()
    scene.kms.alias("alias/payments")
    for arguments in (
        ("check", "alias/payments"),
        ("check", "alias/paymnets", key_number(1), key_number(2)),
        ("check", "--json", "--wait", "3", "--notify", "--region", ELSEWHERE, KEY_ID),
        ("check", "--wait", "900", KEY_ID),
        ("sweep",),
        ("sweep", "--json", "--notify"),
        ("doctor",),
        ("doctor", "--json", "--stack", "Other"),
    ):
        scene.command(*arguments)
    record = json.dumps(disabled()["detail"])
    for text in ("NotFoundException: Invalid keyId 'x'", record, "all is well", "[", ""):
        scene.command("explain", stdin=text)
        scene.command("explain", "--json", stdin=text)
    scene.answers("kms", "DescribeKey", Fails("AccessDeniedException", "denied"))
    scene.command("check", "alias/payments")
    scene.command("sweep")


@scenario
def the_incident_page(scene: Scene) -> None:
    looks = {"widgetContext": {"theme": "light", "width": 1200, "height": 600}}
    scene.invoke({"describe": True}, "described")
    scene.invoke(looks | {"describe": True}, "described in context")
    scene.invoke(looks, "nothing")
    scene.kms.add(state="Disabled")
    scene.batch(
        disabled(),
        alias_missing("alias/<b>x</b>"),
        key_missing(key_number(3)),
        denied(),
        label="broken",
    )
    scene.batch(changed("DisableKey"), label="changed")
    scene.invoke(looks, "a list")
    scene.invoke({"widgetContext": {"theme": "dark", "width": 400}}, "dark and narrow")
    scene.invoke({"widgetContext": None}, "without looks")
    for item in scene.items():
        scene.invoke(looks | {"incident": item["subject"]["S"]}, f"one: {item['subject']['S']}")
    for wanted in ("nothing", "", 7, "key#a#b#c", "x" * 5000):
        scene.invoke(looks | {"incident": wanted}, f"one that is not there: {wanted!r}"[:60])
    scene.kms.add()
    scene.minutes(3, 6)
    scene.invoke(looks, "after one was resolved")
