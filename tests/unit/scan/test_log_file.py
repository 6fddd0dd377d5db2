"""Whatever a file holds and however it is laid out: each record is judged once, and what cannot be read is named."""

import gzip
import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.scan import carve, unpack
from cli.scan.carve import blocks
from cli.scan.log_file import Reading, read_file
from cli.scan.relevant import KEPT_CHANGES, is_relevant
from keywatch.model.signals import KeyChange, KeyFailure, Unrelated
from keywatch.sources.cloudtrail import read_record
from keywatch.sources.source import Reception
from tests.unit.parsing.kms_errors import ERRORS, OUT_OF_SCOPE
from tests.unit.scan.trails import call, change, log_file, packed, read, success
from tests.unit.sources.records import failed

TEXT = st.text(max_size=20) | st.sampled_from(
    ['"},{"eventVersion":', '\\"},{', "]}", "\\", '"errorCode":"x"', "{[", "\ud83d\ude00", "\u0000"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT | st.sampled_from(["eventVersion", "errorCode"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NESTED = st.just([{"a": 1}, {"eventVersion": "1", "errorCode": "x"}, {"eventVersion": "2"}])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"eventVersion": st.just("1.11"), "eventName": VALUES},
        optional={
            "errorCode": VALUES,
            "errorMessage": VALUES,
            "requestParameters": VALUES | NESTED,
        },
    ),
    max_size=8,
)
LAYOUTS = {
    "as CloudTrail writes it": lambda records: json.dumps(
        {"Records": records}, separators=(",", ":")
    ),
    "with spaces": lambda records: json.dumps({"Records": records}, ensure_ascii=False),
    "pretty": lambda records: json.dumps({"Records": records}, indent=2),
    "sorted list": lambda records: json.dumps(records, sort_keys=True),
    "two lists": lambda records: "\n".join(
        json.dumps({"Records": part}, separators=(",", ":")) for part in (records[:3], records[3:])
    ),
    "one a line": lambda records: "\n".join(map(json.dumps, records)),
}


def _pieces(content: bytes, size: int):
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("block", [16, 200, 1 << 16])
@given(records=RECORDS, size=st.integers(1, 300))
def test_every_record_of_a_list_is_found_once_whatever_it_holds(records, size, block):
    # GIVEN a list of records that quote what separates records, in pieces of any size
    text = json.dumps(records, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    before, carve.BLOCK = carve.BLOCK, block
    try:
        # WHEN it is carved
        found = [
            json.loads(raw)
            for part in blocks(b"", iter([*_pieces(text[1:], size), b"}"]))
            for raw in part.raw(range(len(part.heads)))
        ]
    finally:
        carve.BLOCK = before
    # THEN these records come out, in order
    assert found == records


def _as_written(record, draw):
    """A record as JSON whose members come in any order, some of their names and texts with escapes that JSON allows."""
    members = draw(st.permutations(list(record.items())))
    text = json.dumps(dict(members), separators=(",", ":"))
    escaped = draw(
        st.sampled_from(["", '"errorCode"', '"eventName"', '"kms.amazonaws.com"', '"DisableKey"'])
    )
    return text.replace(escaped, f'"\\u{ord(escaped[1]):04x}{escaped[2:]}') if escaped else text


@st.composite
def _logs(draw):
    """Records that fail, change and work, with whatever in them, and a file of them."""
    kinds = draw(st.lists(st.sampled_from(MADE), max_size=6))
    records = [
        made | {"eventID": str(n), "additional": draw(VALUES | NESTED)}
        for n, made in enumerate(kinds)
    ]
    return records, '{{"Records":[{}]}}'.format(",".join(_as_written(one, draw) for one in records))


MADE = [
    call(1),
    success(2),
    change(3, "DisableKey"),
    change(4, "CreateGrant"),
    call(5, ("AccessDenied", "User is not authorized"), eventSource="s3.amazonaws.com"),
    call(6, ("KMS.DisabledException", "x is disabled."), eventSource="s3.amazonaws.com"),
    call(7, ("InternalError", "the KMS key is disabled"), eventSource="sns.amazonaws.com"),
    success(8) | {"errorMessage": "arn:aws:kms:us-west-2:111122223333:key/1 is disabled."},
    success(9) | {"eventName": ["DisableKey"]},
]


@pytest.mark.parametrize("block", [1, 700])
@given(log=_logs(), size=st.integers(1, 2000))
def test_nothing_is_lost_that_plain_json_tells(block, log, size):
    # GIVEN a file of records in any order of members, with escapes, and with texts that look like records
    records, text = log
    before, carve.BLOCK = carve.BLOCK, block
    try:
        # WHEN it is read in pieces
        reading = Reading("file")
        found = [
            json.loads(one.record)["eventID"]
            for one in read_file(_InPieces(text.encode(), size), reading)
        ]
    finally:
        carve.BLOCK = before
    # THEN it tells the failures and changes that a reader of every record tells, and counts every record
    signals = [(one, read_record(one, Reception())) for one in records]
    told = [
        one["eventID"]
        for one, signal in signals
        if isinstance(signal, KeyFailure)
        or (isinstance(signal, KeyChange) and signal.what in KEPT_CHANGES)
    ]
    assert found == told
    assert (reading.records, reading.broken) == (len(records), 0)


class _InPieces(BytesIO):
    def __init__(self, content, size):
        super().__init__(content)
        self.most = size

    def read(self, size=-1):
        return super().read(min(size, self.most))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_records_tell_the_same_in_every_layout(layout):
    # GIVEN failures, changes and calls that worked, in a layout
    records = [success(n) for n in range(3)] + [
        call(5),
        change(6, "DisableKey"),
        call(7),
        success(8),
    ]
    content = LAYOUTS[layout](records).encode()
    for stored in (content, gzip.compress(content), b"\xef\xbb\xbf" + content):
        # WHEN the file is read
        found, reading = read(stored)
        # THEN it tells of two failures and a change, and all records are counted
        kinds = [type(one.signal) for one in found]
        assert kinds == [KeyFailure, KeyChange, KeyFailure]
        assert (reading.records, reading.problem, reading.skipped) == (7, "", "")


def test_gzip_of_several_members_is_one_file():
    # GIVEN a file whose members are cut anywhere, with padding behind them
    content = log_file(call(1), call(2))
    stored = b"".join(gzip.compress(part) for part in _pieces(content, 50)) + b"\0" * 7
    # WHEN and THEN it is read as one
    found, reading = read(stored)
    assert (len(found), reading.problem) == (2, "")


SIGNS = {
    "cut gzip": (packed(*[call(n) for n in range(300)])[:-900], "cut off"),
    "damaged gzip": (packed(call())[:-8] + b"\0" * 8, "damaged"),
    "cut JSON": (log_file(call(1), success(2))[:-100], "broken or cut off"),
    "no JSON": (b"hello", "not JSON"),
    "other JSON": (b'{"a": [1]}', "shape is unknown"),
    "list of other things": (b'{"Records":[{"s3":{"bucket":"x"}}]}', "unknown shape"),
    "a broken record": (
        log_file(call(1), {"eventVersion": "BROKEN"}, call(2)).replace(b'"BROKEN"', b'"'),
        "1 of its records are broken",
    ),
    "a number among records": (log_file(call(1), 7, call(2)), "1 of its records are broken"),
}


@pytest.mark.parametrize("sign", SIGNS)
def test_what_cannot_be_read_is_named(sign):
    # GIVEN a damaged file; WHEN it is read; THEN it says what is wrong
    content, problem = SIGNS[sign]
    assert problem in read(content)[1].problem


@pytest.mark.parametrize("sign", ["a broken record", "a number among records"])
def test_a_broken_record_costs_no_neighbour(sign):
    found, _ = read(SIGNS[sign][0])
    assert [one.signal.time.minute for one in found] == [1, 2]


def test_what_came_before_the_damage_is_kept():
    found, reading = read(SIGNS["cut gzip"][0])
    assert reading.problem
    assert len(found) > 100


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (
            b'{"awsAccountId":"1","digestStartTime":"2026-03-01T12:00:00Z"}',
            "a digest file of CloudTrail",
        ),
        (b"version account-id interface-id srcaddr\n2 111122223333 eni-1", "VPC flow logs"),
        (b"2 111122223333 eni-0123 10.0.0.1 10.0.0.2 443 1 6 1 1 1 1 ACCEPT OK", "VPC flow logs"),
        (b"PAR1\0\0", "a Parquet file"),
        (
            b'{"fileVersion":"1.0","configSnapshotId":"x","configurationItems":[]}',
            "a snapshot of AWS Config",
        ),
        (b'{"schemaVersion":"2.0","accountId":"1","region":"x"}\n', "a finding of GuardDuty"),
        (b'{"timestamp":1576280412771,"formatVersion":1,"webaclId":"arn"}', "a log of AWS WAF"),
        (
            b"https 2026-03-01T12:00:00.18Z app/lb/50 192.168.1.9:28 10.0.0.1:80 0.1",
            "a log of a load balancer",
        ),
        (
            b"79a59df9" * 8 + b" bucket [06/Feb/2026:00:00:38 +0000]",
            "an access log of S3",
        ),
    ],
)
def test_what_is_no_log_of_cloudtrail_is_skipped_by_name(content, what):
    for stored in (content, gzip.compress(content)):
        _, reading = read(stored)
        assert (reading.skipped, reading.problem) == (what, "")


