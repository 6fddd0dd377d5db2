"""What others hold against stacks: cdk-nag's AWS Solutions rules, and cfn-lint's, in every configuration."""

import json

import pytest
from aws_cdk import App, Validations
from aws_cdk import aws_sns as sns
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from cfnlint import api
from cfnlint.config import ManualArgs

from infra.app import add_stacks
from tests.infra.synthesis import MATRIX, templates


def with_cdk_nag(settings, outdir):
    """Add the stacks to an app that cdk-nag checks as it is synthesized; a finding that nobody accepted fails the synthesis."""
    app = App(
        context={"keywatch": settings, "aws:cdk:bundling-stacks": []},
        analytics_reporting=False,
        outdir=str(outdir),
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(), ServerlessChecks())
    return app, add_stacks(app)


@pytest.mark.parametrize("name", MATRIX)
def test_every_finding_of_cdk_nag_is_mended_or_accepted_with_a_reason(name, tmp_path):
    # GIVEN the stacks of one configuration
    app, stacks = with_cdk_nag(MATRIX[name], tmp_path)
    # WHEN THEN they are synthesized without a finding
    assert len(app.synth().stacks) == len(stacks)


def test_cdk_nag_really_looks(tmp_path):
    # GIVEN a topic that nobody spoke up for
    app, (stack,) = with_cdk_nag({}, tmp_path)
    sns.Topic(stack, "Careless")
    # WHEN THEN the synthesis fails and names it
    with pytest.raises(RuntimeError, match="SNS3"):
        app.synth()


@pytest.mark.parametrize("name", MATRIX)
def test_cfn_lint_finds_nothing(name):
    for template in templates(MATRIX[name]).values():
        # W3005: the CDK makes a function depend on its role in words, where a reference says so
        # already.
        found = api.lint(
            json.dumps(template),
            config=ManualArgs(ignore_checks=["W3005"], regions=["eu-west-1", "us-east-1"]),
        )
        assert [str(match) for match in found] == []
