"""``keywatch``: ask KeyWatch. The make targets of the same names call this too.

What can be asked, and how answers are shown, is declared with each action (``keywatch.actions``).
Exit codes: 0 usable, 1 not usable, 2 cannot tell (also: a bad request, no deployment, no
credentials), 130 interrupted.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from keywatch.actions import registry
from keywatch.actions.action import CANNOT_TELL, NO, YES, Action, exit_code
from keywatch.actions.dispatch import answer as answer_here
from keywatch.actions.requests import InvalidRequest, invalid_request

from . import completion, given, parts, show, spreadsheet, terminal
from .deployed import Answer, CannotAskError, Deployed
from .options import parser
from .problems import explained, is_from_aws
from .scan import arguments as scan_arguments
from .scan import command as scan

Ask = Callable[[Answer], Answer]
INTERRUPTED = 130  # what shells say of a program that SIGINT ended


def main(arguments: Sequence[str] | None = None, ask: Ask | None = None, stdin: Any = None) -> int:  # noqa: ANN401 - a text file
    """Run the command line; return the exit code. ``ask`` and ``stdin`` stand in for the function and the input in tests."""
    terminal.speak_any_alphabet()
    arguments = sys.argv[1:] if arguments is None else arguments
    # What the actions are made of takes longer to load than a day of logs to read.
    wanted = () if [*arguments[:1]] == [scan_arguments.NAME] else registry.every()
    actions = {action.name: action for action in wanted}
    made = parser(actions.values(), scan_arguments.add_parser, completion.add_parser)
    try:
        if not arguments:
            made.print_help(sys.stderr)
            return CANNOT_TELL
        options = made.parse_args(arguments)
        return _run(made, actions, options, ask, sys.stdin if stdin is None else stdin)
    except CannotAskError as problem:
        terminal.tell(str(problem))
    except KeyboardInterrupt:
        terminal.tell("\nInterrupted.")
        return INTERRUPTED
    except OSError as error:  # a file that cannot be written, a full disk
        terminal.tell(f"{error.filename or 'standard output'}: {error.strerror or error}")
    except Exception as error:
        if not is_from_aws(error):
            raise
        terminal.tell(explained(error))
    return CANNOT_TELL


def _run(
    made: argparse.ArgumentParser,
    actions: dict[str, Action],
    options: argparse.Namespace,
    ask: Ask | None,
    stdin: Any,  # noqa: ANN401 - a text file
) -> int:
    if options.action == completion.NAME:
        with terminal.reader_may_leave():
            sys.stdout.write(completion.script(made, options.shell))
        return YES
    if options.action == scan_arguments.NAME:
        return scan.run(options)
    action = actions[options.action]
    ask = _ask_here if action.pure else ask or _deployed(action, options).ask
    codes = []
    for name, request in _requests(action, options, stdin):
        answer = _answer(action, request, ask)
        _print(action, options, name, answer)
        codes.append(exit_code(action, answer))
    return _worst(codes)


def _requests(
    action: Action,
    options: argparse.Namespace,
    stdin: Any,  # noqa: ANN401 - a text file
) -> Iterator[tuple[str | None, Answer]]:
    """Yield what is asked; one request for each file, with its name where there are several."""
    request = {"action": action.name} | _fields(action, options)
    if action.from_input is None or len(request) > 1:
        yield None, request
        return
    files = options.files
    for name, text in given.texts(files, stdin):
        yield name if len(files) > 1 else None, request | dict(action.from_input(text))


def _answer(action: Action, request: Answer, ask: Ask) -> Answer:
    """Ask, if the request is a good one: a bad one needs no deployment to be called so."""
    try:
        action.read(request)
    except InvalidRequest as problem:
        return invalid_request(problem)
    if action.in_parts:
        return parts.asked(action.in_parts, request, ask)
    with terminal.waiting("Reading" if action.pure else "Waiting for KeyWatch's answer"):
        return ask(request)


def _print(action: Action, options: argparse.Namespace, name: str | None, answer: Answer) -> None:
    """Print an answer; of several, JSON is one line each with its file's name."""
    with terminal.reader_may_leave():
        if options.json:
            indent, named = (None, {"file": name}) if name else (2, {})
            sys.stdout.write(json.dumps(named | answer, indent=indent, ensure_ascii=False) + "\n")
            return
        if action.table and options.csv and "error" not in answer:
            spreadsheet.write_rows(sys.stdout, action.table(answer))
            return
        console = terminal.output()
        if name:
            show.heading(console, name)
        show.show(console, action, answer)


def _worst(codes: Sequence[int]) -> int:
    """Return one exit code for several answers: what cannot be told decides, then a no."""
    return next(code for code in (CANNOT_TELL, NO, YES) if code in codes or code == YES)


def _deployed(action: Action, options: argparse.Namespace) -> Deployed:
    """Return the deployment to ask. A Region to look in is the first to have one; otherwise the configured Region's is asked."""
    looks_elsewhere = any(field.name == "region" for field in action.fields)
    regions = (options.region, None) if looks_elsewhere and options.region else (options.region,)
    return Deployed(stack=options.stack, profile=options.profile, regions=regions)


def _ask_here(request: Answer) -> Answer:
    return answer_here(request, None, _no_deployment)


def _no_deployment() -> NoReturn:
    raise CannotAskError("This needs a deployment.")


def _fields(action: Action, options: argparse.Namespace) -> Answer:
    """Return the fields that the command line gave, or that have a default."""
    given_here = vars(options)
    named = {field.name: given_here[field.name] for field in action.fields if field.option}
    return {name: value for name, value in named.items() if value is not None}


if __name__ == "__main__":
    sys.exit(main())
