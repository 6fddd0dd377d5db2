"""Stories of other accounts: callers from there, keys of theirs, and records that are forwarded from there."""

from dataclasses import replace

from tests.worlds.attempts import Outcome, Probe
from tests.worlds.clock import minutes
from tests.worlds.scene import FOREIGN, Scene


def called_from_elsewhere(s: Scene) -> None:
    """Callers of other accounts (and of ours) use a key of ours that is disabled, scheduled, or without material."""
    kms, alias = s.story.kms, s.alias()
    key = s.key(alias, origin="EXTERNAL")
    s.innocents(key, alias, s.begins)
    how = s.rng.choice(("disabled", "pending", "material"))
    act = {"disabled": kms.disable, "pending": kms.schedule_deletion, "material": kms.lose_material}
    s.tell(act[how](key, s.begins, s.admin()))
    until = s.later(8, 60)
    callers = [s.caller(foreign=account) for account in FOREIGN]
    for caller in (*callers[: s.rng.choice((1, 2))], s.caller()):
        s.calls(s.probe(caller, key, alias), s.begins, until)
    if how == "disabled" and s.rng.random() < 0.6:
        s.tell(kms.enable(key, until, s.admin("mender")))


def same_name_there(s: Scene) -> None:
    """An account that forwards its events loses an alias or a key; an alias of the same name is well in ours."""
    kms, alias, owner = s.story.kms, s.alias(), s.rng.choice(FOREIGN)
    s.key(alias)
    theirs = s.key(alias, account=owner)
    s.story.forwards.add(owner)
    who = s.admin()
    who = replace(who, account=owner)
    caller = s.caller(foreign=owner)
    if s.rng.random() < 0.5:
        s.tell(kms.delete_alias(theirs, alias, s.begins, who), lost=0.2)
        probe = Probe(caller, "GenerateDataKey", alias, s.story.region)
    else:
        s.tell(kms.disable(theirs, s.begins, who), lost=0.2)
        probe = Probe(
            caller, "Decrypt", s.rng.choice((alias, theirs.id, theirs.arn)), s.story.region
        )
    s.calls(probe, s.begins, s.later(5, 50))


def wrong_account(s: Scene) -> None:
    """A program names a key of another account by its bare id, or by an alias that only exists there."""
    alias, owner = s.alias(), s.rng.choice(FOREIGN)
    key = s.key(alias, account=owner)
    name = s.rng.choice((key.id, alias))
    operation = s.rng.choice(("Encrypt", "GenerateDataKey"))
    s.calls(Probe(s.caller(plain=True), operation, name, s.story.region), s.begins, s.later(5, 50))


def store_missing(s: Scene) -> None:
    """Somebody connects or describes a key store by an id that does not exist."""
    s.store("EXTERNAL_KEY_STORE")
    typed = f"cks-{s.story.kms.uuid().replace('-', '')[:17]}"
    operation = s.rng.choice(("ConnectCustomKeyStore", "DescribeCustomKeyStores"))
    outcome = Outcome(
        "CustomKeyStoreNotFoundException",
        None,
        frozenset({"key_store_not_found"}),
        names=frozenset({typed}),
        parameters=(("customKeyStoreId", typed),),
        story="no such store",
    )
    probe = Probe(s.caller(plain=True), operation, typed, s.story.region, fixed=outcome)
    s.calls(probe, s.begins, s.begins + minutes(s.rng.uniform(5, 30)))
