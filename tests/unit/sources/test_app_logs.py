"""Failures in arbitrary text: found in every format, silent on look-alikes, in linear time, whatever the bytes."""

import base64
import gzip
import importlib
import json
import pkgutil
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import keywatch.catalogue
import keywatch.parsing
import keywatch.sources
from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.counters import Loss, meaning_of
from keywatch.catalogue.texts import TEXTS
from keywatch.model.signals import KeyFailure, Unrelated
from keywatch.parsing.logs import errors
from keywatch.parsing.logs.errors import find_errors
from keywatch.parsing.logs.formats.envelope import LogFormat
from keywatch.sources import app_logs
from keywatch.sources.app_logs import DELIVERIES
from keywatch.sources.source import Reception
from tests.support.examples import examples

PAYLOADS = Path(__file__).parents[2] / "payloads" / "logs"
KEY = "arn:aws:kms:us-east-2:444455556666:key/0b7f5a52-8f6e-4d1c-9a3e-5d2f1c7b6a90"
OTHER = "arn:aws:kms:us-east-2:444455556666:key/11111111-2222-3333-4444-555555555555"


def read_log_payload(event, **options):
    return DELIVERIES.read(event, Reception(**options))


def rows(name):
    return [json.loads(line) for line in (PAYLOADS / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", rows("hits.jsonl"), ids=lambda row: f"{row['id']}-{row['format']}")
def test_a_failure_is_found_once_with_what_the_text_says_of_it(row):
    # WHEN a text in the format of some SDK, tool or logger is read
    found = find_errors(row["text"])
    # THEN it is one failure, with its cause and all that stands in the text
    assert [error.classification.cause for error in found] == [row["cause"]]
    error = found[0]
    for name, got in (
        ("identifier", error.classification.identifier),
        ("region", error.region),
        ("account", error.account),
        ("operation", error.operation),
        ("code", error.code),
    ):
        if row[name] is not None:
            assert got == row[name], name


@pytest.mark.parametrize(
    "row", rows("look_alikes.jsonl"), ids=lambda row: f"{row['id']}-{row['format']}"
)
def test_a_look_alike_is_no_failure(row):
    assert find_errors(row["text"]) == ()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: json.dumps({"log": text}),
        lambda text: json.dumps({"a": [{"b": json.dumps({"c": json.dumps(text)})}]}, indent=2),
        lambda text: "\n".join(f"│ {line}" for line in text.splitlines()),
        lambda text: "\n".join(f"\x1b[31m{line}\x1b[0m" for line in text.splitlines()),
        lambda text: (
            text.replace("&", "&amp;")
            .replace("'", "&#39;")
            .replace('"', "&quot;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
        ),
        lambda text: f"noise before\n{text}\nnoise after",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "INFO ok\n" * 2000 + text,
    ],
    ids=["json", "json3", "bars", "colours", "html", "noise", "crlf", "far"],
)
@pytest.mark.parametrize(
    "row",
    [r for r in rows("hits.jsonl") if "<" not in (r["identifier"] or "")],
    ids=lambda row: row["id"],
)
def test_wrapping_a_text_changes_nothing_that_matters(row, wrap):
    # GIVEN a known failure, WHEN a logger, terminal or page wraps it
    found = find_errors(wrap(row["text"]))
    # THEN it is still that failure, about that key
    assert [error.classification.cause for error in found] == [row["cause"]]
    if row["identifier"] is not None:
        assert found[0].classification.identifier == row["identifier"]


def test_each_distinct_failure_of_a_text_is_one_finding_in_order_of_appearance():
    # GIVEN the same failure three times, another key, and another cause
    text = f"""
    DisabledException: {KEY} is disabled.
    retry: DisabledException: {KEY} is disabled.
    DisabledException: {OTHER} is disabled.
    NotFoundException: Alias arn:aws:kms:us-east-2:444455556666:alias/a is not found.
    An error occurred (DisabledException) when calling the Decrypt operation: {KEY} is disabled.
    """
    assert [(e.classification.cause, e.classification.identifier) for e in find_errors(text)] == [
        ("key_disabled", KEY),
        ("key_disabled", OTHER),
        ("alias_not_found", "arn:aws:kms:us-east-2:444455556666:alias/a"),
    ]


def test_the_number_of_findings_is_bounded():
    text = "\n".join(
        f"DisabledException: {KEY[:-3]}{number:03} is disabled." for number in range(500)
    )
    assert len(find_errors(text)) == errors.MAX_ERRORS


def test_a_sentence_without_a_key_takes_the_one_key_that_stands_near():
    error = find_errors(
        f"keyId={KEY} err: The external key store proxy denied access to the operation. Verify"
    )[0]
    assert error.classification.key_arn == KEY
    # but of two keys near, neither is guessed
    text = f"keys {KEY} {OTHER} err: The external key store proxy denied access to the operation. Verify"
    assert find_errors(text)[0].classification.identifier is None


def test_a_wrong_region_tells_the_region_of_the_key_from_the_one_that_was_called():
    error = find_errors(
        "POST https://kms.eu-west-1.amazonaws.com NotFoundException: Invalid arn us-west-2"
    )[0]
    assert (error.region, error.called_region) == ("us-west-2", "eu-west-1")


def test_a_custom_key_store_is_named_where_it_stands_in_the_text():
    text = (
        "store cks-1234567890abcdef0: AWS KMS cannot communicate with the external key store proxy."
    )
    assert find_errors(text)[0].key_store == "cks-1234567890abcdef0"


def test_what_is_quoted_from_a_log_is_one_clean_bounded_line():
    error = find_errors(f"DisabledException: {KEY} is disabled.\u202e\x00{'x' * 5000}")[0]
    assert error.message == f"{KEY} is disabled."
    long = find_errors("NotFoundException: Invalid keyId '" + "\u202e<!channel>" * 200 + "' kms")[0]
    assert len(long.classification.identifier) <= 512
    assert "\u202e" not in long.classification.identifier + long.message


# --- cost ---


def _patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value.pattern
    elif isinstance(value, LogFormat):
        yield value.pattern.pattern
    elif isinstance(value, tuple):
        for part in value:
            yield from _patterns_in(part)


def _patterns():
    """Return every regular expression of the modules that read text, with the module's name."""
    modules = [
        importlib.import_module(found.name)
        for package in (keywatch.catalogue, keywatch.parsing, keywatch.sources)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {
        (module.__name__, pattern)
        for module in modules
        for value in vars(module).values()
        for pattern in _patterns_in(value)
    }


def _longest(parsed) -> int:
    """Return the most characters that a parsed pattern can take; infinite for an unbounded repetition."""
    return parsed.getwidth()[1]


def _repeats(parsed):
    for op, argument in parsed:
        if str(op) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            low, high, inner = argument
            yield low, high, inner
            yield from _repeats(inner)
        elif isinstance(argument, tuple | list):
            for part in argument:
                for inner in part if isinstance(part, list) else [part]:
                    if hasattr(inner, "getwidth"):
                        yield from _repeats(inner)
        elif hasattr(argument, "getwidth"):
            yield from _repeats(argument)


@pytest.mark.parametrize(("module", "pattern"), sorted(_patterns()))
def test_no_pattern_can_take_more_than_a_bounded_piece_of_text(module, pattern):
    # GIVEN a pattern as the engine sees it
    parsed = re._parser.parse(pattern)
    # THEN it is bounded as a whole, and no repetition stands inside another: matching at one place costs a constant
    assert _longest(parsed) <= 2500
    for _, high, inner in _repeats(parsed):
        assert high <= 600
        assert high == 1 or not any(most > 1 for _, most, _ in _repeats(inner))


def test_the_structural_check_sees_the_patterns_and_would_catch_a_bad_one():
    assert len(_patterns()) > 30
    bad = re._parser.parse(r"(?:a+)+b")
    assert _longest(bad) > 2500
    assert any(
        any(most > 1 for _, most, _ in _repeats(inner))
        for _, high, inner in _repeats(bad)
        if high > 1
    )


HOSTILE = (
    "is disabled ",
    "arn:aws:kms:x is disabled ",
    "Alias arn:aws:kms:us-east-1:1:alias/x is not found. ",
    "Invalid keyId 'a ",
    "Invalid keyId '",
    "Value 'x' at 'keyId' failed to satisfy constraint ",
    "Value '" + "x" * 500 + "' at 'keyId' failed to satisfy constraint ",
    "\\",
    "\\\\\\\\n",
    " ",
    "\n | ",
    "&#3",
    "NotFoundException: ",
    "A",
    "<",
    "Key '<key ' does not exist ",
    "does not exist in this region kms: ",
    "operation error KMS: A, ",
    "An error occurred (KMSInvalidStateException) when calling the Decrypt operation: x\n",
    '"code":"KMSInvalidStateException","message":"',
    " (Aws::KMS::Errors::KMSInvalidStateException)",
    "because the specified ciphertext or external key store proxy did not respond in time ",
    " ".join(row.phrase for row in TEXTS),
)


@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: piece[:20])
def test_two_megabytes_of_hostile_text_are_read_in_seconds(piece):
    # GIVEN as much text as is ever read, made of one adversarial piece
    text = (piece * (errors.MAX_TEXT // len(piece) + 1))[: errors.MAX_TEXT]
    # WHEN it is read, THEN it takes seconds on the slowest machine; quadratic work would take hours
    start = time.process_time()
    found = find_errors(text)
    assert time.process_time() - start < 30
    assert len(found) <= errors.MAX_ERRORS


def test_text_beyond_the_limit_is_not_read():
    assert (
        find_errors(" x" * (errors.MAX_TEXT // 2) + f" DisabledException: {KEY} is disabled.") == ()
    )


@given(st.text())
def test_no_text_raises(text):
    assert isinstance(find_errors(text), tuple)


_WORDS = st.sampled_from(
    [row.phrase for row in TEXTS]
    + [
        KEY,
        "NotFoundException: ",
        "\n",
        "'",
        '"',
        "\\",
        "{",
        "(Service: Kms, ",
        "operation error KMS: ",
        "kms",
        "İ",
        "\u2028",
    ]
)


@examples(100)
@given(st.lists(_WORDS, max_size=40).map("".join))
def test_no_mixture_of_known_words_raises_and_every_finding_is_of_the_catalogue(text):
    for error in find_errors(text):
        assert error.classification.cause in CAUSES
        assert "\n" not in error.message


# --- deliveries ---


def payload(*messages, message_type="DATA_MESSAGE", group="/app/orders", members=1, **more):
    """Return a delivery as CloudWatch Logs sends it: JSON, gzip (in ``members`` pieces), base64."""
    events = [
        {"id": f"id{number}", "timestamp": 1790000000123, "message": text}
        for number, text in enumerate(messages)
    ]
    body = json.dumps(
        {
            "messageType": message_type,
            "owner": "111122223333",
            "logGroup": group,
            "logStream": "i-0abc",
            "subscriptionFilters": ["keywatch"],
            "logEvents": events,
        }
        | more
    ).encode()
    size = -(-len(body) // members)
    data = b"".join(gzip.compress(body[at : at + size]) for at in range(0, len(body), size))
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def test_a_delivery_becomes_failures_with_where_and_when_they_were_logged():
    # GIVEN two log events, one about a key
    signals = read_log_payload(
        payload(f"DisabledException: {KEY} is disabled.", "GET /orders 200"), region="eu-west-1"
    )
    # THEN one is a failure, the other is counted
    failure, quiet = signals
    assert isinstance(failure, KeyFailure)
    assert (failure.source, failure.event_id) == ("app_log", "id0")
    assert failure.time == datetime(2026, 9, 21, 14, 13, 20, 123000, tzinfo=UTC)
    assert (failure.classification.cause, failure.key_arn) == ("key_disabled", KEY)
    assert (failure.account, failure.region, failure.partition) == (
        "111122223333",
        "us-east-2",
        "aws",
    )
    assert (failure.caller.principal, failure.resource) == (
        "log group /app/orders",
        "/app/orders:i-0abc",
    )
    assert (failure.subject.kind, failure.subject.account, failure.subject.region) == (
        "key",
        "444455556666",
        "us-east-2",
    )
    assert quiet == Unrelated("log_without_key_error")


def test_a_denial_that_names_no_key_is_about_whom_it_names_as_a_record_of_it_would_be():
    # GIVEN AWS's three-way denial of a ciphertext, as a program prints it
    role = "arn:aws:iam::111122223333:role/orders"
    denied = (
        "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/orders/i-0abc is not authorized to perform: "
        "kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, "
        "no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
    (failure,) = read_log_payload(payload(denied), region="eu-west-1")
    # THEN it is about that role, so that its record and its line are one incident
    assert isinstance(failure, KeyFailure)
    assert (failure.subject.kind, failure.subject.name) == ("caller", role)
    # AND the log group is named as the one that says so
    assert failure.caller.principal == "log group /app/orders"


def test_two_failures_in_one_log_event_have_their_own_ids():
    signals = read_log_payload(
        payload(f"DisabledException: {KEY} is disabled. DisabledException: {OTHER} is disabled."),
        region="eu-west-1",
    )
    assert [signal.event_id for signal in signals] == ["id0", "id0-1"]


def test_a_failure_that_names_no_region_happened_in_that_of_the_log_group():
    (failure,) = read_log_payload(
        payload("NotFoundException: Invalid keyId 'orders' (Service: AWSKMS;"), region="cn-north-1"
    )
    assert (failure.region, failure.partition) == ("cn-north-1", "aws-cn")
    assert (failure.subject.kind, failure.subject.name) == ("identifier", "orders")


def test_a_gzip_stream_of_several_members_is_read_whole():
    (failure,) = read_log_payload(
        payload(f"DisabledException: {KEY} is disabled.", members=4), region="eu-west-1"
    )
    assert failure.key_arn == KEY


def test_a_control_message_only_probes():
    assert read_log_payload(payload("x", message_type="CONTROL_MESSAGE"), region="eu-west-1") == (
        Unrelated("control_message"),
    )


def test_keywatchs_own_lines_are_dropped():
    event = payload(f"DisabledException: {KEY} is disabled.", group="/aws/lambda/keywatch")
    assert read_log_payload(event, region="eu-west-1", own_log_group="/aws/lambda/keywatch") == (
        Unrelated("own_log"),
    )
    assert isinstance(
        read_log_payload(event, region="eu-west-1", own_log_group="/aws/lambda/other")[0],
        KeyFailure,
    )


@pytest.mark.parametrize("stamp", [None, "now", -1, 10**30, True, 1.5, {}])
def test_a_time_that_is_none_does_not_stop_the_failure(stamp):
    events = [{"id": "a", "timestamp": stamp, "message": f"DisabledException: {KEY} is disabled."}]
    (failure,) = read_log_payload(payload(logEvents=events), region="eu-west-1")
    assert failure.time.tzinfo is UTC


def _packed(data: bytes) -> dict:
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"awslogs": None},
        {"awslogs": {"data": None}},
        {"awslogs": {"data": 7}},
        {"awslogs": {"data": "not base64!"}},
        {"awslogs": {"data": "äöü"}},
        _packed(b"not gzip"),
        _packed(gzip.compress(b"not json")),
        _packed(gzip.compress(b"[1]")),
        _packed(gzip.compress(b"\xff\xfe")),
        _packed(gzip.compress(b"[" * 200_000)),
        _packed(
            gzip.compress(json.dumps({"messageType": "DATA_MESSAGE", "logEvents": {}}).encode())
        ),
        _packed(gzip.compress(json.dumps({"messageType": "SOMETHING", "logEvents": []}).encode())),
        _packed(gzip.compress(json.dumps({"messageType": "DATA_MESSAGE"}).encode())[:-9]),
        _packed(gzip.compress(b" " * (app_logs.MAX_BYTES + 1))),
        _packed(b""),
    ],
)
def test_a_delivery_that_cannot_be_read_is_counted_and_never_raises(event):
    # A loss: what was in it is in no alert (``keywatch.catalogue.counters``).
    (said,) = read_log_payload(event, region="eu-west-1")
    assert said in {Unrelated("log_delivery_unreadable"), Unrelated("unknown_shape")}


def test_a_damaged_and_a_too_large_delivery_count_as_lost():
    for body in (b"not gzip", gzip.compress(b" " * (app_logs.MAX_BYTES + 1))):
        (said,) = read_log_payload(_packed(body), region="eu-west-1")
        assert meaning_of(f"Ignored.{said.reason}").loss is Loss.LOST


def test_a_small_delivery_cannot_unpack_into_unbounded_memory():
    # GIVEN 100 MB of zeros in 100 KB of gzip, WHEN it is unpacked
    event = _packed(gzip.compress(bytes(100_000_000)))
    # THEN it is refused, after no more than the limit
    assert read_log_payload(event, region="eu-west-1") == (Unrelated("log_delivery_unreadable"),)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


@examples(200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "messageType": st.sampled_from(["DATA_MESSAGE", "CONTROL_MESSAGE"]) | _JSON,
            "owner": _JSON,
            "logGroup": _JSON,
            "logStream": _JSON,
            "logEvents": st.lists(
                st.fixed_dictionaries(
                    {}, optional={"id": _JSON, "timestamp": _JSON, "message": _JSON}
                )
                | _JSON
            )
            | _JSON,
        },
    )
)
def test_any_json_at_any_place_of_a_delivery_gives_an_answer(body):
    signals = read_log_payload(
        _packed(gzip.compress(json.dumps(body).encode())), region="eu-west-1"
    )
    assert isinstance(signals, tuple)


def many_keys(count):
    ids = (f"{number:08x}-2222-3333-4444-555555555555" for number in range(count))
    return "\n".join(
        f"DisabledException: arn:aws:kms:us-east-2:444455556666:key/{key} is disabled."
        for key in ids
    )


def test_what_is_left_of_a_record_with_too_many_errors_is_counted():
    # GIVEN a record that names more broken keys than are read of one
    found = read_log_payload(payload(many_keys(errors.MAX_ERRORS + 5)))
    assert sum(isinstance(signal, KeyFailure) for signal in found) == errors.MAX_ERRORS
    # THEN it is counted, as a loss that an alarm tells of, with what to do about it
    assert [s.reason for s in found if isinstance(s, Unrelated)] == ["log_read_in_part"]
    meaning = meaning_of("Ignored.log_read_in_part")
    assert meaning.loss is Loss.LOST
    assert meaning.do.endswith(".")


def test_a_record_that_is_read_in_full_counts_as_nothing_else():
    found = read_log_payload(payload(many_keys(errors.MAX_ERRORS)))
    assert all(isinstance(signal, KeyFailure) for signal in found)


def test_a_delivery_has_one_budget_of_places_and_what_it_leaves_unread_is_counted():
    # GIVEN time without end, and a budget of places that two records use up
    budget = app_logs.Budget(lambda: 0.0, places=25)
    assert budget.has_left()
    for number in range(2):
        budget.read(many_keys(20 + number))
    # THEN no other record is begun
    assert not budget.has_left()


def test_an_ordinary_delivery_stays_far_below_its_budget_of_places():
    budget = app_logs.Budget(lambda: 0.0)
    for number in range(200):
        budget.read(f"DisabledException: {KEY} is disabled. order {number}")
    assert budget.has_left()
    assert budget.in_part == 0
