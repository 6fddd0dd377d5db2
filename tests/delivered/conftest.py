"""What the tests of delivered logs share."""

import pytest


@pytest.fixture(scope="session")
def programs():
    """Give the output of a sample of all programs.

    How consoles and runtimes cut lines depends on the paths in tracebacks, and with it a few identifiers
    in a thousand: half of this sample would differ by more between two checkouts than the targets leave.
    """
    from tests.delivered.outputs import outputs

    return outputs()
