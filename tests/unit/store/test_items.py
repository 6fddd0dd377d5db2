"""How an incident and a change lie in the table: word for word, so that every version reads what another wrote."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.calls import dump_marks, mark_of
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import parse
from keywatch.model.incident import OPEN, FailureBatch, Incident
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyChange, KeyFailure, Subject
from keywatch.store.incident_items import (
    GONE,
    MOST_OPENINGS,
    UnreadableItemError,
    change_of,
    counting,
    dump_times,
    epoch,
    incident_of,
    item_of,
    item_of_change,
    queue_of,
    seconds,
)
from keywatch.store.json_forms import (
    MOST_CHANGES,
    MOST_DIAGNOSIS_BYTES,
    MOST_FAILURE_BYTES,
    MOST_HISTORY_BYTES,
    MOST_NAME_BYTES,
    dump_changes,
    dump_diagnosis,
    dump_failure,
    dump_names,
    load_changes,
    load_diagnosis,
    load_failure,
    load_names,
)
from tests.unit.cases import ACCOUNT, ALIAS, APP, BOB, KEY, KEY_ID, OTHER_KEY_ID, REGION, THEN, arn

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
AT = THEN + timedelta(microseconds=250_000)
SUBJECT = Subject("key", ACCOUNT, REGION, KEY_ID)
FAILURE = KeyFailure(
    source="cloudtrail",
    event_id="e-1",
    time=AT,
    classification=ErrorClassification("key_disabled", Confidence.CERTAIN, "disabled"),
    subject=SUBJECT,
    caller=Caller(APP, session="i-1", account=ACCOUNT, service="s3.amazonaws.com"),
    partition="aws-cn",
    account=ACCOUNT,
    region=REGION,
    service="s3.amazonaws.com",
    operation="Decrypt",
    error_code="DisabledException",
    error_message=f"{KEY} is disabled.",
    identifier=parse(KEY_ID),
    key_arn=KEY,
    key_store="cks-1234567890abcdef0",
    external_key="xks-1",
    resource="arn:aws:s3:::orders",
    other_keys=(arn(OTHER_KEY_ID),),
    request_id="r-1",
)
CHANGE = ChangeFact("DisableKey", BOB, AT, "e-9", "CloudTrail", {"alias": ALIAS})
INCIDENT = Incident(
    id="kw-1",
    subject=SUBJECT,
    status=OPEN,
    failures=12,
    first_seen=THEN - HOUR,
    last_seen=AT,
    due_at=AT + 4 * HOUR,
    latest_cause="key_disabled",
    latest_failure=FAILURE,
    names={("caller", APP): 12, ("operation", "Decrypt"): 11},
    missed={("caller", APP): 3},
    recent_calls=(mark_of("r-0"), mark_of("r-1")),
    version=7,
    openings=(THEN - DAY, THEN),
    previous_id="kw-0",
    arrived=AT + SECOND,
)
DIAGNOSIS = Diagnosis(
    "key_disabled",
    Confidence.LIKELY,
    (Reason("error text", "AWS answered: disabled."), Reason("DescribeKey", "it is Disabled.")),
    unknowns=("who did it",),
    facts={"key": KEY, "region": REGION},
)


class TestItem:
    def test_an_incident_lies_under_the_names_of_the_first_version(self):
        assert item_of(INCIDENT, THEN) == {
            "subject": {"S": f"key|{ACCOUNT}|{REGION}|{KEY_ID}"},
            "item": {"S": "incident"},
            "incident_id": {"S": "kw-1"},
            "status": {"S": "open"},
            "failures": {"N": "12"},
            "version": {"N": "7"},
            "queue": {"S": "due"},
            "due_at": {"N": f"{int((THEN + 4 * HOUR).timestamp())}.25"},
            "expires_at": {"N": str(int((THEN + 90 * DAY).timestamp()))},
            "first_seen": {"N": str(int((THEN - HOUR).timestamp()))},
            "last_seen": {"N": f"{int(THEN.timestamp())}.25"},
            "said": {"S": "key_disabled"},
            "sample": {"S": dump_failure(FAILURE)},
            "names": {"S": dump_names(INCIDENT.names, INCIDENT.missed)},
            "recent": {"S": dump_marks(INCIDENT.recent_calls)},
            "arrived": {"N": f"{int((THEN + SECOND).timestamp())}.25"},
            "openings": {
                "S": f"{int((THEN - DAY).timestamp())},{int(THEN.timestamp())}",
            },
            "previous_id": {"S": "kw-0"},
        }

    def test_what_is_not_known_is_left_out(self):
        bare = replace(INCIDENT, arrived=None, openings=(), previous_id=None)
        assert {"arrived", "openings", "previous_id"}.isdisjoint(item_of(bare, THEN))

    def test_it_is_read_back_as_it_was(self):
        assert incident_of(item_of(INCIDENT, THEN)) == INCIDENT

    def test_what_was_recorded_since_is_read_as_well(self):
        item = item_of(INCIDENT, THEN) | {
            "cause": {"S": "key_disabled"},
            "severity": {"S": "high"},
            "announced": {"S": "not_yet_visible,key_disabled"},
            "sent_at": epoch(AT),
            "history": {"S": dump_changes([CHANGE])},
            "told": {"S": dump_diagnosis(DIAGNOSIS)},
            "announced_failures": {"S": "9"},
            "group": {"S": "kw-group-1"},
        }
        assert incident_of(item) == replace(
            INCIDENT,
            cause="key_disabled",
            severity="high",
            announced=("not_yet_visible", "key_disabled"),
            sent_at=AT,
            history=(CHANGE,),
            last_diagnosis=dump_diagnosis(DIAGNOSIS),
            announced_failures=9,
            group="kw-group-1",
        )

    def test_what_an_older_version_did_not_write_is_not_known(self):
        item = item_of(replace(INCIDENT, arrived=None, openings=(), previous_id=None), THEN)
        old = {name: part for name, part in item.items() if name not in {"recent", "version"}}
        old["n:caller:arn:x"] = {"N": "2"}
        del old["names"]
        read = incident_of(old)
        assert (read.recent_calls, read.version, read.announced) == ((), 0, ())
        assert (read.cause, read.sent_at, read.history, read.openings) == (None, None, (), ())
        # AND the names that it counted one by one are read
        assert read.names == {("caller", "arn:x"): 2}

    def test_an_item_without_any_names_has_none(self):
        item = item_of(INCIDENT, THEN)
        del item["names"]
        assert incident_of(item).names == {}

    @pytest.mark.parametrize("status", ["resolved", "healed", "open"])
    def test_of_what_was_deleted_every_version_reads_that_it_ended(self, status):
        item = item_of(replace(INCIDENT, status=status), THEN) | {GONE: {"S": "yes"}}
        assert incident_of(item).status == ("deleted" if status == "resolved" else status)

    @pytest.mark.parametrize(
        "attribute",
        [
            "subject",
            "status",
            "failures",
            "incident_id",
            "first_seen",
            "last_seen",
            "due_at",
            "said",
        ],
    )
    @pytest.mark.parametrize("damage", [None, {}, {"N": "NaN"}, {"N": "1e300"}, "text"])
    def test_without_what_an_incident_must_have_it_is_unreadable(self, attribute, damage):
        item = item_of(INCIDENT, THEN) | {attribute: damage}
        if damage is None:
            del item[attribute]
        with pytest.raises(UnreadableItemError, match=r"Error|status"):
            incident_of(item)

    def test_a_state_that_this_version_does_not_know_is_named(self):
        with pytest.raises(UnreadableItemError, match="its status is 'escalated'"):
            incident_of(item_of(replace(INCIDENT, status="escalated"), THEN))

    def test_a_failure_that_cannot_be_read_leaves_what_the_item_tells(self):
        # GIVEN incidents of a key, of a store, of an alias and of a caller, whose sample is damaged
        def read(kind, name, account=ACCOUNT):
            subject = Subject(kind, account, REGION, name)
            item = item_of(replace(INCIDENT, subject=subject), THEN) | {"sample": {"S": "{"}}
            return incident_of(item).latest_failure

        assert read("key", KEY_ID) == KeyFailure(
            source="stored",
            event_id="",
            time=AT,
            classification=ErrorClassification("key_disabled"),
            subject=SUBJECT,
            caller=Caller("unknown"),
            account=ACCOUNT,
            region=REGION,
            identifier=parse(KEY_ID),
        )
        assert read("alias", ALIAS).identifier == parse(ALIAS)
        assert read("identifier", "allas/x").identifier == parse("allas/x")
        of_store, of_caller = read("key_store", "cks-1"), read("caller", APP, "-")
        assert (of_store.key_store, of_store.identifier) == ("cks-1", None)
        assert (of_caller.key_store, of_caller.identifier, of_caller.account) == (None, None, None)

    def test_a_cause_that_was_empty_is_none(self):
        item = item_of(replace(INCIDENT, latest_cause=""), THEN) | {"sample": {"S": "{"}}
        assert incident_of(item).latest_failure.classification.cause is None


class TestCounting:
    def test_what_counting_changed_is_written_and_the_numbers_add_up(self):
        batch = FailureBatch(replace(FAILURE, time=AT + SECOND, request_id="r-2"))
        batch.add(batch.latest_failure, "m-1")
        after = INCIDENT.counting(batch)
        update = counting(INCIDENT, after, due_at=epoch(AT))
        assert update.add == {"failures": 1, "version": 1}
        item = item_of(after, THEN)
        named = ("first_seen", "last_seen", "said", "sample", "names", "recent")
        assert update.set == {name: item[name] for name in named} | {"due_at": epoch(AT)}
        assert not update.remove


def test_times_are_numbers_exact_to_the_microsecond_or_whole_seconds():
    assert epoch(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == {"N": "60"}
    assert epoch(datetime(1970, 1, 1, 0, 0, 20, 500, tzinfo=UTC)) == {"N": "20.0005"}
    assert seconds(datetime(1970, 1, 1, 0, 0, 59, 999_999, tzinfo=UTC)) == {"N": "59"}


def test_only_the_newest_openings_are_kept_in_order():
    times = tuple(THEN + number * HOUR for number in range(MOST_OPENINGS + 3))
    kept = dump_times(tuple(reversed(times))).split(",")
    assert kept == [epoch(when)["N"] for when in times[3:]]
    assert dump_times(times[:2]) == f"{epoch(times[0])['N']},{epoch(times[1])['N']}"


def test_every_subject_waits_in_the_queue_that_all_versions_read():
    assert {queue_of(f"key|1|eu-west-1|{number}") for number in range(50)} == {"due"}
    assert queue_of("key|1|eu-west-1|\ud800") == "due"


class TestChange:
    CHANGE = KeyChange(
        "cloudtrail", "e-9", AT, "DisableKey", Caller(BOB), (SUBJECT,), details={"alias": ALIAS}
    )

    def test_it_lies_beside_the_incident_of_its_subject(self):
        assert item_of_change(self.CHANGE, SUBJECT) == {
            "subject": {"S": SUBJECT.id},
            "item": {"S": f"change#{AT.isoformat()}#e-9"},
            "what": {"S": "DisableKey"},
            "who": {"S": BOB},
            "when": epoch(AT),
            "event_id": {"S": "e-9"},
            "details": {"M": {"alias": {"S": ALIAS}}},
            "expires_at": seconds(AT + timedelta(days=400)),
        }

    def test_it_is_read_back_as_a_fact_of_the_ledger(self):
        expected = ChangeFact("DisableKey", BOB, AT, "e-9", "change ledger", {"alias": ALIAS})
        item = item_of_change(self.CHANGE, SUBJECT)
        assert change_of(item) == expected
        del item["details"]
        assert change_of(item) == replace(expected, details={})

    @pytest.mark.parametrize("attribute", ["what", "who", "event_id", "when"])
    def test_without_what_a_change_must_have_it_is_unreadable(self, attribute):
        item = item_of_change(self.CHANGE, SUBJECT)
        with pytest.raises(UnreadableItemError, match="TypeError"):
            change_of(item | {attribute: None})
        del item[attribute]
        with pytest.raises(UnreadableItemError, match=f"KeyError: '{attribute}'"):
            change_of(item)


class TestFailure:
    def test_it_is_read_back_as_it_was(self):
        assert load_failure(dump_failure(FAILURE)) == FAILURE

    def test_what_is_empty_is_left_out_and_names_are_those_of_the_first_version(self):
        bare = KeyFailure(
            "app_log", "", AT, ErrorClassification("key_disabled"), SUBJECT, Caller("unknown")
        )
        assert json.loads(dump_failure(bare)) == {
            "source": "app_log",
            "time": AT.isoformat(),
            "subject": {"kind": "key", "account": ACCOUNT, "region": REGION, "name": KEY_ID},
            "caller": {"principal": "unknown", "session": None, "account": None, "service": None},
            "partition": "aws",
            "service": "kms.amazonaws.com",
            "reading": {
                "cause": "key_disabled",
                "pattern": "",
                "reason": "",
                "identifier": None,
                "key_arn": None,
                "alias_arn": None,
                "region": None,
                "account": None,
                "proof": "possible",
            },
        }
        assert load_failure(dump_failure(bare)) == bare

    def test_what_a_newer_version_added_is_passed_over(self):
        fields = json.loads(dump_failure(FAILURE)) | {"colour": "red"}
        fields["reading"] |= {"mood": "bad", "proof": "beyond doubt"}
        fields["caller"] |= {"shoe": 42}
        read = load_failure(json.dumps(fields))
        # THEN a confidence that this version does not know claims the least
        unsure = replace(FAILURE.classification, confidence=Confidence.POSSIBLE)
        assert read == replace(FAILURE, classification=unsure)

    def test_an_older_version_wrote_no_confidence(self):
        fields = json.loads(dump_failure(FAILURE))
        del fields["reading"]["proof"]
        assert load_failure(json.dumps(fields)).classification.confidence is Confidence.POSSIBLE

    def test_a_long_text_is_cut_and_what_tells_the_key_stays_whole(self):
        long = "ä" * 5_000
        failure = replace(
            FAILURE,
            error_message=long,
            caller=Caller(long),
            resource=long,
            other_keys=(long, KEY),
            key_arn=KEY + "x" * 600,
        )
        text = dump_failure(failure)
        assert len(text.encode()) <= MOST_FAILURE_BYTES
        read = load_failure(text)
        assert (read.subject, read.time, read.key_arn) == (SUBJECT, AT, failure.key_arn)
        assert read.error_message.startswith("ää")
        assert read.error_message.endswith("...")
        assert read.other_keys[0].endswith("...")

    def test_no_more_is_cut_than_must_be(self):
        failure = replace(FAILURE, error_message="x" * 1_100)
        assert load_failure(dump_failure(failure)) == failure
        longer = replace(failure, error_message="x" * 2_000)
        assert load_failure(dump_failure(longer)).error_message == "x" * 1_097 + "..."


class TestNames:
    def test_they_lie_by_kind_and_only_what_was_missed_is_told(self):
        counts = {("caller", "a"): 1, ("caller", "b"): 2, ("operation", "Decrypt"): 3}
        text = dump_names(counts, {("caller", "b"): 5})
        assert text == '{"operation":{"Decrypt":[3]},"caller":{"b":[2,5],"a":[1]}}'
        tally = load_names(text)
        assert (tally.counts, tally.missed) == (counts, {("caller", "b"): 5})

    def test_the_rarest_go_to_the_others_where_there_is_no_room(self):
        counts = {("resource", f"{number:02}" + "ö" * 150): number for number in range(1, 21)}
        text = dump_names(counts, {})
        assert len(text.encode()) <= MOST_NAME_BYTES
        tally = load_names(text)
        assert sum(tally.counts.values()) == sum(counts.values())
        kept = [name for kind, name in tally.counts if name != "(others)"]
        assert kept == sorted(kept, reverse=True)
        assert kept[0].startswith("20")
        # AND one more would not have fitted
        assert len(text.encode()) > MOST_NAME_BYTES - 320


class TestHistory:
    def test_the_newest_are_kept_and_read_back(self):
        changes = [replace(CHANGE, when=AT + number * SECOND, event_id="") for number in range(12)]
        short = [replace(change, details={}, who="b") for change in changes]
        kept = load_changes(dump_changes(short))
        assert kept == tuple(reversed(short))[:MOST_CHANGES]
        assert dump_changes([]) == "[]"

    def test_the_oldest_give_way_where_there_is_no_room(self):
        changes = [replace(CHANGE, when=AT + number * SECOND, who="w" * 300) for number in range(6)]
        text = dump_changes(changes)
        assert len(text) <= MOST_HISTORY_BYTES
        assert load_changes(text) == (changes[5], changes[4], changes[3])
        assert dump_changes([replace(CHANGE, who="w" * 2_000)]) == "[]"

    def test_as_much_as_there_is_room_for_is_kept(self):
        room = MOST_HISTORY_BYTES - len(dump_changes([replace(CHANGE, who="")]))
        assert load_changes(dump_changes([replace(CHANGE, who="w" * room)])) != ()
        assert load_changes(dump_changes([replace(CHANGE, who="w" * (room + 1))])) == ()


class TestDiagnosis:
    def test_it_is_read_back_with_the_remedies_of_its_cause_and_facts(self):
        read = load_diagnosis(dump_diagnosis(DIAGNOSIS))
        assert replace(read, remedies=()) == DIAGNOSIS
        assert read.remedies
        assert any(KEY in (step.command or "") for step in read.remedies)

    def test_lists_and_texts_are_bounded(self):
        many = replace(
            DIAGNOSIS,
            because=tuple(Reason(f"source {number}", "x" * 450) for number in range(9)),
            unknowns=tuple(f"{number}" for number in range(9)),
            facts={"key": "k" * 600},
        )
        read = load_diagnosis(dump_diagnosis(many))
        assert [reason.source for reason in read.because] == [f"source {n}" for n in range(8)]
        assert read.because[0].text == "x" * 397 + "..."
        assert read.unknowns == tuple("01234567")
        assert read.facts["key"] == "k" * 509 + "..."

    def test_all_of_it_fits_whatever_it_says(self):
        long = replace(
            DIAGNOSIS,
            because=tuple(Reason("s" * 600, "ß" * 600) for _ in range(9)),
            unknowns=tuple("u" * 600 for _ in range(9)),
            facts={f"fact {number}": "f" * 600 for number in range(12)},
        )
        text = dump_diagnosis(long)
        assert len(text.encode()) <= MOST_DIAGNOSIS_BYTES
        assert len(load_diagnosis(text).because) == 8
