"""``keywatch scan|explain|check|sweep|doctor``: ask KeyWatch. The make targets of the same names call this too.

What can be asked, and how answers are shown, is declared with each action (``keywatch.actions``).
Exit codes: 0 usable, 1 not usable, 2 cannot tell (also: a bad request, no deployment, no
credentials).
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keywatch.actions import registry
from keywatch.actions.action import CANNOT_TELL, Action, InParts, exit_code
from keywatch.actions.dispatch import answer as answer_here

from . import show
from .deployed import Answer, CannotAskError, Deployed
from .options import parser
from .scan import command as scan

Ask = Callable[[Answer], Answer]


def main(arguments: Sequence[str] | None = None, ask: Ask | None = None, stdin: Any = None) -> int:  # noqa: ANN401 - a text file
    """Run the command line; return the exit code. ``ask`` and ``stdin`` stand in for the function and the input in tests."""
    actions = {action.name: action for action in registry.every()}
    options = parser(actions.values(), scan.add_parser).parse_args(arguments)
    if options.action == "scan":
        return scan.run(options)
    action = actions[options.action]
    try:
        answer = _answer(action, options, ask, stdin or sys.stdin)
    except CannotAskError as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False)
        return CANNOT_TELL
    if options.json:
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    else:
        show.show(Console(soft_wrap=False, stderr=False), action, answer)
    return exit_code(action, answer)


def _answer(action: Action, options: argparse.Namespace, ask: Ask | None, stdin: Any) -> Answer:  # noqa: ANN401 - a text file
    """Ask the deployed function, or right here what needs no deployment."""
    if action.pure:
        ask = _ask_here
    ask = ask or Deployed(stack=options.stack).ask
    request = {"action": action.name} | _fields(action, options)
    if action.from_input:
        request |= action.from_input(stdin.read())
    return _in_parts(action.in_parts, request, ask) if action.in_parts else ask(request)


def _ask_here(request: Answer) -> Answer:
    return answer_here(request, None, _no_deployment)


def _no_deployment() -> NoReturn:
    raise CannotAskError("This needs a deployment.")


def _fields(action: Action, options: argparse.Namespace) -> Answer:
    """Return the fields that the command line gave, or that have a default."""
    given = vars(options)
    named = {field.name: given[field.name] for field in action.fields if field.option}
    return {name: value for name, value in named.items() if value is not None}


def _in_parts(parts: InParts, request: Answer, ask: Ask) -> Answer:
    """Ask until everything is seen, however many calls of the function that takes."""
    columns = (TextColumn("sweeping"), BarColumn(), MofNCompleteColumn(), TextColumn("keys"))
    answers: list[Answer] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(request["action"], total=None)
        following: Any = {}
        while following is not None:
            answer = ask(request | following)
            if "error" in answer:
                return answer
            answers.append(answer)
            done, total = parts.progress(answer)
            progress.update(task, completed=done, total=total)
            following = parts.following(answer)
    return parts.joined(answers)


if __name__ == "__main__":
    sys.exit(main())