NAMES = (
    "digestStartTime",
    "configSnapshotId",
    "webaclId",
    "Records",
    "eventType",
    "insightDetails",
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_caller_chose_hides_no_file(layout, name):
    # GIVEN a caller who names things in an encryption context as other files name theirs
    context = {"keyId": "x", "encryptionContext": {name: "AwsCloudTrailInsight"}}
    records = [call(1, requestParameters=context), call(2)]
    # WHEN the log is read; THEN both failures are told
    found, reading = read(LAYOUTS[layout](records).encode())
    assert (len(found), reading.skipped, reading.problem) == (2, "", "")


def test_files_of_insights_are_skipped_by_their_name_only_where_no_record_is_a_call():
    insight = {"eventVersion": "1.08", "eventType": "AwsCloudTrailInsight", "insightDetails": {}}
    for records, skipped in (([insight], True), ([insight, call(1)], False)):
        reading = Reading("1_CloudTrail-Insight_x.json.gz")
        list(read_file(BytesIO(packed(*records)), reading))
        assert (reading.skipped, reading.problem) == (
            "events of CloudTrail Insights" if skipped else "",
            "",
        )


@given(content=st.binary(max_size=300), cut=st.integers(0, 400))
def test_no_content_makes_the_reader_fail(content, cut):
    # GIVEN any bytes, and any bytes in the middle of a log
    log = log_file(call(1), success(2), call(3))
    for stored in (
        content,
        log[:cut] + content + log[cut:],
        gzip.compress(log)[: cut // 2] + content,
    ):
        # WHEN it is read; THEN nothing is raised
        read(stored)


def test_a_file_that_breaks_while_it_is_read_is_named():
    class Breaking(BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(size)

    # GIVEN a disk that fails behind the first bytes
    reading = Reading("file")
    # WHEN the file is read
    list(read_file(Breaking(log_file(*[call(n) for n in range(400)])), reading))
    # THEN it says so
    assert "Input/output error" in reading.problem


def test_records_that_are_left_out_unread_say_nothing_about_keys():
    # GIVEN every error that is known, said by KMS and by other services, with codes of their own
    services = ("s3.amazonaws.com", "ssm.amazonaws.com", "ec2.amazonaws.com", "kms.amazonaws.com")
    names = {
        "key": "arn:aws:kms:us-east-1:111122223333:key/x",
        "alias": "arn:aws:kms:us-east-1:111122223333:alias/x",
    }
    left_out = 0
    said = [(error.code, error.message) for error in ERRORS]
    said += [(error[0], error[1] or "") for error in OUT_OF_SCOPE]
    for known, text in said:
        for service in services:
            for code in (known, "Whatever", None):
                message = text.format(**names, id="x", arn_region="eu-west-1")
                record = failed(code, message, eventSource=service)
                head = carve.Head(service, "Decrypt", code, message)
                # WHEN one is judged irrelevant; THEN the reader says so, too
                if not is_relevant(head):
                    left_out += 1
                    assert isinstance(read_record(record, Reception()), Unrelated), record
    assert left_out


def test_pieces_are_bounded_whatever_is_packed():
    # GIVEN a file that unpacks to a thousand times its size
    stored = gzip.compress(b"x" * 20_000_000)
    # WHEN and THEN it comes in small pieces
    assert max(map(len, unpack.pieces(BytesIO(stored)))) <= unpack.PIECE
