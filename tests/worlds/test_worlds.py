"""Random worlds run, tell the same story twice, and the product reaches in them what a release must reach."""

import pytest

from tests.worlds.outages import outages_of
from tests.worlds.report import report, tell
from tests.worlds.trial import chosen, one, run
from tests.worlds.world import World, story_of

# In parts, so that processes can share them; ``make fuzz`` lives through any number of others.
WORLDS, PARTS = 120, 4


@pytest.mark.parametrize("first", range(1, WORLDS, WORLDS // PARTS))
def test_in_random_worlds_nothing_certain_is_wrong_and_no_outage_is_missed(first: int) -> None:
    # GIVEN accounts with ground truth WHEN the function lives through them
    trial = run(WORLDS // PARTS, first)

    # THEN certain-but-wrong 0, missed 0, resolved while broken 0, false alerts at most 0.3 %, exact causes at least 97 %
    assert trial.good, report(trial)


def test_a_few_worlds_are_lived_through_and_judged() -> None:
    # GIVEN a few worlds WHEN they are lived through
    trial = run(4)

    # THEN outages happened, messages were sent and judged, most of them right, and nothing broke inside
    assert trial.total("outages") > 4
    assert trial.total("messages") > 8
    assert trial.total("exact") > trial.total("messages") / 2
    assert not trial.broke, trial.broke


def test_a_seed_tells_the_same_story_and_gets_the_same_messages_every_time() -> None:
    # GIVEN one seed WHEN its world is lived through twice
    first, second = World(story_of(3)).run(), World(story_of(3)).run()

    # THEN every message is the same, to the second
    assert [(m.when, m.document) for m in first.messages] == [
        (m.when, m.document) for m in second.messages
    ]


@pytest.mark.parametrize(
    "episode", ["disabled", "store_down", "alias_deleted", "created_just_now", "foreign_key"]
)
def test_an_episode_alone_breaks_something_for_a_caller(episode: str) -> None:
    # GIVEN worlds of one kind of story WHEN their outages are counted
    outages = [
        outage for seed in range(4) for outage in outages_of(story_of(seed, chosen((episode,))))
    ]

    # THEN callers failed, each for one true cause, and somebody is to blame only where somebody did something
    assert outages
    assert all(told.what.outcome.causes for outage in outages for told in outage.calls)


def test_noise_is_no_outage_and_makes_no_message() -> None:
    # GIVEN a world with nothing but failures that are nobody's business
    story = story_of(11, chosen(("noise", "noise", "locked_out")))

    # WHEN the function lives through it
    lived = World(story).run()

    # THEN there were failures, none counts as an outage, and nobody was told
    assert story.noise
    assert not list(outages_of(story))
    assert [m.document["cause"] for m in lived.messages] == []


def test_a_world_can_be_told_to_people() -> None:
    # GIVEN a seed WHEN its story is told THEN who did what, what was sent and the verdict are in it
    text = tell(3)
    assert "seed 3: " in text
    assert " opened " in text
    assert "findings:" in text


def test_what_the_judge_found_names_the_seed_to_replay() -> None:
    verdict, _, _ = one(2)
    assert all(finding.seed == 2 for finding in verdict.findings)
