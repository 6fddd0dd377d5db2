"""The recipes of CONTRIBUTING.md, carried out: what each adds, and the test that proves that it is there.

Nothing here is AWS's: a text, a code and a cause that nobody wrote yet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

from tests.recipes.copy_of_tree import Copy

CATALOGUE, PACKAGE = "lambda_src/keywatch/catalogue", "lambda_src/keywatch"
QUARANTINED = "The KMS key is quarantined."


@dataclass(frozen=True)
class Recipe:
    """``thing`` as ``LIMITS`` names it, how it is added to a tree, and the source of its test."""

    thing: str
    add: Callable[[Copy], None]
    test: str

    @property
    def file(self) -> str:
        """Return where its test lies in the copy."""
        return f"tests/unit/test_{self.thing.replace(' ', '_').replace('-', '_').replace(chr(39), '')}.py"


def _text(tree: Copy) -> None:
    row = 'unfiltered="nobody writes it yet", quarantined="the kms key is quarantined"'
    tree.after(
        f"{CATALOGUE}/texts.py", "_STATES = (", f'    *_says("key_disabled", CERTAIN, {row}),'
    )


TEXT = Recipe(
    "an error text",
    _text,
    f"""
    from handler import handler

    def test_the_text_is_understood():
        said = "KMSInvalidStateException: {QUARANTINED}"
        (finding,) = handler({{"action": "explain", "text": said}})["findings"]
        assert (finding["cause"], finding["confidence"]) == ("key_disabled", "certain")
    """,
)


def _code(tree: Copy) -> None:
    row = '    ErrorCode("Client.GoneKMSKey", _KEY_MISSING, "ec2"),'
    tree.after(f"{CATALOGUE}/codes.py", "_SERVICE_CODES = (", row)


CODE = Recipe(
    "a service's code",
    _code,
    """
    from infra import event_patterns, log_filter
    from keywatch.parsing.classify import read_error
    from tests.delivered import grammar

    def test_the_reader_the_rule_and_the_log_filter_know_the_code():
        assert read_error("Client.GoneKMSKey", None, service="ec2.amazonaws.com").cause == "key_not_found"
        assert "Client.GoneKMSKey" in event_patterns.services("arn:role")["detail"]["errorCode"]
        assert grammar.parse(log_filter.PATTERN).matches("Client.GoneKMSKey: no words")
    """,
)

_CAUSE_RECORD = """
    Cause(
        id="alias_in_other_case",
        title="Alias written in another case",
        severity=Severity.HIGH,
        meaning="An alias of this name exists, in other capital and small letters.",
        remedies=(Remedy("Write the name as the alias has it.", LIST_ALIASES),),
        doc=GUIDE + "kms-alias.html",
        lookups=WHERE_IS_IT,
        says_absent=True,
        has_key_page=False,
    ),"""
_HYPOTHESIS = '''
def other_case(case: Case) -> Explanation | None:
    """Find an alias that differs in its capital and small letters only."""
    wanted = (case.alias or "").lower()
    near = next((name for name in case.evidence.aliases if name.lower() == wanted), None)
    if near is None or near == case.alias or not case.is_absent_here():
        return None
    because = (Reason("ListAliases", f"{near} exists."),)
    return Explanation("alias_in_other_case", CERTAIN, because, facts={"did_you_mean": near})


'''
_SCENE = """
    "alias_in_other_case": Scene(
        "NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:alias/Payments is not found.",
        identifier="alias/Payments",
        key_arn=None,
        alias="alias/Payments",
    ),"""


def _cause(tree: Copy) -> None:
    tree.after(f"{CATALOGUE}/causes/missing.py", "NOT_FOUND = (", _CAUSE_RECORD.strip("\n"))
    family = f"{PACKAGE}/diagnosis/hypotheses/missing.py"
    tree.replace(family, "def misspelt_alias(", f"{_HYPOTHESIS.lstrip()}def misspelt_alias(")
    tree.replace(
        family, "NEVER_THERE = (misspelt_alias,", "NEVER_THERE = (other_case, misspelt_alias,"
    )
    tree.after("tests/unit/alerts/factory.py", "SCENES = {", _SCENE.strip("\n"))
    case = '    "alias_in_other_case": (no_alias("alias/ORDERS"), {"aliases": ("alias/orders",)}),'
    tree.after("tests/unit/diagnosis/test_diagnosis.py", "REALISTIC = {", case)
    catalogue = "tests/unit/catalogue/test_causes.py"
    tree.after(catalogue, "IDS = (", '    "alias_in_other_case",')
    tree.replace(catalogue, "BY_LOOKUP_ONLY = {", 'BY_LOOKUP_ONLY = {"alias_in_other_case", ')


CAUSE = Recipe(
    "a cause",
    _cause,
    """
    from keywatch.diagnosis.diagnose import diagnose
    from tests.unit.cases import NOW, ScriptedLookups, SCOPE, alias, no_alias
    from keywatch.lookups.plan import investigate

    def test_the_cause_is_diagnosed():
        failure, aws = no_alias("alias/ORDERS"), ScriptedLookups(listed=(alias("alias/orders"),))
        evidence = investigate(failure, aws, SCOPE, (), lambda subject: ())
        found = diagnose(failure, evidence, NOW)
        assert (found.cause, found.facts["did_you_mean"]) == ("alias_in_other_case", "alias/orders")
    """,
)

_CHANNEL = '''
"""One line for a pager."""

from keywatch.alerts.channel import Channel, send_to_topic
from keywatch.alerts.wording import subject_line

CHANNEL = Channel(name="pager", render=subject_line, send=send_to_topic)
'''
_PAGER = """
    pager_topic_arn: str | None = _setting(
        v.optional(v.topic_arn),
        "the ARN of an SNS topic",
        "the topic that a pager listens to",
        default=None,
        channel="pager",
    )"""


def _channel(tree: Copy) -> None:
    tree.write(f"{PACKAGE}/alerts/channels/pager.py", _CHANNEL.lstrip())
    _setting(tree, _PAGER, '"pager_topic_arn": "arn:aws:sns:eu-west-1:111122223333:pager"')


def _setting(tree: Copy, field: str, example: str) -> None:
    """Add a setting to the stack, and to the settings that tests deploy."""
    last = "    extra_event_sources: tuple[str, ...]"
    tree.replace("infra/settings.py", last, f"{field.lstrip(chr(10))}\n{last}")
    tree.after(
        "tests/infra/synthesis.py", "EVERYTHING_ON: dict[str, object] = {", f"    {example},"
    )


CHANNEL = Recipe(
    "a channel",
    _channel,
    """
    from keywatch.alerts.publish import Publisher
    from keywatch.settings import Settings
    from tests.infra.synthesis import EVERYTHING_ON, resolved, resources, template
    from tests.unit.alerts.factory import alert

    ARN = "arn:aws:sns:eu-west-1:111122223333:pager"

    class Sns:
        def __init__(self):
            self.sent = {}

        def publish(self, **message):
            self.sent[message["TopicArn"]] = message["Message"]
            return {"MessageId": "1"}

    def test_the_stack_lets_the_function_publish_and_the_function_does():
        stack = template(EVERYTHING_ON)
        (told,) = [
            function["Environment"]["Variables"]
            for function in resources(stack, "AWS::Lambda::Function").values()
            if "PAGER_TOPIC_ARN" in function.get("Environment", {}).get("Variables", {})
        ]
        policies = resolved(list(resources(stack, "AWS::IAM::Policy").values()))
        assert any(
            statement["Action"] == "sns:Publish" and ARN in statement["Resource"]
            for policy in policies
            for statement in policy["PolicyDocument"]["Statement"]
        )
        told = {"AWS_REGION": "eu-west-1", **resolved(told)}
        sns, targets = Sns(), Settings.from_environment(told).channel_targets
        Publisher(lambda _: sns, "arn:alerts", targets).publish(alert("key_disabled", "opened"))
        assert sns.sent[ARN].startswith("KeyWatch") or "disabled" in sns.sent[ARN]
    """,
)

_ACTION = '''
"""``where`` asks in which account and Regions this deployment looks."""

from collections.abc import Iterable

from keywatch.actions.action import YES, Action, Answer, Invocation, Fields
from keywatch.actions.display import Shown, line


def _run(_fields: Fields, invocation: Invocation) -> Answer:
    settings = invocation.services.settings
    return {"schema": "keywatch.where/1", "account": settings.account, "region": settings.region}


def _show(answer: Answer) -> Iterable[Shown]:
    yield line(f"{answer['account']} {answer['region']}")


ACTION = Action(
    name="where",
    question="Where does this deployment look?",
    example="where",
    request={},
    run=_run,
    exit_code=lambda _answer: YES,
    show=_show,
)
'''


def _action(tree: Copy) -> None:
    tree.write(f"{PACKAGE}/actions/where.py", _ACTION.lstrip())
    row = '    "where": "keywatch.actions.where",'
    tree.after(f"{PACKAGE}/actions/registry.py", "MODULES = {", row)


ACTION = Recipe(
    "an action",
    _action,
    """
    from contextlib import nullcontext
    from pathlib import Path
    from types import SimpleNamespace

    from cli.__main__ import main
    from keywatch.actions.dispatch import answer

    def test_the_function_the_command_line_and_the_page_know_the_action(capsys):
        settings = SimpleNamespace(account="111122223333", region="eu-west-1")
        services = SimpleNamespace(settings=settings)
        container = SimpleNamespace(services=services, counted=nullcontext)
        def ask(request):
            return answer(request, None, lambda: container)
        assert main(["where"], ask) == 0
        assert capsys.readouterr().out.strip() == "111122223333 eu-west-1"
        assert "./keywatch where" in Path("docs/checks.md").read_text()
    """,
)

_STEP = '''
    def policies(self) -> None:
        """Ask for the names of the policies of the key."""
        key = self.evidence.key
        if key is None:
            return
        answer, look = self.lookups.ask(
            "ListKeyPolicies",
            key.key_id,
            key.region,
            lambda kms: kms.list_key_policies(KeyId=key.key_id),
        )
        found = tuple(answer["PolicyNames"]) if answer is not None else ()
        self.learn(look, names=(*self.evidence.names, *found))
'''


def _look_up(tree: Copy) -> None:
    row = '            ReadCall("ListKeyPolicies", "A key without a policy is lost.", tried_with={"KeyId": NOBODYS_KEY}),'
    tree.after(f"{CATALOGUE}/read_calls.py", "        for call in (", row)
    plan = f"{PACKAGE}/lookups/plan.py"
    tree.replace(plan, "    asking.last_use()\n", "    asking.last_use()\n    asking.policies()\n")
    tree.replace(plan, "    def last_use(", f"{_STEP.lstrip(chr(10))}\n    def last_use(")
    # The stand-in for look-ups answers what no test scripts as AWS does: with nothing.
    stand_in = "    def last_use(\n        self, key_arn"
    more = "    def ask(self, operation, asked, region, call):\n        return None, absent(region, operation, asked)\n\n"
    tree.replace("tests/unit/cases.py", stand_in, more + stand_in)


LOOK_UP = Recipe(
    "a look-up",
    _look_up,
    """
    import boto3
    from botocore.stub import Stubber

    from keywatch.actions.doctor import permissions
    from keywatch.lookups.kms import Lookups
    from keywatch.lookups.plan import investigate
    from keywatch.model.evidence import LookupOutcome
    from keywatch.settings import Settings
    from tests.infra.synthesis import EVERYTHING_OFF, resources, template
    from tests.unit.cases import KEY, NOW, REGION, SCOPE, failed
    from tests.unit.lookups.test_kms import METADATA

    def test_the_look_up_is_made_within_what_the_role_may_do_and_the_doctor_tries_it():
        kms = boto3.client("kms", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
        stub = Stubber(kms)
        stub.add_response("describe_key", {"KeyMetadata": METADATA})
        stub.add_response("list_aliases", {"Aliases": []})
        stub.add_response("list_key_policies", {"PolicyNames": ["payments"]})
        stub.activate()
        lookups = Lookups(lambda _service, _region: kms, lambda: NOW)
        failure = failed("DisabledException", f"{KEY} is disabled.", KEY)
        evidence = investigate(failure, lookups, SCOPE, (), lambda _: (), ask_trail=False)
        assert evidence.names == ("payments",)
        assert evidence.lookup_results[-1].outcome is LookupOutcome.SEEN
        policies = resources(template(EVERYTHING_OFF), "AWS::IAM::Policy").values()
        actions = [s["Action"] for p in policies for s in p["PolicyDocument"]["Statement"]]
        assert any("kms:ListKeyPolicies" in action for action in actions)
        checks = permissions.checks(Settings("t", "a", "r", REGION, "1"))
        assert "permission kms:ListKeyPolicies" in [check.id for check in checks]
    """,
)

_QUIET = """
    quiet_minutes: int = _setting(
        v.whole_number(0, 60),
        "a whole number from 0 to 60",
        "minutes to wait before the first message",
        default=0,
        variable="QUIET_MINUTES",
    )"""


def _quiet(tree: Copy) -> None:
    _setting(tree, _QUIET, '"quiet_minutes": 5')
    told = f"{PACKAGE}/settings.py"
    field = "    messages_per_hour: int = DEFAULT_MESSAGES_PER_HOUR"
    tree.after(told, field, "    quiet_minutes: int = 0")
    line = "            parts=parts,"
    tree.after(told, line, '            quiet_minutes=int(environment.get("QUIET_MINUTES") or 0),')


SETTING = Recipe(
    "a setting",
    _quiet,
    """
    from pathlib import Path

    from infra.context import from_context
    from keywatch.settings import Settings

    def test_the_setting_reaches_the_function_and_the_page():
        told = from_context({"keywatch": {"quiet_minutes": 5}}).environment()
        base = {"OWN_ROLE_ARN": "r", "INCIDENT_TABLE": "t", "ALERT_TOPIC_ARN": "a", "AWS_REGION": "x"}
        assert Settings.from_environment(base | told).quiet_minutes == 5
        assert "`quiet_minutes`" in Path("docs/settings.md").read_text()
    """,
)

_FORMAT = """
_HASKELL_MESSAGE = re.compile(r"serviceErrorMessage = Just \\(ErrorMessage \\"([^\\"]{0,600})")


@log_format("ErrorCode ", r"serviceErrorCode = ErrorCode \\"([A-Za-z0-9.]{3,60})\\"")
def _haskell(match: re.Match[str], lines: str) -> Envelope:
    code, found = match.group(1), _HASKELL_MESSAGE.search(lines, match.end(), match.end() + 200)
    message = found.group(1) if found else ""
    return Envelope(match.start(), match.end(), code, message, event_source("kms", code))


"""
HASKELL = (
    'ServiceError\' {serviceErrorAbbrev = Abbrev "KMS", serviceErrorStatus = Status {statusCode = 400}, '
    'serviceErrorCode = ErrorCode "DisabledException", serviceErrorMessage = Just (ErrorMessage "in words of its own")}'
)


def _log_format(tree: Copy) -> None:
    module = f"{PACKAGE}/parsing/logs/formats/sdks.py"
    tree.replace(module, "FORMATS = (", f"{_FORMAT.lstrip()}FORMATS = (_haskell, ")


LOG_FORMAT = Recipe(
    "a log format",
    _log_format,
    f"""
    from handler import handler

    def test_the_format_is_read():
        (finding,) = handler({{"action": "explain", "text": {HASKELL!r}}})["findings"]
        assert (finding["cause"], finding["error_code"]) == ("key_disabled", "DisabledException")
    """,
)

RECIPES = (TEXT, CODE, CAUSE, CHANNEL, ACTION, LOOK_UP, SETTING, LOG_FORMAT)


def carry_out(recipe: Recipe, tree: Copy) -> set[str]:
    """Carry out a recipe in a tree, with a test of what it adds; return the sources that it touched."""
    before = tree.sources()
    recipe.add(tree)
    tree.write(recipe.file, dedent(recipe.test).lstrip())
    return tree.touched(before)
