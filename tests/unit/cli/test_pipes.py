"""The command line in a pipe: whole lines, a reader that leaves early, and what shells complete."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.__main__ import main
from cli.completion import script
from cli.options import parser
from cli.scan.arguments import add_parser
from keywatch.actions import registry

ROOT = Path(__file__).resolve().parents[3]
LONG = "alias/" + "-".join(["a-very-long-name-of-an-alias"] * 8)
SHELLS = ("bash", "zsh", "fish")


def incidents(_request):
    one = {
        "severity": "high",
        "cause": "key_disabled",
        "subject": LONG,
        "first_seen": "2026-03-01T03:00:00Z",
        "failures": 1,
    }
    return {
        "region": "eu-west-1",
        "incidents": [one],
        "left_out": 0,
        "schema": "keywatch.incidents/1",
    }


def test_no_cell_of_a_table_is_broken_in_a_pipe(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    main(["incidents"], incidents)
    assert LONG in capsys.readouterr().out


def test_a_reader_that_leaves_early_is_no_error():
    # GIVEN a pipe that nobody reads any more
    read, write = os.pipe()
    os.close(read)
    text = (
        "NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:alias/payments is not found."
    )
    # WHEN the answer goes there
    for arguments in (["explain"], ["explain", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            input=text,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
            env=os.environ | {"PYTHONPATH": f"{ROOT}/lambda_src:{ROOT}"},
        )
        # THEN the exit code is still the verdict, and nothing is said
        assert (done.returncode, done.stderr) == (0, "")
    os.close(write)


def test_letters_that_an_encoding_lacks_are_no_error(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["explain", "--text", "Alias 'alias/zahlungen-ü' … not found"], None) in {0, 1}


def completion(shell):
    return script(parser((action for action in registry.every()), add_parser), shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_completed(shell):
    # GIVEN the completion of a shell
    made = completion(shell)
    # THEN it names everything that the command line takes
    for action in registry.every():
        assert action.name in made
        for field in action.fields:
            if field.option and field.option.flag.startswith("--"):
                assert field.option.flag.lstrip("-") in made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["che"], ["check"]),
        (["check", "--re"], ["--region"]),
        (["explain", "READ"], ["README.md"]),
        (["scan", "--html", "READ"], ["README.md"]),
        (["check", "--wait", ""], []),
        (["completion", "f"], ["fish"]),
    ],
)
def test_bash_completes(words, expected):
    # WHEN Tab is pressed in bash
    line = " ".join(f"'{word}'" for word in ["keywatch", *words])
    program = f'eval "$(cat)"; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _keywatch; printf "%s\\n" "${{COMPREPLY[@]}}"'
    made = subprocess.run(
        ["/bin/bash", "-c", program],
        input=_completion_of_all(),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    # THEN it is completed
    assert made.stderr == ""
    assert made.stdout.split() == expected


def _completion_of_all():
    printed = io.StringIO()
    real, sys.stdout = sys.stdout, printed
    try:
        assert main(["completion", "bash"]) == 0
    finally:
        sys.stdout = real
    return printed.getvalue()


def test_help_of_options_cannot_end_a_quotation():
    # GIVEN help with quotation marks in it
    for shell in ("zsh", "fish"):
        lines = [line for line in completion(shell).splitlines() if not line.startswith("#")]
        assert lines
        # THEN quotes are balanced in every line
        for line in lines:
            bare = line.replace("'\\''", "").replace("\\'", "")
            assert bare.count("'") % 2 == 0, line


def test_make_says_what_it_wants():
    # A make that runs the tests tells the one below it to say where it is.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    make = ["make", "--no-print-directory", "check"]
    done = subprocess.run(make, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "make check KEY=alias/payments" in done.stderr
    assert json.dumps(done.stdout) == '""'
