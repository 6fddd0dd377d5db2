"""The filter and the reader, fragment by fragment: what the reader understands is delivered, and nothing for nothing.

Delivered means: matched under the grammar that CloudWatch Logs documents (``tests.delivered.grammar``), one event a line.
"""

import pytest

from infra import log_filter
from keywatch.catalogue.codes import CODES
from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS, Form
from keywatch.parsing.logs.errors import find_errors
from tests.delivered import grammar, product
from tests.delivered.delivery import delivered, events_of

ID = "5f2c1b7e-90ad-4c3e-8d61-7be04c19fa23"
ARN = f"arn:aws:kms:eu-west-1:482913570264:key/{ID}"
ALIAS = "arn:aws:kms:eu-west-1:482913570264:alias/payments"
DENIED = (
    "User: arn:aws:iam::482913570264:user/x is not authorized to perform: kms:Decrypt on this resource because the resource does "
    "not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)
# Words that AWS does not write in lower case.
SPELLED = {
    "aws kms": "AWS KMS",
    "kms key": "KMS key",
    "kms exception": "KMS Exception",
    "aws cloudhsm": "AWS CloudHSM",
    "your cloudhsm": "your CloudHSM",
    "keyid": "keyId",
    "kms is not": "KMS is not",
    "key id is not": "key ID is not",
    "key id could": "Key Id could",
    "client.internalerror": "Client.InternalError",
    "kms alias": "KMS Alias",
    "key aliases": "Key Aliases",
    "connectionerrorcode": "ConnectionErrorCode",
    "alias must": "Alias must",
    "client error": "Client error",
    "an inaccessible": "an inaccessible KMS key",
}
OF_FORM = {
    Form.STATE: f"{ARN} {{}}.",
    Form.ALIAS: f"Alias {ALIAS} {{}}.",
    Form.KEY: f"Key '{ARN}' {{}}",
    Form.KEY_ID: "Invalid keyId 'payments'",
    Form.REGION: "Invalid arn us-west-2",
    Form.VALUE: "1 validation error detected: Value '' at 'keyId' {}: Member must have length greater than or equal to 1",
    Form.TOOL: "Error: {}payments): couldn't find resource",
    Form.DENIAL: DENIED,
}
ROWS = [row for row in (*TEXTS, *CONNECTION_ERRORS) if row.cause]
IN_SCOPE = [row for row in CODES if row.means.cause]
FRAGMENTS = log_filter.PATTERN.strip("%").split("|")


def sentence(row):
    """Return AWS's sentence as it stands in a line of its own, spelt as AWS spells it."""
    if row in CONNECTION_ERRORS:
        return f"ConnectionErrorCode: {row.phrase.upper()}"
    said = row.phrase
    for plain, spelled in SPELLED.items():
        said = said.replace(plain, spelled)
    if row.form in OF_FORM:
        return OF_FORM[row.form].format(said)
    said += " exist" if said.endswith("that does not") else ""
    also = f" {SPELLED.get(row.also[0], row.also[0])}" if row.also else ""
    return f"it says: the {said}.{also}"


def passes(lines, pattern):
    """Return the events of ``lines`` that a filter with ``pattern`` lets through."""
    return delivered(events_of(lines, key="x"), [grammar.parse(pattern)])


def read(events):
    """Return the causes and names that are read of events that arrive together."""
    return {(said.cause, said.identifier) for said in product.signals(events)} if events else set()


def without(fragment):
    return log_filter.any_of(other for other in FRAGMENTS if other != fragment)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_sentence_that_is_read_is_delivered_by_its_own_words(row):
    # GIVEN AWS's sentence, which the reader knows beside the code that AWS gives it
    code = (
        "NotFoundException" if row.form in {Form.KEY_ID, Form.REGION, Form.ALIAS, Form.KEY} else ""
    )
    text = f"{code or 'KMSInvalidStateException'}: {sentence(row)}"
    assert row.cause in {error.classification.cause for error in find_errors(text)}, text
    # THEN the filter delivers the sentence without the code, or the row says why not, and that is still so
    assert grammar.parse(log_filter.PATTERN).matches(sentence(row)) != bool(row.unfiltered)


@pytest.mark.parametrize("row", IN_SCOPE, ids=lambda row: row.code)
def test_every_code_that_is_read_by_itself_is_delivered(row):
    lines = [
        f"ERROR [main] c.e.App - {row.code}: oops",
        f'{{"error":"{row.code}","message":""}}',
        f"task failed with {row.code}",
    ]
    for line in lines:
        if find_errors(line):
            assert grammar.parse(log_filter.PATTERN).matches(line), line


def code_lines():
    for row in IN_SCOPE:
        yield (f"ERROR [main] c.e.App - {row.code}: oops",)
        yield (f"task failed with {row.code}",)
        yield (f"kms decrypt: task failed with {row.code}",)
        yield (f"An error occurred ({row.code}) when calling the CreateThing operation: oops",)


# What no sentence or code shows by itself: words in KMS's company, and lines that were cut.
OTHERS = [
    ("kms: decrypt failed: NotFoundException: UnknownError",),
    ("ERROR NotFoundException: UnknownError (kms.eu-west-1.amazonaws.com)",),
    ("An error occurred (NotFoundException) when calling the DescribeKey operation: ",),
    (
        "An error occurred (NotFoundException) when calling the Encrypt operation: Invalid",
        "keyId 'payments-key'",
    ),
    ("ERROR ValidationException: 1 validation error detected: Value '' at 'keyId'",),
    ("1 validation error detected: Value 'x y' at 'kmsKeyArn' failed to satisfy constraint: …",),
    ("1 validation error detected: Value 'x y' at 'aliasName' failed to satisfy constraint: …",),
    (
        'ValidationException: Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/',
    ),
    ("could not be connected: cks-1234567890abcdef0 FAILED XKS_PROXY_TIMED_OUT",),
    (
        "AccessDeniedException: User: arn:aws:iam::482913570264:user/x is not authorized to perform: kms:Decrypt on this",
        "resource because the resource does not exist in this Region, no resource-based policies allow access",
    ),
    (
        "An error occurred when calling the Decrypt operation: AWS KMS rejected it, the external key",
        "store proxy did not respond in time. Retry the request.",
    ),
    (
        "2026-11-24 10:00:00 could not read: Alias arn:aws:kms:eu-west-1:482913570264:alias/ledger-",
        "prod is not found.",
    ),
    (
        f'{{"log":"order 4711: KMSInvalidStateException: {ARN} is ","stream":"stderr"}}',
        '{"log":"creating.","stream":"stderr"}',
    ),
    (
        '{"log": "order 4711: Alias arn:aws:kms:eu-west-1:482913570264:alias/le", "stream": "stderr", "time": "x"}',
        '{"log": "dger is not found.\\n", "stream": "stderr", "time": "x"}',
    ),
    (
        "│ KMSInvalidStateException: An error occurred (KMSInvalidStateException) when  │",
        "│ calling the Decrypt operation:                                               │",
        "│ arn:aws:kms:eu-west-1:482913570264:key/5f2c1b7e-90ad-4c3e-8d61-7be04c19fa    │",
        "│ 23 is pending deletion.                                                      │",
    ),
    (
        "DisabledException: arn:aws:kms:eu-west-1:482913570264:key/5f2c1b7e-90",
        "ad-4c3e-8d61-7be04c19fa23 is disabled.",
    ),
    (
        "NotFoundException: Alias arn:aws:kms:eu-west-1:482913570264:alias/ledger-",
        "prod is not found.",
    ),
    (
        "An error occurred (NotFoundException) when calling the Encrypt operation: Alias",
        "arn:aws:kms:eu-west-1:482913570264:alias/platform/production/billing-service/car",
        "d-key is not found.",
    ),
    (
        "KMSInvalidStateException: An error occurred (KMSInvalidStateException) when",
        f"{ARN} is",
        "pending deletion.",
    ),
    (
        "KMSInvalidStateException: An error occurred (KMSInvalidStateException) when",
        f"{ARN} is pending",
        "import.",
    ),
    (
        "                             (KMSInvalidStateException) when",
        "                             arn:aws:kms:eu-west-1:482913570264:k",
        "                             ey/5f2c1b7e-90ad-4c3e-8d61-7be04c19f",
        "                             a23 is unavailable.",
    ),
]
POOL = [*((sentence(row),) for row in ROWS), *code_lines(), *OTHERS]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_fragment_of_the_filter_brings_something_that_the_reader_understands(fragment):
    # GIVEN the filter without one of its fragments
    less = without(fragment)
    both = ((passes(lines, log_filter.PATTERN), passes(lines, less)) for lines in POOL)
    # THEN something that is understood would be lost
    assert any(whole != rest and read(whole) - read(rest) for whole, rest in both), fragment
