"""What names a key, what does not, and what was meant."""

import string
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.model.identifiers import Kind, parse, partition_of
from keywatch.model.key_names import MAX_IDENTIFIER, is_well_formed
from keywatch.model.similarity import edit_distance, nearest_alias
from tests.support.examples import examples
from tests.unit.sources.records import harmless

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
BARE_HEX = KEY_ID.replace("-", "")
MRK = f"mrk-{BARE_HEX}"
START = "arn:aws:kms:eu-west-1:111122223333:"
KEY = f"{START}key/{KEY_ID}"

PARTITIONS = (
    ("aws", "eu-west-1"),
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
    ("aws-iso", "us-iso-east-1"),
    ("aws-iso-b", "us-isob-east-1"),
    ("aws-iso-e", "eu-isoe-west-1"),
    ("aws-iso-f", "us-isof-south-1"),
    ("aws-eusc", "eusc-de-east-1"),
)


@pytest.mark.parametrize(("partition", "region"), PARTITIONS)
@pytest.mark.parametrize(
    "resource", [f"key/{KEY_ID}", f"key/{MRK}", "alias/payments", "alias/aws/s3", "alias/a/b_c-d"]
)
def test_arns_of_every_partition_are_taken_apart(partition, region, resource):
    # GIVEN the ARN of a key or alias WHEN it is parsed
    found = parse(f"arn:{partition}:kms:{region}:111122223333:{resource}")
    # THEN all its parts are known, and the Region tells the partition as well
    assert (found.partition, found.region, found.account) == (partition, region, "111122223333")
    assert resource in {f"key/{found.key_id}", found.alias}
    assert found.kind is (Kind.KEY_ARN if found.key_id else Kind.ALIAS_ARN)
    assert partition_of(region) == partition


@pytest.mark.parametrize(
    ("text", "kind", "multi_region"),
    [
        (KEY_ID, Kind.KEY_ID, False),
        (MRK, Kind.KEY_ID, True),
        (f"{START}key/{MRK}", Kind.KEY_ARN, True),
        ("alias/x", Kind.ALIAS, False),
    ],
)
def test_each_kind_of_name_is_recognised(text, kind, multi_region):
    assert (parse(text).kind, parse(text).multi_region) == (kind, multi_region)


def test_arns_with_masked_accounts_are_still_names():
    # GIVEN an ARN from a log that hides account numbers THEN it names its key
    assert parse(f"arn:aws:kms:eu-west-1:***:key/{KEY_ID}").key_id == KEY_ID


MALFORMED = {
    "payments": ("the prefix alias/ is missing, if it is meant as an alias", "alias/payments"),
    "allas/payments": ("the prefix is written allas/ instead of alias/", "alias/payments"),
    "Alias/payments": ("the prefix is written Alias/ instead of alias/", "alias/payments"),
    "alias:payments": ("the slash after alias is missing", "alias/payments"),
    "/alias/payments": ("there is a slash before alias/", "alias/payments"),
    "alias/": ("the name after alias/ is empty", None),
    "alias/pay.ments now": (
        "the alias name holds what KMS does not allow (. ): only letters, digits, / _ - may stand in it",
        None,
    ),
    "alias/" + "a" * 251: ("the alias is longer than 256 characters", None),
    BARE_HEX: ("it is a key id without its dashes", KEY_ID),
    KEY_ID.upper(): ("key ids are written in lower case", KEY_ID),
    f"{{{KEY_ID}}}": ("it has brackets around it", KEY_ID),
    f"key/{KEY_ID}": ("the prefix key/ belongs to ARNs only", KEY_ID),
    KEY_ID[:-1]: (
        "it looks like a key id, but is not a UUID (8-4-4-4-12 hexadecimal digits)",
        None,
    ),
    f"mrk-{KEY_ID}": (
        "a multi-Region key id is mrk- and 32 hexadecimal digits without further dashes",
        MRK,
    ),
    "mrk-12": ("a multi-Region key id is mrk- and 32 hexadecimal digits", None),
    '"alias/payments"': ("it has stray quotes or blanks around it", "alias/payments"),
    " alias/payments": ("there are blanks before it", "alias/payments"),
    "alias/payments\n": ("there is a line break after it", "alias/payments"),
    "\talias/payments ": ("there are blanks around it", "alias/payments"),
    "alias/pay\u200bments": ("it has control or invisible characters in it", "alias/payments"),
    "b'alias/payments'": ("a program wrote bytes into it as text (b'...')", "alias/payments"),
    "alias%2Fpayments": ("it is still URL-encoded", "alias/payments"),
    "awskms:///alias/payments": ("the prefix awskms:/// belongs to another tool", "alias/payments"),
    "$KMS_KEY_ID": ("a variable or placeholder in it was left unexpanded", None),
    "${aws_kms_key.main.arn}": ("a variable or placeholder in it was left unexpanded", None),
    "%KMS_KEY_ID%": ("a variable or placeholder in it was left unexpanded", None),
    "{{ key_id }}": ("a variable or placeholder in it was left unexpanded", None),
    "<your-key-id>": ("a variable or placeholder in it was left unexpanded", None),
    "!Ref Key": ("a variable or placeholder in it was left unexpanded", None),
    "None": ("a program wrote an empty value into it as text", None),
    "undefined": ("a program wrote an empty value into it as text", None),
    "[object Object]": ("a program wrote an empty value into it as text", None),
    "": ("it is empty", None),
    "  \n": ("it is empty", None),
    "a" * 10_000: ("it is too long for any key id, alias or ARN", None),
    "arn:aws:s3:::invoices": ("it is an ARN of another service (s3)", None),
    f"{START}{KEY_ID}": ("key/ is missing before the key id", KEY),
    f"{START}key:{KEY_ID}": ("after key it has a colon instead of a slash", KEY),
    f"{START}key/alias/payments": ("key/ stands before an alias", f"{START}alias/payments"),
    f"{START}allas/payments": (
        "the prefix is written allas/ instead of alias/",
        f"{START}alias/payments",
    ),
    f"{START}key/{BARE_HEX}": ("it is a key id without its dashes", KEY),
    f"{START}key/*": ("it is a pattern (*) and names no single key", None),
    "arn:aws:kms:*:*:key/*": ("it is a pattern (*) and names no single key", None),
    f"arn:aws:kms:eu-west-1:11112222333:key/{KEY_ID}": (
        "the account in it has 11 digits instead of 12",
        None,
    ),
    f"arn:aws:kms:eu-west-1:1111-2222-3333:key/{KEY_ID}": (
        "the account in its ARN is written with dashes",
        KEY,
    ),
    f"arn:aws:kms::111122223333:key/{KEY_ID}": ("the Region in its ARN is empty", None),
    f"arn:aws:kms:eu-west-1::key/{KEY_ID}": ("the account in its ARN is empty", None),
    f"ARN:AWS:KMS:EU-WEST-1:111122223333:key/{KEY_ID}": (
        "the beginning of its ARN is written in upper case",
        KEY,
    ),
}


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:50])
def test_what_is_wrong_is_said_precisely_with_the_corrected_form(text):
    # GIVEN something that KMS would refuse WHEN it is parsed
    found = parse(text)
    # THEN it says what is wrong with it, and what was meant as far as that can be told
    assert found.kind is Kind.MALFORMED
    assert (found.problem, found.corrected) == MALFORMED[text]


