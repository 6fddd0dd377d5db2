"""The stories of which a world is made: each breaks something in one way, and mends it, or does not.

What each can bring to light is said in the package's docstring, by the kinds of faults that were found from outside.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tests.worlds import records, words
from tests.worlds.attempts import Outcome, Probe
from tests.worlds.clock import minutes, seconds
from tests.worlds.kms import Key, Store
from tests.worlds.people import Person
from tests.worlds.scene import FOREIGN, Scene
from tests.worlds.sequences import (
    alias_swapped,
    arriving,
    broken_again,
    grant_revoked,
    intermittent,
    made_anew,
    not_ready,
    old_news_of_another_cause,
    store_flaps,
    tug_of_war,
    worse,
)
from tests.worlds.strangers import (
    called_from_elsewhere,
    same_name_there,
    store_missing,
    wrong_account,
)

Episode = Callable[[Scene], None]
MISTAKES: tuple[Callable[[str], str], ...] = (
    lambda name: name[:-1],
    lambda name: name.replace("-", "_", 1),
    lambda name: name[:7] + name[8] + name[7] + name[9:],
    lambda name: name + "-prod",
    lambda name: "alias/" + name[6:].upper(),
)


def disabled(s: Scene) -> None:
    """Somebody disables a key in use; mostly somebody enables it again, sometimes within seconds."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    s.innocents(key, alias, s.begins)
    s.tell(kms.disable(key, s.begins, s.admin()))
    flip = s.rng.random() < 0.3
    mended = s.soon(8, 58, s.begins) if flip else s.later(4, 90)
    last = s.later(2, 20, mended)
    for caller in (s.caller() for _ in range(s.rng.choice((1, 1, 2, 3)))):
        s.calls(s.probe(caller, key, alias), s.begins, mended + seconds(40), 0.3 if flip else None)
        s.calls(s.probe(caller, key, alias), mended, last)
    if s.rng.random() < 0.8:
        s.tell(kms.enable(key, mended, s.admin("mender")))


def disabled_unused(s: Scene) -> None:
    """Keys that nobody uses, or that are in use without failing yet, are disabled or scheduled: at most an early warning."""
    kms = s.story.kms
    key = s.key(s.alias())
    kms.uses[key.arn] = s.rng.choice(("never", "long_ago", "often"))
    who = s.admin()
    if s.rng.random() < 0.5:
        s.tell(kms.disable(key, s.begins, who))
        undo = kms.enable
    else:
        s.tell(kms.schedule_deletion(key, s.begins, who))
        undo = kms.cancel_deletion
    if s.rng.random() < 0.6:
        when = s.soon(5, 50, s.begins) if s.rng.random() < 0.6 else s.later(3, 60)
        s.tell(undo(key, when, s.rng.choice((who, s.admin("second")))))
        if undo == kms.cancel_deletion and s.rng.random() < 0.8:
            s.tell(kms.enable(key, s.soon(3, 30, when), who))


