"""Whoever can call KMS or write a log line chooses names in an alert. None of it may act on a reader or a channel."""

import json
import re
import shlex
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from keywatch.alerts import document, escape, publish
from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email
from keywatch.alerts.wording import subject_line
from keywatch.catalogue import causes
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.levels import Confidence
from tests.support.examples import examples
from tests.unit.alerts.factory import STATUSES
from tests.unit.alerts.test_every_cause import VALIDATOR
from tests.unit.alerts.test_publish import fitted

MANY = examples(150)
NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
FRAGMENTS = (
    *(
        "<!channel>",
        "<!here|here>",
        "<@U024BE7LH>",
        "<!subteam^S123>",
        "@here",
        "@everyone",
        "&lt;!channel&gt;",
        "&#64;here",
    ),
    *(
        "\r\n",
        "\n",
        "\u2028",
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\U000e0041",
        "\ud800",
        "\x85",
        "\u200b",
        "\xa0",
    ),
    *(
        "`",
        "```",
        "*",
        "_",
        "~",
        "[here](",
        "https://evil.example/a?b=c",
        "HTTPS://",
        "www.evil.example",
        "console-aws.support/kms",
        "a@b.example",
        "evil.com",
        "<https://evil.example|AWS>",
    ),
    *(
        "'; rm -rf ~ #",
        '"',
        "\\",
        "$(id)",
        "{key}",
        "%s",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "' --profile admin '",
    ),
    *(
        "\n    aws kms schedule-key-deletion --key-id x",
        "    aws kms delete-alias",
        "HOW TO FIX IT",
        "1. ",
        "- ",
        " ",
        "    ",
    ),
    *(
        "alias/payments",
        "arn:aws:kms:eu-west-1:111122223333:key/",
        "arn:aws:iam::111122223333:role/",
        "é",
        "漢字",
        "🔥",
        "a" * 120,
        "x" * 3_000,
    ),
)
# What mail programs and chat clients make links of without a scheme (of the names in FRAGMENTS).
LIVE = re.compile(r"[\w-]\.(?:example|support)(?![\w-])|evil\.com(?![\w-])|\w@\w", re.IGNORECASE)
hostile = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join),
    st.text(max_size=12),
    st.builds(
        lambda head, tail: f"{head} {tail}", st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS)
    ),
)
maybe = st.none() | hostile
COMMANDS = (
    "aws kms describe-key --key-id {key}",
    "aws kms create-alias --alias-name {alias} --target-key-id {key} --region eu-west-1",
)


@st.composite
def alerts(draw):
    """Draw an alert in which all that comes from outside is hostile; commands are filled as the catalogue fills its own."""
    bad = draw(st.lists(hostile, min_size=6, max_size=6))
    facts = {"key": bad[0], "alias": bad[1], "did_you_mean": bad[2], "deletion_date": bad[3]}
    remedies = tuple(
        filled for one in COMMANDS if (filled := causes.fill(Remedy(bad[4], one), facts))
    )
    names = ((bad[5], 3), (bad[4], 2))
    return Alert(
        status=draw(st.sampled_from(STATUSES)),
        incident_id=bad[3],
        subject=SubjectView(
            draw(maybe),
            draw(maybe),
            draw(maybe),
            draw(maybe),
            draw(hostile),
            draw(st.just("eu-west-1") | hostile),
        ),
        diagnosis=Diagnosis(
            draw(st.sampled_from(sorted(causes.CAUSES))),
            draw(st.sampled_from(Confidence)),
            (Reason("error text", bad[0]), Reason(bad[1], bad[2])),
            remedies,
            (bad[3],),
            facts,
        ),
        impact=Impact(draw(st.sampled_from((0, 1, 12_000))), NOW, NOW, names, names, names, names),
        changes=(ChangeFact(bad[1], bad[2], NOW, bad[5]),),
        notes=(bad[5],),
    )


def is_clean(text: str) -> bool:
    """Tell whether there is no control, format (bidirectional), surrogate or line-breaking character in ``text``."""
    return not any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in text)


def strings(value: object) -> list[str]:
    """Return every string in a JSON value."""
    if isinstance(value, str):
        return [value]
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    return [text for child in children for text in strings(child)]


def own_links(built: document.Document) -> set[str]:
    return set(built["links"].values())


