"""What becomes of a call at a moment: AWS's answer by what its host sees, and the true cause by what is so."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.worlds import words
from tests.worlds.clock import Dice
from tests.worlds.kms import Key, Kms, Store, View, at, seen
from tests.worlds.people import Person
from tests.worlds.resolve import Resolved, resolve

HISTORY = timedelta(days=90)
# What a look-up of KeyWatch's can see the end of; of anything else only a call of the application's own can tell.
LOOKABLE = {
    "alias_not_found",
    "key_not_found",
    "key_deleted",
    "not_yet_visible",
    "key_disabled",
    "key_pending_deletion",
    "key_material_missing",
    "key_not_ready",
    "key_store_disconnected",
}
_STATES = {
    "Disabled": "key_disabled",
    "PendingDeletion": "key_pending_deletion",
    "PendingReplicaDeletion": "key_pending_deletion",
    "PendingImport": "key_material_missing",
    "Creating": "key_not_ready",
    "Unavailable": "key_store_disconnected",
}


# When one of these broke, every key of the store is broken.
STORE_CAUSES = {
    "key_store_disconnected",
    *(cause for cause, _ in words.PROXY.values()),
    words.CLUSTER_DOWN[0],
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A call that can be made again at any moment. ``typed`` is the key as the caller names it.

    ``unnamed``: a Decrypt whose ciphertext names the key (``typed`` is then its ARN and no parameter of the call).
    """

    caller: Person
    operation: str
    typed: str
    region: str
    unnamed: bool = False
    second: str | None = None  # ReEncrypt's destination key
    fixed: "Outcome | None" = None  # an answer that does not depend on any state


@dataclass(frozen=True, slots=True)
class Outcome:
    """AWS's answer to a call and the truth behind it.

    ``causes`` are the cause ids that are exactly right, ``near`` those that are true and say less; ``culprits`` the event ids
    of the changes that brought it about (nobody may be named where there are none); ``names`` whatever may name the broken
    thing itself. ``in_scope`` is false for noise, that nobody is to be told of.
    """

    code: str
    message: str | None
    causes: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    culprits: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    kin: frozenset[str] = (
        frozenset()
    )  # names of what lies behind it: the key that a missing alias pointed to
    resources: tuple[str, ...] = ()
    store: str | None = None
    external: str | None = None
    function: str = ""  # the Lambda function whose environment it was
    parameters: tuple[
        tuple[str, str], ...
    ] = ()  # of the request, where they are not the usual ones
    in_scope: bool = True
    story: str = ""

    @property
    def all_names(self) -> frozenset[str]:
        """Return the names of everything that is broken: the key store, where it is the store."""
        return self.names | (
            frozenset({self.store}) if self.store and self.causes & STORE_CAUSES else frozenset()
        )

    @property
    def lookable(self) -> bool:
        return bool(self.causes & LOOKABLE)


def answer(kms: Kms, probe: Probe, when: datetime, reader: str = "caller") -> Outcome | None:
    """Return how the call fails at a moment, for a host that sees what ``reader`` sees; ``None`` where it succeeds."""
    if probe.fixed:
        return probe.fixed
    return _Attempt(kms, probe, when, seen(when, reader)).outcome()


def truly(kms: Kms, probe: Probe, when: datetime) -> Outcome | None:
    """Return how the call would fail if every host saw what is so."""
    return probe.fixed or _Attempt(kms, probe, when, at(when)).outcome()


