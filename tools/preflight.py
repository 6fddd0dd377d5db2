"""Before a deployment: is there room for what it would make? CloudFormation finds out late, and rolls the whole stack back.

An account has room for one account-wide subscription filter in each Region (CloudWatch Logs API
Reference, PutAccountPolicy), and a log group for five filters by the page of quotas, for two by the
API Reference: more than two are only warned about. And a Region in which KeyWatch is deployed under
another name has no room for a second one, with the same role and log groups. A hub must name the
organisation that its account is in, and may deploy spokes only from the management account or a
delegated administrator, with StackSets switched on for the organisation (CloudFormation API
Reference, DescribeOrganizationsAccess).
``python -m tools.preflight <arguments of cdk deploy>`` looks at all of it.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.session import opened
from infra import values
from infra.context import SettingsError, from_context
from infra.log_sources import FILTER_NAME, POLICY_NAME
from infra.names import STACK_NAME
from infra.settings import Settings

SURE_FILTERS, MOST_FILTERS = 2, 5
CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"
NO_SUCH_STACK = "ValidationError"  # that is how CloudFormation says it
_MAY_NOT = (
    "keywatch:hub: this account may not deploy stack sets to the organisation as {call_as} ({said}). In the management account, "
    'set "call_as": "SELF"; or let it make this one a delegated administrator: aws organizations '
    "register-delegated-administrator --service-principal member.org.stacksets.cloudformation.amazonaws.com --account-id "
    "<this account>; or leave stack_set out, and deploy the template of `make spoke` by other means."
)
_SWITCHED_OFF = (
    "keywatch:hub: StackSets may not deploy to the organisation's accounts yet (its status is {status}). Switch it on in the "
    "management account: aws cloudformation activate-organizations-access; or leave stack_set out."
)
Client = Callable[[str, str], Any]  # the client of a service in a Region
Problem = tuple[bool, str]
Look = Callable[[Settings, str, Client], Iterator[Problem]]


def main(arguments: Sequence[str], client: Client | None = None, here: str | None = None) -> int:
    """Return 1, and say why, where the deployment would be rolled back; what cannot be looked at is said and passes."""
    try:
        settings = from_context(_context(arguments))
    except SettingsError:
        return 0  # the synthesis says it better
    try:
        session = opened()
    except BotoCoreError as error:
        sys.stderr.write(f"What is deployed already could not be looked at: {error}\n")
        return 0
    here = here or session.region_name
    client = client or (lambda service, region: session.client(service, region_name=region))
    if not here:
        return 0
    found = [
        said
        for region in settings.regions or (here,)
        for look in (_of_another_name, _log_problems, _hub_problems)
        for said in _looked(look, settings, region, client)
    ]
    sys.stderr.writelines(f"{said}\n" for _, said in found)
    return 1 if any(stops for stops, _ in found) else 0


def _looked(look: Look, settings: Settings, region: str, client: Client) -> Sequence[Problem]:
    try:
        return list(look(settings, region, client))
    except (ClientError, BotoCoreError) as error:
        return [(False, f"{look.__doc__} could not be looked at in {region}: {error}")]


def _of_another_name(settings: Settings, region: str, client: Client) -> Iterator[Problem]:
    """Whether KeyWatch is deployed under another name"""  # noqa: D400 - it begins a sentence
    wanted = settings.stack_name.replace("{region}", region)
    formation = client("cloudformation", region)
    for name in {STACK_NAME, f"{STACK_NAME}-{region}"} - {wanted}:
        try:
            formation.describe_stacks(StackName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != NO_SUCH_STACK:
                raise
            continue
        setting = name.replace(region, "{region}")
        yield (
            True,
            (
                f"keywatch:stack_name: in {region} KeyWatch is deployed as the stack {name}; a second one, {wanted}, would "
                f'find its role and log groups taken. Set stack_name to "{setting}" to go on with it, '
                f"or remove it: aws cloudformation delete-stack --stack-name {name} --region {region}"
            ),
        )


def _hub_problems(settings: Settings, region: str, client: Client) -> Iterator[Problem]:
    """Whether the account may be the hub of its organisation"""  # noqa: D400 - it begins a sentence
    if settings.hub is None:
        return
    found = client("organizations", region).describe_organization()["Organization"]["Id"]
    wanted = settings.hub.organization_id
    if found != wanted:
        yield (
            True,
            (
                f"keywatch:hub: this account belongs to the organisation {found}, not to {wanted}: nobody could put events on "
                "the hub's bus, and it could look into no account. Set organization_id to the organisation of this account."
            ),
        )
    if settings.hub.stack_set:
        yield from _may_deploy_spokes(
            settings.hub.stack_set.call_as, client("cloudformation", region)
        )


def _may_deploy_spokes(call_as: str, formation: Any) -> Iterator[Problem]:  # noqa: ANN401 - a boto3 client
    try:
        status = formation.describe_organizations_access(CallAs=call_as)["Status"]
    except ClientError as error:
        said = error.response["Error"]
        if said["Code"] != NO_SUCH_STACK:
            raise
        yield True, _MAY_NOT.format(call_as=call_as, said=said.get("Message", ""))
        return
    if status != "ENABLED":
        yield True, _SWITCHED_OFF.format(status=status)


def _log_problems(settings: Settings, region: str, client: Client) -> Iterator[Problem]:
    """Whether there is room for log subscriptions"""  # noqa: D400 - it begins a sentence
    if settings.all_log_groups or settings.log_groups:
        yield from problems(settings, region, client("logs", region))


def problems(settings: Settings, region: str, logs: Any) -> Iterator[Problem]:  # noqa: ANN401 - a boto3 client
    """Yield what stands, or may stand, in the way of log subscriptions in one Region: whether it surely does, and what to do."""
    if settings.all_log_groups:
        kind = "SUBSCRIPTION_FILTER_POLICY"
        policies = logs.describe_account_policies(policyType=kind)["accountPolicies"]
        for name in (policy["policyName"] for policy in policies):
            if name != POLICY_NAME:
                yield (
                    True,
                    (
                        f"keywatch:all_log_groups: {region} has an account-wide subscription filter, {name}, and room "
                        "for one. Name the log groups instead (keywatch:log_groups), or remove that one: "
                        f"aws logs delete-account-policy --policy-type {kind} --policy-name {name} --region {region}"
                    ),
                )
    for group in settings.log_groups:
        if values.arn_region(group) in (None, region):
            yield from _no_room(values.log_group_name(group), region, logs)


def _no_room(group: str, region: str, logs: Any) -> Iterator[Problem]:  # noqa: ANN401 - a boto3 client
    try:
        filters = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    except logs.exceptions.ResourceNotFoundException:
        yield True, f"keywatch:log_groups: there is no log group {group} in {region}."
        return
    others = [one["filterName"] for one in filters if one["filterName"] != FILTER_NAME]
    if len(others) >= SURE_FILTERS:
        yield (
            len(others) >= MOST_FILTERS,
            (
                f"keywatch:log_groups: {group} in {region} has the subscription filters {', '.join(others)}, and may have no "
                "room for another. If the deployment says LimitExceeded, remove one, or leave this log group out."
            ),
        )


def _context(arguments: Sequence[str]) -> dict[str, object]:
    """Return the context that the CDK CLI would give: that of cdk.json, and each ``-c name=value``."""
    context: dict[str, object] = dict(json.loads(CDK_JSON.read_text(encoding="utf-8"))["context"])
    before = ""
    for argument in arguments:
        given = argument if before in {"-c", "--context"} else argument.removeprefix("--context=")
        if before in {"-c", "--context"} or given != argument:
            name, _, value = given.partition("=")
            context[name] = value
        before = argument
    return context


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
