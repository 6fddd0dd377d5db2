"""Templates as a deployment would send them, and what CloudFormation would make of them in one account and Region."""

import json
import re
from functools import cache
from pathlib import Path

from aws_cdk import App

from infra.app import add_stacks

ROOT = Path(__file__).resolve().parents[2]
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "111122223333",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
}

CHANNELS = {
    "slack": {"slack_workspace_id": "T07EXAMPLE", "slack_channel_id": "C07EXAMPLE"},
    "teams": {
        "teams_tenant_id": "aaaaaaaa-1111-2222-3333-444444444444",
        "teams_team_id": "bbbbbbbb-1111-2222-3333-444444444444",
        "teams_channel_id": "19%3aexample%40thread.tacv2",
    },
    "topic": "arn:aws:sns:eu-west-1:111122223333:chat",
}
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
IGNORE = [
    {
        "cause": "key_disabled",
        "key": "alias/playground-*",
        "reason": "keys that we break on purpose",
    }
]

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:{}-a1b2c3"
WEBHOOKS = [
    {
        "kind": "pagerduty",
        "secret_arn": SECRET.format("pagerduty"),
        "severities": ["critical", "high"],
    },
    {
        "kind": "opsgenie",
        "secret_arn": SECRET.format("opsgenie"),
        "secret_key": "api",
        "owners": ["payments", "unknown"],
    },
    {"kind": "slack", "secret_arn": SECRET.format("slack")},
    {
        "kind": "generic",
        "secret_arn": SECRET.format("own"),
        "url": "https://hooks.example.com/keywatch",
        "header": "X-Token",
    },
]
EVERYTHING_OFF: dict[str, object] = {}
EVERYTHING_ON: dict[str, object] = {
    "alert_emails": ["oncall@example.com", "security@example.com"],
    "chat": CHANNELS["slack"],
    "log_groups": [
        "/ecs/payments",
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders",
    ],
    "regions": ["eu-west-1"],
    "stack_name": "KeyWatch",
    "search_regions": ["us-east-1", "eu-central-1"],
    "create_trail": True,
    "dashboard": True,
    "ignore": IGNORE,
    "alert_topic_key_arn": KEY_ARN,
    "repeat_interval_minutes": 60,
    "messages_per_hour": 30,
    "reserved_concurrency": 5,
    "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/boundary",
    "role_path": "/platform/",
    "extra_event_sources": ["keywatch.replay"],
    "owner_tags": ["team", "owner"],
    "runbook_url": "https://wiki.example.com/kms/{cause}",
    "dependents": True,
    "config_aggregator": "organisation",
    "keep_incidents_days": 30,
    "event_bus": "arn:aws:events:eu-west-1:111122223333:event-bus/alerts",
    "webhooks": WEBHOOKS,
}
MATRIX = {
    "everything off": EVERYTHING_OFF,
    "everything on": EVERYTHING_ON,
    "all log groups": {"all_log_groups": True},
    "teams": {"chat": CHANNELS["teams"]},
    "no dashboard": {"dashboard": False},
    "chat topic": {"chat": CHANNELS["topic"]},
    "encrypted chat topic": {
        "chat": {"topic_arn": CHANNELS["topic"], "topic_key_arn": KEY_ARN},
        "alert_topic_key_arn": KEY_ARN,
    },
    "hub": {"hub": {"organization_id": "o-exampleorgid"}},
    "hub with spokes": {
        "regions": ["eu-west-1"],
        "role_path": "/platform/",
        "hub": {
            "organization_id": "o-exampleorgid",
            "accounts": True,
            "stack_set": {
                "organizational_units": ["ou-abcd-12345678"],
                "regions": ["eu-west-1", "us-east-1"],
            },
        },
    },
    "two regions": {
        "regions": ["eu-west-1", "us-east-1"],
        "log_groups": EVERYTHING_ON["log_groups"],
    },
}


def as_list(value):
    """Return what a policy names once or several times as a list."""
    return value if isinstance(value, list) else [value]


def new_app(settings: dict[str, object], **context: object) -> App:
    """Return an app with these settings, in which nothing is bundled."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    return App(
        context={**flags, "keywatch": settings, **context, "aws:cdk:bundling-stacks": []},
        analytics_reporting=False,
    )


@cache
def _templates(context: str) -> str:
    app = new_app(**json.loads(context))
    add_stacks(app)
    return json.dumps({stack.id: stack.template for stack in app.synth().stacks})


def templates(settings: dict[str, object], **context: object) -> dict[str, dict]:
    """Return the template of each stack, by its id in the app: their names are the same in all Regions."""
    return json.loads(_templates(json.dumps({"settings": settings, **context}, sort_keys=True)))


def template(settings: dict[str, object]) -> dict:
    """Return the template of the only stack."""
    (only,) = templates(settings).values()
    return only


def resources(of: dict, kind: str) -> dict[str, dict]:
    """Return the properties of all resources of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in of["Resources"].items()
        if resource["Type"] == kind
    }


def only(of: dict, kind: str) -> dict:
    """Return the properties of the only resource of one type."""
    (properties,) = resources(of, kind).values()
    return properties


def the_function(of: dict) -> dict:
    """Return the properties of the one function that watches; the page has another."""
    (found,) = (
        properties
        for properties in resources(of, "AWS::Lambda::Function").values()
        if properties["Handler"] == "handler.handler"
    )
    return found


def resolved(value: object) -> object:
    """Return ``value`` with its CloudFormation functions replaced: pseudo parameters by values, references by their names."""
    match value:
        case list():
            found: object = [resolved(item) for item in value]
        case {"Ref": str(name)}:
            found = PSEUDO.get(name, name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            found = f"{name}.{attribute}"
        case {"Fn::Sub": str(text)}:
            found = re.sub(r"\$\{([^}]+)\}", lambda match: PSEUDO.get(match[1], match[1]), text)
        case {"Fn::Join": [str(glue), list(parts)]}:
            found = glue.join(str(resolved(part)) for part in parts)
        case dict():
            found = {key: resolved(item) for key, item in value.items()}
        case _:
            found = value
    return found


def rule(of: dict, name: str) -> dict:
    """Return the resolved properties of the rule whose logical id contains ``name``."""
    (found,) = (
        resolved(properties)
        for logical_id, properties in resources(of, "AWS::Events::Rule").items()
        if name in logical_id
    )
    return found