@dataclass
class _Attempt:
    kms: Kms
    probe: Probe
    when: datetime
    view: View
    dice: Dice = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Dice(self.kms.dice.seed)

    def outcome(self) -> Outcome | None:
        failed = self._of(self.probe.typed)
        return failed or (self._of(self.probe.second) if self.probe.second else None)

    def _of(self, typed: str) -> Outcome | None:
        probe = self.probe
        found = resolve(self.kms, typed, probe.caller.account, probe.region, self.view)
        foreign = found.account != probe.caller.account
        denied = found.key is not None and probe.caller.account in found.key.denied
        if found.problem in {"malformed", "region"}:
            return self._misnamed(found)
        if foreign and (found.problem or denied):
            return self._three_ways(found)
        if found.problem and probe.unnamed and self.dice.chance(0.5, "unnamed", probe.typed):
            return self._three_ways(
                found
            )  # which of the two AWS says of a deleted key's ciphertext is not documented
        if found.problem:
            return self._missing(found)
        return self._three_ways(found) if denied else self._unusable(found)

    def _wording(self, texts: tuple[str, ...]) -> str:
        return self.dice.of(texts, "wording", self.probe.caller.name, self.probe.typed)

    def _names(self, found: Resolved) -> frozenset[str]:
        bare = f"{found.account}/{found.region}/{found.alias or found.key_id}"
        return frozenset(filter(None, (found.typed, found.alias_arn, found.key_arn, bare)))

    def _misnamed(self, found: Resolved) -> Outcome:
        if found.problem == "malformed":
            text = words.MALFORMED.format(typed=found.typed)
            names = frozenset({found.typed})
            return Outcome(
                "NotFoundException",
                text,
                frozenset({"malformed_identifier"}),
                names=names,
                story="malformed id",
            )
        text = words.WRONG_REGION.format(region=found.region)
        return Outcome(
            "NotFoundException",
            text,
            frozenset({"wrong_region"}),
            names=self._names(found),
            story="other Region's ARN",
        )

    def _three_ways(self, found: Resolved) -> Outcome:
        probe = self.probe
        texts = (
            words.DENIED_THREE_WAYS
            if probe.operation in {"Decrypt", "ReEncrypt"}
            else words.DENIED_THREE_WAYS[:1]
        )
        text = (
            words.DENIED_CIPHERTEXT
            if probe.unnamed and self.dice.chance(0.5, "d", probe.caller.name)
            else self._wording(texts)
        )
        behind = self._missing(found) if found.problem else None
        own = found.account == probe.caller.account
        known = (
            behind.causes if behind else frozenset[str]()
        )  # in another account nobody here can look
        near = known | (behind.near if behind else frozenset()) | {"wrong_account"}
        return Outcome(
            "AccessDeniedException",
            text.format(user=probe.caller.arn, operation=probe.operation),
            frozenset({"missing_or_not_authorized"}) | (known if own else frozenset()),
            near,
            culprits=self._policy_change(found) | (behind.culprits if behind else frozenset()),
            names=self._names(found) | {f"caller/{probe.caller.name}"},
            story="AWS's three-way denial",
        )

    def _policy_change(self, found: Resolved) -> frozenset[str]:
        truth = (
            at(self.when)(self.kms.key(found.account, found.region, found.key_id))
            if found.key_id
            else None
        )
        return frozenset(truth.made_by) if truth else frozenset()

    def _missing(self, found: Resolved) -> Outcome:
        alias = found.problem == "alias"
        text = (
            words.ALIAS_MISSING.format(alias=found.alias_arn)
            if alias
            else words.KEY_MISSING.format(key=found.key_arn)
        )
        base = Outcome("NotFoundException", text, names=self._names(found))
        return self._why_alias(found, base) if alias else self._why_key(found, base)

    def _why_alias(self, found: Resolved, base: Outcome) -> Outcome:
        assert found.alias
        timeline = self.kms.alias(found.account, found.region, found.alias)
        truth = timeline.at(self.when)
        if truth and truth.value:
            kin = frozenset(
                {f"arn:aws:kms:{found.region}:{found.account}:key/{truth.value.target}"}
            )
            causes = frozenset({"not_yet_visible"})
            return replace(
                base,
                causes=causes,
                culprits=frozenset(truth.made_by),
                kin=kin,
                story="alias not visible yet",
            )
        if truth and timeline.existed_before(self.when):
            return self._alias_gone(found, base, truth.made_by, self._old_target(timeline))
        if any(
            (found.account, found.alias) == (a, n) and self._stands(t)
            for (a, _, n), t in self.kms.aliases.items()
        ):
            return replace(
                base,
                causes=frozenset({"alias_not_found", "wrong_region"}),
                story="alias exists in another Region only",
            )
        return replace(
            base,
            causes=frozenset({"alias_not_found"}),
            near=frozenset({"wrong_account"}),
            story="alias never existed",
        )

    def _stands(self, timeline) -> bool:
        version = timeline.at(self.when)
        return version is not None and version.value is not None

    def _old_target(self, timeline) -> str:
        return next(
            v.value.target for v in reversed(timeline.versions) if v.value and v.when < self.when
        )

    def _alias_gone(
        self, found: Resolved, base: Outcome, made_by: tuple[str, ...], target: str
    ) -> Outcome:
        culprits = frozenset(made_by)
        kin = frozenset({f"arn:aws:kms:{found.region}:{found.account}:key/{target}"})
        with_key = any(self.kms.change(event).what == "DeleteKey" for event in culprits)
        causes = frozenset({"key_deleted", "alias_not_found"} if with_key else {"alias_not_found"})
        story = "alias gone with its key" if with_key else "alias deleted"
        return replace(
            base,
            causes=causes,
            near=frozenset({"wrong_region"}),
            culprits=culprits,
            kin=kin,
            story=story,
        )

    def _why_key(self, found: Resolved, base: Outcome) -> Outcome:
        assert found.key_id
        timeline = self.kms.key(found.account, found.region, found.key_id)
        truth = timeline.at(self.when)
        if truth and truth.value:
            return replace(
                base,
                causes=frozenset({"not_yet_visible"}),
                culprits=frozenset(truth.made_by),
                story="key not visible yet",
            )
        if truth and timeline.existed_before(self.when):
            return self._deleted(base, truth.made_by, truth.when)
        if any(
            one == found.key_id and owner == found.account and self._stands(t)
            for (owner, _, one), t in self.kms.keys.items()
        ):
            return replace(
                base,
                causes=frozenset({"wrong_region"}),
                near=frozenset({"key_not_found"}),
                story="key of another Region",
            )
        near = (
            frozenset({"wrong_account"})
            if any(one == found.key_id for _, _, one in self.kms.keys)
            else frozenset[str]()
        )
        return replace(
            base, causes=frozenset({"key_not_found"}), near=near, story="key never existed here"
        )

    def _deleted(self, base: Outcome, made_by: tuple[str, ...], when: datetime) -> Outcome:
        scheduled = [
            self.kms.change(e) for e in made_by if self.kms.change(e).what == "ScheduleKeyDeletion"
        ]
        known = (
            any(self.when - change.when < HISTORY for change in scheduled)
            or self.when - when < HISTORY
        )
        causes = frozenset({"key_deleted"} if known else {"key_deleted", "key_not_found"})
        near = frozenset({"key_not_found", "wrong_region"})
        return replace(
            base, causes=causes, near=near, culprits=frozenset(made_by), story="key deleted"
        )

    def _unusable(self, found: Resolved) -> Outcome | None:
        key = found.key
        assert key
        if self.probe.operation in {"DescribeKey", "GetKeyPolicy", "ListGrants"}:
            return None
        state = self.kms.state_of(key, self.view)
        if state in _STATES:
            return self._bad_state(found, key, state)
        return next(filter(None, self._behind_the_store(found, key)), None)

    def _base(self, found: Resolved, code: str, message: str) -> Outcome:
        key = found.key
        assert key
        names = self._names(found) | {key.arn}
        return Outcome(
            code, message, names=names, resources=(key.arn,), store=key.store, external=key.external
        )

    def _bad_state(self, found: Resolved, key: Key, state: str) -> Outcome:
        cause, version = _STATES[state], found.version
        assert version
        if state == "Unavailable":
            return self._store_down(found, key)
        pending = cause == "key_pending_deletion"
        texts = {
            "key_disabled": (words.DISABLED,),
            "key_pending_deletion": words.PENDING,
            "key_material_missing": words.PENDING_IMPORT,
            "key_not_ready": (words.CREATING,),
        }[cause]
        disabled_code = state == "Disabled" or (
            pending and self.dice.chance(0.3, "code", self.probe.caller.name)
        )
        code = "DisabledException" if disabled_code else "KMSInvalidStateException"
        pointed = tuple(self._pointed_to(found, version.when))
        outcome = self._base(found, code, self._wording(texts).format(key=key.arn))
        culprits = frozenset((*version.made_by, *pointed))
        return replace(
            outcome, causes=frozenset({cause}), culprits=culprits, story=f"key is {state}"
        )

    def _pointed_to(self, found: Resolved, broken_since: datetime) -> Iterator[str]:
        """Yield who pointed the alias to a key that was unusable already: that, too, broke the caller."""
        version = found.alias_version
        if version and version.when > broken_since:
            yield from version.made_by

    def _store_down(self, found: Resolved, key: Key) -> Outcome:
        assert key.store
        version = self.view(self.kms.store(key.account, key.region, key.store))
        store: Store | None = version.value if version else None
        code = words.CONNECTION_FAILED.get(store.kind, {}).get(store.error) if store else None
        texts = (
            words.UNAVAILABLE
            if store and store.kind == "EXTERNAL_KEY_STORE"
            else words.UNAVAILABLE[:1]
        )
        outcome = self._base(
            found, "KMSInvalidStateException", self._wording(texts).format(key=key.arn)
        )
        culprits = frozenset(version.made_by) if version else frozenset[str]()
        near = frozenset({code}) if code else frozenset[str]()
        story = f"store {store.state} {store.error}" if store else "store gone"
        return replace(
            outcome,
            causes=frozenset({"key_store_disconnected"}),
            near=near,
            culprits=culprits,
            story=story,
        )

    def _behind_the_store(self, found: Resolved, key: Key) -> Iterator[Outcome | None]:
        version = (
            self.view(self.kms.store(key.account, key.region, key.store)) if key.store else None
        )
        store = version.value if version else None
        if store and store.trouble:
            cause, texts = words.PROXY.get(store.trouble) or words.CLUSTER_DOWN
            outcome = self._base(found, "KMSInvalidStateException", self._wording(texts))
            yield replace(
                outcome,
                causes=frozenset({cause}),
                culprits=frozenset(version.made_by),
                story=f"store: {store.trouble}",
            )
        external = self.view(self.kms.external_key(key.external)) if key.external else None
        if external and external.value in words.EXTERNAL:
            cause, texts = words.EXTERNAL[external.value]
            outcome = self._base(found, "KMSInvalidStateException", self._wording(texts))
            yield replace(
                outcome, causes=frozenset({cause}), story=f"external key: {external.value}"
            )
