"""The table of permissions is what is deployed and what is called: nothing unused, nothing missing, nothing too wide."""

import ast
import json
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from infra import spoke
from infra.permissions import GRANTS, LET_IN, Caller, Holder, rows
from keywatch.catalogue.own import CANARY_DENIED_CALL
from keywatch.catalogue.read_calls import READ_CALLS
from tests.infra.synthesis import MATRIX, as_list, resolved, resources, templates

SOURCES = Path(__file__).parents[2] / "lambda_src/keywatch"
EVERY_TEMPLATE = [
    pytest.param(of, id=f"{name}: {stack}")
    for name, settings in MATRIX.items()
    for stack, of in templates(settings).items()
] + [pytest.param(spoke.template(), id="spoke")]
# The only actions that may stand on everything: the Service Authorization Reference lists no resource type for them.
NOT_TO_BE_NAMED = {
    "cloudtrail:DescribeTrails",
    "cloudtrail:LookupEvents",
    "cloudwatch:GetMetricStatistics",
    "config:SelectResourceConfig",
    "kms:DescribeCustomKeyStores",
    "kms:ListAliases",
    "kms:ListKeys",
    "lambda:ListEventSourceMappings",
    "logs:DescribeAccountPolicies",
    "organizations:ListAccounts",
}
# Services of the function's clients, as IAM names them, and the snake-case names of their operations.
_SERVICES = {grant_call.partition(":")[0] for _, grant_call, _ in rows()} | {"sts"}


def statements(of):
    """Return the statements of all roles of a template, by the role that they belong to, and its policies."""
    found = []
    for policy in resolved(resources(of, "AWS::IAM::Policy")).values():
        for statement in policy["PolicyDocument"]["Statement"]:
            found += [(role, statement) for role in policy["Roles"]]
    return found


def holder(role):
    kinds = {
        "Page": Holder.PAGE,
        "Clock": Holder.CLOCK,
        "Alerting": Holder.WEBHOOKS,
        "Function": Holder.FUNCTION,
        "Forward": Holder.FORWARDER,
        "LookUp": Holder.LOOK_UPS,
    }
    return next(kind for start, kind in kinds.items() if role.startswith(start))


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_every_statement_of_every_role_is_a_row_of_the_table(of):
    # GIVEN what is deployed
    for role, statement in statements(of):
        # THEN it is in the table, for this role, with these calls and this effect
        grant = GRANTS[statement["Sid"]]
        assert holder(role) is grant.holder
        assert set(as_list(statement["Action"])) == set(grant.calls)
        assert statement["Effect"] == ("Deny" if grant.denies else "Allow")
    # AND no role has a permission by another way
    for role in resources(of, "AWS::IAM::Role").values():
        assert "Policies" not in role
        assert "ManagedPolicyArns" not in role


def test_every_row_of_the_table_is_deployed_somewhere():
    deployed = {
        (statement["Sid"], action)
        for param in EVERY_TEMPLATE
        for _, statement in statements(param.values[0])
        for action in as_list(statement["Action"])
    }
    assert deployed == {(grant.sid, call) for grant, call, _ in rows()}


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_nothing_stands_on_everything_that_can_be_named(of):
    wide = {
        action
        for _, statement in statements(of)
        if statement["Effect"] == "Allow" and "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert wide <= NOT_TO_BE_NAMED


def calls_in_the_sources():
    """Return the operations of AWS that the function's sources name as methods, as IAM actions by their snake-case name."""
    session = botocore.session.get_session()
    operations = {}
    for service in _SERVICES:
        for operation in session.get_service_model(service).operation_names:
            operations.setdefault(xform_name(operation), set()).add(f"{service}:{operation}")
    named = {}
    for source in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", getattr(node, "value", None))
            if isinstance(name, str) and name in operations and name.islower():
                named[name] = operations[name]
    return named


def test_the_table_holds_every_call_in_the_sources_and_no_other():
    # GIVEN the calls that the sources name, and those that the doctor tries by the table
    named = calls_in_the_sources()
    tabled = {call for grant, call, _ in rows() if grant.caller is Caller.KEYWATCH}
    # THEN none is missing in the table
    missing = {name: possible for name, possible in named.items() if not possible & tabled}
    assert not missing
    # AND none of the table is unused
    used = set().union(*named.values())
    assert tabled <= used
    assert {call.permission for call in READ_CALLS.values()} <= used


def test_no_permission_writes_to_kms_and_the_denied_one_is_the_canary():
    kms = {call for grant, call, _ in rows() if call.startswith("kms:") and not grant.denies}
    through_sns = set(GRANTS["EncryptAlerts"].calls)
    assert all(
        call.startswith(("kms:Describe", "kms:List", "kms:Get")) for call in kms - through_sns
    )
    denied = {call for grant, call, _ in rows() if grant.denies}
    assert denied == {f"kms:{CANARY_DENIED_CALL}"}


def test_every_permission_has_a_reason_and_a_scope_that_people_can_read():
    for grant, _, why in rows():
        assert why.endswith(".")
        assert grant.scope
        assert why[0].isupper()


def let_in(of):
    """Yield what an AWS service may do: service, action, condition keys."""
    for resource in resolved(of["Resources"]).values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            keys = {f"aws:{name}" for name in ("SourceArn", "SourceAccount") if name in properties}
            yield properties["Principal"], properties["Action"], keys
        for statement in _with_principals(properties):
            keys = {key for test in statement.get("Condition", {}).values() for key in test}
            for service in as_list(statement["Principal"].get("Service", [])):
                for action in as_list(statement["Action"]):
                    yield service, action, keys


def _with_principals(value):
    if isinstance(value, dict):
        if isinstance(value.get("Principal"), dict) and value.get("Effect") == "Allow":
            yield value
        for item in value.values():
            yield from _with_principals(item)
    elif isinstance(value, list):
        for item in value:
            yield from _with_principals(item)


def test_every_service_that_is_let_in_is_in_the_table_with_its_condition():
    # GIVEN what services may do, in any configuration
    found = {
        (service, action): keys
        for param in EVERY_TEMPLATE
        for service, action, keys in let_in(param.values[0])
    }
    tabled = {(row.service, row.call): set(row.keys) for row in LET_IN}
    # THEN that is the table
    assert found.keys() == tabled.keys()
    for named, keys in tabled.items():
        assert keys <= found[named], json.dumps(named)
    # AND only Lambda, which documents none, has no condition that keeps others out
    assert {service for (service, _), keys in tabled.items() if not keys} == {
        "lambda.amazonaws.com"
    }
