"""The command line: what it asks the function, what it shows, and the exit code that scripts rely on."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from cli.__main__ import main
from cli.deployed import CannotAskError, Deployed
from keywatch.actions.action import CANNOT_TELL, NO
from keywatch.actions.check.run import check
from keywatch.actions.sweep.run import sweep
from tests.unit.actions import test_doctor as clinic
from tests.unit.actions.support import KEY_ID, desk, key
from tests.unit.actions.test_sweep import NOW, Yard

ROOT = Path(__file__).resolve().parents[3]
TEXT = (
    "botocore.errorfactory.NotFoundException: An error occurred (NotFoundException) when calling the Decrypt operation: "
    "Alias arn:aws:kms:eu-west-1:111122223333:alias/payments is not found."
)


def asking(answer):
    """Return an ``ask`` that records what it was asked."""
    asked = []

    def ask(request):
        asked.append(request)
        return answer(request) if callable(answer) else answer

    return ask, asked


@pytest.mark.parametrize(
    ("answered", "code", "word"),
    [
        ({"DescribeKey": key()}, 0, "usable"),
        ({"DescribeKey": key("Disabled")}, 1, "NOT usable"),
        ({"DescribeKey": key("Hibernating")}, 2, "cannot tell"),
    ],
)
def test_the_exit_code_of_check_is_the_verdict(answered, code, word, capsys):
    # GIVEN what the function answers about a key
    on = desk(answered)
    ask, asked = asking(lambda request: check(request, on.services))
    # WHEN it is asked for
    assert main(["check", KEY_ID], ask) == code
    # THEN a person sees the verdict
    assert capsys.readouterr().out.startswith(word)
    assert asked == [{"action": "check", "key_id": [KEY_ID], "wait_seconds": 0, "notify": False}]


def test_options_of_check_reach_the_function():
    ask, asked = asking({"schema": "keywatch.check/1", "usable": True, "results": []})
    assert (
        main(
            ["check", "alias/a", "alias/b", "--region", "us-east-1", "--wait", "60", "--notify"],
            ask,
        )
        == 0
    )
    assert asked == [
        {
            "action": "check",
            "key_id": ["alias/a", "alias/b"],
            "region": "us-east-1",
            "wait_seconds": 60.0,
            "notify": True,
        }
    ]


def test_commands_to_paste_are_not_broken_into_lines(capsys):
    on = desk({"DescribeKey": key("Disabled")})
    main(["check", KEY_ID], lambda request: check(request, on.services))
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.strip().startswith("aws kms enable-key") and line.endswith("--region eu-west-1")
        for line in lines
    )


def test_json_is_the_answer_as_it_came(capsys):
    on = desk({"DescribeKey": key("Disabled")})
    assert main(["check", KEY_ID, "--json"], lambda request: check(request, on.services)) == 1
    assert json.loads(capsys.readouterr().out)["results"][0]["diagnosis"]["cause"] == "key_disabled"


def test_hostile_text_is_shown_and_not_obeyed(capsys):
    # GIVEN an identifier that is markup to the library that prints, and a link to a terminal
    on = desk({})
    hostile = "[bold red]alias[/bold red] [link=https://evil.example]x[/link]"
    main(["check", hostile], lambda request: check(request, on.services))
    shown = hostile.replace("://", "[:]//").replace("evil.", "evil[.]")
    assert shown in capsys.readouterr().out


def test_a_bad_request_is_said_and_cannot_tell(capsys):
    problem = {
        "error": {
            "code": "invalid_request",
            "message": "wait_seconds must be a number from 0 to 300",
            "fields": {},
        }
    }
    assert main(["check", "alias/a", "--wait", "999"], lambda _: problem) == CANNOT_TELL
    assert "0 to 300" in capsys.readouterr().out


def test_a_sweep_goes_on_until_everything_is_seen(capsys):
    # GIVEN 200 keys, one doomed, and a function that stops after each group
    yard = Yard(200)
    yard.limit = 1
    yard.add(1, "alias/doomed", KeyState="PendingDeletion")
    ask, asked = asking(
        lambda request: sweep(request, yard.services, context_of(yard), yard.limits)
    )
    # WHEN somebody sweeps
    assert main(["sweep", "--json"], ask) == NO
    # THEN several calls made one answer
    found = json.loads(capsys.readouterr().out)
    assert len(asked) == 6
    assert found["complete"] is True
    assert found["progress"] == {"keys_done": 201, "keys_total": 201}
    assert found["findings"][0]["risk"] == "pending_deletion"
    assert found["counts"] == {"key_without_alias": 200, "pending_deletion": 1}


def context_of(yard):
    end = yard.clock.now + yard.limit
    return SimpleNamespace(get_remaining_time_in_millis=lambda: (end - yard.clock.now) * 1000)


@pytest.mark.parametrize(
    ("metadata", "code"),
    [({"KeyState": "Enabled"}, 0), ({"KeyState": "PendingDeletion", "DeletionDate": NOW}, 1)],
    ids=["untidy only", "something can break"],
)
def test_the_exit_code_of_sweep_is_whether_something_can_break(metadata, code, capsys):
    yard = Yard()
    yard.add(1, **metadata)
    assert main(["sweep"], lambda request: sweep(request, yard.services, None, yard.limits)) == code
    assert "1 of 1 keys" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "code"), [("pass", 0), ("fail", 1), ("warn", 2)])
def test_the_exit_code_of_doctor_is_the_worst_line(status, code, capsys, monkeypatch):
    monkeypatch.setattr(clinic.doctor, "WORKERS", 1)
    broken = {
        "pass": {},
        "fail": {("events", "DescribeRule"): {"State": "DISABLED"}},
        "warn": {("kms", "ListKeys"): clinic.Fails("ThrottlingException")},
    }
    found = clinic.doctor.run_checks(clinic.clinic(broken[status]).services)
    assert main(["doctor"], lambda _: found) == code
    out = capsys.readouterr().out
    assert "alert_subscriptions" in out
    assert ("make deploy" in out) == (status != "pass")


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (TEXT, 0, "alias_not_found"),
        (
            json.dumps(
                {
                    "eventSource": "kms.amazonaws.com",
                    "eventName": "Decrypt",
                    "errorCode": "DisabledException",
                }
            ),
            0,
            "key_disabled",
        ),
        ("all is well", 1, "Nothing in it says"),
        ('{"level": "info"}', 1, "Nothing in it says"),
    ],
    ids=["text", "record", "no error", "JSON that is no record"],
)
def test_explain_needs_no_deployment(given, code, says, capsys):
    # GIVEN no function to ask
    def ask(_request):
        raise AssertionError

    # WHEN something is explained, THEN it is explained here
    assert main(["explain"], ask, io.StringIO(given)) == code
    assert says in capsys.readouterr().out


def test_explain_as_a_program_needs_no_aws_configuration():
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONPATH": f"{ROOT}/lambda_src:{ROOT}",
    }
    command = [sys.executable, "-m", "cli", "explain", "--json"]
    done = subprocess.run(
        command, input=TEXT, capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"][0]["cause"] == "alias_not_found"


class FakeSession:
    """A boto3 session of an account with some stacks and one function."""

    region_name = "eu-west-1"

    def __init__(self, stacks=("KeyWatch",), reply=None, error=None):
        self.stacks, self.reply, self.error, self.invoked = stacks, reply or {}, error, []

    def client(self, service, config=None):
        if self.error:
            raise self.error
        return SimpleNamespace(describe_stacks=self.describe, invoke=self.invoke)

    def describe(self, StackName):
        if StackName not in self.stacks:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "does not exist"}},
                "DescribeStacks",
            )
        return {
            "Stacks": [
                {"Outputs": [{"OutputKey": "FunctionName", "OutputValue": f"{StackName}-Function"}]}
            ]
        }

    def invoke(self, FunctionName, Payload):
        self.invoked.append(FunctionName)
        return {
            "Payload": io.BytesIO(json.dumps(self.reply.get("answer", {"ok": True})).encode())
        } | self.reply.get("extra", {})


@pytest.mark.parametrize("stack", ["KeyWatch", "KeyWatch-eu-west-1"])
def test_the_function_is_found_by_its_stack(stack):
    session = FakeSession([stack])
    assert Deployed(session).ask({"action": "doctor"}) == {"ok": True}
    assert session.invoked == [f"{stack}-Function"]


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (FakeSession([]), "make deploy"),
        (FakeSession(error=NoCredentialsError()), "no AWS credentials"),
        (FakeSession(error=NoRegionError()), "AWS_REGION"),
        (
            FakeSession(
                error=ClientError(
                    {"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "Invoke"
                )
            ),
            "ExpiredToken",
        ),
        (
            FakeSession(
                reply={
                    "answer": {"errorMessage": "timed out"},
                    "extra": {"FunctionError": "Unhandled"},
                }
            ),
            "timed out",
        ),
    ],
    ids=["not deployed", "no credentials", "no Region", "expired", "function failed"],
)
def test_whoever_cannot_ask_is_told_why(session, says):
    with pytest.raises(CannotAskError, match=says):
        Deployed(session).ask({"action": "doctor"})


def test_not_being_able_to_ask_is_not_being_able_to_tell(capsys):
    def ask(_request):
        raise CannotAskError("There are no AWS credentials.")

    assert main(["doctor"], ask) == CANNOT_TELL
    assert "credentials" in capsys.readouterr().err
