"""Before a deployment: is there room for what it would make? CloudFormation finds out late, and rolls the whole stack back.

An account has room for one account-wide subscription filter in each Region (CloudWatch Logs API
Reference, PutAccountPolicy), and a log group for five filters by the page of quotas, for two by the
API Reference: more than two are only warned about. ``python -m tools.preflight <arguments of cdk deploy>`` looks at both.
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
from infra.settings import Settings

SURE_FILTERS, MOST_FILTERS = 2, 5
CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"
Logs = Callable[[str], Any]  # the CloudWatch Logs client of a Region


def main(arguments: Sequence[str], logs: Logs | None = None, here: str | None = None) -> int:
    """Return 1, and say why, where the deployment would be rolled back; what cannot be looked at is said and passes."""
    try:
        settings = from_context(_context(arguments))
    except SettingsError:
        return 0  # the synthesis says it better
    if not (settings.all_log_groups or settings.log_groups):
        return 0
    try:
        session = opened()
        here = here or session.region_name
        logs = logs or (lambda region: session.client("logs", region_name=region))
        if not here:
            return 0
        found = [
            said
            for region in settings.regions or (here,)
            for said in problems(settings, region, logs(region))
        ]
    except (ClientError, BotoCoreError) as error:
        sys.stderr.write(
            f"Whether there is room for log subscriptions could not be looked at: {error}\n"
        )
        return 0
    sys.stderr.writelines(f"{said}\n" for _, said in found)
    return 1 if any(stops for stops, _ in found) else 0


def problems(settings: Settings, region: str, logs: Any) -> Iterator[tuple[bool, str]]:  # noqa: ANN401 - a boto3 client
    """Yield what stands, or may stand, in the way in one Region: whether it surely does, and what to do."""
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


def _no_room(group: str, region: str, logs: Any) -> Iterator[tuple[bool, str]]:  # noqa: ANN401 - a boto3 client
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
