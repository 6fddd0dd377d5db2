"""The options of the command line, made from what the actions declare."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from keywatch.actions.action import Action, Field, Option

from .help import Help, Parser, examples, exit_codes
from .version import version_here

_DESCRIPTION = "Tells why an AWS KMS key was not found or could not be used."
_EPILOG = f"""\
{exit_codes("yes: usable, nothing at risk, healthy", "no", "cannot tell")}

`keywatch COMMAND --help` shows examples. Tab completion: keywatch completion --help"""


def parser(actions: Iterable[Action], *others: Callable[[Any], None]) -> argparse.ArgumentParser:
    """Return the parser of all actions; it sets ``action``, ``json``, ``stack`` and the fields by their names.

    ``others`` add commands of their own.
    """
    made = Parser(prog="keywatch", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=Help)
    made.add_argument("--version", action="version", version=f"keywatch {version_here()}")
    names = made.add_subparsers(dest="action", required=True, metavar="COMMAND", title="commands")
    for action in actions:
        _add_action(names, action)
    for other in others:
        other(names)
    return made


def _add_action(names: Any, action: Action) -> None:  # noqa: ANN401 - argparse keeps the type of sub-parsers for itself
    one = names.add_parser(
        action.name,
        help=action.question,
        description=_description(action),
        epilog=_epilog(action),
        formatter_class=Help,
    )
    for field in action.fields:
        if field.option:
            _add(one, field, field.option)
    if action.from_input:
        one.add_argument(
            "files", nargs="*", metavar="FILE", help="what to read (default, or -: standard input)"
        )
    one.add_argument("--json", action="store_true", help="print the answer as JSON")
    if action.table:
        one.add_argument("--csv", action="store_true", help="print the answer as CSV")
    if not action.pure:
        _add_deployment(one, {field.name for field in action.fields})


def _add_deployment(one: argparse.ArgumentParser, taken: set[str]) -> None:
    """Add how the deployment is found; an action that looks in a Region has that option already."""
    if "region" not in taken:
        one.add_argument(
            "--region",
            help="the Region in which KeyWatch is deployed (default: AWS_REGION, or the profile's)",
        )
    one.add_argument(
        "--profile", help="the profile of your AWS configuration (default: AWS_PROFILE)"
    )
    one.add_argument(
        "--stack",
        help="the name of the stack (setting stack_name), if it is not KeyWatch or KeyWatch-{region}",
    )


def _description(action: Action) -> str:
    where = (
        "Needs no deployment and no AWS account." if action.pure else "Asks the deployed function."
    )
    return f"{action.question} {where}"


def _epilog(action: Action) -> str:
    return f"{examples(action.example, *action.examples)}\n\n{exit_codes(*action.exit_codes)}"


def _add(one: argparse.ArgumentParser, field: Field, option: Option) -> None:
    more: dict[str, Any] = {"help": field.help.replace("%", "%%")}
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