def pending_deletion(s: Scene) -> None:
    """A key in use is scheduled for deletion; the deletion is cancelled, which leaves the key disabled."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    s.innocents(key, alias, s.begins)
    s.tell(kms.schedule_deletion(key, s.begins, s.admin(), s.rng.choice((7, 14, 30))))
    cancelled, enabled = s.later(5, 60), s.later(61, 100)
    for caller in (s.caller() for _ in range(s.rng.choice((1, 2)))):
        probe = s.probe(caller, key, alias)
        s.calls(probe, s.begins, cancelled)
        s.calls(probe, cancelled, enabled + minutes(10))
    if s.rng.random() < 0.7:
        mender = s.admin("mender")
        s.tell(kms.cancel_deletion(key, cancelled, mender))
        if s.rng.random() < 0.7:
            s.tell(kms.enable(key, s.rng.choice((cancelled + seconds(15), enabled)), mender))


def deleted(s: Scene) -> None:
    """A key is deleted by KMS when its time has come; its aliases go with it. What was known of it may be lost."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    days = s.rng.choice((7, 10, 30))
    scheduled = s.begins - timedelta(days=days, hours=s.rng.uniform(1, 20))
    s.story.remember(kms.schedule_deletion(key, scheduled, s.admin(), days))
    past = s.rng.random() < 0.4
    gone = s.begins - timedelta(days=s.rng.uniform(0.5, 50)) if past and days < 30 else s.begins
    if gone < scheduled + timedelta(days=7):
        gone = s.begins
    change = kms.delete_key(key, gone)
    if gone < s.story.start:
        s.story.remember(change)
    else:
        s.tell(change, lost=0.25)
    before = s.probe(s.caller(), key, alias)
    s.calls(before, max(s.story.start, s.begins - minutes(20)), s.begins, 8)
    for caller in (s.caller() for _ in range(s.rng.choice((1, 1, 2)))):
        s.calls(replace(s.probe(caller, key, alias), unnamed=False), s.later(0, 5), s.later(10, 60))


def alias_deleted(s: Scene) -> None:
    """An alias is deleted; its record may be lost, and somebody else had pointed it elsewhere before."""
    kms, alias = s.story.kms, s.alias()
    key, other = s.key(alias), s.key()
    if s.rng.random() < 0.5:
        when = s.begins - minutes(s.rng.uniform(10, 200))
        s.tell(kms.update_alias(other, alias, when, s.admin("innocent")))
    s.tell(kms.delete_alias(key, alias, s.begins, s.admin()), lost=0.35)
    again = s.later(5, 80)
    for caller in (s.caller(plain=True) for _ in range(s.rng.choice((1, 1, 2)))):
        name = s.rng.choice((alias, f"arn:aws:kms:{s.story.region}:{s.story.account}:{alias}"))
        probe = Probe(
            caller, s.rng.choice(("Encrypt", "GenerateDataKey", "Decrypt")), name, s.story.region
        )
        s.calls(probe, s.begins, again + minutes(10))
    if s.rng.random() < 0.6:
        s.tell(kms.create_alias(s.rng.choice((key, other)), alias, again, s.admin("mender")))


def alias_typo(s: Scene) -> None:
    """A deployment names an alias that never existed; a near one does."""
    alias = s.alias()
    key = s.key(alias)
    wrong = s.rng.choice(MISTAKES)(alias) if s.rng.random() < 0.7 else s.alias()
    probe = Probe(
        s.caller(plain=True),
        s.rng.choice(("Encrypt", "GenerateDataKey", "DescribeKey")),
        wrong,
        s.story.region,
    )
    until = s.later(5, 70)
    s.calls(probe, s.begins, until)
    if s.rng.random() < 0.3:
        s.tell(s.story.kms.create_alias(key, wrong, until, s.admin("mender")))


def alias_repointed(s: Scene) -> None:
    """An alias is pointed to a key that is no good, or that was disabled meanwhile by somebody else."""
    kms, alias = s.story.kms, s.alias()
    good, bad = s.key(alias), s.key()
    breaker = s.admin()
    s.tell(
        kms.disable(
            bad,
            s.begins - minutes(s.rng.uniform(20, 400)),
            s.rng.choice((breaker, s.admin("second"))),
        )
    )
    s.tell(kms.update_alias(bad, alias, s.begins, breaker))
    mended = s.later(5, 60)
    probe = Probe(s.caller(plain=True), "GenerateDataKey", alias, s.story.region)
    s.calls(probe, s.begins, mended + minutes(10))
    if s.rng.random() < 0.7:
        s.tell(kms.update_alias(good, alias, mended, s.admin("mender")))


