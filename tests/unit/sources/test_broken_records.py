"""Any JSON value at any place of a record: an answer, never an exception, and nothing in it that could hurt a reader."""

import copy
import random
from itertools import cycle
from time import process_time

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from keywatch.model.signals import KeyChange, KeyFailure, Unrelated
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.support.examples import examples
from tests.unit.sources.records import KEY, PAYLOADS, RECEIVED, failed, harmless, payload

MUTATED = 20_000
NAMES = [
    (kind, path.stem)
    for kind in ("cloudtrail", "native")
    for path in sorted((PAYLOADS / kind).glob("*.json"))
    if path.stem != "identities"
]
ODD = (
    None, True, 0, -1, 1e308, 2**70, "", " ", "\x00", "\ud800", "\u202e alias/x", "x" * 10_000, "arn:aws:kms:::",
    "arn:" + ":" * 3000, "alias/" + "a" * 5000, [], [None], [[]], {}, {"ARN": None}, {"arn": ["x"]}, [{"ARN": 5}], {"": ""},
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "<!channel>", "line\nbreak",
    {"keyId": {"keyId": []}}, "$(reboot)", "123456789012",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=60),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value, path=()):
    """Yield the way to every value of a JSON document."""
    yield path
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, member in members:
        yield from places(member, (*path, name))


def put(document, path, value):
    """Replace one value of a JSON document."""
    if not path:
        return value
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return document


def check(event):
    for signal in read_event(event, Reception(RECEIVED)):
        assert isinstance(signal, KeyFailure | KeyChange | Unrelated)
        if isinstance(signal, KeyFailure):
            assert signal.time.tzinfo is not None
            texts = (
                signal.subject.name,
                signal.caller.principal,
                signal.operation or "",
                signal.resource or "",
                signal.event_id,
            )
            assert all(harmless(text) and len(text) <= 512 for text in texts), texts
        if isinstance(signal, KeyChange):
            assert all(
                harmless(subject.name) and len(subject.id) <= 400 for subject in signal.subjects
            )


def test_records_broken_at_random_are_always_answered():
    # GIVEN real payloads, broken at up to four random places each
    rng = random.Random(20261123)
    documents = [payload(*name) for name in NAMES]
    ways = [[path for path in places(document) if path] for document in documents]
    for _, (document, paths) in zip(
        range(MUTATED), cycle(zip(documents, ways, strict=True)), strict=False
    ):
        broken = copy.deepcopy(document)
        for path in rng.sample(paths, rng.randint(1, min(4, len(paths)))):
            try:
                put(broken, path, rng.choice(ODD))
            except (KeyError, IndexError, TypeError):  # an earlier break took that place away
                continue
        # WHEN they are read THEN there is an answer, clean and bounded
        check(broken)


@examples(300, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(NAMES), value=JSON)
def test_any_json_value_at_any_place_is_answered(data, name, value):
    document = payload(*name)
    check(put(document, data.draw(st.sampled_from(list(places(document)))), value))


@examples(150)
@given(value=JSON)
def test_any_json_at_all_is_answered(value):
    check(value)
    check({"detail-type": "AWS API Call via CloudTrail", "detail": value})
    check({"Records": value})


def test_reading_takes_linear_time_in_what_a_caller_may_choose():
    # GIVEN hostile texts of growing length at every place that a caller chooses
    def seconds(length):
        texts = [
            "arn:aws:kms:" * (length // 12),
            "alias/" * (length // 6),
            "a-" * (length // 2),
            "${" * (length // 2),
            "'" * length,
        ]
        began = process_time()
        for number, text in enumerate(texts):
            message = f"Invalid keyId '{text}{number}' {KEY} is disabled. does not exist " + text
            read_event(
                failed(
                    "NotFoundException", message, requestParameters={"keyId": text + str(number)}
                ),
                Reception(RECEIVED),
            )
        return process_time() - began

    # WHEN a text is a hundred times as long THEN it does not take thousands of times as long
    seconds(10_000)
    assert seconds(1_000_000) < 2
