"""The id, the ARN and the alias of one thing meet in one incident; different things do not."""

import pytest

from keywatch.catalogue.causes import CAUSES
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification, Subject
from keywatch.sources.subjects import key_subject, subject_of

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
START = "arn:aws:kms:eu-west-1:111122223333:"
STORE = "cks-1234567890abcdef0"


def about(
    cause="key_not_found",
    *,
    typed=None,
    key_arn=None,
    store=None,
    account="111122223333",
    region="eu-west-1",
    named=None,
):
    return subject_of(
        classification=ErrorClassification(cause, Confidence.CERTAIN, region=named),
        identifier=parse(typed) if typed is not None else None,
        key_arn=key_arn,
        account=account,
        region=region,
        key_store=store,
        caller="arn:aws:iam::111122223333:role/app",
    ).id


KEY = f"key|111122223333|eu-west-1|{KEY_ID}"


@pytest.mark.parametrize(
    ("parts", "subject"),
    [
        ({"typed": KEY_ID}, KEY),
        ({"typed": f"{START}key/{KEY_ID}"}, KEY),
        ({"typed": f"{START}key/{KEY_ID}", "account": "444455556666", "region": "us-east-1"}, KEY),
        ({"typed": "alias/app", "key_arn": f"{START}key/{KEY_ID}"}, KEY),
        ({"typed": "alias/app"}, "alias|111122223333|eu-west-1|alias/app"),
        ({"typed": f"{START}alias/app", "account": None}, "alias|111122223333|eu-west-1|alias/app"),
        (
            {"typed": "alias/app", "account": "444455556666"},
            "alias|444455556666|eu-west-1|alias/app",
        ),
        (
            {"cause": "malformed_identifier", "typed": "allas/app"},
            "identifier|111122223333|eu-west-1|allas/app",
        ),
        (
            {"cause": "wrong_region", "named": "us-east-1"},
            "identifier|111122223333|eu-west-1|us-east-1",
        ),
        (
            {"cause": "wrong_region", "typed": f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"},
            f"identifier|111122223333|eu-west-1|arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}",
        ),
        (
            {"cause": "missing_or_not_authorized"},
            "caller|111122223333|eu-west-1|arn:aws:iam::111122223333:role/app",
        ),
        ({"account": None, "region": None, "typed": KEY_ID}, f"key|-|-|{KEY_ID}"),
        (
            {"cause": "external_key_not_found", "key_arn": f"{START}key/{KEY_ID}", "store": STORE},
            KEY,
        ),
    ],
    ids=str,
)
def test_each_failure_is_about_what_it_names(parts, subject):
    assert about(**parts) == subject


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES.values() if cause.about_key_store])
def test_a_broken_store_is_one_subject_whatever_the_key(cause):
    keys = (f"{START}key/{KEY_ID}", f"{START}key/{KEY_ID[::-1]}")
    assert {about(cause, key_arn=key, store=STORE) for key in keys} == {
        f"key_store|111122223333|eu-west-1|{STORE}"
    }


@pytest.mark.parametrize(
    "text", ["", "x", KEY_ID, "alias/app", "arn:aws:s3:::bucket", f"{START}key/x"]
)
def test_only_arns_name_a_subject_on_their_own(text):
    assert key_subject(text) is None


def test_a_subject_is_read_back_from_its_id_even_with_bars_in_its_name():
    subject = Subject("identifier", "1", "r", "a|b|c")
    assert Subject.from_id(subject.id) == subject