def created_just_now(s: Scene) -> None:
    """A key or an alias is created and used at once: KMS is eventually consistent, and the record is late or lost."""
    kms, alias = s.story.kms, s.alias()
    maker, key = s.admin("maker"), s.fresh(s.begins)
    how = {"lost": 0.3, "late": s.rng.choice((0, 0, 4, 12))}
    with_alias = s.rng.random() < 0.6
    if with_alias and s.rng.random() < 0.5:
        key = s.key()
    else:
        s.tell(kms.create_key(key, maker), **how)
    if with_alias:
        s.tell(kms.create_alias(key, alias, s.soon(1, 3, s.begins), maker), **how)
    caller = s.caller(plain=True)
    probe = Probe(
        caller,
        s.rng.choice(("Encrypt", "GenerateDataKey", "DescribeKey")),
        alias if with_alias else key.id,
        s.story.region,
    )
    s.calls(probe, s.soon(1, 5, s.begins), s.later(3, 12), 0.15)
    if with_alias and s.rng.random() < 0.35:
        gone = s.later(4, 11)
        s.tell(kms.delete_alias(key, alias, gone, s.admin("remover")), lost=0.3)
        s.calls(probe, gone, s.later(12, 40))


def called_too_early(s: Scene) -> None:
    """A program starts before what it needs is created."""
    kms, alias = s.story.kms, s.alias()
    key = s.key()
    made = s.soon(10, 240, s.begins)
    probe = Probe(s.caller(plain=True), "GenerateDataKey", alias, s.story.region)
    s.tell(kms.create_alias(key, alias, made, s.admin("maker")), lost=0.2)
    s.calls(probe, s.begins, made + minutes(5), 0.4)


def wrong_region(s: Scene) -> None:
    """A call names a key or an alias of another Region."""
    elsewhere = s.story.regions[1]
    alias = s.alias()
    multi = s.rng.random() < 0.35
    key = s.key(alias, region=elsewhere, **({"primary": elsewhere} if multi else {}))
    name = s.rng.choice((key.arn, key.arn, key.id, alias))
    operation = s.rng.choice(("Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey"))
    s.calls(Probe(s.caller(plain=True), operation, name, s.story.region), s.begins, s.later(5, 60))


def replica(s: Scene) -> None:
    """A replica is made (and used before it is ready), or deleted while it is used; the family lives on elsewhere."""
    kms, elsewhere = s.story.kms, s.story.regions[1]
    primary = s.key(region=elsewhere, primary=elsewhere)
    maker = s.admin("maker")
    probe = Probe(
        s.caller(plain=True),
        "Decrypt",
        f"arn:aws:kms:{s.story.region}:{s.story.account}:key/{primary.id}",
        s.story.region,
    )
    early = s.rng.random() < 0.4
    if early:
        s.calls(probe, s.begins - minutes(10), s.begins, 3)
    ready = s.soon(20, 400, s.begins)
    made, change = kms.replicate(primary, s.story.region, s.begins, maker, ready)
    s.tell(replace(change, region=elsewhere), replace(change, region=s.story.region, id=change.id))
    s.calls(probe, s.begins, ready + minutes(2), 0.8)
    if s.rng.random() < 0.5:
        scheduled = s.later(12, 30)
        s.tell(kms.schedule_deletion(made, scheduled, s.admin("remover"), 7))
        s.calls(probe, scheduled, s.later(20, 60, scheduled))


def replica_gone(s: Scene) -> None:
    """A replica was deleted days ago (or just now); a related key in another Region still decrypts."""
    kms, elsewhere = s.story.kms, s.story.regions[1]
    primary = s.key(region=elsewhere, primary=elsewhere, replicas=(s.story.region,))
    copy = kms.put_key(replace(primary, region=s.story.region), primary.created)
    s.story.remember(kms.schedule_deletion(copy, s.begins - timedelta(days=8), s.admin(), 7))
    change = kms.drop_replica(copy, s.begins)
    s.tell(change, lost=0.3)
    probe = Probe(
        s.caller(plain=True), "Decrypt", s.rng.choice((copy.arn, copy.id)), s.story.region
    )
    until = s.later(10, 60)
    s.calls(probe, s.begins, until + minutes(10))
    if s.rng.random() < 0.5:
        _, again = kms.replicate(
            primary, s.story.region, until, s.admin("mender"), until + seconds(30)
        )
        s.tell(again)


