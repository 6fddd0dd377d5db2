"""Stories in which one thing follows another: people who undo each other, causes that change, things that come and go."""

from dataclasses import replace
from datetime import datetime

from tests.worlds import records
from tests.worlds.attempts import Outcome, Probe
from tests.worlds.clock import minutes, seconds
from tests.worlds.kms import Change, Key
from tests.worlds.scene import Scene


def tug_of_war(s: Scene) -> None:
    """Several people disable and enable one key again and again, while it is called."""
    kms, alias = s.story.kms, s.alias()
    key, people = s.key(alias), [s.admin(f"admin{n}") for n in range(3)]
    probe, when = s.probe(s.caller(), key, alias), s.begins
    for _ in range(s.rng.choice((2, 3, 4, 6))):
        s.tell(kms.disable(key, when, s.rng.choice(people)))
        enabled = s.later(0.5, 15, when) if s.rng.random() < 0.7 else s.soon(5, 50, when)
        s.calls(probe, when, enabled)
        s.tell(kms.enable(key, enabled, s.rng.choice(people)))
        when = s.later(1, 30, enabled)
        s.calls(probe, enabled, when)
    if s.rng.random() < 0.4:
        s.tell(kms.disable(key, when, s.rng.choice(people)))
        s.calls(probe, when, s.later(10, 40, when))


def broken_again(s: Scene) -> None:
    """A key breaks, is mended, and breaks in another way after its incident has ended."""
    alias = s.alias()
    key = s.key(alias, origin="EXTERNAL")
    probe, last = s.probe(s.caller(), key, alias), s.begins
    for _ in range(s.rng.choice((2, 3))):
        mended = s.later(3, 20, last)
        s.tell(*_break_and_mend(s, key, last, mended))
        s.calls(probe, last, mended)
        last = s.later(12, 60, mended)
        s.calls(probe, mended, last)


def _break_and_mend(s: Scene, key: Key, when: datetime, mended: datetime) -> list[Change | None]:
    kms, admin, mender = s.story.kms, s.admin(), s.admin("mender")
    how = s.rng.choice(("disabled", "pending", "material"))
    if how == "disabled":
        return [kms.disable(key, when, admin), kms.enable(key, mended, mender)]
    if how == "material":
        lost = kms.lose_material(key, when, admin if s.rng.random() < 0.6 else None)
        return [lost, kms.import_material(key, mended, mender)]
    return [
        kms.schedule_deletion(key, when, admin),
        kms.cancel_deletion(key, mended, mender),
        kms.enable(key, mended + seconds(s.rng.uniform(1, 40)), mender),
    ]


