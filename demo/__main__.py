"""``python -m demo``: exit code 0 when every expected alert came and no other, 1 when not, 130 after Ctrl-C."""

import argparse
import sys
import time
from pathlib import Path

from demo import by_hand, emulator, page, run, scenarios
from demo.deployment import DeploymentError
from demo.emulator import EmulatorError
from demo.run import RunError
from demo.show import RichShow
from demo.stage import StageError

QUESTION = {"action": "check", "key_id": "alias/paymetns"}
INTERRUPTED = 130
LAST_LINES = 40


def main() -> int:
    """Run the demo and return its exit code."""
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument(
        "--json",
        action="store_true",
        help="print JSON Lines: one alert a line, and nothing else",
    )
    options.add_argument(
        "--picture", type=Path, metavar="FILE", help="write a picture (SVG) of what it shows"
    )
    given = options.parse_args()
    show = RichShow(json_lines=given.json, picture=given.picture)
    try:
        with emulator.running() as aws:
            return demonstrate(aws, show)
    except (EmulatorError, DeploymentError, RunError, StageError) as error:
        show.error(str(error))
        return 1
    except KeyboardInterrupt:
        show.error("Interrupted. Everything that the demo started has been stopped.")
        return INTERRUPTED


def demonstrate(aws: emulator.Emulator, show: RichShow) -> int:
    """Run the demo in an emulator, show its result, and return the exit code."""
    began = time.monotonic()
    played = run.begin(aws, show)
    healthy = watched_and_asked(played, show)  # while the key used too early has to wait
    healed = run.end(played, show)
    verdict = played.verdict()
    if storm := verdict.came.get(scenarios.STORM.title):
        show.email(storm)
    show.answer(QUESTION, played.ask(QUESTION))
    show.page(page.write_page(played.ask_page))
    counted = {incident: failures for incident, (_, failures) in played.incidents().items()}
    show.closing(played.played, verdict, counted, time.monotonic() - began)
    show.verdict(verdict, healed=healed)
    show.draw()
    if verdict.good and healed and healthy:
        return 0
    show.error("The end of the function's log:\n" + "\n".join(run.function_log(aws)[-LAST_LINES:]))
    return 1


def watched_and_asked(played: run.Run, show: RichShow) -> bool:
    """Show a check that waits and the canary's way around; tell whether both went as they should."""
    with show.step("check of an alias that is created while the function waits"):
        waited = by_hand.check_that_waits(played)
    show.waited(waited)
    with show.step("the canary: a call that must fail comes back through the event bus"):
        doctor = by_hand.canary_round_trip(played)
    show.health(doctor)
    problems = {
        "The check did not see the alias that was created meanwhile.": waited["results"][0][
            "usable"
        ]
        is not True,
        "The canary did not come back.": not by_hand.canary_is_back(doctor),
    }
    for problem in (text for text, holds in problems.items() if holds):
        show.error(problem)
    return not any(problems.values())


if __name__ == "__main__":
    sys.exit(main())