def primary_pending(s: Scene) -> None:
    """The primary of a family is scheduled: it waits for its replicas, without a date, and is unusable at once."""
    kms, elsewhere = s.story.kms, s.story.regions[1]
    primary = s.key(primary=s.story.region, replicas=(elsewhere,))
    kms.put_key(replace(primary, region=elsewhere), primary.created)
    s.tell(kms.schedule_deletion(primary, s.begins, s.admin(), 14))
    until = s.later(10, 60)
    s.calls(s.probe(s.caller(plain=True), primary), s.begins, until + minutes(20))
    if s.rng.random() < 0.6:
        mender = s.admin("mender")
        s.tell(
            kms.cancel_deletion(primary, until, mender),
            kms.enable(primary, until + seconds(30), mender),
        )


def material(s: Scene) -> None:
    """Imported key material is deleted by somebody, expires by itself, or was never imported; it may be imported again."""
    kms, alias = s.story.kms, s.alias()
    never = s.rng.random() < 0.25
    valid = s.begins if s.rng.random() < 0.5 else None
    key = s.key(
        alias,
        origin="EXTERNAL",
        state="PendingImport" if never else "Enabled",
        valid_to=None if never else valid,
    )
    if not never:
        s.innocents(key, alias, s.begins)
        s.tell(kms.lose_material(key, s.begins, None if valid else s.admin()), lost=0.15)
    mended = s.later(5, 90)
    for caller in (s.caller() for _ in range(s.rng.choice((1, 2)))):
        s.calls(s.probe(caller, key, alias), s.begins, mended + minutes(15))
    if s.rng.random() < 0.7:
        s.tell(kms.import_material(key, mended, s.admin("mender")))


def store_down(s: Scene) -> None:
    """A key store is disconnected by somebody, or loses its connection; several keys of it fail, for foreign callers too."""
    kms = s.story.kms
    kind = s.rng.choice(("EXTERNAL_KEY_STORE", "AWS_CLOUDHSM"))
    store = s.store(kind)
    keys = s.stored_keys(store, s.rng.choice((1, 2, 3)))
    by_hand = s.rng.random() < 0.6
    error = "" if by_hand else s.rng.choice(tuple(words.CONNECTION_FAILED[kind]))
    who = s.admin() if by_hand else None
    s.tell(
        kms.set_store(
            *s.home,
            store.id,
            s.begins,
            "DisconnectCustomKeyStore",
            who,
            state="DISCONNECTED" if by_hand else "FAILED",
            error=error,
        )
    )
    if not by_hand:
        s.story.note(s.begins, f"store {store.id} FAILED with {error}")
    mended = s.later(8, 90)
    late_trouble = kind == "EXTERNAL_KEY_STORE" and s.rng.random() < 0.5
    if s.rng.random() < 0.75:
        _reconnect(s, store, keys, mended, late_trouble=late_trouble)
    for key, alias in keys:
        foreign = s.story.dice.of(FOREIGN, "foreign", key.id) if s.rng.random() < 0.3 else None
        probe = s.probe(s.caller(foreign=foreign), key, alias)
        s.calls(probe, s.begins, mended)
        s.calls(probe, mended, s.later(15, 60, mended))


def _reconnect(
    s: Scene, store: Store, keys: list[tuple[Key, str]], when: datetime, *, late_trouble: bool
) -> None:
    """Connect a store again: it takes some minutes. Meanwhile an external key may have gone."""
    kms, mender = s.story.kms, s.admin("mender")
    s.tell(
        kms.set_store(
            *s.home, store.id, when, "ConnectCustomKeyStore", mender, state="CONNECTING", error=""
        )
    )
    connected = when + minutes(s.rng.uniform(1, 5))
    kms.set_store(*s.home, store.id, connected, "", None, state="CONNECTED")
    s.story.note(connected, f"store {store.id} is CONNECTED again")
    if late_trouble:
        _external(
            s, keys[0][0], "missing", when, s.later(40, 80, when) if s.rng.random() < 0.5 else None
        )


