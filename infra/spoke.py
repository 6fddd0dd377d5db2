"""The spoke: what an account and Region need so that the hub sees it. A plain CloudFormation template, the same for all of them.

Rules that send to the hub's bus, a role for that, a queue for what could not be sent, and once per
account the role by which the hub looks things up. Nothing runs in it, nothing has to be there before
it, and whatever deploys CloudFormation deploys it. ``python -m infra.spoke`` prints it (``make spoke``).

Sources: EventBridge User Guide ("Sending and receiving events between AWS accounts"; such targets
take no retry policy: CDK API Reference, ``EventBusProps``), IAM User Guide ("AWS global condition
context keys").
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.version import version_here
from infra.permissions import GRANTS
from infra.rules import ENABLED_FOR_READS, Rule, rules, sub
from infra.yaml import as_yaml
from keywatch.catalogue.own import LOOK_UP_ROLE, SPOKE, SPOKE_DEAD_LETTERS

Template = dict[str, Any]

MAX_BYTES = 51_200  # of a template that is sent as it is (CloudFormation User Guide, "Quotas")
_PARTITION = r"arn:aws[a-z-]*"
_REGION = r"[a-z]{2,4}(-[a-z]{2,20}){1,2}-[0-9]{1,2}"
_PARAMETERS: Mapping[str, tuple[str, str, str]] = {
    "HubBusArn": (
        "The hub's event bus: the output HubBusArn of its stack.",
        rf"^{_PARTITION}:events:{_REGION}:[0-9]{{12}}:event-bus/[A-Za-z0-9._-]{{1,256}}$",
        "must be the ARN of an event bus",
    ),
    "HubFunctionRoleArn": (
        "The role of the hub's function, which alone may look things up here: the output HubFunctionRoleArn of its stack.",
        rf"^{_PARTITION}:iam::[0-9]{{12}}:role/([A-Za-z0-9_+=,.@-]{{1,64}}/)*[A-Za-z0-9_+=,.@-]{{1,64}}$",
        "must be the ARN of a role",
    ),
    "OrganizationId": (
        "The organisation of the hub and of this account, such as o-exampleorgid.",
        r"^o-[a-z0-9]{10,32}$",
        "must be the id of an organisation: o- and 10 to 32 small letters and digits",
    ),
    "LookUpRoleRegion": (
        "One of the Regions that this template is deployed to, the same in all of them. Roles are global: it is made there only.",
        rf"^{_REGION}$",
        "must be a Region, such as eu-west-1",
    ),
}
_IN_ONE_REGION = "MakesLookUpRole"
_ROLE_ARN = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{LOOK_UP_ROLE}"
_RULES_ARN = f"arn:${{AWS::Partition}}:events:*:${{AWS::AccountId}}:rule/{SPOKE}-"
_QUEUE_ARN = f"arn:${{AWS::Partition}}:sqs:*:${{AWS::AccountId}}:{SPOKE_DEAD_LETTERS}"


def template(extra_sources: Sequence[str] = ()) -> Template:
    """Return the template; ``extra_sources`` are private event sources that its rules accept too (tests)."""
    version = spoke_version()
    return _template(version, extra_sources)


def spoke_version() -> str:
    """Return the version of the spoke: that of KeyWatch, and a fingerprint of what the template deploys."""
    content = json.dumps(_template("", ()), sort_keys=True)
    return f"{version_here()}+{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _template(version: str, extra_sources: Sequence[str]) -> Template:
    own_roles = ({"Ref": "HubFunctionRoleArn"}, sub(_ROLE_ARN))
    every_rule = rules(own_roles, extra_sources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"KeyWatch spoke {version}: sends failing KMS calls to the hub, and lets it look things up",
        "Metadata": {"KeyWatch": {"SpokeVersion": version}},
        "Parameters": {name: _parameter(*given) for name, given in _PARAMETERS.items()},
        "Conditions": {
            _IN_ONE_REGION: {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "LookUpRoleRegion"}]}
        },
        "Resources": {
            "Undelivered": _queue(),
            "UndeliveredPolicy": _queue_policy(every_rule),
            "ForwardRole": _forward_role(),
            "ForwardPolicy": _policy(
                "ForwardRole", [_statement("SendToHub", {"Ref": "HubBusArn"})]
            ),
            **{rule.id: _rule(rule, version) for rule in every_rule},
            "LookUpRole": _look_up_role(version) | {"Condition": _IN_ONE_REGION},
            "LookUpPolicy": _policy("LookUpRole", _look_ups(every_rule))
            | {"Condition": _IN_ONE_REGION},
        },
        "Outputs": {
            "SpokeVersion": {"Description": "The version of this template.", "Value": version},
            "UndeliveredQueueArn": {
                "Description": "Where events are that could not be sent to the hub.",
                "Value": {"Fn::GetAtt": ["Undelivered", "Arn"]},
            },
            "LookUpRoleArn": {
                "Description": "The role by which the hub looks things up in this account.",
                "Value": {"Fn::GetAtt": ["LookUpRole", "Arn"]},
                "Condition": _IN_ONE_REGION,
            },
        },
    }


def _parameter(description: str, pattern: str, constraint: str) -> Template:
    return {
        "Type": "String",
        "Description": description,
        "AllowedPattern": pattern,
        "ConstraintDescription": constraint,
    }


def _queue() -> Template:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": SPOKE_DEAD_LETTERS,
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": 14 * 24 * 3600,
        },
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
    }


def _queue_policy(every_rule: Iterable[Rule]) -> Template:
    queue = {"Fn::GetAtt": ["Undelivered", "Arn"]}
    arns = [{"Fn::GetAtt": [rule.id, "Arn"]} for rule in every_rule]
    statements = [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sqs:*",
            "Resource": queue,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "EventsFromOurRules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": arns}},
        },
    ]
    properties = {"Queues": [{"Ref": "Undelivered"}], "PolicyDocument": _document(statements)}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}


def _rule(rule: Rule, version: str) -> Template:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": f"{SPOKE}-{rule.id}",
            "Description": f"{rule.description} (KeyWatch spoke {version})",
            # All of them: read-only calls that a rule here does not see do not reach the hub either.
            "State": ENABLED_FOR_READS,
            "EventPattern": rule.pattern,
            "Targets": [
                {
                    "Id": "Hub",
                    "Arn": {"Ref": "HubBusArn"},
                    "RoleArn": {"Fn::GetAtt": ["ForwardRole", "Arn"]},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}},
                }
            ],
        },
    }


def _forward_role() -> Template:
    return _role(
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        },
        Description="KeyWatch: lets the rules of this Region send to the hub's bus; it may do nothing else",
    )


def _look_up_role(version: str) -> Template:
    """Return the role that the hub's function assumes, and nobody else.

    The account and, as a condition, the ARN of the role: were the ARN the principal, IAM would keep
    the role's unique id instead, and a hub that was deployed anew would be shut out of every account
    (IAM User Guide, "AWS JSON policy elements: Principal").
    """
    hub_account = {"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "HubFunctionRoleArn"}]}]}
    return _role(
        {
            "Effect": "Allow",
            "Principal": {
                "AWS": {"Fn::Sub": ["arn:${AWS::Partition}:iam::${Hub}:root", {"Hub": hub_account}]}
            },
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": {"Ref": "HubFunctionRoleArn"}},
                "StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}},
            },
        },
        RoleName=LOOK_UP_ROLE,
        Description="KeyWatch: lets the hub's function read about KMS keys; it changes nothing",
        Tags=[{"Key": "KeyWatchVersion", "Value": version}],
    )


def _look_ups(every_rule: Iterable[Rule]) -> list[Template]:
    """Return what the hub may do here: the look-ups of a diagnosis, the canary, and what the doctor looks at."""
    arn, here = "arn:${AWS::Partition}", "${AWS::AccountId}"
    return [
        _statement("SpokeLists", "*"),
        _statement("SpokeKeys", sub(f"{arn}:kms:*:*:key/*"), sub(f"{arn}:kms:*:*:alias/*")),
        _statement("SpokeOwners", sub(f"{arn}:kms:*:{here}:key/*")),
        _statement("SpokeFunctions", sub(f"{arn}:lambda:*:{here}:function:*")),
        _statement("SpokeRoles", sub(f"{arn}:iam::{here}:role/*")),
        _statement("SpokeCanaryIsDenied", "*"),
        _statement("SpokeTrails", sub(f"{arn}:cloudtrail:*:*:trail/*")),
        _statement("SpokeRules", *(sub(f"{_RULES_ARN}{rule.id}") for rule in every_rule)),
        _statement("SpokeUndelivered", sub(_QUEUE_ARN)),
    ]


def _statement(sid: str, *resources: object) -> Template:
    grant = GRANTS[sid]
    return {
        "Sid": sid,
        "Effect": "Deny" if grant.denies else "Allow",
        "Action": list(grant.calls),
        "Resource": list(resources) if len(resources) > 1 else resources[0],
    }


def _role(trust: Template, **properties: object) -> Template:
    trusted = {"AssumeRolePolicyDocument": _document([trust])}
    return {"Type": "AWS::IAM::Role", "Properties": {**trusted, **properties}}


def _policy(role: str, statements: Sequence[Template]) -> Template:
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": SPOKE,
            "Roles": [{"Ref": role}],
            "PolicyDocument": _document(statements),
        },
    }


def _document(statements: Sequence[Template]) -> Template:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def as_json(made: Template) -> str:
    """Return a template as CloudFormation takes it inline: JSON without white space."""
    return json.dumps(made, separators=(",", ":"))


def main(arguments: Sequence[str]) -> int:
    """Print the template, in the format that is named (``json``, ``yaml``)."""
    formats = {"json": lambda made: json.dumps(made, indent=1) + "\n", "yaml": as_yaml}
    wanted = arguments[0] if arguments else "json"
    if wanted not in formats:
        sys.stderr.write(f"{wanted} is no format of a template. Allowed: {', '.join(formats)}\n")
        return 2
    sys.stdout.write(formats[wanted](template()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
