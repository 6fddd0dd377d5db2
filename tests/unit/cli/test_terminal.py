"""The command line as a person meets it: in a terminal of 80 columns, with every mistake that a person can make."""

import json

import pytest

from cli.given import decoded
from keywatch.actions import registry
from keywatch.actions.check.run import check
from keywatch.actions.sweep.run import sweep
from tests.support.aws_endpoint import aws_endpoint
from tests.support.terminal import COLUMNS, CTRL_C, CTRL_D, Terminals
from tests.unit.actions import test_doctor as clinic
from tests.unit.actions.support import KEY_ID, desk, key
from tests.unit.actions.test_sweep import NOW, Yard

TEXT = (
    "An error occurred (NotFoundException) when calling the Decrypt operation: "
    "Alias arn:aws:kms:eu-west-1:111122223333:alias/payments is not found."
)
# Who names a profile does not mean the credentials of the environment.
SECRETS = "aws_access_key_id = testing\naws_secret_access_key = testing\n"
BROKEN = {
    "severity": "critical",
    "cause": "key_disabled",
    "subject": "alias/payments",
    "first_seen": "2026-03-01T03:00:00Z",
    "failures": 12000,
}


@pytest.fixture(scope="module")
def terminals():
    with Terminals() as started:
        yield started


@pytest.fixture
def aws():
    with aws_endpoint() as endpoint:
        yield endpoint


def checked(request):
    on = desk({"DescribeKey": key("Disabled")})
    return check({"wait_seconds": 0, "notify": False} | request, on.services)


def swept(request):
    yard = Yard(3)
    yard.add(1, "alias/doomed", KeyState="PendingDeletion", DeletionDate=NOW)
    return sweep(request, yard.services, None, yard.limits)


def examined(_request):
    scripts = {("events", "DescribeRule"): {"State": "DISABLED"}}
    return clinic.doctor.run_checks(clinic.clinic(scripts).services)


def listed(_request):
    return {
        "region": "eu-west-1",
        "incidents": [BROKEN],
        "left_out": 0,
        "schema": "keywatch.incidents/1",
    }