def _external(s: Scene, key: Key, trouble: str, begins: datetime, ends: datetime | None) -> None:
    timeline = s.story.kms.external_key(str(key.external))
    timeline.write(begins, trouble)
    s.story.note(begins, f"external key {key.external} of {key.id}: {trouble}")
    if ends:
        timeline.write(ends, "ok")
        s.story.note(ends, f"external key {key.external} is good again")


def store_trouble(s: Scene) -> None:
    """The proxy or cluster behind a connected store fails: unreachable, credentials, TLS, HSMs… and comes back by itself."""
    kms = s.story.kms
    kind = s.rng.choice(("EXTERNAL_KEY_STORE", "EXTERNAL_KEY_STORE", "AWS_CLOUDHSM"))
    store = s.store(kind)
    trouble = "cluster" if kind == "AWS_CLOUDHSM" else s.rng.choice(tuple(words.PROXY))
    keys = s.stored_keys(store, s.rng.choice((1, 2, 3)))
    who = s.admin() if s.rng.random() < 0.3 and trouble in {"credentials", "uri"} else None
    if s.rng.random() < 0.3:
        innocent = s.begins - timedelta(days=s.rng.uniform(10, 60))
        change = kms.set_store(
            *s.home, store.id, innocent, "UpdateCustomKeyStore", s.admin("innocent")
        )
        if change:
            s.story.remember(change)
    s.tell(kms.set_store(*s.home, store.id, s.begins, "UpdateCustomKeyStore", who, trouble=trouble))
    s.story.note(s.begins, f"store {store.id}: {trouble}")
    ends = s.later(5, 60)
    if s.rng.random() < 0.8:
        kms.set_store(*s.home, store.id, ends, "", None, trouble="")
        s.story.note(ends, f"store {store.id} works again")
    for key, alias in keys:
        foreign = s.story.dice.of(FOREIGN, "foreign", key.id) if s.rng.random() < 0.2 else None
        s.calls(s.probe(s.caller(foreign=foreign), key, alias), s.begins, ends + minutes(10))


def external_key(s: Scene) -> None:
    """One external key is gone, disabled or denied in its key manager; key and store look healthy all the while."""
    store = s.store("EXTERNAL_KEY_STORE")
    (key, alias), *others = s.stored_keys(store, s.rng.choice((1, 2)))
    s.innocents(key, alias, s.begins)
    ends = s.later(5, 90)
    _external(
        s,
        key,
        s.rng.choice(tuple(words.EXTERNAL)),
        s.begins,
        ends if s.rng.random() < 0.7 else None,
    )
    for caller in (s.caller() for _ in range(s.rng.choice((1, 2)))):
        s.calls(s.probe(caller, key, alias), s.begins, ends + minutes(10))
    for other, name in others:
        s.calls(s.probe(s.caller(), other, name), s.begins, ends)


def second_cause(s: Scene) -> None:
    """One cause follows another at the same thing: at an external key, or at the proxy of a store."""
    kms, second = s.story.kms, s.later(15, 50)
    store = s.store("EXTERNAL_KEY_STORE")
    ((key, alias),) = s.stored_keys(store, 1)
    if s.rng.random() < 0.5:
        first, then = s.rng.sample(("missing", "disabled", "denied"), 2)
        _external(s, key, first, s.begins, None)
        _external(s, key, then, second, None)
    else:
        first, then = s.rng.sample(("unreachable", "credentials", "tls", "unhealthy"), 2)
        kms.set_store(*s.home, store.id, s.begins, "", None, trouble=first)
        kms.set_store(*s.home, store.id, second, "", None, trouble=then)
        s.story.note(s.begins, f"store {store.id}: {first}, from {second:%H:%M:%S} {then}")
    probe = s.probe(s.caller(plain=True), key, alias)
    s.calls(probe, s.begins, second)
    s.calls(probe, second, s.later(20, 50, second))


