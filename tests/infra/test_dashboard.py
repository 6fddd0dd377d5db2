"""The dashboard shows metrics that exist, stays within what costs nothing, and gives nobody a right."""

import json
import re
from pathlib import Path

from keywatch.catalogue.causes import CAUSES
from tests.infra.synthesis import (
    EVERYTHING_OFF,
    MATRIX,
    ROOT,
    only,
    resolved,
    resources,
    template,
    templates,
)

FREE_METRICS = 50  # CloudWatch: three dashboards with up to 50 metrics each cost nothing


def board(settings=EVERYTHING_OFF):
    return json.loads(
        resolved(only(template(settings), "AWS::CloudWatch::Dashboard"))["DashboardBody"]
    )


def metrics():
    """Return (namespace, name) of each metric on the dashboard."""
    graphs = [widget["properties"] for widget in board()["widgets"] if widget["type"] == "metric"]
    return [
        (metric[0], metric[1])
        for graph in graphs
        for metric in (*graph["metrics"], *graph.get("rightMetrics", ()))
    ]


def test_the_incident_page_is_asked_of_its_own_function():
    # GIVEN the default deployment
    (custom,) = (
        widget["properties"] for widget in board()["widgets"] if widget["type"] == "custom"
    )
    # THEN the page's endpoint is a function that nothing else depends on, and it is asked anew on refresh only
    assert re.fullmatch(r"PageFunction\w+\.Arn", custom["endpoint"])
    assert custom["updateOn"] == {"refresh": True, "resize": True, "timeRange": False}


def test_each_cause_has_its_metric():
    assert {name for _, name in metrics() if name.startswith("Incidents.")} == {
        f"Incidents.{cause}" for cause in CAUSES
    }


def test_each_metric_of_keywatch_is_one_that_the_function_writes():
    # GIVEN the sources of the function
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(ROOT, "lambda_src", "keywatch").rglob("*.py")
    )
    # THEN each name on the dashboard is counted somewhere
    shown = {
        name
        for namespace, name in metrics()
        if namespace == "KeyWatch" and not name.startswith("Incidents.")
    }
    assert {"Failures", "AlertsSent", "CanaryAge"} <= shown
    assert [name for name in shown if f'"{name}"' not in sources] == []
    assert 'f"Incidents.{diagnosis.cause}"' in sources


def test_the_dashboard_costs_nothing_by_its_number_of_metrics():
    assert 0 < len(metrics()) <= FREE_METRICS


def test_no_metric_math():
    assert "expression" not in json.dumps(board())


def test_dashboards_of_several_regions_have_names_of_their_own():
    # GIVEN a stack for each of two Regions, whose dashboards share one list of names
    for of in templates(MATRIX["two regions"]).values():
        # THEN the Region is a part of each name
        name = only(of, "AWS::CloudWatch::Dashboard")["DashboardName"]
        assert {"Ref": "AWS::Region"} in name["Fn::Join"][1]


def test_nobody_gets_a_right_by_it():
    # GIVEN the same stack with and without a dashboard
    with_one, without = template(EVERYTHING_OFF), template(MATRIX["no dashboard"])
    more = set(with_one["Resources"]) - set(without["Resources"])
    # THEN there is the dashboard and its page, apart from the fingerprint of the settings
    assert sorted(with_one["Resources"][name]["Type"] for name in more) == [
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
    ]
    for kind in ("AWS::IAM::Policy", "AWS::IAM::Role", "AWS::Lambda::Permission"):
        known = resources(with_one, kind)
        assert {name: known[name] for name in known if name not in more} == resources(without, kind)


def test_the_page_may_read_the_incidents_and_write_its_log_and_nothing_else():
    # GIVEN the policy of the page's role
    policies = resolved(resources(template(EVERYTHING_OFF), "AWS::IAM::Policy"))
    (policy,) = (policy for name, policy in policies.items() if name.startswith("Page"))
    allowed = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }
    # THEN
    assert set(allowed) == {"dynamodb:Query", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert all("Table" in resource for resource in allowed["dynamodb:Query"])
    assert allowed["logs:PutLogEvents"].startswith("PageLogs")
