"""Settings: what is read, and what a person is told who got one wrong."""

import json
import os
import subprocess
import sys

import pytest

from infra import setting_types, settings, silence
from infra.context import SettingsError, from_context
from tests.infra.synthesis import CHANNELS, EVERYTHING_ON, IGNORE, KEY_ARN, ROOT


def read(**given):
    return from_context({"keywatch": given})


def error_of(context):
    with pytest.raises(SettingsError) as raised:
        from_context(context)
    return str(raised.value)


def test_nothing_set_gives_the_defaults():
    # GIVEN a context without settings, as an application without cdk.json has it
    found = from_context({})
    # THEN nothing optional is on
    assert found == settings.Settings()
    assert (found.alert_emails, found.chat, found.all_log_groups, found.create_trail) == (
        (),
        None,
        False,
        False,
    )
    assert found.repeat_interval_minutes == 240


def test_everything_set_is_read():
    # GIVEN every setting
    found = read(**EVERYTHING_ON)
    # THEN each has arrived
    assert found.alert_emails == ("oncall@example.com", "security@example.com")
    assert found.chat == setting_types.SlackChannel("T07EXAMPLE", "C07EXAMPLE")
    assert found.log_groups == (
        "/ecs/payments",
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders",
    )
    assert found.ignore == (
        setting_types.Ignore(
            cause="key_disabled", key="alias/playground-*", reason="keys that we break on purpose"
        ),
    )
    assert found.ignore[0].as_dict() == IGNORE[0]
    assert found.alert_topic_key_arn == KEY_ARN
    assert set(EVERYTHING_ON) | {"all_log_groups", "hub"} == set(settings.FIELDS)


