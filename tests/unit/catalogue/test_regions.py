"""KeyWatch's own roles are known by their exact ARNs in every Region, wherever it is deployed."""

import botocore.session
import pytest

from keywatch.catalogue.regions import REGIONS
from keywatch.settings import Settings
from keywatch.sources.callers import is_own
from keywatch.sources.own_words import is_own_text

ACCOUNT = "111122223333"


def role(region, partition="aws", path=""):
    return f"arn:{partition}:iam::{ACCOUNT}:role/{path}KeyWatch-function-{region}"


def settings(region, partition="aws", path=""):
    return Settings("incidents", "topic", role(region, partition, path), region, ACCOUNT)


def test_every_region_that_boto3_knows_is_in_the_list():
    session = botocore.session.get_session()
    for partition in session.get_available_partitions():
        known = session.get_available_regions("kms", partition_name=partition)
        assert set(known) <= set(REGIONS[partition]), partition


@pytest.mark.parametrize(
    ("here", "there", "partition"),
    [
        ("eu-west-1", "us-west-2", "aws"),
        ("cn-north-1", "cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "us-gov-east-1", "aws-us-gov"),
    ],
)
def test_a_look_up_from_another_region_is_known_whatever_is_deployed_there(here, there, partition):
    # GIVEN two Regions of one partition that know nothing of each other
    own_roles = settings(here, partition, "platform/").own_roles
    issuer = {"sessionContext": {"sessionIssuer": {"arn": role(there, partition, "platform/")}}}
    # WHEN one looks for a key in the other, THEN its call is known there, and so is its record in a log
    assert is_own(issuer, own_roles)
    assert is_own_text(f'{{"arn": "{role(there, partition, "platform/")}"}}', own_roles)


@pytest.mark.parametrize(
    "other",
    [
        role("eu-west-1").replace("eu-west-1", "eu-west-9"),
        role("eu-west-1", path="somebody/"),
        role("eu-west-1").replace(ACCOUNT, "444455556666"),
        f"{role('eu-west-1')}-x",
        role(""),
    ],
    ids=["no Region", "another path", "another account", "longer", "shorter"],
)
def test_nobody_passes_for_keywatch_by_a_similar_name(other):
    own_roles = settings("eu-west-1").own_roles
    assert not is_own({"sessionContext": {"sessionIssuer": {"arn": other}}}, own_roles)
    assert not is_own_text(f'{{"arn": "{other}"}}', own_roles)


def test_a_region_that_nobody_listed_yet_still_knows_its_own_role():
    assert role("xx-west-1") in settings("xx-west-1").own_roles


def test_a_role_with_a_name_of_its_own_stands_alone():
    named = Settings("incidents", "topic", "arn:aws:iam::1:role/mine", "eu-west-1", ACCOUNT)
    assert named.own_roles == {"arn:aws:iam::1:role/mine"}
