"""How many examples a property test draws: its own number in ``make test``, many more in ``make fuzz``."""

from hypothesis import settings

PROFILE, FUZZ = "default", "fuzz"
MANY = 5_000


def examples(number: int, **options: object) -> settings:
    """Return the settings of a test that draws ``number`` examples, and at least 5,000 in ``make fuzz``."""
    fuzzing = settings.get_current_profile_name() == FUZZ
    return settings(max_examples=max(number, MANY) if fuzzing else number, **options)