def test_chat_names_a_channel_or_a_topic():
    assert read(chat=CHANNELS["topic"]).chat == setting_types.ExistingTopic(CHANNELS["topic"])
    assert read(chat=CHANNELS["teams"]).chat == setting_types.TeamsChannel(
        *CHANNELS["teams"].values()
    )
    assert read(chat=None).chat is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("alert_emails", '["a@example.com", "b@example.com"]', ("a@example.com", "b@example.com")),
        ("alert_emails", "a@example.com", ("a@example.com",)),
        ("alert_emails", "a@example.com, b@example.com", ("a@example.com", "b@example.com")),
        ("alert_emails", "", ()),
        ("all_log_groups", "true", True),
        ("repeat_interval_minutes", "30", 30),
        ("alert_topic_key_arn", KEY_ARN, KEY_ARN),
        ("alert_topic_key_arn", "null", None),
        ("search_regions", "us-gov-west-1,eusc-de-east-1", ("us-gov-west-1", "eusc-de-east-1")),
    ],
)
def test_the_command_line_overrides_with_json_or_plain_text(name, text, expected):
    # GIVEN settings in cdk.json and one of them on the command line
    context = {"keywatch": {**EVERYTHING_ON, "regions": []}, f"keywatch:{name}": text}
    if name == "all_log_groups":
        context["keywatch:log_groups"] = "[]"
    # WHEN THEN the command line wins
    assert getattr(from_context(context), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("alert_emails", "not an address", "'not an address' is not an e-mail address"),
        (
            "alert_emails",
            ["a@example.com", "a@b@example.com"],
            "'a@b@example.com' is not an e-mail address",
        ),
        ("alert_emails", ["a@example.com\n"], "is not an e-mail address"),
        ("alert_emails", {"to": "a@example.com"}, "is not a list"),
        ("alert_emails", [7], "7 is not an e-mail address"),
        (
            "runbook_url",
            "http://wiki.example.com",
            "is not a web address that begins with https://",
        ),
        ("runbook_url", "https://wiki.example.com/{key}", "is not a web address"),
        ("runbook_url", "https://wiki.example.com/a b", "is not a web address"),
        ("chat", {"slack_workspace_id": "T1"}, "names neither a topic nor a channel"),
        ("chat", {**CHANNELS["slack"], **CHANNELS["teams"]}, "names neither a topic nor a channel"),
        (
            "chat",
            {"slack_workspace_id": "T1", "slack_channel_id": ["C1"]},
            "is not an id of Slack or Teams",
        ),
        ("chat", "#alerts", "'#alerts' is not the ARN of an SNS topic"),
        ("chat", True, "True is not an object"),
        (
            "chat",
            {"topic_arn": CHANNELS["topic"], "topic_key_arn": "alias/chat"},
            "'alias/chat' is not the ARN of a KMS key",
        ),
        ("permissions_boundary_arn", "boundary", "'boundary' is not the ARN of a managed policy"),
        ("role_path", "platform", "'platform' is not a path of IAM"),
        ("role_path", "/a b/", "'/a b/' is not a path of IAM"),
        ("log_groups", ["/keywatch/page"], "is KeyWatch's own"),
        ("stack_name", "Key Watch", "'Key Watch' is not a name of a stack"),
        ("stack_name", "{region}", "is not a name of a stack"),
        ("stack_name", "KeyWatch-{account}", "is not a name of a stack"),
        ("stack_name", "KeyWatch-{region}", "Allowed: with it, regions"),
        ("chat", {**CHANNELS["slack"], "region": "Ireland"}, "'Ireland' is not an AWS Region"),
        ("chat", {**CHANNELS["slack"], "region": "eu-west-1"}, "Allowed: with it, regions"),
        ("ignore", [{"reason": "r", "key": "*"}], "would ignore nearly every failure"),
        ("ignore", [{"reason": "r", "principal": "arn:*"}], "would ignore nearly every failure"),
        ("ignore", [{"reason": "r", "service": "kms.*"}], "would ignore nearly every failure"),
        (
            "ignore",
            [{"reason": "r", "key": "?*", "cause": "*", "operation": "*"}],
            "would ignore nearly every failure",
        ),
        ("log_groups", ["/app/*"], "'/app/*' is not a log group name or ARN"),
        ("log_groups", ["arn:aws:s3:::bucket"], "is not a log group name or ARN"),
        ("log_groups", ["/keywatch/function"], "is KeyWatch's own"),
        (
            "log_groups",
            ["arn:aws:logs:eu-west-1:111122223333:log-group:/keywatch/function:*"],
            "is KeyWatch's own",
        ),
        ("log_groups", [f"/app/{number}" for number in range(51)], "51 log groups are too many"),
        ("all_log_groups", "yes", "'yes' is neither true nor false"),
        ("all_log_groups", 1, "1 is neither true nor false"),
        ("regions", ["Ireland"], "'Ireland' is not an AWS Region"),
        ("regions", ["eu-west-1a"], "'eu-west-1a' is not an AWS Region"),
        ("search_regions", [None], "None is not an AWS Region"),
        ("create_trail", "no", "'no' is neither true nor false"),
        ("ignore", [{"cause": "key_disabled"}], "has no reason"),
        ("ignore", [{"reason": "because"}], "would ignore everything"),
        ("ignore", [{"reason": "because", "role": "x"}], "'role' is no part of a rule"),
        (
            "ignore",
            [{"reason": "", "key": "x"}],
            "'' is not a text of 1 to 256 printable ASCII characters",
        ),
        ("ignore", ["key_disabled"], "'key_disabled' is not an object"),
        (
            "ignore",
            [{"reason": "r" * 200, "key": f"k{number}"} for number in range(20)],
            "characters of JSON",
        ),
        ("alert_topic_key_arn", "alias/topics", "'alias/topics' is not the ARN of a KMS key"),
        (
            "alert_topic_key_arn",
            "arn:aws:kms:eu-west-1:111122223333:alias/topics",
            "is not the ARN of a KMS key",
        ),
        ("repeat_interval_minutes", "often", "'often' is not a whole number"),
        ("repeat_interval_minutes", 2.5, "2.5 is not a whole number"),
        ("repeat_interval_minutes", True, "True is not a whole number"),
        ("repeat_interval_minutes", 4, "4 is out of range"),
        ("repeat_interval_minutes", 10_081, "10081 is out of range"),
        ("extra_event_sources", ["aws.kms"], "aws.kms begins with aws., which only AWS can send"),
        ("extra_event_sources", ["a", "b", "c", "d", "e", "f"], "6 are too many"),
        (
            "extra_event_sources",
            ["s" * 65],
            "is not an EventBridge source of at most 64 characters",
        ),
    ],
)
def test_a_bad_value_is_refused_with_the_setting_and_what_is_allowed(name, value, complaint):
    # WHEN a setting has a value that it does not allow
    message = error_of({"keywatch": {name: value}})
    # THEN one line names the setting, what is wrong and what is allowed
    assert message.startswith(f"KeyWatch setting '{name}': ")
    assert complaint in message
    assert "Allowed: " in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "context", [{"keywatch": {"alert_email": []}}, {"keywatch:alert_email": "a@example.com"}]
)
def test_an_unknown_setting_is_refused_with_the_names_of_all(context):
    message = error_of(context)
    assert message.startswith(
        "KeyWatch setting 'alert_email': there is no such setting. Allowed: alert_emails, chat, "
    )


@pytest.mark.parametrize("value", ["text", 7, ["alert_emails"], None])
def test_settings_that_are_no_object_are_refused(value):
    assert "is not an object" in error_of({"keywatch": value})


def test_every_problem_is_said_at_once():
    # GIVEN three mistakes
    message = error_of({"keywatch": {"regions": ["x"], "chat": "x"}, "keywatch:nonsense": "1"})
    # THEN there are three lines
    assert len(message.splitlines()) == 3


def test_a_value_too_long_to_show_is_cut():
    assert len(error_of({"keywatch": {"chat": "x" * 5000}})) < 500


def test_one_or_all_log_groups_but_not_both():
    assert "Allowed: one of the two" in error_of(
        {"keywatch": {"all_log_groups": True, "log_groups": ["/a"]}}
    )
    assert read(all_log_groups=False, log_groups=["/a"]).log_groups == ("/a",)


