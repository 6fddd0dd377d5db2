"""The options of the command line, made from what the actions declare."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from keywatch.actions.action import Action, Field, Option


def parser(actions: Iterable[Action], *others: Callable[[Any], None]) -> argparse.ArgumentParser:
    """Return the parser of all actions; it sets ``action``, ``json``, ``stack`` and the fields by their names.

    ``others`` add commands of their own.
    """
    made = argparse.ArgumentParser(
        prog="keywatch", description="Ask KeyWatch about KMS keys, risks, and its own health."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    common.add_argument(
        "--stack", help="the stack's name, if it is not KeyWatch or KeyWatch-<Region>"
    )
    names = made.add_subparsers(dest="action", required=True)
    for action in actions:
        one = names.add_parser(action.name, parents=[common], help=_help(action))
        for field in action.fields:
            if field.option:
                _add(one, field, field.option)
    for other in others:
        other(names)
    return made


def _help(action: Action) -> str:
    where = " It is read from standard input and needs no deployment." if action.pure else ""
    return f"{action.question}{where}"


def _add(one: argparse.ArgumentParser, field: Field, option: Option) -> None:
    more: dict[str, Any] = {"help": field.help}
    if option.many:
        more["nargs"] = "+"
    if field.type == "boolean":
        more["action"] = "store_true"
    if field.type == "number":
        more["type"] = float
    if option.flag.startswith("--"):
        more |= {"dest": field.name, "default": field.default}
        more |= {"metavar": option.metavar} if option.metavar else {}
        one.add_argument(option.flag, **more)
    else:
        one.add_argument(field.name, metavar=option.flag, **more)