def worse(s: Scene) -> None:
    """A disabled key is scheduled for deletion by somebody else; cancelling that leaves it disabled again."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    probe = s.probe(s.caller(), key, alias)
    scheduled, cancelled, enabled = s.later(4, 20), s.later(21, 45), s.later(46, 90)
    s.tell(kms.disable(key, s.begins, s.admin()))
    s.calls(probe, s.begins, scheduled)
    s.tell(kms.schedule_deletion(key, scheduled, s.admin("second"), 7))
    s.calls(probe, scheduled, cancelled)
    s.tell(kms.cancel_deletion(key, cancelled, s.admin("third")))
    s.calls(probe, cancelled, enabled)
    if s.rng.random() < 0.6:
        s.tell(kms.enable(key, enabled, s.admin("mender")))
    s.calls(probe, enabled, enabled + minutes(8))


def alias_swapped(s: Scene) -> None:
    """An alias is deleted and made again for another key within seconds or minutes, or moved twice: a blue-green deployment."""
    kms, alias = s.story.kms, s.alias()
    blue, green, third = s.key(alias), s.key(), s.key()
    who = s.admin()
    again = s.soon(1, 100, s.begins)
    probe = Probe(s.caller(plain=True), "GenerateDataKey", alias, s.story.region)
    if s.rng.random() < 0.5:
        s.tell(kms.delete_alias(blue, alias, s.begins, who), lost=0.2)
        s.tell(kms.create_alias(green, alias, again, who), lost=0.2)
    else:
        s.tell(kms.update_alias(green, alias, s.begins, who))
        s.tell(kms.update_alias(third, alias, again, who))
    s.calls(probe, s.begins, s.later(4, 20), 0.4)
    if s.rng.random() < 0.5:  # the old key goes, which breaks nobody who uses the alias
        s.tell(kms.schedule_deletion(blue, s.later(5, 15), who, 7))


def made_anew(s: Scene) -> None:
    """A key is deleted with its alias; somebody makes a new key with the same alias, and callers of the old id go on failing."""
    kms, alias = s.story.kms, s.alias()
    old, who = s.key(alias), s.admin()
    scheduled = s.begins - minutes(7 * 24 * 60 + s.rng.uniform(5, 300))
    s.story.remember(kms.schedule_deletion(old, scheduled, who, 7))
    s.tell(kms.delete_key(old, s.begins), lost=0.2)
    made = s.later(3, 30)
    new = s.fresh(made)
    s.tell(kms.create_key(new, who), kms.create_alias(new, alias, made + seconds(3), who))
    by_alias = Probe(s.caller(plain=True), "GenerateDataKey", alias, s.story.region)
    by_id = Probe(s.caller(plain=True), "Decrypt", s.rng.choice((old.id, old.arn)), s.story.region)
    s.calls(by_alias, s.begins, made + minutes(6))
    s.calls(by_id, s.begins, made + minutes(30))


def intermittent(s: Scene) -> None:
    """The proxy of a key store fails for a minute or two, again and again."""
    kms = s.story.kms
    store = s.store("EXTERNAL_KEY_STORE")
    keys = s.stored_keys(store, s.rng.choice((1, 2)))
    trouble, when = s.rng.choice(("unreachable", "slow", "cut_off", "unhealthy")), s.begins
    for _ in range(s.rng.choice((2, 3, 5))):
        kms.set_store(*s.home, store.id, when, "", None, trouble=trouble)
        s.story.note(when, f"store {store.id}: {trouble}")
        when = s.later(0.5, 4, when)
        kms.set_store(*s.home, store.id, when, "", None, trouble="")
        s.story.note(when, f"store {store.id} works again")
        when = s.later(2, 15, when)
    for key, alias in keys:
        s.calls(s.probe(s.caller(), key, alias), s.begins, when, 0.5)


def store_flaps(s: Scene) -> None:
    """A key store is disconnected and connected again by several people; once it is the proxy that fails meanwhile."""
    kms, store = s.story.kms, s.store(s.rng.choice(("EXTERNAL_KEY_STORE", "AWS_CLOUDHSM")))
    keys, when = s.stored_keys(store, 2), s.begins
    probes = [s.probe(s.caller(), key, alias) for key, alias in keys]
    for _ in range(s.rng.choice((1, 2, 3))):
        back = s.later(3, 25, when)
        who, mender = s.admin(), s.admin("mender")
        s.tell(_store(s, store.id, when, "DisconnectCustomKeyStore", who, "DISCONNECTED"))
        s.tell(_store(s, store.id, back, "ConnectCustomKeyStore", mender, "CONNECTING"))
        up = s.soon(40, 300, back)
        kms.set_store(*s.home, store.id, up, "", None, state="CONNECTED")
        s.story.note(up, f"store {store.id} is CONNECTED again")
        for probe in probes:
            s.calls(probe, when, up)
        when = s.later(8, 40, up)
        for probe in probes:
            s.calls(probe, up, when)


def _store(s: Scene, store: str, when: datetime, what: str, who, state: str) -> Change | None:
    return s.story.kms.set_store(*s.home, store, when, what, who, state=state, error="")


def grant_revoked(s: Scene) -> None:
    """Grants are revoked and retired all the time; one caller presents a grant that is gone."""
    kms, key = s.story.kms, s.key(s.alias())
    mine, others = kms.uuid().replace("-", ""), [kms.uuid().replace("-", "") for _ in range(3)]
    for grant in others:
        when = s.begins - minutes(s.rng.uniform(1, 600))
        what = s.rng.choice(("RevokeGrant", "RetireGrant", "CreateGrant"))
        request = {"keyId": key.arn, "grantId": grant}
        s.tell(kms.did(what, when, s.admin("innocent"), key, request=request))
    culprits = frozenset[str]()
    if s.rng.random() < 0.6:
        request = {"keyId": key.arn, "grantId": mine}
        gone = kms.did("RevokeGrant", s.begins - minutes(3), s.admin(), key, request=request)
        s.tell(gone, lost=0.3)
        culprits = frozenset({gone.id})
    outcome = Outcome(
        "InvalidGrantIdException",
        "The request was rejected because the specified GrantId is not valid.",
        frozenset({"grant_not_found"}),
        culprits=culprits,
        names=frozenset({key.arn, key.id}),
        resources=(key.arn,),
        parameters=(("keyId", key.arn), ("grantId", mine)),
        story="the grant is gone",
    )
    probe = Probe(s.caller(plain=True), "RevokeGrant", key.arn, s.story.region, fixed=outcome)
    s.calls(probe, s.begins, s.later(5, 40))


def old_news_of_another_cause(s: Scene) -> None:
    """A key is disabled now; records of a failure of yesterday, when it was pending deletion, arrive meanwhile."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias)
    long_ago = s.begins - minutes(s.rng.uniform(200, 2000))
    who = s.admin("old")
    s.story.remember(kms.schedule_deletion(key, long_ago, who))
    s.story.remember(kms.cancel_deletion(key, long_ago + minutes(20), who))
    s.story.remember(kms.enable(key, long_ago + minutes(21), who))
    probe = s.probe(s.caller(plain=True), key, alias)
    arriving(s, probe, long_ago + minutes(1), long_ago + minutes(18), s.begins - minutes(5))
    s.tell(kms.disable(key, s.begins, s.admin()))
    until = s.later(10, 40)
    s.calls(probe, s.begins, until)
    if s.rng.random() < 0.6:
        s.tell(kms.enable(key, until, s.admin("mender")))


def arriving(s: Scene, probe: Probe, begin: datetime, end: datetime, after: datetime) -> None:
    """Let calls of a past span fail then, and be told of in the minutes after another moment."""
    for when in s.times(begin, end, 5):
        if s.story.call(when, probe, lost=1.0, silent=True) is None:
            continue
        told = s.story.calls[-1]
        record = records.of_failure(told.what, s.story.account, s.story.dice)
        arrives = s.soon(1, 900, after)
        s.story.post_event(arrives, records.event(record, s.story.account, s.story.kms.uuid()))
        told.arrivals.append((arrives, "trail"))


def not_ready(s: Scene) -> None:
    """A family's replica here is disabled, or loses its material, while its primary elsewhere is well (or the other way)."""
    kms, elsewhere = s.story.kms, s.story.regions[1]
    primary = s.key(region=elsewhere, primary=elsewhere, replicas=(s.story.region,))
    here = kms.put_key(replace(primary, region=s.story.region), primary.created)
    broken = s.rng.choice((here, here, primary))
    change = kms.disable(broken, s.begins, s.admin())
    s.tell(change)
    until = s.later(8, 50)
    name = s.rng.choice((here.arn, here.id))
    s.calls(
        Probe(s.caller(plain=True), "Decrypt", name, s.story.region), s.begins, until + minutes(9)
    )
    if s.rng.random() < 0.6:
        s.tell(kms.enable(broken, until, s.admin("mender")))
