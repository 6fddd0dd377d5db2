"""The second half of a scan: from what was kept to incidents, each counted into the summary."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from keywatch.model.signals import KeyFailure
from keywatch.sources.ignore import Ignorer

from .document import Document, document_of
from .incidents import Historian
from .summary import Summary
from .workspace import Workspace


def find_incidents(
    workspace: Workspace, summary: Summary, since: datetime | None, until: datetime | None
) -> None:
    """Make incidents of the failures from ``since`` until before ``until`` (UTC), and keep them as documents."""
    workspace.keep_documents(_documents(workspace, summary, since, until))


def _documents(
    workspace: Workspace, summary: Summary, since: datetime | None, until: datetime | None
) -> Iterator[Document]:
    historian = Historian(workspace.changes, summary.coverage.end)
    ignorer = Ignorer(())
    for subject, failures in workspace.failures(since, until):
        wanted = _not_ignored(failures, ignorer, summary)
        for past in historian.incidents(subject, wanted):
            document = document_of(past)
            summary.add_incident(document)
            yield document


def _not_ignored(
    failures: Iterable[KeyFailure], ignorer: Ignorer, summary: Summary
) -> Iterator[KeyFailure]:
    for failure in failures:
        if ignorer.ignores(failure):
            summary.ignored["ignored_by_rule"] += 1
        else:
            yield failure