@pytest.mark.parametrize(
    ("wanted", "existing", "near"),
    [
        ("alias/paymnets", ["alias/payments", "alias/orders"], "alias/payments"),
        ("alias/payment-s", ["alias/payments"], "alias/payments"),
        ("alias/Payments", ["alias/payments"], "alias/payments"),
        (
            "alias/payments/prod",
            ["alias/payments-prod", "alias/payments-test"],
            "alias/payments-prod",
        ),
        ("alias/payments", ["alias/payments"], "alias/payments"),
        ("alias/payments", ["alias/orders", "alias/aws/s3"], None),
        ("alias/db1", ["alias/app"], None),
        ("alias/app-3", ["alias/app-1", "alias/app-2"], None),
        ("alias/x", [], None),
    ],
    ids=str,
)
def test_the_nearest_alias_is_offered_only_when_it_is_near_and_alone(wanted, existing, near):
    assert nearest_alias(wanted, existing) == near


NAMES = st.text(string.ascii_letters + string.digits + "/_-", min_size=1, max_size=40)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(st.text(max_size=700))
def test_any_text_is_answered_in_one_clean_bounded_line(text):
    found = parse(text)
    assert len(found.text) <= MAX_IDENTIFIER
    assert harmless(found.text)
    assert (found.kind is Kind.MALFORMED) == (found.problem is not None)
    assert (found.kind is not Kind.MALFORMED) == is_well_formed(text)


@given(st.text(max_size=80) | NAMES | HEX.map(str.upper) | NAMES.map(START.__add__))
def test_a_corrected_form_is_itself_correct(text):
    corrected = parse(text).corrected
    assert corrected is None or parse(corrected).kind is not Kind.MALFORMED


@given(NAMES)
def test_every_alias_that_kms_allows_is_an_alias(name):
    assert parse(f"alias/{name}").alias == parse(f"{START}alias/{name}").alias == f"alias/{name}"


@given(st.text("abc-", max_size=8), st.text("abc-", max_size=8), st.integers(0, 4))
def test_the_distance_of_two_names_is_symmetric_and_bounded(left, right, most):
    distance = edit_distance(left, right, most)
    assert min(distance, most + 1) == min(edit_distance(right, left, most), most + 1)
    assert (distance == 0) == (left == right)


@examples(200)
@given(NAMES.filter(lambda name: len(name) >= 5), st.data())
def test_one_slip_of_the_finger_is_always_found(name, data):
    # GIVEN an existing alias and the same with one character left out
    at = data.draw(st.integers(0, len(name) - 1))
    slipped = name[:at] + name[at + 1 :]
    # THEN the existing one is offered
    assert nearest_alias(f"alias/{slipped}", [f"alias/{name}"]) == f"alias/{name}"


@pytest.mark.parametrize(
    "part", ["a-", "alias/", "arn:aws:kms:", "${", "{{", "<a", "%A", "'", "0-", "b'"]
)
def test_hostile_identifiers_cost_no_more_than_their_length(part):
    # GIVEN an identifier made to confuse patterns WHEN it is parsed THEN it takes no time worth naming
    began = process_time()
    for number in range(20):
        parse(part * (2048 // len(part)) + str(number))
        parse((part * 300)[:500] + str(number))
    assert process_time() - began < 0.5
