"""The custom widget: what CloudWatch asks is answered from the incident table alone, with what was announced."""

import json
import re
from dataclasses import dataclass

import page_handler
import pytest
from aws_lambda_powertools import Metrics

import handler as entry
from keywatch.page import widget
from keywatch.page.view import view_of
from keywatch.runtime import Runtime
from keywatch.store.json_forms import dump_diagnosis, load_diagnosis
from tests.support.incidents import ENDPOINT, detail_page, incident
from tests.support.world import REGION, START, alias_missing, aws_error, changed, disabled, world
from tests.unit.alerts.factory import SCENES, alert


@dataclass
class Context:
    invoked_function_arn: str = ENDPOINT


@pytest.fixture
def on():
    with world() as fresh:
        yield fresh


def ask(on, **parameters):
    return widget.answer(
        {"widgetContext": {"theme": "dark", "width": 1200}, **parameters}, Context(), on.services
    )


def calls(html):
    """Return the parameters of everything that can be clicked."""
    return [json.loads(text) for text in re.findall(r"<cwdb-action[^>]*>(.*?)</cwdb-action>", html)]


def broken_alias(on):
    """Let an alias be misspelt, so that an incident is open and announced."""
    on.kms.add()
    on.kms.alias_targets["alias/payments"] = next(iter(on.kms.keys))
    on.wait(minutes=10)
    on.take(alias_missing("alias/paymnets", at=on.now))
    on.wire.calls.clear()


def test_nothing_open_says_so(on):
    assert "No key is known to be broken" in ask(on)


def test_an_open_incident_is_listed_with_its_hint_and_leads_to_itself(on):
    # GIVEN an alias that was misspelt and alerted
    broken_alias(on)
    # WHEN the dashboard asks
    html = ask(on)
    # THEN the row has cause, key and the alias that was meant
    for text in (
        "Alias not found",
        "alias/paymnets",
        "Did you mean alias/payments?",
        "role/payments-app",
        "1 incident<",
    ):
        assert text in html
    # AND what can be clicked asks the same function for this incident
    assert f'endpoint="{ENDPOINT}"' in html
    (wanted,) = (one for one in calls(html) if one)
    assert "Did you mean alias/payments?" in ask(on, **wanted)


def test_the_page_shows_what_was_announced_without_a_look_up(on):
    # GIVEN an alert
    broken_alias(on)
    (document,) = on.inbox()
    # WHEN somebody looks at the incident
    html = ask(on, incident=f"alias|{document['subject']['account']}|{REGION}|alias/paymnets")
    # THEN it has the alert's reasons and commands word for word
    assert document["incident_id"] in html
    for remedy in document["remedies"]:
        assert (remedy["command"] or "").replace("'", "&#x27;") in html
    # AND one query of the table was all it took
    assert on.wire.calls == [("dynamodb", "query")]


def test_who_changed_the_key_is_shown(on):
    # GIVEN a key that alice disabled, and a call that failed of it
    on.kms.add(state="Disabled")
    on.take(changed("DisableKey"), disabled())
    (wanted,) = (one for one in calls(ask(on)) if one)
    # THEN her change is on the page
    html = ask(on, **wanted)
    assert "DisableKey by user/alice" in html.replace(
        f"arn:aws:iam::{on.services.settings.account}:", ""
    )


def test_an_incident_that_is_held_is_shown_as_held(on):
    # GIVEN an alias created a moment ago that is not visible yet
    on.kms.add()
    on.take(
        changed("CreateAlias", alias="alias/fresh", at=START),
        alias_missing("alias/fresh", at=START),
    )
    # WHEN somebody looks
    html = ask(on)
    # THEN it is there, marked as held, and its page says why nobody was alerted
    assert '<span class="tag still">held</span>' in html
    (wanted,) = (one for one in calls(html) if one)
    assert "Held:" in ask(on, **wanted)
    assert "Nothing has been looked up yet" in ask(on, **wanted)


@pytest.mark.parametrize(
    "subject",
    [
        "key|1|2",
        "no subject at all",
        f"key|111122223333|{REGION}|gone",
        "|||",
        "\n",
        "x" * 3000 + "|a|b|c",
    ],
)
def test_an_incident_that_is_over_or_never_was(on, subject):
    assert "This incident is not open" in ask(on, incident=subject)


@pytest.mark.parametrize(
    "parameters", [{"incident": 7}, {"incident": None}, {"incident": []}, {"unknown": "x"}]
)
def test_other_parameters_give_the_list(on, parameters):
    assert "No key is known to be broken" in ask(on, **parameters)


@pytest.mark.parametrize(
    "context", [None, [], "dark", {}, {"theme": 1, "width": "wide"}, {"theme": '"><script>'}]
)
def test_a_context_of_another_shape_gives_the_light_page(on, context):
    html = widget.answer({"widgetContext": context}, None, on.services)
    assert '<div class="kw light">' in html
    assert "<script" not in html


def test_a_table_that_does_not_answer_is_said_on_the_page(on):
    # GIVEN DynamoDB is down
    def down(service, operation):
        raise aws_error("InternalServerError", operation=operation)

    on.wire.before = down
    # WHEN THEN the page says so, and no stack trace
    assert "The incident table does not answer" in ask(on)
    assert "The incident table does not answer" in ask(on, incident="key|1|2|3")