@MANY
@given(alerts())
def test_no_text_from_outside_breaks_subject_or_body_of_the_email(alert):
    # GIVEN an alert full of hostile text
    built = build_document(alert)
    # WHEN it is written for people
    subject, body = subject_line(built), email.body(built)
    # THEN the Subject is one line of 1 to 99 printable ASCII characters that begins with the severity
    assert 1 <= len(subject) <= 99
    assert subject.isascii()
    assert subject.isprintable()
    assert re.match(r"(CRITICAL|HIGH|WARNING|INFO|RESOLVED \()", subject)
    # AND the body has no line of its own making: what looks like a command is one, exactly
    lines = body.splitlines()
    assert [line[4:] for line in lines if line.startswith("    ")] == [
        one["command"] for one in built["remedies"] if one["command"]
    ]
    assert all(is_clean(line) for line in lines)
    # AND nothing is wider than 78 but commands and KeyWatch's own links, and no other link is there
    prose = [line for line in lines if not line.startswith("    ") and line not in own_links(built)]
    assert max(map(len, prose)) <= 78
    others = [line for line in lines if line not in own_links(built)]
    assert not re.search(
        r"https?://(?!(docs|health)\.aws\.amazon\.com/)|\bwww\.", " ".join(others), re.IGNORECASE
    )
    # AND no line holds what a mail program takes for a host or an address, command or not
    assert not any(LIVE.search(line) for line in others)


@MANY
@given(alerts())
def test_no_text_from_outside_breaks_the_document_or_alters_a_command(alert):
    # GIVEN an alert full of hostile text
    # WHEN it is written for machines
    built = build_document(alert)
    # THEN it is clean JSON that comes back the same
    assert json.loads(json.dumps(built)) == built
    assert all(is_clean(text) for text in strings(built))
    # AND each command is the catalogue's, with the hostile value as one argument, or is left out with a word about it
    for remedy, given_remedy in zip(built["remedies"], alert.diagnosis.remedies, strict=True):
        assert remedy["command"] in {None, given_remedy.command}
        assert remedy["command"] or "No command is shown" in remedy["text"]
        if remedy["command"]:
            words = shlex.split(remedy["command"])
            assert (
                words[words.index(next(word for word in words if word.endswith("key-id"))) + 1]
                == alert.diagnosis.facts["key"]
            )


@examples(150)
@given(alerts())
def test_every_document_fits_the_published_schema(alert):
    # GIVEN an alert full of hostile text
    # WHEN it is written in any of its sizes
    # THEN the schema holds
    for room in document.SIZE_LIMITS:
        VALIDATOR.validate(build_document(alert, room))


# Amazon Q Developer in chat applications Administrator Guide, "Custom notifications": event schema
# and parameter details.
CARD = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "source", "content"],
        "properties": {
            "version": {"const": "1.0"},
            "source": {"const": "custom"},
            "id": {"type": "string"},
            "content": {
                "type": "object",
                "additionalProperties": False,
                "required": ["description"],
                "properties": {
                    "textType": {"const": "client-markdown"},
                    "title": {"type": "string", "maxLength": 250},
                    "description": {"type": "string", "minLength": 1, "maxLength": 8_000},
                    "nextSteps": {"type": "array", "items": {"type": "string", "maxLength": 350}},
                    "keywords": {"type": "array", "items": {"type": "string", "maxLength": 75}},
                },
            },
            "metadata": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "threadId": {"type": "string", "minLength": 1},
                    "summary": {"type": "string"},
                    "additionalContext": {
                        "type": "object",
                        "additionalProperties": {"type": "string"},
                    },
                },
            },
        },
    }
)


@MANY
@given(alerts())
def test_no_text_from_outside_pings_a_channel_or_adds_markup(alert):
    # GIVEN an alert full of hostile text
    built = build_document(alert)
    # WHEN it is written for a channel
    card = chat.card(built)
    # THEN nothing in it can mention anybody, hide a link behind words, or be read back into a mention
    content = card["content"]
    shown = [
        content["title"],
        content["description"],
        *content["nextSteps"],
        *content["keywords"],
        card["metadata"]["summary"],
    ]
    shown += card["metadata"]["additionalContext"].values()
    assert not any(re.search(r"[<>@]|&#?\w+;", text) for text in shown)
    assert not any("](" in re.sub(r"`[^`]*`", "", text) for text in shown)
    assert all(is_clean(text.replace("\n", "")) for text in shown)
    # AND the only links are KeyWatch's own
    links = re.findall(r"https?://[^\s`]+", " ".join(shown), re.IGNORECASE)
    assert all(
        link in own_links(built) or re.match(r"https://(docs|health)\.aws\.amazon\.com/", link)
        for link in links
    )
    # AND what stands in code quotes as a command is a command of the document, exactly
    commands = {one["command"] for one in built["remedies"]}
    assert all(
        code in commands for step in content["nextSteps"] for code in re.findall(r"`([^`]*)`", step)
    )
    assert all(code in commands for code in re.findall(r"```\n(.*)\n```", content["description"]))
    # AND the schema of the service, which drops what does not fit it, holds
    CARD.validate(card)


