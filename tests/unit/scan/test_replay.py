"""Found failures on a bus: all of them once, in order, paced, as the deployment reads them; what the bus refuses is counted."""

import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cli import session
from cli.__main__ import main
from cli.scan import replay, to_bus
from cli.scan.replay import AT_ONCE, MOST_BYTES, Bus, Outcome, Replay, requests, size_of
from keywatch.model.signals import KeyChange, KeyFailure
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.unit.scan.trails import call, change, log_file, success

SOURCE = "keywatch.replay"


class Events:
    """EventBridge. ``refuses`` gives the error codes of the entries of one request after the other, then it takes all."""

    def __init__(self, *refuses, no_bus=None):
        self.refuses, self.no_bus, self.taken, self.requests = list(refuses), no_bus, [], []

    def describe_event_bus(self, Name):
        if self.no_bus:
            raise ClientError({"Error": {"Code": self.no_bus}}, "DescribeEventBus")

    def put_events(self, Entries):
        self.requests.append(list(Entries))
        codes = self.refuses.pop(0) if self.refuses else {}
        if isinstance(codes, Exception):
            raise codes
        self.taken += [one for n, one in enumerate(Entries) if n not in codes]
        answers = [
            {"ErrorCode": codes[n]} if n in codes else {"EventId": "e"} for n in range(len(Entries))
        ]
        return {"FailedEntryCount": len(codes), "Entries": answers}


class Time:
    """A clock that goes on only while somebody waits."""

    def __init__(self):
        self.now = 0.0

    def wait(self, seconds):
        self.now += seconds


def _records(count, **parts):
    return [json.dumps(call(n, **parts)).encode() for n in range(count)]


def _run(events, records, a_second=1000.0):
    time = Time()
    tried = []
    outcome = Replay(events, Bus(SOURCE, a_second=a_second), time.wait, lambda: time.now).run(
        records, tried.append
    )
    return outcome, time.now, sum(tried)


@given(sizes=st.lists(st.integers(0, MOST_BYTES + 5000), max_size=40))
def test_requests_hold_every_entry_once_in_order_and_never_too_much(sizes):
    # GIVEN entries of any size
    outcome = Outcome()
    entries = [
        {"Source": SOURCE, "DetailType": "x", "Detail": "d" * size, "EventBusName": "default"}
        for size in sizes
    ]
    # WHEN requests are made of them
    made = list(requests(iter(entries), outcome))
    # THEN each is in one of them, but for what no request takes, and no request is too large
    fit = [one for one in entries if size_of(one) <= MOST_BYTES]
    assert [one for request in made for one in request] == fit
    assert outcome.left_out.total() == len(entries) - len(fit)
    assert all(len(request) <= AT_ONCE for request in made)
    assert all(sum(map(size_of, request)) <= MOST_BYTES for request in made)


def test_events_are_paced():
    # GIVEN a hundred failures, at most ten a second; WHEN they are put
    outcome, took, tried = _run(Events(), _records(100), a_second=10)
    # THEN that takes ten seconds, the first ten at once
    assert (outcome.put, took, tried) == (100, 9.0, 100)


def test_what_is_refused_for_a_while_is_sent_again_and_counted():
    # GIVEN a bus that refuses two of three entries, then one
    events = Events({0: "ThrottlingException", 2: "InternalFailure"}, {1: "ThrottlingException"})
    # WHEN three events are put
    outcome, _, _ = _run(events, _records(3))
    # THEN all are on the bus, each once
    assert (outcome.put, outcome.again, outcome.left_out.total()) == (3, 3, 0)
    assert len({one["Detail"] for one in events.taken}) == len(events.taken) == 3


def test_what_is_refused_again_and_again_is_given_up_and_counted():
    events = Events(*[{0: "ThrottlingException"}] * replay.ATTEMPTS)
    outcome, _, _ = _run(events, _records(2))
    assert (outcome.put, dict(outcome.left_out)) == (1, {"ThrottlingException": 1})
    assert len(events.requests) == replay.ATTEMPTS


def test_what_trying_again_does_not_help_is_not_tried_again():
    events = Events({0: "NotAuthorizedForSourceException"})
    outcome, _, _ = _run(events, _records(2))
    assert (outcome.put, len(events.requests)) == (1, 1)
    assert "NotAuthorizedForSourceException" in outcome.sentence()


def test_a_bus_that_takes_nothing_any_more_ends_it_and_says_how_far_it_came():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutEvents")
    outcome, _, _ = _run(Events({}, denied), _records(20))
    assert outcome.put == 10
    assert outcome.sentence().startswith("Put 10 events. Stopped: An error occurred (AccessDenied")


