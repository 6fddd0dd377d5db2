"""What people get, as it is sent: whatever was wrapped or cut on the way, nothing from outside is a link on any line."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keywatch.alerts import escape
from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.alerts.builder import build_document
from keywatch.alerts.publish import Publisher
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.levels import Confidence
from tests.support.examples import examples
from tests.unit.alerts.factory import REGION, STATUSES
from tests.unit.alerts.test_untrusted import NOW

ADDRESSES = (
    "www.evil.example",
    "WWW.evil.example",
    "https://evil.example/a?b=c",
    "http://evil.example",
    "ftp://evil.example",
    "slack://evil.example",
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
    "https://docs.aws.amazon.com.evil.example/",
    "xhttps://docs.aws.amazon.com/",
)
# A run of letters in front moves the address over the end of a line, a column at a time; signs in front and behind are
# taken for a word's end, or its middle.
BEFORE = st.builds(
    lambda blanks, run, sign: f"{'x ' * blanks}{'a' * run}{sign}",
    st.integers(0, 40),
    st.integers(0, 170),
    st.sampled_from(("", "_", "é", "漢", "-", ".", "(", "www.", "https:", "/")),
)
address = st.builds(
    lambda before, there, after: f"{before}{there}{after}",
    BEFORE,
    st.sampled_from(ADDRESSES),
    st.sampled_from(("", "_", "é", "/" + "b" * 90, " and more")),
)
# What one program of a reader takes for a link: an address with a scheme, or one that begins with "www.".
LINK = re.compile(r"(?i)[a-z][a-z0-9+.-]*://\S*|www\.\S+")
OURS = re.compile(r"[^:]*https://(?:docs|health)\.aws\.amazon\.com/")
CHAT = f"arn:aws:sns:{REGION}:111122223333:chat"


class Sns:
    """An SNS client that keeps what is published."""

    def __init__(self):
        self.requests = []

    def publish(self, **request):
        self.requests.append(request)
        return {"MessageId": "1"}


def texts(value):
    """Every string in a JSON value."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in texts(part)]


def sent(alert: Alert) -> list[str]:
    """Every line that people get of an alert: the Subject, the bodies, the card."""
    sns = Sns()
    Publisher(lambda _: sns, CHAT.replace("chat", "alerts"), {"chat": CHAT}).publish(alert)
    shared, card = sns.requests
    bodies = json.loads(shared["Message"])
    shown = [shared["Subject"], bodies["default"], bodies["email"], bodies["sms"]]
    shown += texts(json.loads(card["Message"])["content"])
    return [line for text in shown for line in text.splitlines()]


def links(lines: list[str], own: set[str]) -> list[str]:
    """What a program of a reader would make a link, and neither KeyWatch nor AWS wrote."""
    found = [link for line in lines for link in LINK.findall(line)]
    return [link for link in found if link not in own and not OURS.match(link)]


def alert_of(bad: list[str], *, status: str = "opened") -> Alert:
    """An alert in which everything that comes from outside is one of ``bad``, in turn."""
    names = tuple((name, 2) for name in bad)
    return Alert(
        status=status,
        incident_id=bad[0],
        subject=SubjectView(bad[1], None, bad[2], None, bad[3], bad[4]),
        diagnosis=Diagnosis(
            "unclassified",
            Confidence.POSSIBLE,
            (Reason("error text", bad[0]), Reason(bad[1], bad[2])),
            (Remedy(bad[3], None),),
            (bad[4],),
            {},
        ),
        impact=Impact(3, NOW, NOW, names, names, names, names),
        changes=(ChangeFact(bad[1], bad[2], NOW, "event"),),
        notes=(bad[3],),
    )


@examples(80)
@given(st.lists(address, min_size=5, max_size=5), st.sampled_from(STATUSES))
# Found in the e-mail: the wrap put the address at the start of a line.
@example(["a" * 100 + "www.evil.example"] * 5, "opened")
# Found in the e-mail: the wrap cut an address of AWS within its host.
@example(["a" * 50 + "https://docs.aws.amazon.com/"] * 5, "opened")
# Found in the Subject: what is no ASCII became "?", which ends a word.
@example(["漢www.evil.example"] * 5, "opened")
def test_nothing_from_outside_is_a_link_on_any_line_that_is_sent(bad, status):
    alert = alert_of(bad, status=status)
    assert links(sent(alert), set(build_document(alert)["links"].values())) == []


@examples(150)
@given(address, st.integers(20, 100))
def test_wrapped_text_is_narrow_loses_no_letter_and_stays_as_it_is(text, width):
    # WHEN text is wrapped
    wrapped = escape.wrapped(text, width, "- ")
    # THEN no line is too wide or has a link
    assert max(map(len, wrapped.splitlines())) <= width
    assert links(wrapped.splitlines(), set()) == []
    # AND all is there, in its order
    letters = re.sub(r"[\s\[\]]", "", wrapped.removeprefix("-"))
    assert letters == re.sub(r"[\s\[\]]", "", escape.plain(text))


@pytest.mark.parametrize("limit", range(8, 60))
def test_a_cut_makes_no_link(limit):
    text = f"see https://docs.aws.amazon.com/kms and {'a' * 9}www.evil.example"
    for cut in (escape.plain(text, limit), escape.ascii_line(text, limit)):
        assert len(cut) <= limit
        assert links([cut], set()) == []
