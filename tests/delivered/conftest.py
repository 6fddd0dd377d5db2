"""Targets of the product are judged only when they are asked for: ``pytest tests/delivered -m delivered_target``."""

import pytest

TARGET = "delivered_target"


def pytest_configure(config):
    config.addinivalue_line(
        "markers", f"{TARGET}: what the product must reach on delivered logs; slow, run by name"
    )


def pytest_collection_modifyitems(config, items):
    if TARGET in config.getoption("-m"):
        return
    left = [item for item in items if item.get_closest_marker(TARGET)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.fixture(scope="session")
def programs():
    """Give the output of a sample of all programs."""
    from tests.delivered.outputs import outputs

    return outputs()
