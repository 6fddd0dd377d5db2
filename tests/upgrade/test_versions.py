"""An upgrade over open incidents, and the way back: nothing is lost, nothing is told twice, every call is counted once."""

import pytest

from tests.compare import trees
from tests.upgrade.versions import ALIAS, NEW, OLD, Lived, problems, through

HAS_HISTORY = trees.has(trees.BEFORE)


@pytest.mark.skipif(not HAS_HISTORY, reason=f"this clone has no history back to {trees.BEFORE}")
def test_incidents_live_through_an_upgrade_and_the_way_back():
    # GIVEN an account with open incidents and traffic under the version before
    # WHEN this one is deployed, then the one before again, then this one, and calls go on failing
    with trees.laid_out(trees.BEFORE) as before:
        lived = through(before.path, trees.ROOT, before.path, trees.ROOT)
    # THEN each incident is told of once and ends once, with the right number of calls, and no process complained
    assert list(problems(lived)) == []
    assert lived.told(OLD) == lived.told(NEW) == lived.told(ALIAS) == ["opened", "resolved"]


def message(identifier, status, failures=1):
    return {
        "status": status,
        "subject": {"identifier": identifier},
        "impact": {"failures": failures},
    }


GOOD = [
    *(message(name, "opened") for name in (OLD, NEW, ALIAS)),
    *(message(OLD, "resolved", 12), message(NEW, "resolved", 7)),
]


@pytest.mark.parametrize(
    ("sent", "errors", "said"),
    [
        ([*GOOD[:1], *GOOD], [], "opened 2 times"),
        (GOOD[1:], [], "opened 0 times"),
        (GOOD[:-1], [], "not resolved"),
        ([*GOOD[:-1], message(NEW, "resolved", 6)], [], "6 failures, not 7"),
        (GOOD, ["Traceback"], "Traceback"),
    ],
)
def test_what_is_lost_or_told_twice_is_seen(sent, errors, said):
    assert list(problems(Lived(GOOD, []))) == []
    (found,) = problems(Lived(sent, errors))
    assert said in found
