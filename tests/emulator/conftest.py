"""One emulator with one deployed stack for all tests; each test uses keys of its own, so that their alerts can be told apart."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from demo import deployment
from demo.callers import role
from demo.emulator import Emulator, running
from tests.emulator.cloud import SETTINGS, World, inventory, make, organization_of


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def world(aws) -> World:
    """The stack as ``make deploy`` puts it into an account that was bootstrapped."""
    deployment.bootstrap(aws)
    before = inventory(aws)
    outputs = aws.directory / "outputs.json"
    wanted = {**SETTINGS, "hub": {"organization_id": organization_of(aws)}}
    settings = (
        part if part == "-c" else f"'{part}'" for part in deployment.context_options(wanted)
    )
    files = (f"--outputs-file {outputs}", f"--output {aws.directory}/cdk.out")
    deployment.run(
        make("deploy", "--require-approval never", *files, *settings),
        deployment.cdk_environment(aws),
    )
    deployment.enable_rules(aws)
    return World(aws, deployment.read_outputs(outputs), before)


@pytest.fixture(scope="session")
def used_too_early(world) -> str:
    """A failure of an alias that was created a moment before; asked for early, so that its half minute passes meanwhile."""
    alias, stage = "alias/used-too-early", world.stage()
    stage.fails("Encrypt", alias, role("hasty-app", "app-1"))
    key = stage.key(alias)
    stage.created(key, alias, role("deployer", "deployer"), ago=timedelta(seconds=5))
    world.put(*stage.changes)
    world.settle()
    world.put(*stage.failures)
    return alias