def role_made_again(s: Scene) -> None:
    """A function's role was deleted and made again under its name: the key's grant names the old one."""
    key, account = s.key(s.alias()), s.story.account
    function = f"worker-{s.story.kms.uuid()[:5]}"
    caller = Person("role", f"{function}-role", account, "lambda.amazonaws.com")
    role = f"arn:aws:iam::{account}:role/{caller.name}"
    s.story.roles[caller.name] = s.begins
    s.story.functions[function] = (role, key.arn, s.begins - timedelta(days=40))
    outcome = Outcome(
        "AccessDeniedException",
        words.DENIED_CIPHERTEXT.format(user=caller.arn, operation="Decrypt"),
        frozenset({"lambda_role_recreated", "missing_or_not_authorized"}),
        names=frozenset({f"caller/{caller.name}", key.arn, key.id}),
        story="the role was made again",
        function=function,
    )
    probe = Probe(caller, "Decrypt", key.arn, s.story.region, unnamed=True, fixed=outcome)
    s.calls(probe, s.begins, s.later(5, 60))


def many_at_once(s: Scene) -> None:
    """One bad deployment names many aliases that are not there, or one person disables many keys."""
    kms, who, until = s.story.kms, s.admin(), s.later(15, 40)
    caller, missing = s.caller(plain=True), s.rng.random() < 0.5
    for number in range(s.rng.choice((5, 8, 12))):
        alias = s.alias()
        probe = Probe(caller, "GenerateDataKey", alias, s.story.region)
        if not missing:
            key = s.key(alias)
            s.tell(kms.disable(key, s.begins + seconds(number), who))
            probe = s.probe(caller, key, alias)
            s.tell(kms.enable(key, until + seconds(number), who))
        s.calls(probe, s.begins + seconds(10), until, 4)


def foreign_key(s: Scene) -> None:
    """A caller of ours uses another account's key that is gone, or that no longer lets us in: AWS's three-way denial."""
    owner = s.rng.choice(FOREIGN)
    key = (
        s.key(account=owner, denied=(s.story.account,))
        if s.rng.random() < 0.6
        else replace(s.fresh(s.begins), account=owner)
    )
    caller = s.caller(plain=s.rng.random() < 0.6)
    unnamed = caller.via != "" or s.rng.random() < 0.4
    probe = Probe(
        caller,
        "Decrypt" if unnamed else s.rng.choice(("Decrypt", "GenerateDataKey")),
        key.arn,
        s.story.region,
        unnamed=unnamed,
    )
    s.calls(probe, s.begins, s.later(5, 60))


def locked_out(s: Scene) -> None:
    """A key policy is changed and keeps another account out: it gets the three-way denial, in its own account only."""
    kms = s.story.kms
    key = s.key(s.alias())
    foreign = s.rng.choice(FOREIGN)
    s.tell(kms.did("PutKeyPolicy", s.begins, s.admin(), key))
    kms.write(key, s.begins, kms.changes[-1].id, denied=(foreign,))
    text = words.DENIED_PLAINLY[1]
    caller = s.caller(plain=True)
    _noise(
        s,
        caller,
        key,
        "AccessDeniedException",
        text.format(user=caller.arn, operation="Decrypt", key=key.arn),
        s.later(5, 40),
    )


def malformed(s: Scene) -> None:
    """A name that can be no key: a placeholder, an empty template, an id without dashes."""
    alias = s.alias()
    s.key(alias)
    typed = s.rng.choice(
        (
            alias[6:],
            "REPLACE_ME",
            s.story.kms.uuid().replace("-", ""),
            "${KEY_ID}",
            f"key/{s.story.kms.uuid()}",
        )
    )
    s.calls(Probe(s.caller(plain=True), "Encrypt", typed, s.story.region), s.begins, s.later(5, 60))