def test_a_record_that_was_damaged_on_disk_costs_no_neighbour():
    outcome, _, _ = _run(Events(), [b"{", *_records(1)])
    assert (outcome.put, outcome.left_out.total()) == (1, 1)


@pytest.fixture
def bus(monkeypatch):
    """Let ``scan`` put on a bus of ours, in no time."""
    events = Events()

    class Session:
        region_name = "eu-west-1"

        def client(self, service, config):
            assert service == "events"
            return events

    asked = []
    monkeypatch.setattr(to_bus, "opened", lambda *args: asked.append(args) or Session())
    events.asked = asked
    return events


def _scan(tmp_path, *options):
    log = tmp_path / "1.json"
    records = [call(9), change(0, "ScheduleKeyDeletion"), success(3), call(5), call(9)]
    other = {"requestParameters": {"keyId": "alias/other"}, "responseElements": {}, "resources": []}
    log.write_bytes(log_file(*records, change(1, "DisableKey", **other)))
    return main(["scan", "--to-bus", SOURCE, "--profile", "p", "--region", "r", *options, str(log)])


def test_failures_and_the_changes_of_what_failed_are_put_in_the_order_of_time(
    bus, tmp_path, capsys
):
    # GIVEN logs with failures, one of them twice, a change of that key and one of another
    # WHEN they are replayed
    code = _scan(tmp_path, "--bus", "trial")
    # THEN the bus has the change first, and the failures once, as AWS would send them
    signals = [
        read_event(
            {
                "source": one["Source"],
                "detail-type": one["DetailType"],
                "detail": json.loads(one["Detail"]),
            },
            Reception(),
        )
        for one in bus.taken
    ]
    kinds = [(type(one), one.time.minute) for (one,) in signals]
    assert kinds == [(KeyChange, 0), (KeyFailure, 5), (KeyFailure, 9)]
    # AND the deployment knows that it was not AWS who told
    assert {one.subject.replayed for (one,) in signals[1:]} == {SOURCE}
    assert {one["EventBusName"] for one in bus.taken} == {"trial"}
    assert bus.asked == [("p", "r")]
    # AND what is put was said before, and what became of it after
    said = capsys.readouterr().err
    assert "To put: 3 events (2 failures and 1 change of what failed) on the bus trial" in said
    assert said.rstrip().endswith("Put 3 events.")
    assert code == 1


def test_a_dry_run_puts_nothing(bus, tmp_path, capsys):
    assert _scan(tmp_path, "--dry-run") == 1
    assert "To put: 3 events" in capsys.readouterr().err
    assert bus.requests == []


def test_failures_outside_the_span_are_not_put(bus, tmp_path):
    _scan(tmp_path, "--since", "2026-03-01T12:07")
    times = [json.loads(one["Detail"])["eventTime"] for one in bus.taken]
    assert times == ["2026-03-01T12:00:00Z", "2026-03-01T12:09:00Z"]


def test_a_bus_that_is_not_there_is_said_before_anything_is_put(bus, tmp_path, capsys):
    bus.no_bus = "ResourceNotFoundException"
    assert _scan(tmp_path, "--bus", "trial") == 2
    assert "There is no event bus trial." in capsys.readouterr().err
    assert bus.requests == []


def test_who_may_not_look_at_the_bus_may_still_put(bus, tmp_path):
    bus.no_bus = "AccessDeniedException"
    assert _scan(tmp_path) == 1
    assert len(bus.taken) == 3


def test_events_that_could_not_be_put_exit_with_2(bus, tmp_path):
    bus.refuses.append({0: "MalformedDetail"})
    assert _scan(tmp_path) == 2


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("aws.kms", "which only AWS can send"),
        ("aws.x", "which only AWS can send"),
        ("", "an event source has"),
        ("a b", "an event source has"),
        ("x" * 65, "an event source has"),
    ],
)
def test_a_source_that_is_awss_or_none_is_refused(source, why, capsys):
    with pytest.raises(SystemExit) as end:
        main(["scan", "--to-bus", source, "x.json"])
    assert end.value.code == 2
    assert why in " ".join(capsys.readouterr().err.split())


def test_the_region_is_that_of_the_option_then_of_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert session.opened(region="eu-west-3").region_name == "eu-west-3"
    assert session.opened().region_name == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    assert session.opened().region_name == "us-east-1"
