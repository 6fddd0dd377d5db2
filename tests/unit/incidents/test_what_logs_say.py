"""Whatever an application writes into its log: nothing is certain, and no command changes anything, unless KMS agrees."""

import base64
import gzip
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.codes import CODES
from keywatch.sources.app_logs import read_delivery
from keywatch.sources.source import Reception
from tests.support.examples import examples
from tests.support.world import ACCOUNT, KEY_ID, REGION, World, aws_error, key_arn
from tests.support.world import world as open_world

ALIAS, STORE = "alias/orders", "cks-1234567890abcdef0"
ALIAS_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:{ALIAS}"
OTHER = "99999999-12ab-34cd-56ef-1234567890ab"
ELSEWHERE = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/{KEY_ID}"
NAMES = (KEY_ID, key_arn(), ALIAS, ALIAS_ARN, key_arn(OTHER), ELSEWHERE, "nope", "")
SENTENCES = (
    "{name} is disabled.",
    "{name} is pending deletion.",
    "{name} is pending import.",
    "{name} is unavailable.",
    "{name} is creating.",
    "Key '{name}' does not exist",
    "Alias {name} is not found.",
    "Invalid keyId '{name}'",
    "Invalid arn us-west-2",
    (
        "This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external "
        "key store and try the request again."
    ),
    "The external key store proxy rejected the request because it could not find the external key.",
    (
        "User: arn:aws:sts::123456789012:assumed-role/app/i-0 is not authorized to perform: kms:Decrypt on this resource because "
        "the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
        "explicitly denies access"
    ),
    "{name}",
    "",
)
FORMS = (
    "{code}: {said}",
    "An error occurred ({code}) when calling the Decrypt operation: {said}",
    "ERROR decrypt of {name} failed: {code}: {said}",
    "com.amazonaws.services.kms.model.{code}: {said} (Service: AWSKMS; Request ID: 6f1a52ff-3b4c-4d5e-8f60-718293a4b5c6)",
    '{{"errorType":"{code}","errorMessage":"{said}","key_id":"{name}"}}',
    (
        '{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","errorCode":"{code}","errorMessage":"{said}","eventID":"e",'
        '"awsRegion":"eu-west-1","requestParameters":{{"keyId":"{name}"}},"userIdentity":{{"type":"Root"}}}}'
    ),
    "DescribeKey in eu-west-1: the key is Disabled. {code}: {said}",
    "KeyState: PendingDeletion {said} keyStoreId " + STORE + " {code}",
)
CODE_NAMES = sorted({one.code for one in CODES})
STATES = (
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "Unavailable",
    "Creating",
    "Archived",
)
STATE_OF = {
    "key_disabled": {"Disabled"},
    "key_pending_deletion": {"PendingDeletion"},
    "key_material_missing": {"PendingImport"},
    "key_not_ready": {"Creating", "Updating"},
}
MISSING = frozenset({"alias_not_found", "key_not_found", "key_deleted"})
# What each command that changes something needs to find.
NEEDS = {
    "enable-key": {"Disabled", "PendingDeletion"},
    "cancel-key-deletion": {"PendingDeletion"},
    "import-key-material": {"PendingImport"},
    "get-parameters-for-import": {"PendingImport"},
}
READS = ("describe-", "list-", "get-", "lookup-", "simulate-")


@dataclass(frozen=True)
class Kms:
    """What KMS has: ``state`` of the key (``None``: there is none), whether the alias is there, and whether it answers."""

    state: str | None
    alias: bool
    store: str
    refuses: str

    def into(self, world: World) -> None:
        if self.state:
            world.kms.add(state=self.state, CustomKeyStoreId=STORE)
        if self.alias:
            world.kms.alias_targets[ALIAS] = KEY_ID
        world.kms.stores[STORE] = {
            "CustomKeyStoreId": STORE,
            "CustomKeyStoreName": "s",
            "ConnectionState": self.store,
        }

        def refuse(service: str, operation: str) -> None:
            if service == "kms" and self.refuses:
                raise aws_error(self.refuses, operation=operation)

        world.wire.before = refuse

    def state_of(self, document: dict) -> str | None:
        """Return the state of what a message is about, as KMS says; ``None`` where it has no such thing, or says nothing."""
        subject = str(document["subject"])
        if self.refuses or OTHER in subject or "us-west-2" in subject:
            return None
        by_alias = ALIAS in subject and KEY_ID not in subject
        return None if by_alias and not self.alias else self.state