def never_existed(s: Scene) -> None:
    """A key id that never existed, or exists in an account that KeyWatch cannot see."""
    typed = s.story.kms.uuid()
    if s.rng.random() < 0.3:
        typed = s.key(account=s.rng.choice(FOREIGN)).id
    name = s.rng.choice((typed, f"arn:aws:kms:{s.story.region}:{s.story.account}:key/{typed}"))
    s.calls(
        Probe(s.caller(plain=True), "GenerateDataKey", name, s.story.region),
        s.begins,
        s.later(5, 60),
    )


def two_keys(s: Scene) -> None:
    """One program loses two keys in two ways at about the same time; ReEncrypt uses both."""
    kms, first, second = s.story.kms, s.alias(), s.alias()
    one, other = s.key(first), s.key(second)
    s.tell(kms.disable(one, s.begins, s.admin()))
    s.tell(kms.schedule_deletion(other, s.later(0, 10), s.admin("second")))
    caller, until = s.caller(plain=True), s.later(20, 60)
    healthy = s.key()
    s.calls(
        Probe(caller, "ReEncrypt", healthy.arn, s.story.region, second=s.ref(one, first)),
        s.begins,
        until,
    )
    s.calls(s.probe(caller, one, first), s.begins, until)
    s.calls(s.probe(caller, other, second), s.later(10, 12), until)
    if s.rng.random() < 0.5:
        s.tell(kms.enable(one, until, s.admin("mender")))


def aws_side(s: Scene) -> None:
    """KMS itself cannot serve: internal errors, time-outs; transient."""
    code = s.rng.choice(tuple(words.TRANSIENT))
    key = s.key(s.alias())
    names = frozenset({key.arn, key.id})
    text = words.TRANSIENT[code]
    outcome = Outcome(
        code,
        text,
        frozenset({"kms_unavailable"}),
        names=names,
        resources=(key.arn,),
        story="KMS's own trouble",
    )
    s.calls(
        Probe(s.caller(plain=True), "Decrypt", key.arn, s.story.region, fixed=outcome),
        s.begins,
        s.later(4, 30),
        1.5,
    )


def grant(s: Scene) -> None:
    """A grant token or id that is not valid any more."""
    key = s.key(s.alias())
    code, text = s.rng.choice(
        (
            (
                "InvalidGrantTokenException",
                "The request was rejected because the specified grant token is not valid.",
            ),
            (
                "InvalidGrantIdException",
                "The request was rejected because the specified GrantId is not valid.",
            ),
        )
    )
    names = frozenset({key.arn, key.id})
    outcome = Outcome(
        code,
        text,
        frozenset({"grant_not_found"}),
        names=names,
        resources=(key.arn,),
        story="invalid grant",
    )
    operation = "RevokeGrant" if "Id" in code else "Decrypt"
    s.calls(
        Probe(s.caller(plain=True), operation, key.arn, s.story.region, fixed=outcome),
        s.begins,
        s.later(5, 40),
    )


