"""A day of 200 keys, by a seed: SNS down twice, the table throttled for an hour, three deployments, and deaths at random."""

from tests.unit.incidents import day


def test_in_a_whole_day_nobody_is_left_in_the_dark_and_every_call_is_counted_once():
    # GIVEN 200 keys that break, flap and heal
    figures = day.live(200)
    # THEN of every outage people were told, while SNS was down as soon as it was back
    assert figures.lost_alerts == []
    assert figures.latest_alert_minutes <= max(end - begin for begin, end in day.SNS_DOWN) + 5
    # AND no message came twice but where the function died or the table did not answer
    assert figures.opened_twice <= figures.crashes
    # AND what was counted is what failed, and all has ended
    assert figures.wrong_counts == {}
    assert figures.counted == figures.calls_failed > 5_000
    assert figures.open_at_the_end == 0
