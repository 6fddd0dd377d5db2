import pytest

from tests.support.world import world as open_world


@pytest.fixture
def world():
    with open_world() as fresh:
        yield fresh
