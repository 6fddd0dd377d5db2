"""The registry of actions: the function, the command line and the documentation read the same declarations."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cli.__main__ import main
from docs.pages.checks import checks_page
from keywatch.actions import registry
from keywatch.actions.action import (
    CANNOT_TELL,
    NO,
    YES,
    Action,
    Field,
    Invocation,
    Option,
    exit_code,
)
from keywatch.actions.dispatch import answer
from keywatch.actions.display import line

ROOT = Path(__file__).resolve().parents[3]
ACTIONS = registry.every()
FIELDS = [(action, field) for action in ACTIONS for field in action.fields]


def no_deployment():
    raise AssertionError("nothing in this request needs a deployment")


class Container:
    """Stands for a warm container; notes how often what was counted is written."""

    services = "services"

    def __init__(self):
        self.written = 0

    def counted(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.written += 1


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_declares_the_name_that_the_registry_has(action):
    assert registry.named(action.name) is action


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_example_of_an_action_is_a_good_request(action):
    # WHEN the documented request is read, THEN every field has its value or its default
    fields = action.read({"action": action.name, **action.request})
    assert set(fields) == {field.name for field in action.fields}
    assert fields.items() >= action.request.items()


@pytest.mark.parametrize(("action", "field"), FIELDS, ids=lambda one: one.name)
def test_a_bad_value_is_answered_with_its_field_and_needs_no_deployment(action, field):
    # GIVEN a value that no field takes
    request = {"action": action.name, **action.request, field.name: object()}
    # WHEN it is asked
    problem = answer(request, None, no_deployment)["error"]
    # THEN the answer says what the field must be
    assert problem["code"] == "invalid_request"
    assert problem["fields"] == {field.name: field.problem}
    assert field.name in problem["message"]
    assert field.problem in problem["message"]


def test_all_that_is_wrong_is_said_at_once():
    request = {"action": "check", "region": 1, "wait_seconds": True, "notfy": True}
    fields = answer(request, None, no_deployment)["error"]["fields"]
    assert set(fields) == {"notfy", "key_id", "region", "wait_seconds"}
    assert "allowed: action, key_id, region, account, wait_seconds, notify" in fields["notfy"]


@pytest.mark.parametrize("name", [None, "chekc", ["check"], {}, 1])
def test_an_action_that_is_not_there_is_answered_with_those_that_are(name):
    message = answer({"action": name}, None, no_deployment)["error"]["message"]
    assert all(action.name in message for action in ACTIONS)


def test_declarations_are_cheap_and_explain_needs_nothing_of_aws():
    # WHEN all actions are listed and one explains, in a fresh interpreter without settings
    program = (
        "import sys; from handler import handler; from keywatch.actions import registry; registry.every();"
        "assert handler({'action': 'explain', 'text': 'NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:"
        "alias/x is not found.'})['matched'];"
        "print([name for name in ('boto3', 'botocore', 'aws_lambda_powertools', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "lambda_src")},
        capture_output=True,
        text=True,
        check=True,
    )
    # THEN no client library was imported
    assert done.stdout.strip() == "[]"


@pytest.fixture
def added(monkeypatch):
    """Add an action: a module, and its line in the registry."""
    module = ModuleType("keywatch_test_action")
    module.ACTION = Action(
        name="greet",
        question="Who is there?",
        example="greet --name Ann",
        request={"name": "Ann"},
        run=lambda fields, invocation: {"hello": fields["name"], "with": invocation.services},
        exit_code=lambda found: YES if found["hello"] == "Ann" else NO,
        show=lambda found: (line(f"Hello {found['hello']}"),),
        fields=(
            Field(
                "name",
                "string",
                "a name",
                lambda value: isinstance(value, str),
                "must be a string",
                default="Bob",
                option=Option("--name", "NAME"),
            ),
        ),
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.MODULES, "greet", module.__name__)
    return module.ACTION


def test_an_action_that_is_added_is_answered_by_the_function(added):
    container = Container()
    # WHEN it is asked, THEN it runs with the fields and the services, and what it counted is written
    found = answer({"action": "greet"}, None, lambda: container)
    assert found == {"hello": "Bob", "with": "services"}
    assert container.written == 1


@pytest.mark.parametrize(("arguments", "code"), [(["--name", "Ann"], YES), ([], NO)])
def test_an_action_that_is_added_is_on_the_command_line(added, arguments, code, capsys):
    # GIVEN a function that answers
    def ask(request):
        return answer(request, None, Container)

    # WHEN a person asks, THEN the answer is shown as the action says, and its exit code is the action's
    assert main(["greet", *arguments], ask) == code
    assert capsys.readouterr().out.strip().startswith("Hello")


def test_an_action_that_is_added_is_documented(added):
    page = checks_page()
    assert (
        '| Who is there? | `./keywatch greet --name Ann` | `{"action": "greet", "name": "Ann"}` |'
        in page
    )
    assert '| greet | `name` | `--name` | string | `"Bob"` | a name |' in page


def test_a_request_that_was_not_understood_tells_nothing(added):
    assert exit_code(added, {"error": {}}) == CANNOT_TELL


def test_services_are_taken_from_the_container_when_they_are_needed():
    assert Invocation(None, Container).services == "services"
