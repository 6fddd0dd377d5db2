"""Links open the page of the right key, in the right partition and Region, and nothing else."""

from dataclasses import replace

import pytest

from keywatch.alerts import names
from keywatch.alerts.alert import SubjectView
from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email
from keywatch.catalogue.causes import cause_of
from keywatch.model.evidence import ChangeFact
from tests.unit.alerts.factory import ACCOUNT, BOB, EVENT_ID, KEY, KEY_ID, START, STORE, alert


def build(cause="key_disabled", event_ids=(EVENT_ID,), **known):
    """Return the links of a key in eu-west-1, but for what is given."""
    given = {
        "partition": "aws",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "key_arn": KEY,
        "identifier": None,
        "alias": None,
        "key_store": None,
    }
    changes = [ChangeFact("DisableKey", BOB, START, event_id) for event_id in event_ids]
    return names.links_of(SubjectView(**{**given, **known}), cause_of(cause), changes)


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_own_console(partition, region, host):
    # GIVEN a key of this partition
    arn = f"arn:{partition}:kms:{region}:111122223333:key/{KEY_ID}"
    # WHEN it is linked
    made = build(partition=partition, region=region, key_arn=arn)
    # THEN the links lead to the console of that partition and Region
    assert made["key"] == f"https://{host}/kms/home?region={region}#/kms/keys/{KEY_ID}"
    assert made["event"] == f"https://{host}/cloudtrailv2/home?region={region}#/events/{EVENT_ID}"
    assert made["history"].startswith(
        f"https://{host}/cloudtrailv2/home?region={region}#/events?ResourceName=arn%3A"
    )


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws-iso", "us-iso-east-1"), ("aws", "unknown"), ("aws", "eu-west-1@evil.example")],
)
def test_no_link_is_better_than_a_wrong_one(partition, region):
    # GIVEN a partition whose console is not public, or a Region that is none
    # WHEN a key is linked
    # THEN there is no link at all
    assert build(partition=partition, region=region, key_arn=None, identifier=KEY_ID) == {}


def test_key_of_another_region_is_linked_where_it_lives():
    # GIVEN a call to eu-west-1 that named a key of us-east-1
    made = build(key_arn=KEY.replace("eu-west-1", "us-east-1"))
    # THEN the key is linked in us-east-1
    assert made["key"].endswith(f"region=us-east-1#/kms/keys/{KEY_ID}")


def test_key_that_is_gone_has_a_history_but_no_page():
    # GIVEN a deleted key
    made = build("key_deleted")
    # THEN the list of keys stands in for its page, and its history is still linked
    assert "key" not in made
    assert made["keys"].endswith("#/kms/keys")
    assert KEY_ID in made["history"]


def test_alias_without_a_key_leads_to_the_keys_and_the_history_of_kms():
    # GIVEN nothing but an alias
    made = build(key_arn=None, identifier="alias/payments", event_ids=[])
    # THEN there is no page of a key and no event
    assert set(made) == {"keys", "history"}
    assert made["history"].endswith("?EventSource=kms.amazonaws.com")


def test_key_store_is_linked_beside_its_key():
    # GIVEN a key in a custom key store
    # THEN both are linked
    assert {"key", "key_store"} <= set(build(key_store=STORE))


def test_event_id_from_outside_cannot_lead_elsewhere():
    # GIVEN an event id that is none, before one that is
    made = build(event_ids=["x/../../evil?a=b#c", EVENT_ID])
    # THEN the link is that of the real event
    assert made["event"].endswith(f"#/events/{EVENT_ID}")


def test_every_alert_links_to_the_runbook_of_the_user():
    # GIVEN an alert of a deployment with a runbook, its address with a place for the cause
    told = replace(alert("key_disabled"), runbook_url="https://wiki.example.com/kms/{cause}#fix")
    # WHEN it is rendered
    built = build_document(told)
    # THEN document, mail and card link to it, as it was given
    address = "https://wiki.example.com/kms/key_disabled#fix"
    assert built["links"]["runbook"] == address
    assert f"Runbook\n{address}\n" in email.body(built)
    assert f"Runbook: {address}" in chat.card(built)["content"]["description"]
    # AND without one there is no such link
    assert "runbook" not in build_document(alert("key_disabled"))["links"]


def test_a_cause_of_another_version_adds_nothing_to_the_address():
    told = replace(alert("key_disabled"), runbook_url="https://wiki.example.com/{cause}")
    odd = replace(told, diagnosis=replace(told.diagnosis, cause="x/../evil"))
    assert build_document(odd)["links"]["runbook"] == "https://wiki.example.com/"
