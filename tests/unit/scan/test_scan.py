"""From files to incidents, on the command line: what is found, explained, shown, and which exit code it has."""

import csv
import io
import json
import os
import random
import sqlite3
from datetime import timedelta

import pytest

from cli.__main__ import main
from cli.scan import work
from tests.unit.scan.trails import KEY, NAME, START, at, call, change, log_file, packed, success
from tests.unit.sources.records import ACCOUNT, KEY_ID, OTHER_ACCOUNT, REGION, harmless, identities

BOB = "arn:aws:iam::111122223333:user/"
ALIAS = "alias/payments"
NOT_FOUND = ("NotFoundException", f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{ALIAS} is not found.")


@pytest.fixture
def scan(tmp_path, capsys):
    """Scan some records, shuffled over files; return the incidents, the summary and the exit code."""

    def run(*records, files=3, options=()):
        shuffled = list(records)
        random.Random(1).shuffle(shuffled)
        folder = tmp_path / "logs"
        folder.mkdir(exist_ok=True)
        for number in range(files):
            (folder / f"{number}-{NAME}").write_bytes(packed(*shuffled[number::files]))
        code = main(["scan", "--json", *options, str(folder)])
        *incidents, summary = map(json.loads, capsys.readouterr().out.splitlines())
        return incidents, summary, code

    return run


def test_nothing_found_is_said_and_exits_with_0(scan):
    incidents, summary, code = scan(success(1), success(2))
    assert (incidents, summary["records"], code) == ([], 2, 0)


def test_failures_of_one_key_are_one_incident_with_counts_and_callers(scan):
    # GIVEN failures of a key by two callers, spread over files in no order, one of them twice
    role = identities()["assumed_role"]
    records = [*[call(n) for n in range(30)], call(40, userIdentity=role), call(3)]
    # WHEN they are scanned
    (incident,), summary, code = scan(*records)
    # THEN there is one incident, and each call counts once
    assert (incident["cause"], incident["confidence"], incident["failures"], code) == (
        "key_disabled",
        "certain",
        31,
        1,
    )
    assert (incident["first_seen"], incident["last_seen"]) == (at(0), at(40))
    assert [caller["failures"] for caller in incident["callers"]] == [30, 1]
    assert incident["accounts"] == [{"name": ACCOUNT, "failures": 31}]
    assert incident["regions"] == [{"name": REGION, "failures": 31}]
    assert incident["days"] == {"2026-03-01": 31}
    assert (summary["failures"], summary["incidents"]) == (31, 1)


def test_a_change_in_the_same_logs_explains_failures(scan):
    # GIVEN a deletion that bob scheduled six days before calls fail
    day = 24 * 60
    pending = ("KMSInvalidStateException", f"{KEY} is pending deletion.")
    records = [change(0, "ScheduleKeyDeletion"), call(6 * day, pending), call(6 * day + 1, pending)]
    # WHEN they are scanned
    (incident,), _, _ = scan(*records)
    # THEN the incident names him, and how long before that was
    (made,) = incident["changes"]
    assert (made["what"], made["distance"]) == ("ScheduleKeyDeletion", "6 days before")
    assert made["who"].startswith(BOB)
    assert any("called ScheduleKeyDeletion" in reason for reason in incident["because"])


def test_a_change_that_was_undone_before_blames_nobody(scan):
    records = [change(0, "DisableKey"), change(10, "EnableKey"), call(60)]
    (incident,), _, _ = scan(*records)
    assert incident["changes"] == []


def test_what_undid_it_afterwards_is_told_and_still_the_first_one_is_named(scan):
    # GIVEN a key that is disabled, fails, is enabled and later disabled again
    records = [
        change(0, "DisableKey"), call(5), call(6), change(8, "EnableKey"),
        change(30, "DisableKey"), call(31), success(500),
    ]  # fmt: skip
    # WHEN they are scanned
    incidents, _, _ = scan(*records)
    # THEN these are two incidents: the first was fixed, the second ended by silence
    assert [i["failures"] for i in incidents] == [2, 1]
    assert [i["changes"][0]["when"] for i in incidents] == [at(0), at(30)]
    assert incidents[0]["fixed_by"]["what"] == "EnableKey"
    assert [i["goes_on"] for i in incidents] == [False, False]


def test_silence_of_six_hours_ends_an_incident_and_the_end_of_the_logs_does_not(scan):
    records = [call(0), call(300), call(700), success(750)]
    incidents, summary, _ = scan(*records)
    assert [(i["failures"], i["goes_on"]) for i in incidents] == [(2, False), (1, True)]
    assert summary["going_on"] == 1


def test_the_cause_is_the_newest_that_was_not_told_before(scan):
    # GIVEN a key that is disabled, then pending deletion, while one caller still sees the old state
    pending = ("KMSInvalidStateException", f"{KEY} is pending deletion.")
    (incident,), _, _ = scan(call(0), call(1, pending), call(2), call(3, pending), call(4))
    assert incident["causes"] == ["key_disabled", "key_pending_deletion"]
    assert incident["cause"] == "key_pending_deletion"


def test_an_alias_that_went_with_its_key_is_explained_by_the_key(scan):
    # GIVEN an alias whose key was deleted
    named = {"requestParameters": {"keyId": ALIAS}, "resources": None}
    records = [
        change(
            0,
            "CreateAlias",
            requestParameters={"aliasName": ALIAS, "targetKeyId": KEY_ID},
            responseElements=None,
        ),
        change(
            10,
            "DeleteKey",
            eventType="AwsServiceEvent",
            requestParameters=None,
            responseElements=None,
        ),
        call(20, NOT_FOUND, **named),
    ]
    (incident,), _, _ = scan(*records)
    assert (incident["cause"], incident["confidence"]) == ("key_deleted", "likely")


def test_what_was_created_moments_before_is_not_yet_visible(scan):
    alias = {"aliasName": ALIAS, "targetKeyId": KEY_ID}
    named = {"requestParameters": {"keyId": ALIAS}, "resources": None}
    records = [
        change(0, "CreateAlias", requestParameters=alias, responseElements=None),
        call(0.1, NOT_FOUND, **named),
    ]
    (incident,), _, _ = scan(*records)
    assert incident["cause"] == "not_yet_visible"


def test_both_accounts_records_of_one_call_are_one_failure(scan):
    copies = [
        call(1, eventID=f"copy-{account}", sharedEventID="shared", recipientAccountId=account)
        for account in (ACCOUNT, OTHER_ACCOUNT)
    ]
    (incident,), _, _ = scan(*copies)
    assert incident["failures"] == 1


def test_out_of_scope_canary_and_shipped_exceptions_are_counted_and_not_told(scan):
    canary = "alias/keywatch-canary-that-never-exists"
    config = identities()["assumed_role"] | {"invokedBy": "config.amazonaws.com"}
    denied = (
        "User: x is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this "
        "Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
    incidents, summary, code = scan(
        call(1, ("ThrottlingException", "Rate exceeded")),
        call(2, NOT_FOUND, requestParameters={"keyId": canary}),
        call(3, ("AccessDenied", denied), userIdentity=config),
        call(4, ("NoSuchBucket", "no"), eventSource="s3.amazonaws.com"),
    )
    assert (incidents, code) == ([], 0)
    assert summary["ignored"] == dict.fromkeys(
        ("out_of_scope_throttling", "canary", "ignored_by_rule", "not_about_keys"), 1
    )


def test_what_a_deployed_keywatch_asks_is_left_out_and_no_call_that_does_more(scan):
    # GIVEN failing calls of KeyWatch's own role, of roles named like it, and one that does more than ask
    def by(arn):
        issuer = {"type": "Role", "arn": arn, "accountId": ACCOUNT, "userName": "x"}
        return {
            "type": "AssumedRole",
            "arn": f"{arn}/x",
            "sessionContext": {"sessionIssuer": issuer},
        }

    own = f"arn:aws:iam::{ACCOUNT}:role/watchers/KeyWatch-function-{REGION}"
    incidents, summary, _ = scan(
        call(1, eventName="DescribeKey", userIdentity=by(own)),
        call(2, eventName="Decrypt", userIdentity=by(own)),
        call(3, eventName="DescribeKey", userIdentity=by(f"{own}-2")),
        call(
            4,
            eventName="DescribeKey",
            userIdentity=by(f"arn:aws:iam::{ACCOUNT}:role/x-KeyWatch-function"),
        ),
    )
    # THEN only its look-up is left out, and counted
    assert summary["ignored"] == {"own_call": 1}
    assert incidents[0]["failures"] == 3


def test_since_and_until_bound_failures_but_not_the_changes_that_explain_them(scan):
    day = 24 * 60
    records = [change(0, "DisableKey"), call(1), call(day), call(3 * day)]
    options = ("--since", "2026-03-02", "--until", "2026-03-03T12:00")
    (incident,), _, _ = scan(*records, options=options)
    assert (incident["first_seen"], incident["failures"]) == (at(day), 1)
    assert incident["changes"][0]["what"] == "DisableKey"


def test_hours_without_records_are_named(scan):
    _, summary, _ = scan(success(0), success(60), success(60 * 24), files=3)
    (gap,) = summary["gaps"]
    assert (gap["account"], gap["region"]) == (ACCOUNT, REGION)
    assert (gap["from"], gap["until"]) == ("2026-03-01T14:00:00Z", "2026-03-02T12:00:00Z")


def test_hours_of_records_in_the_middle_of_a_file_are_no_gap(scan):
    # GIVEN one file with a record every two hours, of two accounts in turn
    accounts = (ACCOUNT, OTHER_ACCOUNT)
    records = [success(120 * n, recipientAccountId=accounts[n % 2]) for n in range(40)]
    # WHEN it is scanned; THEN no account misses six hours
    _, summary, _ = scan(*records, files=1)
    assert summary["gaps"] == []


def test_what_cannot_be_read_exits_with_2_and_does_not_hide_what_was_found(tmp_path, capsys):
    # GIVEN a good file, a cut one, and a digest file, in folders as an organisation trail has them
    folder = (
        tmp_path
        / "o-abc"
        / "AWSLogs"
        / "o-abc"
        / ACCOUNT
        / "CloudTrail"
        / REGION
        / "2026"
        / "03"
        / "01"
    )
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(packed(call(1)))
    (folder / f"cut-{NAME}").write_bytes(packed(call(2))[:-20])
    (folder / "digest.json.gz").write_bytes(b'{"digestStartTime":"x"}')
    # WHEN they are scanned
    code = main(["scan", str(tmp_path)])
    # THEN both are named, and the incident is there
    shown = capsys.readouterr().out
    assert code == 2
    assert "key_disabled" in shown
    assert f"cut-{NAME}: the gzip file is cut off" in shown.replace("\n", "")
    assert "Skipped 1 file, a digest file of CloudTrail" in shown


def test_a_source_that_does_not_exist_is_said(capsys):
    assert main(["scan", "/nowhere/at/all"]) == 2
    assert "There is no file or folder /nowhere/at/all." in capsys.readouterr().err


def test_a_scan_goes_on_where_it_stopped(tmp_path, capsys, monkeypatch):
    # GIVEN a scan that read one file, and another file since
    state, first = tmp_path / "state.sqlite", tmp_path / "1.json"
    first.write_bytes(log_file(change(0, "DisableKey"), call(1)))
    main(["scan", "--json", "--state", str(state), str(first)])
    capsys.readouterr()
    (tmp_path / "2.json").write_bytes(log_file(call(2)))
    opened = []
    monkeypatch.setattr(
        work,
        "_read",
        lambda one, *rest, read=work._read: opened.append(one.name) or read(one, *rest),
    )
    # WHEN it is started again
    main(["scan", "--json", "--state", str(state), str(tmp_path)])
    # THEN only the new file is read, and everything is told
    incident, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert opened == [str(tmp_path / "2.json")]
    assert (incident["failures"], incident["changes"][0]["what"], summary["records"]) == (
        2,
        "DisableKey",
        3,
    )


def test_a_state_that_is_none_is_said(tmp_path, capsys):
    state, log = tmp_path / "state", tmp_path / "1.json"
    state.write_bytes(b"this is no database" * 100)
    log.write_bytes(log_file(call(1)))
    assert main(["scan", "--state", str(state), str(log)]) == 2
    assert "is no state of a scan" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", log_file(), b'{"digestStartTime":"x"}'])
def test_where_no_record_was_read_nothing_is_said_to_be_well(tmp_path, capsys, content):
    # GIVEN a folder without a log, or with one that holds no record
    if content is not None:
        (tmp_path / "1.json").write_bytes(content)
    # WHEN it is scanned; THEN that is said, and exits with 2
    assert main(["scan", str(tmp_path)]) == 2
    shown = capsys.readouterr().out
    assert "No record of CloudTrail was read, so nothing can be said." in shown
    assert "Nothing found" not in shown
    assert ("no log file is there" in shown) == (content is None)


def test_one_source_without_logs_is_named_beside_another(tmp_path, capsys):
    logs, empty = tmp_path / "logs", tmp_path / "empty"
    for folder in (logs, empty):
        folder.mkdir()
    (logs / "1.json").write_bytes(log_file(call(1)))
    assert main(["scan", "--json", str(logs), str(empty)]) == 2
    incident, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert incident["failures"] == 1
    assert summary["problems"] == [{"name": str(empty), "why": "no log file is there"}]


def test_a_span_that_ends_before_it_begins_is_refused(tmp_path, capsys):
    assert main(["scan", "--since", "2d", "--until", "3d", str(tmp_path)]) == 2
    assert "--until must be later than --since." in capsys.readouterr().err


def test_pipes_and_devices_in_a_folder_are_named_and_not_waited_for(tmp_path, capsys):
    # GIVEN a pipe that nobody writes to, and a link to a device without an end
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "1.json").write_bytes(log_file(call(1)))
    # WHEN the folder is scanned; THEN both are named, and the log is read
    assert main(["scan", "--json", str(tmp_path)]) == 2
    incident, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert incident["failures"] == 1
    assert {problem["why"] for problem in summary["problems"]} == {
        "it cannot be opened (it is no regular file)"
    }


@pytest.mark.parametrize(
    "time",
    ["not a time", None, 5, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-13-01T00:00:00Z"],
)
def test_a_failure_without_a_time_that_means_anything_is_broken_and_costs_no_neighbour(scan, time):
    (incident,), summary, code = scan(call(1, eventTime=time), call(2), files=1)
    assert (incident["failures"], code) == (1, 2)
    assert summary["problems"][0]["why"] == "1 of its records are broken"
    assert summary["from"].startswith("2026-03-01")


HOSTILE = '=HYPERLINK("http://evil")\x1b[31m\u202e[bold]red[/bold]\n\r<script>alert(1)</script>'


def test_hostile_text_is_harmless_in_every_output(tmp_path, capsys):
    # GIVEN names and messages that would be formulas, markup or control characters
    log = tmp_path / "1.json"
    evil = {"type": "IAMUser", "arn": HOSTILE, "accountId": ACCOUNT}
    invalid = ("NotFoundException", f"Invalid keyId '{HOSTILE}'")
    named = {"requestParameters": {"keyId": HOSTILE}, "resources": None, "userIdentity": evil}
    log.write_bytes(log_file(call(1, invalid, **named)))
    # WHEN they are shown
    main(["scan", str(log)])
    shown = capsys.readouterr().out
    main(["scan", "--csv", "-", str(log)])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    # THEN the terminal gets plain lines, and the spreadsheet no formula
    assert all(harmless(line) for line in shown.splitlines())
    assert "[bold]" in shown
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


def test_several_processes_find_the_same(tmp_path, capsys, monkeypatch):
    # GIVEN files enough for two processes
    monkeypatch.setattr(work, "WORTH_IT", 0)
    monkeypatch.setattr(work, "MOST_FILES", 2)
    for number in range(6):
        (tmp_path / f"{number}.json.gz").write_bytes(packed(call(number), call(number + 100)))
    outputs = []
    # WHEN one and two processes read them
    for jobs in ("1", "2"):
        main(["scan", "--json", "--jobs", jobs, str(tmp_path)])
        outputs.append(capsys.readouterr().out)
    # THEN they tell the same
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0].splitlines()[0])["failures"] == 12


def test_what_is_kept_is_sorted_on_disk_and_bounded_in_memory(tmp_path, monkeypatch):
    # GIVEN a bound of ten signals at once
    from cli.scan import workspace as module

    monkeypatch.setattr(module, "AT_ONCE", 10)
    log, state = tmp_path / "1.json", tmp_path / "state"
    log.write_bytes(log_file(*[call(n) for n in range(95)]))
    # WHEN more come
    main(["scan", "--json", "--state", str(state), str(log)])
    # THEN all are kept
    assert sqlite3.connect(state).execute("SELECT count(*) FROM failures").fetchone() == (95,)


def test_spans_are_read_as_times():
    from cli.scan.arguments import moment

    assert moment("2026-03-01T12:00") == START
    assert moment("2026-03-01T13:00+01:00") == START
    assert moment("2d") < moment("36h") < START + timedelta(days=9999)
