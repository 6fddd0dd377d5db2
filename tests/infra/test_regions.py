"""Regions stand alone: adding or removing one touches no other, and what was deployed before is taken over."""

import json
from pathlib import Path

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from infra.app import add_stacks
from tests.infra.synthesis import (
    CHANNELS,
    EVERYTHING_ON,
    new_app,
    only,
    resolved,
    resources,
    templates,
    the_function,
)

HOME, OTHER = "KeyWatch-eu-west-1", "KeyWatch-us-east-1"
TWO = ["eu-west-1", "us-east-1"]
BEFORE = json.loads(
    (Path(__file__).parent / "taken_over/version_0.1.json").read_text(encoding="utf-8")
)
SLACK = "AWS::Chatbot::SlackChannelConfiguration"


def in_regions(regions, **settings):
    return templates({**settings, "regions": regions})


# A key, a bus and a secret belong to one Region.
_OF_ONE_REGION = ("regions", "alert_topic_key_arn", "event_bus", "webhooks")
MORE = {name: value for name, value in EVERYTHING_ON.items() if name not in _OF_ONE_REGION}


def exact(of):
    """The template as it is sent, byte for byte."""
    return json.dumps(of)


@pytest.mark.parametrize("home", ["eu-west-1", None], ids=["chat.region", "the first Region"])
@pytest.mark.parametrize("more", [{}, MORE], ids=["everything off", "everything on"])
def test_another_region_changes_nothing_but_what_the_chat_configuration_lists(more, home):
    # GIVEN one Region, and two, with the same settings
    here = {"region": home} if home else {}
    settings = {**more, "chat": {**CHANNELS["slack"], **here}} if more else {}
    before, after = (in_regions(regions, **settings)[HOME] for regions in (TWO[:1], TWO))
    # WHEN what the account has one of is left aside
    listed = [
        properties.pop("SnsTopicArns")
        for of in (before, after)
        for properties in resources(of, SLACK).values()
    ]
    # THEN the template of the first is the same, byte for byte
    assert exact(before) == exact(after)
    # AND the one chat configuration lists the topic of the new Region as well
    assert [len(topics) for topics in listed] == ([1, 2] if more else [])


def test_a_region_that_does_not_hold_the_chat_configuration_is_the_same_alone():
    settings = {"chat": {**CHANNELS["slack"], "region": "eu-west-1"}}
    assert exact(in_regions(TWO[1:], **settings)[OTHER]) == exact(
        in_regions(TWO, **settings)[OTHER]
    )


@pytest.mark.parametrize("regions", [TWO[:1], TWO])
def test_every_stack_is_called_the_same(regions):
    app = new_app({"regions": regions})
    assert {stack.stack_name for stack in add_stacks(app)} == {"KeyWatch"}


def test_one_chat_configuration_listens_to_the_topics_of_all_regions():
    # GIVEN a Slack channel, which can be configured once in an account, and three Regions
    stacks = in_regions([*TWO, "eu-central-1"], chat=CHANNELS["slack"])
    with_configuration = {name for name, of in stacks.items() if resources(of, SLACK)}
    # THEN one Region has the configuration
    assert with_configuration == {HOME}
    # AND it lists the very topics that the functions publish to
    listed = set(resolved(only(stacks[HOME], SLACK)["SnsTopicArns"]))
    published = {HOME: resolved(the_function(stacks[HOME]))["Environment"]["Variables"]}
    assert published[HOME]["CHAT_TOPIC_ARN"] in listed
    for name in set(stacks) - with_configuration:
        region = name.removeprefix("KeyWatch-")
        topic = resolved(the_function(stacks[name]))["Environment"]["Variables"]["CHAT_TOPIC_ARN"]
        called = stacks[name]["Resources"][topic]["Properties"]["TopicName"]
        assert f"arn:aws:sns:{region}:111122223333:{called}" in listed
    assert len(listed) == 3


def test_the_chat_configuration_is_deployed_behind_the_topics_that_it_lists():
    app = new_app({"regions": TWO, "chat": CHANNELS["teams"]})
    home, other = add_stacks(app)
    assert home.dependencies == [other]
    assert other.dependencies == []


def test_the_region_of_the_chat_configuration_can_be_chosen():
    chat = {**CHANNELS["slack"], "region": "us-east-1"}
    stacks = in_regions(TWO, chat=chat)
    assert {name for name, of in stacks.items() if resources(of, SLACK)} == {OTHER}
    # AND somebody who deploys each Region by itself has it there only
    assert not resources(in_regions(TWO[:1], chat=chat)[HOME], SLACK)


def test_what_is_global_has_a_name_that_no_other_region_gives():
    # GIVEN everything that lives in one list for all Regions of an account, with a name of our own
    named = {
        "AWS::IAM::Role": "RoleName",
        "AWS::CloudWatch::Dashboard": "DashboardName",
        SLACK: "ConfigurationName",
    }
    stacks = in_regions(TWO, **MORE)
    # THEN each name holds the Region
    for of in stacks.values():
        for kind, name in named.items():
            names = [found[name] for found in resources(of, kind).values() if name in found]
            assert all("AWS::Region" in json.dumps(one) for one in names)


def fixed_properties(kind):
    """The properties of a type whose change makes, or may make, CloudFormation replace the resource, by its own schema."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = [
        *schema.get("createOnlyProperties", []),
        *schema.get("conditionalCreateOnlyProperties", []),
    ]
    return {path.removeprefix("/properties/").split("/")[0] for path in paths}


@pytest.mark.parametrize("before", BEFORE, ids=lambda before: before["stack"])
def test_a_deployment_of_the_version_before_is_taken_over_without_loss(before):
    # GIVEN what version 0.1 deployed, in one Region, or in one of several (in stacks called KeyWatch-<Region>)
    several = len(before["settings"]["regions"]) > 1
    name = {"stack_name": "KeyWatch-{region}"} if several else {}
    # WHEN this version is deployed over it
    now = templates({**before["settings"], **name})[HOME]["Resources"]
    # THEN everything is still there, and nothing is made anew
    for logical_id, (kind, fixed) in before["resources"].items():
        assert now[logical_id]["Type"] == kind
        properties = now[logical_id].get("Properties", {})
        after = {one: properties[one] for one in fixed_properties(kind) if one in properties}
        assert after == fixed, logical_id
    # AND the stack is the same one
    app = new_app({**before["settings"], **name})
    assert next(stack.stack_name for stack in add_stacks(app)) == before["stack"]


def test_the_comparison_would_notice_a_table_with_another_key():
    assert {"KeySchema", "TableName"} <= fixed_properties("AWS::DynamoDB::Table")
    kinds = {kind for before in BEFORE for kind, _ in before["resources"].values()}
    assert {"AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue"} <= kinds
