"""Whether a command that a message offers fits the state that there is: pasting it must not be an error, let alone an outage."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.worlds.kms import Key, Kms, View, at, seen
from tests.worlds.kms_api import LOOK
from tests.worlds.resolve import resolve


@dataclass(frozen=True, slots=True)
class Command:
    """An AWS CLI command: service, verb, and its options by name."""

    service: str
    verb: str
    options: Mapping[str, str]


def parse(text: str | None) -> Command | None:
    """Read a command; ``None`` for what is none of the AWS CLI's."""
    try:
        words = shlex.split(text or "")
    except ValueError:
        return None
    if len(words) < 3 or words[0] != "aws":
        return None
    options, name = {}, ""
    for word in words[3:]:
        if word.startswith("--"):
            name = word[2:]
            options[name] = ""
        elif name:
            options[name] = f"{options[name]} {word}".strip()
    return Command(words[1], words[2], options)


@dataclass
class Checker:
    """Checks the commands of one message, in order: what one would do is what the next one finds."""

    kms: Kms
    account: str
    region: str
    view: View
    done: set[str] = field(default_factory=set)

    def why_not(self, command: Command) -> str | None:
        """Return why a state-changing command does not fit; ``None`` where it does, or changes nothing."""
        check = _CHECKS.get(command.verb) if command.service == "kms" else None
        return check(self, command.options) if check else None

    def key(self, options: Mapping[str, str], name: str = "key-id") -> Key | None:
        region = options.get("region") or self.region
        return resolve(self.kms, options.get(name, ""), self.account, region, self.view).key

    def state(self, options: Mapping[str, str]) -> str:
        key = self.key(options)
        return key.state if key else "missing"

    def enable(self, options: Mapping[str, str]) -> str | None:
        state = self.state(options)
        after_cancel = state.startswith("Pending") and "cancel" in self.done
        return (
            None if state == "Disabled" or after_cancel else f"enable-key on a key that is {state}"
        )

    def cancel(self, options: Mapping[str, str]) -> str | None:
        self.done.add("cancel")
        state = self.state(options)
        fits = state in {"PendingDeletion", "PendingReplicaDeletion"}
        return None if fits else f"cancel-key-deletion on a key that is {state}"

    def material(self, options: Mapping[str, str]) -> str | None:
        key, state = self.key(options), self.state(options)
        renewed = key is not None and key.origin == "EXTERNAL" and key.valid_to is not None
        return (
            None
            if state == "PendingImport" or renewed
            else f"import-key-material for a key that is {state}"
        )

    def create_alias(self, options: Mapping[str, str]) -> str | None:
        region, name = options.get("region") or self.region, options.get("alias-name", "")
        found = self.view(self.kms.alias(self.account, region, name))
        if found and found.value:
            return f"create-alias for {name}, which exists"
        key = self.key(options, "target-key-id")
        if key is None:
            return "create-alias on a key that does not exist"
        return (
            "create-alias on a key that is pending deletion"
            if key.state.startswith("PendingD")
            else None
        )

    def replicate(self, options: Mapping[str, str]) -> str | None:
        key, wanted = self.key(options), options.get("replica-region", "")
        named = options.get("key-id", "").split(":")
        if len(named) > 3 and named[3] != options.get("region", named[3]):
            return f"replicate-key in {options.get('region')} of a key by its ARN in {named[3]}"
        if key is None:
            return f"replicate-key from {options.get('region')}, where there is no such key"
        if key.primary is None or key.primary != key.region:
            return "replicate-key of a key that is no multi-Region primary"
        copy = self.view(self.kms.key(key.account, wanted, key.id))
        return (
            f"replicate-key to {wanted}, where the replica exists" if copy and copy.value else None
        )

    def store_state(self, options: Mapping[str, str]) -> str:
        region = options.get("region") or self.region
        version = self.view(
            self.kms.store(self.account, region, options.get("custom-key-store-id", ""))
        )
        return version.value.state if version and version.value else "missing"

    def disconnect(self, options: Mapping[str, str]) -> str | None:
        self.done.add("disconnect")
        state = self.store_state(options)
        return (
            None if state == "FAILED" else f"disconnect-custom-key-store on a store that is {state}"
        )

    def connect(self, options: Mapping[str, str]) -> str | None:
        state = self.store_state(options)
        fits = state == "DISCONNECTED" or (state == "FAILED" and "disconnect" in self.done)
        return None if fits else f"connect-custom-key-store on a store that is {state}"

    def update_store(self, options: Mapping[str, str]) -> str | None:
        return (
            "update-custom-key-store of a store that does not exist"
            if self.store_state(options) == "missing"
            else None
        )


_CHECKS: dict[str, Callable[[Checker, Mapping[str, str]], str | None]] = {
    "enable-key": Checker.enable,
    "cancel-key-deletion": Checker.cancel,
    "import-key-material": Checker.material,
    "create-alias": Checker.create_alias,
    "replicate-key": Checker.replicate,
    "disconnect-custom-key-store": Checker.disconnect,
    "connect-custom-key-store": Checker.connect,
    "update-custom-key-store": Checker.update_store,
}


def misfits(
    kms: Kms, place: tuple[str, str], commands: list[str], moments: tuple[datetime, ...]
) -> list[str]:
    """Return what is wrong with commands by what is so *and* by what a look-up saw at all of these moments.

    Then nobody who looked could think that they fit.
    """
    views = [view for moment in moments for view in (at(moment), seen(moment, LOOK))]
    checkers = [Checker(kms, *place, view) for view in views]
    wrong = []
    for command in filter(None, map(parse, commands)):
        reasons = [checker.why_not(command) for checker in checkers]
        if all(reasons):
            wrong.append(str(reasons[1]))
    return wrong