def late_news(s: Scene) -> None:
    """Failures of hours ago arrive now (dead letters, an outage of the pipeline); the key has worked again since."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    broke = s.begins - timedelta(hours=s.rng.uniform(3, 70))
    s.story.remember(kms.disable(key, broke, s.admin()))
    s.story.remember(kms.enable(key, broke + minutes(s.rng.uniform(5, 60)), s.admin("mender")))
    probe = s.probe(s.caller(plain=True), key, alias)
    arriving(s, probe, broke + minutes(1), broke + minutes(5), s.begins)


def busy(s: Scene) -> None:
    """A key that is used all the time is disabled or scheduled; the record of who did it is lost, its history is full of uses."""
    from tests.worlds.cloudtrail_api import Busy

    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    s.story.busy.append(
        Busy(
            key.arn,
            s.begins - timedelta(days=3),
            s.begins + timedelta(days=3),
            seconds(20),
            records.decrypt,
        )
    )
    act = s.rng.choice((kms.disable, kms.schedule_deletion))
    s.tell(act(key, s.begins, s.admin()), lost=1.0)
    s.calls(s.probe(s.caller(), key, alias), s.begins, s.later(20, 60))


def says_the_log(s: Scene) -> None:
    """An application's log tells of a failure that is not, or is no more: a replayed line, a test's fixture, a runbook."""
    key = s.key(s.alias())
    caller = s.caller(plain=True)
    lines = (
        f"KMSInvalidStateException: {key.arn} is pending deletion.",
        f"An error occurred (DisabledException) when calling the Decrypt operation: {key.arn} is disabled.",
        f"retrying after earlier error: NotFoundException: Key '{key.arn}' does not exist",
    )
    line = s.rng.choice(lines)
    s.story.said.add(key.arn)
    s.story.note(s.begins, f"a log line without a failure: {line}")
    for when in s.times(s.begins, s.later(1, 30), 5):
        s.story.post_log(f"/app/{caller.name}", when + seconds(5), when, line)


def noise(s: Scene) -> None:
    """Failures that are nobody's business here: throttling, plain denials, wrong contexts, wrong keys, validation."""
    alias = s.alias()
    key, caller = s.key(alias), s.caller()
    denial = s.rng.choice(words.DENIED_PLAINLY).format(
        user=caller.arn, operation="Decrypt", key=key.arn
    )
    code, text = s.rng.choice(
        (
            ("ThrottlingException", words.THROTTLED),
            ("AccessDeniedException", denial),
            ("InvalidCiphertextException", None),
            (
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            ),
            (
                "InvalidKeyUsageException",
                f"{key.arn} key usage is SIGN_VERIFY which is not valid for Decrypt.",
            ),
            (
                "ValidationException",
                "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint",
            ),
            ("KMSInvalidStateException", words.NOT_PENDING.format(key=key.arn)),
            (
                "DryRunOperationException",
                "The request would have succeeded, but the DryRun option is set.",
            ),
        )
    )
    _noise(s, caller, key, code, text, s.later(5, 40))


def _noise(
    s: Scene, caller: Person, key: Key, code: str, text: str | None, until: datetime
) -> None:
    outcome = Outcome(
        code, text, in_scope=False, resources=() if "Denied" in code else (key.arn,), story="noise"
    )
    operation = "CancelKeyDeletion" if text and "not pending" in text else "Decrypt"
    s.calls(Probe(caller, operation, key.arn, s.story.region, fixed=outcome), s.begins, until)


# How often each is told, of all; outages first.
EPISODES: dict[Episode, float] = {
    disabled: 10,
    pending_deletion: 7,
    deleted: 6,
    alias_deleted: 8,
    alias_typo: 6,
    alias_repointed: 4,
    created_just_now: 9,
    called_too_early: 3,
    wrong_region: 5,
    replica: 4,
    replica_gone: 3,
    primary_pending: 2,
    material: 5,
    store_down: 9,
    store_trouble: 7,
    external_key: 6,
    second_cause: 4,
    role_made_again: 2,
    many_at_once: 1,
    foreign_key: 4,
    locked_out: 2,
    malformed: 3,
    never_existed: 3,
    two_keys: 3,
    aws_side: 2,
    grant: 1,
    late_news: 2,
    busy: 3,
    disabled_unused: 5,
    says_the_log: 1.5,
    noise: 5,
    tug_of_war: 4,
    broken_again: 4,
    worse: 3,
    alias_swapped: 4,
    made_anew: 3,
    intermittent: 3,
    store_flaps: 3,
    grant_revoked: 2,
    old_news_of_another_cause: 3,
    not_ready: 3,
    called_from_elsewhere: 4,
    same_name_there: 3,
    wrong_account: 2,
    store_missing: 1,
}
