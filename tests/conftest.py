"""How every run of the tests is the same: the examples of property tests, and what runs in one process.

Hypothesis draws the same examples every day (profile ``default``); ``make fuzz`` draws at random (``fuzz``).
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import FUZZ, PROFILE

settings.register_profile(PROFILE, derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile(
    FUZZ,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(PROFILE)

HERE = Path(__file__).parent
# What takes longest begins first. Tests of a group share what is expensive: a deployed stack, templates.
GROUPS = ("deployed", "demo", "templates")


def group_of(item: pytest.Item) -> str:
    """Return the group whose tests run in one process: those that share a fixture, else those of one file."""
    if "aws" in getattr(item, "fixturenames", ()):
        return "deployed"
    folder = item.path.relative_to(HERE).parts[0]
    return {"emulator": "demo", "infra": "templates"}.get(folder, str(item.path))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group, the longest groups first; the order within a group stays."""
    groups = {item: group_of(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    ranks = {group: rank for rank, group in enumerate(GROUPS)}
    items.sort(key=lambda item: ranks.get(groups[item], len(ranks)))
