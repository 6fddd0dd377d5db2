"""Deploy the real stack with the real CDK command line into an emulator, and take it away again."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.emulator import Emulator, end_group

ROOT = Path(__file__).resolve().parents[1]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
NODE = ROOT / ".venv" / "bin" / "node"
EVENT_SOURCE = "keywatch.demo"
READ_EVENTS_TOO = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_QUIET = ("--no-color", "--progress", "events")
_LAST_LINES = 60


class DeploymentError(Exception):
    """A command of the CDK failed. The message holds the command and the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the stack tells about itself."""

    AlertTopicArn: str
    FunctionName: str
    IntakeQueueUrl: str
    DeadLetterQueueUrl: str
    IncidentTableName: str
    PageFunctionName: str = ""  # only where there is a dashboard


def cdk_environment(emulator: Emulator) -> dict[str, str]:
    """Return the environment for the CDK command line: this emulator, the pinned Node, and nobody called home."""
    return {
        **emulator.environment(),
        "JSII_NODE": str(NODE),
        "CDK_HOME": str(emulator.directory / "cdk-home"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
    }


def context_options(settings: Mapping[str, object]) -> list[str]:
    """Return the command-line options that set deployment settings."""
    return [
        part
        for name, value in settings.items()
        for part in ("-c", f"keywatch:{name}={json.dumps(value)}")
    ]


def bootstrap(emulator: Emulator) -> None:
    """Prepare the account and Region for the CDK, as a person does once.

    Away from the app, which would be synthesized for nothing.
    """
    _cdk(
        emulator, "bootstrap", f"aws://{emulator.account}/{emulator.region}", cwd=emulator.directory
    )


def deploy(emulator: Emulator, settings: Mapping[str, object]) -> Outputs:
    """Deploy the stack with ``settings`` and make its rules work in the emulator. Raises ``DeploymentError``."""
    file = emulator.directory / "outputs.json"
    _cdk(
        emulator,
        "deploy",
        "--all",
        "--require-approval",
        "never",
        "--outputs-file",
        str(file),
        *context_options(settings),
    )
    enable_rules(emulator)
    return read_outputs(file)


def destroy(emulator: Emulator, settings: Mapping[str, object]) -> None:
    """Remove the stack. Raises ``DeploymentError``."""
    _cdk(emulator, "destroy", "--all", "--force", *context_options(settings))


def read_outputs(file: Path) -> Outputs:
    """Return the outputs of the one stack that the CDK wrote into ``file``."""
    (values,) = json.loads(file.read_text()).values()
    return Outputs(
        **{name: values[name] for name in Outputs.__dataclass_fields__ if name in values}
    )


def enable_rules(emulator: Emulator) -> None:
    """Give every rule the plain state: the emulator serves no other. AWS needs the long one, and the template has it."""
    events = emulator.client("events")
    for bus in events.list_event_buses()["EventBuses"]:
        for rule in _rules(events, bus["Name"]):
            if rule["State"] == READ_EVENTS_TOO:
                events.enable_rule(Name=rule["Name"], EventBusName=bus["Name"])


def _rules(events: Any, bus: str) -> list[dict[str, str]]:  # noqa: ANN401 - a boto3 client
    pages = events.get_paginator("list_rules").paginate(EventBusName=bus)
    return [rule for page in pages for rule in page["Rules"]]


def _cdk(emulator: Emulator, command: str, *options: str, cwd: Path = ROOT) -> None:
    if not CDK.exists():
        raise DeploymentError(
            f"The CDK command line is missing ({CDK.relative_to(ROOT)}): run `make install`, or `make demo`."
        )
    output = emulator.directory / "cdk.out"
    run(
        (str(CDK), command, *options, "--output", str(output), "--no-notices", *_QUIET),
        cdk_environment(emulator),
        cwd,
    )


def run(command: Sequence[str], environment: Mapping[str, str], cwd: Path = ROOT) -> str:
    """Run a program in a group of its own and return what it printed. Raises ``DeploymentError``; an interruption ends it."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate()
    finally:
        end_group(process)
    if process.returncode:
        end = "\n".join(printed.splitlines()[-_LAST_LINES:])
        raise DeploymentError(
            f"{' '.join(command)}\nended with exit code {process.returncode}:\n{end}"
        )
    return printed