KMS = st.builds(
    Kms,
    st.sampled_from((*STATES, None)),
    st.booleans(),
    st.sampled_from(("CONNECTED", "DISCONNECTED", "FAILED")),
    st.sampled_from(("", "", "AccessDeniedException", "ThrottlingException")),
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(NAMES))
    said = draw(st.sampled_from(SENTENCES)).format(name=name)
    code = draw(st.sampled_from(CODE_NAMES))
    return draw(st.sampled_from(FORMS)).format(code=code, said=said, name=name)


def written(world: World, texts: list[str]) -> None:
    events = [
        {
            "id": f"{number:056d}",
            "timestamp": int(world.now.timestamp() * 1000) + 700 * number,
            "message": text,
        }
        for number, text in enumerate(texts)
    ]
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/app",
        "logStream": "s",
        "logEvents": events,
    }
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()
    world.take_signals(read_delivery({"awslogs": {"data": data}}, Reception(world.now, REGION)))


def verbs(document: dict) -> Iterator[str]:
    """Yield the verbs of the offered commands that change something."""
    for remedy in document["remedies"]:
        words = shlex.split(remedy.get("command") or "")
        if len(words) > 2 and words[0] == "aws" and not words[2].startswith(READS):
            yield words[2]


def agrees(kms: Kms, document: dict) -> bool:
    """Tell whether KMS says what a message is certain of."""
    cause, state = document["cause"], kms.state_of(document)
    if kms.refuses:
        return False
    if cause in MISSING:
        return state is None
    if cause == "wrong_region":  # the id that is asked for there exists here
        return kms.state is not None and "us-west-2" in str(document["subject"])
    if cause == "key_store_disconnected":
        return kms.store != "CONNECTED" and (state is not None or STORE in str(document["subject"]))
    return state in STATE_OF.get(cause, ())


def fits(kms: Kms, document: dict, verb: str) -> bool:
    """Tell whether KMS is in a state in which a command does what it is offered for."""
    state = kms.state_of(document)
    if kms.refuses:
        return False
    if verb == "create-alias":
        return not kms.alias
    if verb == "create-key":
        return state is None
    if verb in {"connect-custom-key-store", "disconnect-custom-key-store"}:
        return kms.store != "CONNECTED"
    return state in NEEDS.get(verb, ())


@examples(100)
@given(KMS, st.lists(lines(), min_size=1, max_size=4), st.integers(0, 8))
def test_nothing_that_only_a_log_says_is_certain_or_changes_anything(kms, texts, minutes):
    with open_world() as world:
        # GIVEN a KMS in any state WHEN an application writes whatever it likes, and minutes pass
        kms.into(world)
        written(world, texts)
        for _ in range(minutes):
            world.wait(minutes=1)
            world.tick()
        # THEN what is certain KMS says itself, and what would change something fits what it says
        for document in world.inbox():
            assert document["confidence"] != "certain" or agrees(kms, document), document
            for verb in verbs(document):
                assert fits(kms, document, verb), (verb, document)


def test_such_logs_are_heard_all_the_same():
    with open_world() as world:
        Kms("Disabled", True, "CONNECTED", "").into(world)
        written(world, [f"DisabledException: {key_arn()} is disabled."])
        (alert,) = world.inbox()
        assert (alert["cause"], alert["confidence"]) == ("key_disabled", "certain")