def test_documentation_is_markdown_with_parameters(on):
    documentation = ask(on, describe=True)
    assert documentation.startswith("## KeyWatch incidents")
    assert "### Widget parameters" in documentation
    assert "### Example parameters" in documentation


@pytest.mark.parametrize("event", [{"widgetContext": {}, "action": "check"}, {"describe": True}])
def test_the_page_has_a_function_of_its_own(on, monkeypatch, event):
    # GIVEN a warm container of the page's function
    runtime = Runtime(on.services, Metrics(namespace="KeyWatch", service="keywatch"))
    monkeypatch.setattr(page_handler, "_runtime", lambda: runtime)
    # WHEN CloudWatch calls
    answer = page_handler.handler(event, Context())
    # THEN the page answers, as text
    assert isinstance(answer, str)
    assert answer != page_handler.NO_PAGE
    # AND the function that watches takes it for no request of its own
    assert entry.handler(event | {"action": None})["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    "event",
    [
        {"Records": [{"messageId": "1", "body": json.dumps(disabled())}]},
        disabled(),
        {"action": "sweep", "notify": True},
        {"canary": "hour"},
        {"clock": "minute"},
        {"awslogs": {"data": ""}},
        [],
        None,
        "x",
    ],
)
def test_the_function_of_the_page_does_nothing_else(event, monkeypatch):
    # GIVEN somebody who may look at the dashboard, and sends its function what the other would act on
    def used():
        raise AssertionError("nothing needs to be made for this")

    monkeypatch.setattr(page_handler, "_runtime", used)
    # WHEN THEN it says what it is for
    assert page_handler.handler(event, Context()) == page_handler.NO_PAGE


def test_the_function_of_the_page_needs_to_know_the_table_only(monkeypatch):
    # GIVEN its environment
    for name, value in {"INCIDENT_TABLE": "incidents", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    # WHEN THEN it starts
    page_handler._runtime.cache_clear()
    assert page_handler._runtime().services.settings.table == "incidents"
    page_handler._runtime.cache_clear()


def test_a_group_is_one_paragraph_and_does_not_hide_what_breaks_alone(on):
    # GIVEN a wave of one caller, a key that is broken for the same caller, and a group's id
    on.kms.add(state="Disabled")
    on.take(disabled(at=on.now), *(alias_missing(f"alias/gone-{n}", at=on.now) for n in range(300)))
    digest = next(alert for alert in on.inbox() if alert["status"] == "group")
    # WHEN the dashboard asks
    html = ask(on)
    # THEN the wave is one paragraph: how many, of whom, and how to list them
    assert f"{digest['group']['size']} break together" in html
    assert "role/payments-app" in html
    assert digest["group"]["id"] in html
    # AND those that alerted by themselves, and they alone, have a row
    rows = [call["incident"] for call in calls(html) if "incident" in call]
    assert sum("alias/gone-" in row for row in rows) == 5
    assert sum(row.startswith("key|") for row in rows) == 1


def test_a_wave_of_names_from_outside_brings_no_markup_to_the_page(on):
    evil = "<img src=x onerror=alert(1)>"
    on.take(*(alias_missing(f"alias/{evil}-{n}", at=on.now) for n in range(20)))
    assert "<img" not in ask(on)


def test_the_list_is_bounded(on):
    # GIVEN more incidents than asked for
    for number in range(5):
        on.take(alias_missing(f"alias/nowhere-{number}", at=START))
    # WHEN THEN no more are read, and none twice
    assert len({one.id for one in on.services.incidents.going_on(3)}) == 3
    assert len({one.id for one in on.services.incidents.going_on(50)}) == 5


@pytest.mark.parametrize("cause", SCENES)
def test_what_was_announced_survives_the_table(cause):
    # GIVEN a diagnosis of each cause
    diagnosis = alert(cause).diagnosis
    # WHEN THEN it comes back from JSON as it was
    assert load_diagnosis(dump_diagnosis(diagnosis)) == diagnosis


@pytest.mark.parametrize("last_diagnosis", ["", "{", "[]", '{"cause":"key_disabled"}', "null"])
def test_that_a_diagnosis_could_not_be_read_is_counted(last_diagnosis):
    # GIVEN an incident whose stored diagnosis cannot be read
    counted = []
    one = incident("key_disabled", last_diagnosis=last_diagnosis)
    # WHEN it is shown
    view_of(one, (), START, count=counted.append)
    # THEN that is counted, where there was something to read
    assert counted == (["DiagnosesUnreadable"] if last_diagnosis else [])


@pytest.mark.parametrize("last_diagnosis", ["", "{", "[]", '{"cause":"key_disabled"}', "null"])
def test_a_diagnosis_of_another_version_is_made_anew(last_diagnosis):
    # GIVEN an incident whose stored diagnosis cannot be read
    html = detail_page(incident("key_disabled", last_diagnosis=last_diagnosis))
    # THEN the page shows what AWS said
    assert "Key disabled" in html
