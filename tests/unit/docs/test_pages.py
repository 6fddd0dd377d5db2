"""The documentation is current, its links lead somewhere, and every command in it is one that is run somewhere."""

import json
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from docs.generate import PAGES
from docs.pages import costs, settings
from docs.pages.readme import ERROR, readme_page
from infra.context import from_context
from infra.settings import FIELDS

ROOT = Path(__file__).resolve().parents[3]
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
CHECKED_ELSEWHERE = {
    "causes.md": "tests/unit/catalogue/test_causes.py",  # each command against the CLI's own models
    "alerts.md": "tests/unit/alerts/test_docs.py",  # each subscription and example
    "organization.md": "tests/infra/test_organization_page.py",  # each way to deploy a spoke, and settings
}
# A command of the documentation, and where it, or what it stands for, is run.
RUN_BY = {
    "make demo": ("tests/emulator/test_demo.py", '"-m", "demo"'),
    "make test": (".ci/run", "make test"),
    "make install": (".ci/run", "make test"),  # its prerequisites, which make test builds too
    ". .venv/bin/activate": ("Makefile", "tools.install packages"),
    "npx cdk bootstrap": ("demo/deployment.py", '"bootstrap"'),
    "make deploy": ("tests/emulator/test_uninstall.py", "make help"),
    "make doctor": ("tests/unit/cli/test_cli.py", '"doctor"'),
    "make destroy": ("tests/emulator/test_uninstall.py", '"destroy"'),
    "./keywatch check": ("docs/pages/readme.py", '"check"'),
    "./keywatch silence": ("tests/unit/actions/test_silence.py", '"docs/checks.md"'),
    "./keywatch unsilence": ("tests/unit/actions/test_silence.py", '"docs/checks.md"'),
    "./keywatch incidents": ("tests/unit/actions/test_silence.py", '"docs/checks.md"'),
    "./keywatch incident": ("tests/unit/actions/test_incident.py", '"incident"'),
    "./keywatch scan": ("docs/pages/scan.py", '"scan"'),
    "./keywatch explain": ("tests/unit/docs/test_pages.py", "def test_the_explain_example"),
}


def commands(page):
    """Return the lines of all ``sh`` blocks of a page."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [
        line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()
    ]


COMMANDS = sorted(
    {command for page in DOCS if page.name not in CHECKED_ELSEWHERE for command in commands(page)}
)


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_current(name):
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documentation_is_run_somewhere(command):
    # GIVEN a command, without what another program says to it
    said = command.rpartition("| ")[2]
    (known,) = [begin for begin in RUN_BY if said == begin or said.startswith(f"{begin} ")]
    # THEN the place that runs it is there and still does
    file, text = RUN_BY[known]
    assert text in (ROOT / file).read_text(encoding="utf-8")


def test_nothing_is_excused_that_the_documentation_does_not_say():
    assert [begin for begin in RUN_BY if not any(begin in command for command in COMMANDS)] == []
    assert [file for file in CHECKED_ELSEWHERE.values() if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.startswith("make ")]
)
def test_a_make_target_of_the_documentation_is_there(command):
    # WHEN make is asked what it would do
    built = ("-o", "node_modules/.ready", "-o", ".venv/.ready")
    done = subprocess.run(
        [*shlex.split(command), *built, "-n"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    # THEN it knows
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def overrides(command):
    """Return the ``-c name=value`` options of a command, those that make passes on included."""
    words = [
        word for text in shlex.split(command) for word in shlex.split(text.removeprefix("ARGS="))
    ]
    return dict(value.split("=", 1) for flag, value in pairwise(words) if flag == "-c")


@pytest.mark.parametrize("command", [command for command in COMMANDS if "-c keywatch:" in command])
def test_settings_on_a_command_line_are_accepted(command):
    given = overrides(command)
    assert given
    found = from_context(given)
    assert all(getattr(found, name.removeprefix("keywatch:")) for name in given)


def test_settings_in_the_text_of_the_readme_are_accepted():
    given = dict(
        option.split("=", 1) for option in re.findall(r"-c (keywatch:\w+=[^`'\s]+)", readme_page())
    )
    assert "keywatch:create_trail" in given
    from_context(given)


def test_the_example_of_cdk_json_is_accepted():
    # GIVEN the example of the settings page, which a person copies
    (example,) = re.findall(
        r"^```json\n(.*?)^```$", settings.settings_page(), re.DOTALL | re.MULTILINE
    )
    # THEN it is a context that the stack takes
    assert from_context(json.loads(example)["context"]).alert_emails == ("oncall@example.com",)


def test_every_setting_is_documented():
    page = settings.settings_page()
    assert [name for name in FIELDS if f"| `{name}` |" not in page] == []


def test_the_explain_example_says_what_the_readme_shows():
    # WHEN the README's command runs as it stands there
    (command,) = [command for command in COMMANDS if command.startswith("echo")]
    assert ERROR in command
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    # THEN it prints what the README shows
    said = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    assert f"```text\n{said}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def anchors(page):
    """Return what can be linked to in a page: explicit anchors and headings, as GitHub names them."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_within_the_documentation_lead_somewhere(page):
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_page_is_linked_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [
        page.name
        for page in DOCS
        if page.name != "README.md" and f"(docs/{page.name})" not in readme
    ] == []


@pytest.mark.parametrize("bill", [costs.IDLE, costs.STORM, costs.SPREAD])
def test_a_bill_is_the_sum_of_its_lines(bill):
    # GIVEN the lines of a bill
    page = costs.costs_page()
    # THEN each is units times price, and the heading is their sum
    for line in bill:
        price = costs.PRICES[line.price]
        assert line.dollars == pytest.approx(line.units / price.per * price.dollars)
    assert f"${sum(line.dollars for line in bill):,.2f}" in page
    assert costs.PRICES_AS_OF in page


def test_costs_are_of_what_is_deployed():
    # GIVEN what the bill counts
    alarms = next(line.units for line in costs.IDLE if line.price == "alarms")
    # THEN the reviewed template has as many alarms
    snapshot = next((ROOT / "tests/infra/__snapshots__/test_snapshots").glob("*everything_off*"))
    resources = json.loads(snapshot.read_text(encoding="utf-8"))["Resources"].values()
    assert sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in resources) == alarms
