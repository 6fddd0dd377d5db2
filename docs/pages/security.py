"""The made parts of ``docs/security.md``: permissions, where data rests, where hostile text enters and how it leaves.

The rows about data and text are written here and held to the template and to the sources by tests
(``tests/infra/test_data_at_rest.py``, ``tests/unit/docs/test_security.py``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from docs.pages.parts import with_parts
from infra.permissions import GRANTS, LET_IN, Holder
from keywatch.model.incident import KEEP
from keywatch.store.incident_items import KEEP_CHANGES
from keywatch.store.sweep_findings import KEEP as KEEP_FINDINGS

PAGE = Path(__file__).resolve().parents[1] / "security.md"

_HOLDERS = {
    Holder.FUNCTION: "The function",
    Holder.PAGE: "The page's function",
    Holder.CLOCK: "The clock",
    Holder.WEBHOOKS: "The rules of the web hooks",
    Holder.FORWARDER: "A spoke's rules",
    Holder.LOOK_UPS: "The hub's function, in the account of a spoke",
}


@dataclass(frozen=True, slots=True)
class Rest:
    """One place where data rests: what, how long, and how it is protected.

    ``resource`` is the CloudFormation type, ``ids`` are how the logical ids begin of what the row is
    about; empty where it is no resource of the stack. ``kept`` is the longest that it is kept there,
    as the template says it.
    """

    place: str
    what: str
    how_long: str
    protected: str
    resource: str = ""
    ids: Sequence[str] = ()
    kept: timedelta | None = None


def _days(time: timedelta) -> str:
    return f"{time.days} days"


_SQS = "SSE-SQS, TLS only; only the stack's rules may send"
RESTS: Sequence[Rest] = (
    Rest(
        "incident table",
        "incidents and their history: names of keys, callers, operations and resources, AWS's sentence of the "
        "newest failure without secrets, and "
        "what was announced; changes of keys: what, who, when; "
        "what the sweep found; silences with their reasons; what the clock, the canary and the message budget need",
        f"incidents {_days(KEEP)} after they were last seen (setting keep_incidents_days), "
        f"changes {_days(KEEP_CHANGES)}, findings of the sweep "
        f"{_days(KEEP_FINDINGS)} (time to live); backups for point-in-time recovery 35 days; gone with the stack",
        "encrypted with the key that AWS owns: a customer managed key could be the one that is broken",
        "AWS::DynamoDB::Table",
        ("Incidents",),
    ),
    Rest(
        "intake queue",
        "events as AWS sent them: CloudTrail records of failing calls and of changes, notices of services",
        "until they are handled, seconds as a rule; 4 days at most",
        _SQS,
        "AWS::SQS::Queue",
        ("IntakeQueue",),
        timedelta(days=4),
    ),
    Rest(
        "dead-letter queue, and queue of what could not be delivered",
        "events as AWS sent them; of log deliveries that failed three times the log lines as they were written, secrets included",
        "14 days, with an alarm as soon as something is there",
        _SQS,
        "AWS::SQS::Queue",
        ("IntakeDeadLetters", "IntakeUndelivered"),
        timedelta(days=14),
    ),
    Rest(
        "queue of what web hooks did not take (setting webhooks)",
        "alerts",
        "14 days, with an alarm as soon as something is there",
        "SSE-SQS, TLS only; only the rules of the web hooks may send",
        "AWS::SQS::Queue",
        ("AlertingWebhooks",),
        timedelta(days=14),
    ),
    Rest(
        "connections of EventBridge (setting webhooks)",
        "the secrets of the web hooks, as they were at the last deployment; of Slack the address, in its API destination",
        "gone with the stack",
        "in secrets that EventBridge keeps in your account; who may call events:DescribeApiDestination sees the address of Slack",
    ),
    Rest(
        "log groups /keywatch/function and /keywatch/page",
        "what KeyWatch did, its metrics, and exceptions; of a failing call what an alert says of it",
        "30 days; gone with the stack",
        "encrypted by CloudWatch Logs; a subscription to KeyWatch itself is refused",
        "AWS::Logs::LogGroup",
        ("FunctionLogs", "PageLogs"),
        timedelta(days=30),
    ),
    Rest(
        "metrics of the namespace KeyWatch",
        "counts; no name of a key, caller or account",
        "15 months, as CloudWatch keeps metrics",
        "readable by who may read metrics",
    ),
    Rest(
        "alert, fallback, health and chat topic",
        "alerts on their way: the e-mail, the card, the JSON document",
        "until they are delivered; SNS tries for up to 23 days (queues, functions) or 6 hours (mail, web hooks)",
        "TLS only; encrypted where alert_topic_key_arn names a key",
        "AWS::SNS::Topic",
        ("Alerting", "HealthTopic"),
    ),
    Rest(
        "Lambda's queue of asynchronous calls",
        "log deliveries and ticks of the clock that wait",
        "4 hours at most",
        "encrypted by Lambda",
    ),
    Rest(
        "memory of the function",
        "what was looked up, to ask less, and counts that wait for the table",
        "while the container lives: minutes to hours",
        "no other account's function runs there",
    ),
    Rest(
        "bucket of the trail (setting create_trail)",
        "all management events of the Region",
        "90 days; it stays when the stack goes",
        "SSE-S3, TLS only, no public access; only CloudTrail writes, for this account",
        "AWS::S3::Bucket",
        ("TrailBucket",),
        timedelta(days=90),
    ),
    Rest(
        "mailboxes, chat channels, queues and hooks that subscribe",
        "alerts",
        "as their owners decide",
        "as their owners decide",
    ),
)


@dataclass(frozen=True, slots=True)
class Enters:
    """One door by which text from outside comes in: who chooses it, what of it is kept, and what cleans it (dotted names)."""

    door: str
    chosen_by: str
    kept: str
    cleaned_by: Sequence[str]


ENTERS: Sequence[Enters] = (
    Enters(
        "CloudTrail events, log files and records (`keywatch.sources.cloudtrail`)",
        "whoever may call KMS: key ids, aliases, session names, encryption contexts, user agents",
        "names, AWS's error text, times, ids; nothing else of the record",
        (
            "keywatch.sources.fields.text",
            "keywatch.model.text.one_line",
            "keywatch.model.secrets.redacted",
        ),
    ),
    Enters(
        "events of KMS and EBS (`keywatch.sources.native`)",
        "AWS; by PutEvents nobody but AWS can send them",
        "keys, times, the cause that AWS names",
        ("keywatch.sources.fields.text", "keywatch.model.secrets.redacted"),
    ),
    Enters(
        "notices of services (`keywatch.sources.notices`)",
        "AWS, and whoever names databases and volumes",
        "the resource and AWS's sentence",
        ("keywatch.sources.fields.text", "keywatch.model.secrets.redacted"),
    ),
    Enters(
        "log deliveries (`keywatch.sources.app_logs`)",
        "whoever can make an application write a line",
        "AWS's sentence, code, key, operation and caller; nothing that stood around them",
        (
            "keywatch.model.text.one_line",
            "keywatch.model.secrets.redacted",
            "keywatch.model.identifiers.parse",
        ),
    ),
    Enters(
        "private event sources (`keywatch.sources.replayed`)",
        "whoever may put events on the default bus, if extra_event_sources names a source",
        "the same, with subjects of their own, and said in every alert; they never answer for the canary",
        ("keywatch.sources.replayed.as_replayed",),
    ),
    Enters(
        "answers of look-ups",
        "whoever names aliases, key stores and sessions",
        "names, states, times",
        ("keywatch.lookups.outcomes.outcome_of", "keywatch.model.text.one_line"),
    ),
    Enters(
        "requests by hand and of the page",
        "whoever may invoke the function",
        "fields that the action declares, each of its own type; the rest is refused",
        ("keywatch.actions.requests.is_region", "keywatch.page.widget.answer"),
    ),
    Enters(
        "items of the incident table",
        "KeyWatch itself, of any version",
        "what can be read; one that cannot costs only itself",
        ("keywatch.store.json_forms.load_diagnosis",),
    ),
)


@dataclass(frozen=True, slots=True)
class Leaves:
    """One form in which text goes out: what could act there, and what makes it harmless (dotted names)."""

    form: str
    could_act: str
    made_harmless_by: Sequence[str]


ESCAPE = "keywatch.alerts.escape"
LEAVES: Sequence[Leaves] = (
    Leaves(
        "e-mail, text message",
        "links that mail programs make of hosts and addresses, lines that look like a step or a heading",
        (f"{ESCAPE}.plain", f"{ESCAPE}.wrapped", f"{ESCAPE}.ascii_line"),
    ),
    Leaves(
        "e-mail as JSON",
        "links that mail programs make",
        ("keywatch.alerts.channels.email_json.render",),
    ),
    Leaves(
        "chat card",
        "mentions, links, emphasis, headings, lists, code",
        (f"{ESCAPE}.markdown", f"{ESCAPE}.code", f"{ESCAPE}.chat_command"),
    ),
    Leaves("page", "tags, attributes, entities, parameters of a click", (f"{ESCAPE}.html",)),
    Leaves(
        "document for machines",
        "line breaks and invisible characters; values are data and stay as they are",
        ("keywatch.model.text.cleaned",),
    ),
    Leaves(
        "event on a bus, and web hooks",
        "quotes and line breaks that would end a JSON text; mentions, links and markup in Slack",
        ("keywatch.alerts.channels.webhooks.render", "keywatch.alerts.webhooks.slack.body"),
    ),
    Leaves(
        "command that people paste",
        "options, files, other hosts, a second command: each value has the form of what it stands for, and is one quoted word",
        ("keywatch.catalogue.causes.fill", f"{ESCAPE}.command"),
    ),
    Leaves(
        "command line",
        "terminal control, links, markup",
        ("keywatch.model.text.visible", f"{ESCAPE}.harmless"),
    ),
    Leaves(
        "log of the function",
        "line breaks, terminal control: each entry is one JSON object, which has neither",
        ("aws_lambda_powertools.Logger",),
    ),
)


def security_page() -> str:
    """Return the page with its made parts as they are now."""
    return with_parts(PAGE, PARTS)


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _permissions() -> str:
    rows = (
        (
            _HOLDERS[grant.holder],
            f"{'not ' if grant.denies else ''}`{call}`",
            grant.scope,
            grant.caller.value,
            why,
        )
        for grant in GRANTS.values()
        for call, why in grant.calls.items()
    )
    return _table(("role of", "may call", "on", "called by", "why"), rows)


def _let_in() -> str:
    rows = (
        (
            f"`{row.service}`",
            f"`{row.call}`",
            row.to,
            f"{row.only}{''.join(f' (`{key}`)' for key in row.keys)}",
            row.why,
        )
        for row in LET_IN
    )
    return _table(("service", "may call", "on", "only for", "why"), rows)


def _rests() -> str:
    rows = ((row.place, row.what, row.how_long, row.protected) for row in RESTS)
    return _table(("place", "what", "how long", "protected by"), rows)


def _enters() -> str:
    rows = ((row.door, row.chosen_by, row.kept, _named(row.cleaned_by)) for row in ENTERS)
    return _table(("door", "who chooses the text", "what is kept", "cleaned by"), rows)


def _leaves() -> str:
    rows = ((row.form, row.could_act, _named(row.made_harmless_by)) for row in LEAVES)
    return _table(("form", "what could act there", "made harmless by"), rows)


def _named(functions: Sequence[str]) -> str:
    return ", ".join(f"`{name.removeprefix('keywatch.')}`" for name in functions)


PARTS: Mapping[str, Callable[[], str]] = {
    "permissions": _permissions,
    "let in": _let_in,
    "rests": _rests,
    "enters": _enters,
    "leaves": _leaves,
}