def test_a_topic_key_serves_its_own_region_only():
    assert "regions" in error_of(
        {"keywatch": {"alert_topic_key_arn": KEY_ARN, "regions": ["eu-west-1", "us-east-1"]}}
    )
    assert read(alert_topic_key_arn=KEY_ARN, regions=["eu-west-1"]).alert_topic_key_arn == KEY_ARN


def test_a_chat_topic_serves_its_own_region_only():
    topic = CHANNELS["topic"]
    said = error_of({"keywatch": {"chat": topic, "regions": ["us-east-1"]}})
    assert "a topic of eu-west-1 cannot be used from us-east-1" in said
    # AND without regions, that of the credentials counts
    with pytest.raises(SettingsError, match="cannot be used from us-east-1"):
        from_context({"keywatch": {"chat": topic}}, "us-east-1")
    assert from_context({"keywatch": {"chat": topic}}, "eu-west-1").chat.topic_arn == topic


@pytest.mark.parametrize(
    "rule",
    [
        {"cause": "key_disabled"},
        {"key": "alias/*"},
        {"principal": "*", "operation": "Decrypt"},
        {"principal": "arn:aws:iam::111122223333:*"},
        {"service": "kms.amazonaws.com", "key": "alias/playground-*"},
    ],
)
def test_a_rule_that_leaves_something_to_alert_is_taken(rule):
    assert len(read(ignore=[{"reason": "r", **rule}]).ignore) == 1


def test_what_would_mute_keywatch_is_warned_of():
    def ids(account=None, **given):
        return [name for name, _ in silence.warnings(read(**given), account)]

    assert ids() == ["NobodyIsTold"]
    assert ids(chat=CHANNELS["slack"]) == ["NobodyIsToldOfHealth"]
    assert ids(alert_emails=["a@example.com"]) == []
    emails = {"alert_emails": ["a@example.com"]}
    assert ids("999988887777", alert_topic_key_arn=KEY_ARN, **emails) == ["KeyOfAnotherAccount"]
    assert ids("111122223333", alert_topic_key_arn=KEY_ARN, **emails) == []
    assert ids(extra_event_sources=["replay"], **emails) == ["EventsCanBeForged"]


def test_every_setting_says_what_it_does_and_what_is_allowed():
    for setting in settings.FIELDS.values():
        assert setting.metadata["meaning"]
        assert setting.metadata["allowed"]


def test_the_app_stops_with_the_message_and_no_stack_trace(tmp_path):
    # GIVEN a bad setting on the command line
    context = {"keywatch:repeat_interval_minutes": "often"}
    # WHEN the CDK runs the app
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env={
            "PATH": "/usr/bin:/bin",
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_OUTDIR": str(tmp_path),
            "JSII_NODE": os.environ.get("JSII_NODE", "node"),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # THEN it fails with that one line
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "KeyWatch" in line or "Traceback" in line]
    assert said == [
        "KeyWatch setting 'repeat_interval_minutes': 'often' is not a whole number. Allowed: a whole number from 5 to 10080"
    ]


ORGANIZATION = {"organization_id": "o-exampleorgid"}
UNITS = {"organizational_units": ["ou-abcd-12345678", "r-abcd"], "regions": ["eu-west-1"]}


def test_a_hub_is_read():
    found = read(hub={**ORGANIZATION, "stack_set": UNITS, "accounts": True}).hub
    assert found == setting_types.Hub(
        "o-exampleorgid",
        setting_types.StackSet(("ou-abcd-12345678", "r-abcd"), ("eu-west-1",)),
        accounts=True,
    )
    assert read(hub=None).hub is None


@pytest.mark.parametrize(
    ("hub", "complaint"),
    [
        ("o-exampleorgid", "is not an object"),
        ({}, "has no organization_id"),
        ({"organization_id": "exampleorgid"}, "is not the id of an organisation"),
        ({"organization_id": "o-*"}, "is not the id of an organisation"),
        ({**ORGANIZATION, "accounts": "yes"}, "is neither true nor false"),
        ({**ORGANIZATION, "account": True}, "'account' is no part of it"),
        ({**ORGANIZATION, "stack_set": {"regions": ["eu-west-1"]}}, "has no organizational_units"),
        ({**ORGANIZATION, "stack_set": {**UNITS, "regions": []}}, "leaves nothing to deploy to"),
        ({**ORGANIZATION, "stack_set": {**UNITS, "organizational_units": []}}, "leaves nothing"),
        (
            {**ORGANIZATION, "stack_set": {**UNITS, "organizational_units": ["Security"]}},
            "'Security' is not an organizational unit or a root",
        ),
        ({**ORGANIZATION, "stack_set": {**UNITS, "call_as": "me"}}, "SELF, DELEGATED_ADMIN"),
    ],
)
def test_a_hub_that_cannot_be_deployed_is_refused(hub, complaint):
    said = error_of({"keywatch": {"hub": hub}})
    assert complaint in said
    assert said.startswith("KeyWatch setting 'hub'")
    assert "Allowed:" in said


def test_a_hub_is_in_one_region():
    said = error_of({"keywatch": {"hub": ORGANIZATION, "regions": ["eu-west-1", "us-east-1"]}})
    assert "the others get spokes" in said
