"""How every run of the tests is the same: the examples of property tests, and what runs in one process.

Hypothesis draws the same examples every day (profile ``default``); ``make fuzz`` draws at random (``fuzz``).
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.examples import FUZZ, MANY, PROFILE

settings.register_profile(PROFILE, derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile(
    FUZZ,
    max_examples=MANY,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(PROFILE)

# What takes longest begins first. Tests of a group share what is expensive: a deployed stack, templates.
GROUPS = {
    "tests/emulator/test_demo.py": "the demo",
    "tests/emulator/": "the deployed stack",
    "tests/infra/": "the templates",
    "tests/setup/": "the small checkout",
}
RANKS = ("the deployed stack", "the demo", "the small checkout", "the templates")


def group_of(nodeid: str) -> str:
    """Return the group of a test, whose tests run in one process: those that share something, else those of its file."""
    file = nodeid.partition("::")[0]
    return next((group for start, group in GROUPS.items() if file.startswith(start)), file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest groups begin first; the order within a group stays."""
    ranks = {group: rank for rank, group in enumerate(RANKS)}
    items.sort(key=lambda item: ranks.get(group_of(item.nodeid), len(ranks)))


class Groups(LoadScopeScheduling):
    """Gives whole groups to the processes of pytest-xdist, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Use groups however many processes there are, and however these were asked for."""
    config.option.loadscopereorder = False
    return Groups(config, log)
