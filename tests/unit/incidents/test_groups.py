"""What breaks together is told together: few messages, nothing lost, and what breaks alone alerts alone and at once."""

from collections import Counter

from keywatch.actions.incidents.run import incidents
from tests.support.world import (
    ACCOUNT,
    APP,
    KEY_ID,
    World,
    alias_missing,
    ambiguous_denial,
    changed,
    disabled,
    failed,
    key_arn,
    key_missing,
)
from tests.support.world import world as open_world

EVERY = 60  # seconds between two ticks


def caller(name: str) -> dict:
    """Return the fields of a record that say who called."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    issuer = {"type": "Role", "arn": role, "accountId": ACCOUNT, "userName": name}
    return {
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/i-0abc",
            "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": issuer},
        }
    }


def missing(count: int, world: World, first: int = 0) -> list[dict]:
    return [alias_missing(f"alias/gone-{n}", at=world.now) for n in range(first, first + count)]


def key_id(number: int) -> str:
    return f"{number:08x}-12ab-34cd-56ef-1234567890ab"


def minutes(world: World, count: int) -> None:
    for _ in range(count):
        world.wait(seconds=EVERY)
        world.tick()


def look_ups(world: World) -> int:
    return sum(service in {"kms", "cloudtrail"} for service, _ in world.wire.calls)


def test_a_wave_of_one_caller_is_a_few_alerts_and_a_digest_that_counts_all():
    with open_world() as world:
        # WHEN a deployment loses 300 aliases
        assert world.take(*missing(300, world)) == set()
        # THEN five alert by themselves, and one digest counts and names all
        alerts = world.inbox()
        assert Counter(alert["status"] for alert in alerts) == {"opened": 5, "group": 1}
        digest = alerts[-1]
        assert digest["group"]["size"] == 300
        assert set(digest["group"]["members"]) == {f"alias/gone-{n}" for n in range(300)}
        assert "role/payments-app" in digest["group"]["by"]
        # AND every one is an incident of its own
        assert len(world.incidents()) == 300


def test_a_wave_costs_few_messages_and_look_ups_in_its_first_hour():
    with open_world() as world:
        # WHEN ten batches of new names come within minutes, and an hour passes
        alerts = []
        for batch in range(10):
            assert world.take(*missing(50, world, 50 * batch)) == set()
            minutes(world, 1)
        minutes(world, 55)
        alerts = world.inbox()
        # THEN people got at most 12 messages, the last digest counts all, and AWS was hardly asked
        assert len(alerts) <= 12
        digests = [alert for alert in alerts if alert["status"] == "group"]
        assert digests[-1]["group"]["size"] == 500
        assert [d["group"]["size"] for d in digests] == sorted(d["group"]["size"] for d in digests)
        assert len({d["incident_id"] for d in digests}) == 1
        assert look_ups(world) <= 0.3 * 500


def test_keys_of_different_callers_alert_one_by_one():
    with open_world() as world:
        for n in range(40):
            world.kms.add(key_id(n), "Disabled")
        world.take(*(disabled(key_id(n), at=world.now, **caller(f"app-{n}")) for n in range(40)))
        assert Counter(alert["status"] for alert in world.inbox()) == {"opened": 40}


def test_a_flood_of_made_up_names_does_not_delay_what_breaks_for_somebody_else():
    with open_world() as world:
        # GIVEN 200 made-up keys of one caller, and last in the batch one real key of another
        world.kms.add(state="Disabled")
        flood = [key_missing(key_id(n), at=world.now, **caller("evil")) for n in range(200)]
        world.take(*flood, disabled(at=world.now))
        # THEN the real one alerts by itself, among the first
        alerts = world.inbox()
        real = [n for n, alert in enumerate(alerts) if alert["subject"]["key_arn"] == key_arn()]
        assert len(real) == 1
        assert real[0] <= 1
        assert "group" not in alerts[real[0]]


def test_who_asks_for_wrong_names_all_day_long_does_not_hide_a_key_that_breaks():
    with open_world() as world:
        # GIVEN a role that asks for another missing alias every few minutes: its group never ends
        world.kms.add(state="PendingDeletion", DeletionDate=world.now)
        for n in range(12):
            world.take(alias_missing(f"alias/gone-{n}", at=world.now))
            minutes(world, 4)
        world.inbox()
        # WHEN a key breaks that the same role uses
        text = f"{key_arn()} is pending deletion."
        world.take(failed("KMSInvalidStateException", text, KEY_ID, at=world.now))
        # THEN it alerts at once and by itself
        (alert,) = world.inbox()
        assert (alert["status"], alert["cause"]) == ("opened", "key_pending_deletion")


def test_a_group_that_hurts_becomes_more_urgent_and_stays_so_to_its_end():
    with open_world() as world:
        # GIVEN ten keys that one role may not use
        keys = [world.kms.add(key_id(n)) for n in range(10)]

        def fails(number: int) -> list[dict]:
            text = ambiguous_denial(APP)
            return [
                failed("AccessDenied", text, key, at=world.now, requestID=f"{number}-{place}-{n}")
                for place, key in enumerate(keys)
                for n in range(30)
            ]

        for number in range(4):
            world.take(*fails(number))
            minutes(world, 10)
        # THEN the group is told again, and why, when 1,000 calls have failed
        digests = [one for one in world.inbox() if "group" in one]
        assert digests[0]["severity"] == "warning"
        assert digests[-1]["severity"] == "high"
        assert any("1,200 calls failed" in note for note in digests[-1]["notes"])
        # AND its end reaches whoever was told so
        minutes(world, 8 * 60)
        ended = [one for one in world.inbox() if "group" in one]
        assert [(one["status"], one["severity"]) for one in ended] == [("resolved", "high")]


def test_every_name_of_a_wave_is_listed_and_a_lone_failure_in_it_alerts_at_once():
    with open_world() as world:
        # GIVEN a wave in several batches, and in the last one a key that fails for somebody else
        world.kms.add(state="Disabled")
        for first in (0, 80, 160):
            lone = [disabled(at=world.now, **caller("orders"))] if first == 160 else []
            assert world.take(*missing(80, world, first), *lone) == set()
            alerts = world.inbox()
            # THEN the key alerts in the same invocation, and by itself
            keys = [alert for alert in alerts if alert["subject"]["key_arn"] == key_arn()]
            assert [alert["status"] for alert in keys] == ["opened"] * len(lone)
        # AND each name of the wave is listed, as what it is
        listed = incidents({"cause": "alias_not_found"}, world.services)["incidents"]
        assert {one["subject"] for one in listed} == {f"alias/gone-{n}" for n in range(240)}
        assert {(one["status"], one["severity"], one["failures"]) for one in listed} == {
            ("open", "high", 1)
        }
        assert len({one["group"] for one in listed}) == 2  # five alerted by themselves


def test_what_a_full_group_tells_of_costs_one_read_and_one_write():
    with open_world() as world:
        world.take(*missing(10, world))
        world.wire.calls.clear()
        # WHEN fifty more of the caller's names are missing
        world.take(*missing(50, world, 10))
        calls = Counter(operation for service, operation in world.wire.calls if service != "sns")
        # THEN each is looked for and written once, beside what the group itself costs
        assert calls["put_item"] == 50
        assert calls["query"] <= 50 + 1
        assert calls["update_item"] <= 5
        assert look_ups(world) == 0


def test_a_member_that_fails_again_is_counted_and_told_of_by_its_group_alone():
    with open_world() as world:
        world.take(*missing(10, world))
        world.take(*missing(20, world, 10))
        world.inbox()
        world.cold_start()
        # WHEN one of those that were written once fails again
        world.take(*missing(1, world, 25))
        # THEN it is counted into its incident, and nobody is told of it
        (item,) = [i for i in world.incidents() if i["subject"]["S"].endswith("alias/gone-25")]
        assert (item["failures"]["N"], item["status"]["S"]) == ("2", "open")
        assert world.inbox() == []


def test_an_alias_of_which_a_change_is_known_is_no_mere_member():
    with open_world() as world:
        world.take(*missing(20, world))
        world.take(changed("DeleteAlias", key=None, alias="alias/gone-30", at=world.now))
        # WHEN a name fails of which it is known who deleted it
        world.take(*missing(1, world, 30))
        # THEN its incident knows it as well
        (item,) = [i for i in world.incidents() if i["subject"]["S"].endswith("alias/gone-30")]
        assert "user/alice" in item["told"]["S"]


def damage(world: World, role: str) -> None:
    """Take from the item of the group of a role what it cannot be read without."""
    items = world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
    (item,) = [one for one in items if one["subject"]["S"].endswith(f"role/{role}")]
    world.table.put_item(TableName="incidents", Item={**item, "size": {"S": "many"}})


def test_a_group_that_cannot_be_read_costs_only_itself():
    with open_world() as world:
        # GIVEN two groups of which the table holds one damaged
        for role in ("one", "two"):
            gone = [f"alias/{role}-{n}" for n in range(20)]
            world.take(*(alias_missing(a, at=world.now, **caller(role)) for a in gone))
        damage(world, "one")
        world.cold_start()
        world.inbox()
        world.counted()
        # WHEN more breaks for both, and minutes pass
        more = [alias_missing(f"alias/{r}-more", at=world.now, **caller(r)) for r in ("one", "two")]
        container = world.another()
        assert container.take(*more) == set()
        # THEN what would join the damaged one alerts by itself, and the other group goes on
        assert [alert["subject"]["alias"] for alert in world.inbox()] == ["alias/one-more"]
        assert container.counted()["ItemsUnreadable"] > 0
        world.wait(minutes=3)
        container.tick()
        digests = [alert for alert in world.inbox() if alert["status"] == "group"]
        assert [digest["group"]["size"] for digest in digests] == [21]


def test_a_digest_reads_the_incidents_of_its_group_alone():
    with open_world() as world:
        # GIVEN twenty keys that are broken for others, and a group
        for n in range(20):
            world.kms.add(key_id(n), "Disabled")
        world.take(*(disabled(key_id(n), at=world.now, **caller(f"app-{n}")) for n in range(20)))
        world.take(*missing(12, world))
        # WHEN its members are asked for
        (group,) = [one for one in world.services.groups.going_on(100) if one.size > 1]
        # THEN the others are not among them
        names = {one.subject.name for one in world.services.incidents.members(group.id)}
        assert names == {f"alias/gone-{n}" for n in range(5, 12)}


def test_what_breaks_later_alerts_by_itself_although_the_group_goes_on():
    with open_world() as world:
        world.take(*missing(20, world))
        minutes(world, 15)
        world.inbox()
        # WHEN one more name is missing a quarter of an hour later
        world.take(*missing(1, world, 900))
        # THEN it is told at once
        assert [alert["subject"]["alias"] for alert in world.inbox()] == ["alias/gone-900"]


def test_keys_that_one_person_broke_are_a_group_whoever_calls_them():
    with open_world() as world:
        for n in range(12):
            world.kms.add(key_id(n), "Disabled")
            world.take(changed("CreateKey", key=key_id(n), at=world.now))
        changes = [changed("DisableKey", key=key_id(n), at=world.now) for n in range(12)]
        world.take(*changes)
        alerts = world.inbox()
        assert len(alerts) <= 7
        assert any("user/alice" in a["group"]["by"] for a in alerts if a["status"] == "group")


def test_a_group_ends_with_one_message_once_its_subjects_work_again():
    with open_world() as world:
        world.take(*missing(40, world))
        world.inbox()
        # WHEN the aliases are back and an hour passes
        world.kms.add()
        for n in range(40):
            world.kms.alias_targets[f"alias/gone-{n}"] = world.kms.keys and next(
                iter(world.kms.keys)
            )
        minutes(world, 60)
        # THEN the five that alerted by themselves are resolved one by one, the rest in one message
        resolved = [alert for alert in world.inbox() if alert["status"] == "resolved"]
        assert len([alert for alert in resolved if "group" not in alert]) == 5
        assert len([alert for alert in resolved if "group" in alert]) == 1
        assert {item["status"]["S"] for item in world.incidents()} == {"resolved"}
        # AND what breaks after that is a new group
        world.kms.alias_targets.clear()
        world.take(*missing(20, world, 100))
        alerts = world.inbox()
        assert Counter(alert["status"] for alert in alerts) == {"opened": 5, "group": 1}


def put_back(world: World, *numbers: int) -> None:
    world.kms.add()
    for n in numbers:
        world.kms.alias_targets[f"alias/gone-{n}"] = next(iter(world.kms.keys))


def test_a_group_is_not_told_of_again_where_all_of_it_works_again():
    with open_world() as world:
        began = world.now
        world.take(*missing(40, world))
        put_back(world, *range(60))
        minutes(world, 12)
        world.inbox()
        # WHEN records of the outage, twenty more names among them, are delivered late, after its end
        world.take(*(alias_missing(f"alias/gone-{n}", at=began) for n in range(40, 60)))
        minutes(world, 20)
        # THEN no message says that the group is broken
        assert "group" not in Counter(alert["status"] for alert in world.inbox())


def test_a_group_does_not_end_while_one_of_it_is_broken():
    with open_world() as world:
        world.take(*missing(12, world))
        world.inbox()
        # WHEN all aliases but the last are back
        put_back(world, *range(11))
        minutes(world, 60)
        # THEN nobody is told that the group has ended
        ends = [a for a in world.inbox() if a["status"] == "resolved" and "group" in a]
        assert ends == []


def test_the_end_of_a_group_says_whether_it_was_proven():
    with open_world() as world:
        world.take(*missing(12, world))
        put_back(world, *range(12))
        minutes(world, 60)
        (proven,) = [a for a in world.inbox() if a["status"] == "resolved" and "group" in a]
        assert "KMS now reports 5 subjects of them usable" in str(proven["notes"])
        # WHEN another group ends by silence alone
        world.kms.alias_targets.clear()
        world.take(*missing(12, world, 100))
        for _ in range(100):
            world.wait(minutes=5)
            world.tick()
        (unproven,) = [a for a in world.inbox() if a["status"] == "resolved" and "group" in a]
        assert "not proven" in str(unproven["notes"])


def test_members_that_nobody_can_prove_end_by_silence_and_so_does_their_group():
    with open_world() as world:
        world.take(*missing(20, world))
        for _ in range(100):
            world.wait(minutes=5)
            world.tick()
        assert {item["status"]["S"] for item in world.incidents()} == {"resolved"}
        ends = [a for a in world.inbox() if a["status"] == "resolved" and "group" in a]
        assert len(ends) == 1


def test_two_instances_count_every_subject_of_a_group_once():
    with open_world() as world:
        world.workers = 8
        world.take(*missing(100, world))
        world.cold_start()
        world.take(*missing(150, world, 50))
        minutes(world, 2)
        digests = [alert for alert in world.inbox() if alert["status"] == "group"]
        assert digests[-1]["group"]["size"] == 200
