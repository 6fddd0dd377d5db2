"""docs/organization.md: each way to deploy a spoke gives its template what it wants, and the settings are accepted."""

import json
import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from infra import spoke
from infra.context import from_context
from tests.infra.synthesis import ROOT

PAGE = (ROOT / "docs/organization.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8").partition("of an organisation")[2]
PARAMETERS = spoke.template()["Parameters"]


def blocks(kind, page=PAGE):
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


COMMANDS = [
    shlex.split(line)
    for block in blocks("sh")
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("aws ")
]


def command(operation):
    (found,) = (words for words in COMMANDS if words[2] == operation)
    return found


def given(ways):
    """What each way gives the parameters of the template."""
    return {
        "StackSet": re.findall(r"ParameterKey=(\w+),ParameterValue=(\S+)", " ".join(ways[0])),
        "by hand": re.findall(r"(\w+)=(arn\S+|o-\S+|eu-\S+)", " ".join(ways[1])),
        "Terraform": re.findall(
            r'^    (\w+) += "(.*)"$',
            blocks("hcl")[0].split("parameters")[1].split("}")[0],
            re.MULTILINE,
        ),
    }


@pytest.mark.parametrize("way", ["StackSet", "by hand", "Terraform"])
def test_every_way_gives_every_parameter_a_value_that_is_allowed(way):
    values = dict(given([command("create-stack-set"), command("deploy")])[way])
    assert values.keys() == PARAMETERS.keys()
    for name, value in values.items():
        assert re.fullmatch(PARAMETERS[name]["AllowedPattern"], value), name


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[2])
def test_every_command_is_one_of_the_cli_with_its_options(words):
    _, service, name, *rest = words
    options = {word.removeprefix("--").replace("-", "") for word in rest if word.startswith("--")}
    if name == "deploy":  # the CLI's own, which is not in the model
        assert options == {
            "stackname",
            "templatefile",
            "capabilities",
            "parameteroverrides",
            "region",
        }
        return
    model = botocore.session.get_session().get_service_model(service)
    (operation,) = (one for one in model.operation_names if xform_name(one, "-") == name)
    shape = model.operation_model(operation).input_shape
    assert options <= {member.lower() for member in (shape.members if shape else ())}


@pytest.mark.parametrize("example", [*blocks("json"), *blocks("json", README)])
def test_the_settings_of_the_page_are_accepted(example):
    hub = from_context({"keywatch": json.loads(f"{{{example}}}")}).hub
    assert hub.organization_id == "o-exampleorgid"


def test_terraform_deploys_the_template_that_make_prints_as_stacksets_want_it():
    (terraform,) = blocks("hcl")
    assert "make -s spoke > spoke.json" in terraform
    assert '"CAPABILITY_NAMED_IAM"' in terraform
    assert '"SERVICE_MANAGED"' in terraform
    # AND what has a name of its own needs just that capability
    named = [
        one for one in spoke.template()["Resources"].values() if "RoleName" in one["Properties"]
    ]
    assert named
