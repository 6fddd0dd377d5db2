from demo.scenarios import Scenario
from demo.verdict import Played, judge

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def alert(
    cause="key_disabled", status="opened", caller="arn:aws:iam::111122223333:role/app", **subject
):
    impact = {"failures": 1, "callers": [{"name": caller, "count": 1}]}
    return {
        "cause": cause,
        "status": status,
        "subject": {"key_arn": None, "identifier": None} | subject,
        "impact": impact,
    }


def played(cause="key_disabled", *names):
    return Played(Scenario(f"a scenario of {cause}", cause, lambda _: names), names, 1)


def test_every_expected_alert_and_no_other_is_good():
    verdict = judge(
        [played("key_disabled", KEY), played(None, "alias/quiet")], [alert(key_arn=KEY)]
    )

    assert verdict.good
    assert list(verdict.came) == ["a scenario of key_disabled"]


def test_an_alert_that_did_not_come_is_missing():
    verdict = judge([played("key_disabled", KEY)], [])

    assert [one.names for one in verdict.missing] == [(KEY,)]
    assert not verdict.good


def test_an_alert_of_another_cause_is_missing_and_unexpected():
    wrong = alert("key_not_found", key_arn=KEY)
    verdict = judge([played("key_disabled", KEY)], [wrong])

    assert verdict.missing
    assert verdict.unexpected == [wrong]


def test_a_second_alert_about_the_same_is_unexpected():
    again = alert(status="reminder", key_arn=KEY)
    verdict = judge([played("key_disabled", KEY)], [alert(key_arn=KEY), alert(key_arn=KEY), again])

    assert len(verdict.unexpected) == 2


def test_a_warning_that_becomes_an_outage_is_told_once_more():
    scenario = Scenario("a warning", "key_disabled", lambda _: (KEY,), grows=True)
    grown = alert(status="changed", key_arn=KEY)

    once = judge([Played(scenario, (KEY,), 1)], [alert(key_arn=KEY), grown])
    twice = judge([Played(scenario, (KEY,), 1)], [alert(key_arn=KEY), grown, grown])

    assert once.good
    assert twice.unexpected == [grown]


def test_an_alert_about_what_must_stay_quiet_is_unexpected():
    verdict = judge(
        [played(None, "alias/quiet")], [alert("alias_not_found", identifier="alias/quiet")]
    )

    assert len(verdict.unexpected) == 1


def test_an_alert_that_names_no_key_is_recognized_by_its_caller():
    assert judge(
        [played("missing_or_not_authorized", "app")], [alert("missing_or_not_authorized")]
    ).good
