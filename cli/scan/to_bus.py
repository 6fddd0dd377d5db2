"""``scan --to-bus``: say what will be put on the bus, put it, and say what became of it."""

import sys
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..session import opened
from .replay import Bus, NotReplayed, Outcome, Replay, plan
from .s3 import Access
from .workspace import Workspace

_COLUMNS = (TextColumn("putting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def put(
    workspace: Workspace,
    span: tuple[datetime | None, datetime | None],
    bus: Bus,
    access: Access,
    *,
    dry: bool,
) -> bool:
    """Put the failures of a span (UTC), and all changes of what failed, on the bus. Tell whether nothing was left out.

    ``dry``: only say on standard error what would be put.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    settings = Config(retries={"mode": "standard", "total_max_attempts": 5})
    try:
        session = opened(access.profile, access.region)
        client = session.client("events", config=settings)
        failures, changes = workspace.count_replayable(*span)
        _tell(plan(failures, changes, bus, session.region_name))
        if dry or not failures:
            return True
        replay = Replay(client, bus)
        replay.check()
    except (BotoCoreError, NotReplayed) as problem:
        _tell(f"Nothing was put. {problem}")
        return False
    outcome = _with_progress(replay, workspace, span, failures + changes)
    _tell(outcome.sentence())
    return not (outcome.left_out or outcome.stopped)


def _with_progress(
    replay: Replay,
    workspace: Workspace,
    span: tuple[datetime | None, datetime | None],
    total: int,
) -> Outcome:
    console = Console(stderr=True)
    with Progress(
        *_COLUMNS, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("putting", total=total)
        return replay.run(workspace.replayable(*span), lambda more: bar.advance(task, more))


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
