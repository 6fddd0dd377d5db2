"""Ask until everything is seen, however many calls of the function that takes."""

import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keywatch.actions.action import InParts

from .deployed import Answer


def asked(parts: InParts, request: Answer, ask: Callable[[Answer], Answer]) -> Answer:
    """Return the answers of all calls as one; a bad answer ends it. How far it is shows on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("keys"),
    )
    answers: list[Answer] = []
    away = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=away) as progress:
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