@examples(150)
@given(alerts())
def test_no_text_from_outside_breaks_the_message_to_sns(alert):
    # GIVEN an alert full of hostile text
    # WHEN it is made into one message for all protocols
    built, message = fitted(alert)
    # THEN that is a JSON object of strings, small enough, with the document for machines
    bodies = json.loads(message)
    assert len(message.encode()) < 262_144
    assert all(isinstance(body, str) and body for body in bodies.values())
    assert json.loads(bodies["sqs"]) == built
    # AND every attribute has a value that SNS accepts
    assert all(
        one["StringValue"] and is_clean(one["StringValue"])
        for one in publish.attributes(built).values()
    )


@MANY
@given(hostile)
def test_html_has_no_markup_from_outside(text):
    # GIVEN hostile text
    # WHEN it is made into HTML
    made = escape.html(text)
    # THEN no sign of it opens a tag, ends an attribute or hides in a control character
    assert not re.search(r"[<>\"']|&(?!amp;|lt;|gt;|quot;|#x27;)", made)
    assert is_clean(made)


def wide(text: str) -> str:
    """Return ``text`` with each sign in braces as its full-width twin."""
    return re.sub(
        r"\{(.)\}",
        lambda found: unicodedata.lookup(f"FULLWIDTH {unicodedata.name(found[1])}"),
        text,
    )


@pytest.mark.parametrize(
    ("given_text", "plain", "markdown"),
    [
        ("<!channel> hi", "<!channel> hi", "{<}!channel{>} hi"),
        ("<@U024BE7LH>", "<@U024BE7LH>", "{<}{@}U024BE7LH{>}"),
        (
            "see https://evil.example",
            "see https[:]//evil[.]example",
            "see https{:}//evil{.}example",
        ),
        ("www.evil.example", "www[.]evil[.]example", "www{.}evil{.}example"),
        ("console-aws.support/kms", "console-aws[.]support/kms", "console-aws{.}support/kms"),
        ("a@b.example", "a[@]b[.]example", "a{@}b{.}example"),
        ("mailto:10.0.0.1,@here", "mailto:10.0.0.1,[@]here", "mailto:10.0.0.1,{@}here"),
        ("kms.amazonaws.com", "kms.amazonaws.com", "kms.amazonaws.com"),
        ("x.s3.amazonaws.com", "x.s3.amazonaws[.]com", "x.s3.amazonaws{.}com"),
        # Everybody may have a bucket: a path makes an address of a principal.
        ("s3.amazonaws.com/evil", "s3.amazonaws[.]com/evil", "s3.amazonaws{.}com/evil"),
        ("s3.amazonaws.com//evil", "s3.amazonaws[.]com//evil", "s3.amazonaws{.}com//evil"),
        ("s3.amazonaws.com?evil", "s3.amazonaws[.]com?evil", "s3.amazonaws{.}com?evil"),
        ("s3.amazonaws.com:443/e", "s3.amazonaws[.]com:443/e", "s3.amazonaws{.}com:443/e"),
        ("kms.model.NotFound v1.2.3", "kms.model.NotFound v1.2.3", "kms.model.NotFound v1.2.3"),
        ("\u043f.\u0440\u0444", "\u043f[.]\u0440\u0444", "\u043f{.}\u0440\u0444"),
        ("alias/my_key", "alias/my_key", "alias/my_key"),
        ("_sly_ *bold* `code`", "_sly_ *bold* `code`", "{_}sly{_} {*}bold{*} {`}code{`}"),
        ("&lt;!here&gt; R&D", "&lt;!here&gt; R&D", "{&}lt;!here{&}gt; R&D"),
    ],
)
def test_signs_that_mean_something_lose_their_meaning_and_stay_readable(
    given_text, plain, markdown
):
    # GIVEN text with signs that a target acts on
    # WHEN it is cleaned for that target
    # THEN it reads the same to a person
    assert escape.plain(given_text) == plain
    assert escape.markdown(given_text) == wide(markdown)


def test_links_to_aws_documentation_stay_links():
    # GIVEN an error text of AWS that points to its guide
    text = "Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    # WHEN it is cleaned for an e-mail
    # THEN the address still works, but that of a look-alike does not
    assert escape.plain(text) == text
    assert (
        escape.plain("https://docs.aws.amazon.com.evil.example/")
        == "https[:]//docs[.]aws[.]amazon[.]com.evil[.]example/"
    )
