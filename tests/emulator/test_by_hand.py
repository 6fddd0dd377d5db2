"""Asked by hand: the deployed function answers, also to nonsense."""

import pytest

from tests.emulator.cloud import World

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        [{"action": "check"}],
        7,
        "check",
        {},
        {"action": "fly"},
        {"action": "check"},
        {"action": "check", "key_id": 3},
    ],
    ids=str,
)
def test_a_bad_request_is_answered_with_what_is_wrong(world: World, nonsense: object):
    # WHEN somebody asks nonsense, THEN the answer says so; nothing is raised that Lambda would retry
    error = world.invoke(nonsense)["error"]

    assert error["code"] == "invalid_request"
    assert error["message"]
    assert error["fields"]


def test_check_tells_a_usable_key_from_a_typo_and_names_what_was_meant(world: World):
    # GIVEN one alias, and a function that does not remember the aliases of a minute ago
    world.stage().key("alias/ledger")
    world.renew_containers(memory=514)

    # WHEN somebody checks it, and a misspelt one
    answer = world.invoke({"action": "check", "key_id": ["alias/ledger", "alias/legder"]})

    # THEN the first is usable, and the second is answered with the first
    right, wrong = answer["results"]
    assert right["usable"] is True
    assert wrong["usable"] is False
    assert wrong["did_you_mean"] == "alias/ledger"


def test_explain_reads_a_text_in_the_deployed_function(world: World):
    text = "botocore.errorfactory.NotFoundException: An error occurred (NotFoundException) when calling the Encrypt operation: "
    answer = world.invoke(
        {
            "action": "explain",
            "text": f"{text}Alias arn:aws:kms:eu-west-1:111122223333:alias/x is not found.",
        }
    )

    assert [finding["cause"] for finding in answer["findings"]] == ["alias_not_found"]
