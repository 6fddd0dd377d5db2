"""The last things: what half a minute and the clock did, and what is left when KeyWatch is removed."""

import pytest

from demo import deployment
from demo.deployment import ROOT
from tests.emulator.cloud import World, inventory, make, replayed, wait_for

pytestmark = pytest.mark.emulator

DEPLOYED = {
    "stacks",
    "functions",
    "event source mappings",
    "queues",
    "topics",
    "subscriptions",
    "tables",
    "rules",
    "schedules",
    "log groups",
    "roles",
}


def test_the_clock_heals_what_was_held_and_nobody_is_told(world: World, used_too_early: str):
    # GIVEN a failure that was held because its alias had just been created
    subject = replayed(f"alias|111122223333|eu-west-1|{used_too_early}")

    # WHEN the schedule has called the function (nobody else calls the clock in these tests)
    wait_for(
        lambda: world.incident(subject).get("status", {}).get("S") == "healed",
        "the clock",
        world.log,
    )

    # THEN it healed without an alert
    assert world.alerts_about(used_too_early, at_least=0) == []


def test_the_example_of_make_help_is_accepted(world: World):
    # GIVEN the example that `make help` shows for deploy
    (line,) = [
        line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("deploy:")
    ]
    example = line.partition("ARGS='")[2].rpartition("'")[0]
    assert example

    # WHEN it is used, THEN the settings are accepted
    output = world.aws.directory / "example.out"
    deployment.run(
        make("synth", f"--quiet --output {output}", example), deployment.cdk_environment(world.aws)
    )


def test_destroy_leaves_nothing_behind(world: World):
    # GIVEN a deployed stack that shows in the account, and nothing of the tests' own
    world.inbox.close()
    during = inventory(world.aws)
    shown = {kind for kind, things in during.items() if things - world.before[kind]}
    assert shown >= DEPLOYED

    # WHEN KeyWatch is removed as the README says
    command = (
        "npx",
        "cdk",
        "destroy",
        "--all",
        "--force",
        "--output",
        f"{world.aws.directory}/cdk.out",
    )
    deployment.run(command, deployment.cdk_environment(world.aws))

    # THEN the account holds what it held before KeyWatch was deployed
    assert inventory(world.aws) == world.before
