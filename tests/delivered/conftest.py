"""What the tests of delivered logs share."""

import pytest


@pytest.fixture(scope="session")
def programs():
    """Give the output of a sample of all programs."""
    from tests.delivered.outputs import SAMPLE, outputs

    return outputs(every=2 * SAMPLE)