def is_command(line):
    return line.startswith(("    aws ", "    make "))


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "says"),
    [
        (["check", KEY_ID], checked, 1, "NOT usable"),
        (["sweep"], swept, 1, "pending_deletion"),
        (["doctor"], examined, 1, "fail rules"),
        (["incidents"], listed, 1, "12,000"),
        (["explain", "--text", TEXT], None, 0, "alias_not_found"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_answer_fits_a_terminal_of_80_columns(
    arguments, answer, code, says, terminals, aws, monkeypatch
):
    # GIVEN a deployment that answers
    monkeypatch.setattr(clinic.doctor, "WORKERS", 1)
    aws.answer = answer
    # WHEN a person asks in a terminal
    screen = terminals.run(*arguments, environment=aws.environment())
    # THEN prose is wrapped between words, and only commands, which are for pasting, are longer
    assert (screen.code, says in screen.words) == (code, True), screen.text
    wide = [line for line in screen.lines if len(line) > COLUMNS and " " in line.strip()]
    assert [line for line in wide if not is_command(line)] == []


def test_a_step_is_wrapped_below_its_text_and_its_command_is_whole(terminals):
    screen = terminals.run("explain", "--text", TEXT)
    first = next(
        number for number, line in enumerate(screen.lines) if line.startswith("- If the key")
    )
    assert screen.lines[first + 1].startswith("  ")
    command = next(line for line in screen.lines if is_command(line))
    assert command.endswith("--output table")


@pytest.mark.parametrize("name", [*registry.MODULES, "scan", "completion", ""])
def test_help_has_examples_and_exit_codes_within_80_columns(name, terminals):
    screen = terminals.run(*filter(None, (name, "--help")))
    assert screen.code == 0
    assert "exit codes:" in screen.text or name == "completion"
    assert "examples:" in screen.text or not name
    # An example is for pasting too.
    wide = [line for line in screen.lines if len(line) > COLUMNS]
    assert [line for line in wide if not line.startswith(("  keywatch ", "  fish: "))] == []


def test_the_version_is_told(terminals):
    screen = terminals.run("--version")
    assert (screen.code, screen.text.split()[0]) == (0, "keywatch")
    assert screen.text.split()[1][0].isdigit()


MISTAKES = {
    "no command": ([], {}, {}, "usage: keywatch"),
    "an unknown command": (["chekc", "x"], {}, {}, "Did you mean check?"),
    "no key": (["check"], {}, {}, "the following arguments are required: key"),
    "an unknown profile": (
        ["check", "x"],
        {"AWS_PROFILE": "nope"},
        {},
        "There is no AWS profile nope.",
    ),
    "an unknown --profile": (
        ["doctor", "--profile", "nope"],
        {},
        {},
        "There is no AWS profile nope.",
    ),
    "no credentials": (
        ["check", "x"],
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        {},
        "There are no AWS credentials.",
    ),
    "no Region": (["check", "x"], {"AWS_REGION": ""}, {}, "There is no AWS Region. Set AWS_REGION"),
    "no name of a Region": (
        ["doctor", "--region", "eu west"],
        {},
        {},
        "This is not the name of a Region.",
    ),
    "no network": (
        ["doctor"],
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {},
        "AWS cannot be reached.",
    ),
    "an expired token": (
        ["sweep"],
        {},
        {"refused": {"DescribeStacks": "ExpiredToken"}},
        "Your AWS credentials have expired.",
    ),
    "wrong credentials": (
        ["sweep"],
        {},
        {"refused": {"DescribeStacks": "InvalidClientTokenId"}},
        "does not accept these credentials",
    ),
    "may not look for the stack": (
        ["sweep"],
        {},
        {"refused": {"DescribeStacks": "AccessDenied"}},
        "needs cloudformation:DescribeStacks",
    ),
    "may not invoke": (
        ["incidents"],
        {},
        {"refused": {"Invoke": "AccessDeniedException"}},
        "lambda:InvokeFunction",
    ),
    "throttled": (
        ["doctor"],
        {},
        {"refused": {"Invoke": "TooManyRequestsException"}},
        "Try again in a minute.",
    ),
    "the function is gone": (
        ["doctor"],
        {},
        {"refused": {"Invoke": "ResourceNotFoundException"}},
        "make deploy",
    ),
    "no deployment": (
        ["check", "x"],
        {},
        {"stacks": ()},
        "There is no stack KeyWatch or KeyWatch-eu-west-1 in eu-west-1.",
    ),
    "no deployment in two Regions": (
        ["check", "x", "--region", "us-east-1"],
        {},
        {"stacks": ()},
        "in us-east-1, nor KeyWatch",
    ),
    "half a deployment": (["doctor"], {}, {"status": "ROLLBACK_COMPLETE"}, "ROLLBACK_COMPLETE"),
    "the function fails": (
        ["doctor"],
        {},
        {"failed": True, "answer": lambda _: {"errorMessage": "timed out"}},
        "timed out",
    ),
    "another function": (["doctor"], {}, {"answer": lambda _: ["hello"]}, "The function failed"),
    "a bad request without a deployment": (
        ["check", "x", "--wait", "999"],
        {},
        {"stacks": ()},
        "invalid_request: wait_seconds must be",
    ),
    "an empty key without a deployment": (
        ["check", ""],
        {},
        {"stacks": ()},
        "invalid_request: key_id must be",
    ),
    "a Region that is none": (
        ["check", "x", "--region", "x"],
        {},
        {},
        "invalid_request: region must be",
    ),
    "a file that is not there": (
        ["explain", "nothing.txt"],
        {},
        {},
        "nothing.txt cannot be read: No such file",
    ),
    "a folder": (["explain", "."], {}, {}, ". cannot be read: Is a directory."),
    "a file that cannot be written": (
        ["scan", "{logs}", "--html", "/dev/null/x.html"],
        {},
        {},
        "/dev/null/x.html: Not a directory",
    ),
    "no source": (["scan"], {}, {}, "Name a SOURCE"),
    "an unknown profile of a bucket": (
        ["scan", "s3://bucket", "--profile", "nope"],
        {},
        {},
        "nope",
    ),
    "an unknown profile of Athena": (
        ["scan", "--athena", "a.b", "--profile", "nope"],
        {},
        {},
        "nope",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_a_sentence(mistake, terminals, aws, tmp_path):
    # GIVEN somebody who makes a mistake, or whose AWS refuses
    arguments, environment, answers, says = MISTAKES[mistake]
    for name, value in answers.items():
        setattr(aws, name, value)
    (tmp_path / "a.json").write_text('{"Records": []}')
    arguments = [word.format(logs=tmp_path) for word in arguments]
    # WHEN the command runs
    screen = terminals.run(*arguments, environment=aws.environment(**environment))
    # THEN a sentence says what is wrong, no traceback does, and the exit code is "cannot tell"
    assert says in screen.words
    assert "Traceback" not in screen.text
    assert screen.code == 2
    assert [line for line in screen.lines if len(line) > COLUMNS and not line.startswith("/")] == []


@pytest.mark.parametrize(
    ("environment", "config", "arguments", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"}, "", [], "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, "", [], "us-east-2"),
        ({"AWS_REGION": "eu-west-1"}, "[default]\nregion = us-east-2\n", [], "eu-west-1"),
        (
            {"AWS_REGION": "", "AWS_PROFILE": "p"},
            "[profile p]\nregion = us-east-2\n",
            [],
            "us-east-2",
        ),
        (
            {"AWS_REGION": ""},
            f"[profile p]\nregion = us-east-2\n{SECRETS}",
            ["--profile", "p"],
            "us-east-2",
        ),
        ({"AWS_REGION": "eu-west-1"}, "", ["--region", "us-east-2"], "us-east-2"),
        ({"AWS_PROFILE": ""}, "", [], "eu-west-1"),
    ],
    ids=[
        "AWS_REGION first",
        "AWS_DEFAULT_REGION",
        "before the profile",
        "AWS_PROFILE",
        "--profile",
        "--region",
        "no profile",
    ],
)
def test_the_region_is_the_one_that_was_named(
    environment, config, arguments, region, terminals, aws, tmp_path
):
    # GIVEN Regions named in several places
    (tmp_path / "config").write_text(config)
    aws.answer = examined
    here = aws.environment(**environment) | {"AWS_CONFIG_FILE": f"{tmp_path}/config"}
    # WHEN somebody asks
    terminals.run("doctor", *arguments, environment=here)
    # THEN the deployment of the right one is asked, and no other
    assert set(aws.regions) == {region}


def test_a_check_in_another_region_asks_the_deployment_there_if_there_is_one(terminals, aws):
    aws.stacks, aws.answer = ("KeyWatch-us-east-1",), checked
    terminals.run("check", KEY_ID, "--region", "us-east-1", environment=aws.environment())
    assert set(aws.regions) == {"us-east-1"}
    aws.stacks = ("KeyWatch-eu-west-1",)
    terminals.run("check", KEY_ID, "--region", "us-east-1", environment=aws.environment())
    assert aws.regions[-1] == "eu-west-1"
    assert [request["region"] for request in aws.asked] == ["us-east-1", "us-east-1"]


def test_whoever_asks_for_an_explanation_is_told_that_it_waits_for_a_text(terminals):
    # WHEN nothing was given, and a person pastes a text when asked to
    screen = terminals.run("explain", typed=[("Paste", f"{TEXT}\n{CTRL_D}")])
    # THEN it is explained
    assert (screen.code, "alias_not_found (certain)" in screen.text) == (0, True)


def test_an_interrupted_command_says_so_in_a_word(terminals):
    screen = terminals.run("explain", typed=[("Paste", CTRL_C)])
    assert (screen.code, screen.text.split()[-1]) == (130, "Interrupted.")
    assert "Traceback" not in screen.text


def test_a_long_wait_shows_that_something_is_waited_for(terminals, aws):
    # GIVEN an answer that takes longer than two seconds
    import time

    def slow(request):
        time.sleep(2.4)
        return checked(request)

    aws.answer = slow
    # THEN the terminal says so meanwhile
    assert (
        "Waiting for KeyWatch" in terminals.run("check", KEY_ID, environment=aws.environment()).text
    )
    aws.answer = checked
    assert "Waiting" not in terminals.run("check", KEY_ID, environment=aws.environment()).text


def test_several_files_are_explained_each(terminals, tmp_path):
    # GIVEN a text, a record, and JSON that is none
    (tmp_path / "error.txt").write_text(TEXT)
    record = {
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "errorCode": "DisabledException",
    }
    (tmp_path / "record.json").write_text(json.dumps(record))
    (tmp_path / "broken.json").write_text(json.dumps({"message": TEXT})[:-1])
    files = [str(tmp_path / name) for name in ("error.txt", "record.json", "broken.json")]
    # WHEN they are explained
    screen = terminals.run("explain", *files)
    # THEN each is, below its name, and what is no JSON is called so
    assert screen.code == 0
    said = "".join(screen.text.split())  # a long name may be wrapped
    assert [said.count(f"=={file}") for file in files] == [1, 1, 1]
    assert "broken.jsonisnotvalidJSON" in said
    assert said.count("alias_not_found") == 2
    # AND in JSON each is a line
    answers = [json.loads(line) for line in terminals.run("explain", "--json", *files[:2]).lines]
    assert [answer["file"] for answer in answers] == files[:2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_text_is_read_as_shells_write_it(encoding):
    assert decoded(TEXT.encode(encoding)) == TEXT


def test_bytes_that_are_no_text_are_no_error():
    assert decoded(b"\xffKMS\xfe\x00")
