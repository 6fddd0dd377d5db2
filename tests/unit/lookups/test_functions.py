"""What Lambda and IAM say of a function and its role, and what they do not say."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from keywatch.lookups.functions import describe_function, is_function
from keywatch.model.evidence import FunctionFacts, LookupOutcome

REGION = "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:111122223333:function:orders"
ROLE = "arn:aws:iam::111122223333:role/service/orders"
CREATED = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
def aws():
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    clients = {name: session.client(name) for name in ("lambda", "iam")}
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for stub in stubs.values():
        stub.activate()
    return (lambda service, _region: clients[service]), stubs["lambda"], stubs["iam"]


def test_a_function_and_the_age_of_its_role(aws):
    client, functions, roles = aws
    answer = {"Role": ROLE, "LastModified": "2026-03-01T03:00:00.000+0000"}
    functions.add_response("get_function_configuration", answer, {"FunctionName": ARN})
    role = {"Path": "/service/", "RoleName": "orders", "RoleId": "AROA" + "X" * 17, "Arn": ROLE}
    roles.add_response("get_role", {"Role": role | {"CreateDate": CREATED}}, {"RoleName": "orders"})
    facts, looks = describe_function(client, ARN, REGION)
    assert facts == FunctionFacts(ARN, ROLE, datetime(2026, 3, 1, 3, tzinfo=UTC), CREATED)
    assert [look.outcome for look in looks] == [LookupOutcome.SEEN, LookupOutcome.SEEN]


def test_what_is_denied_leaves_less_and_never_raises(aws):
    client, functions, roles = aws
    functions.add_client_error("get_function_configuration", "AccessDeniedException")
    assert describe_function(client, ARN, REGION)[0] is None
    functions.add_response("get_function_configuration", {"Role": ROLE, "LastModified": "soon"})
    roles.add_client_error("get_role", "AccessDenied")
    facts, looks = describe_function(client, ARN, REGION)
    assert facts == FunctionFacts(ARN, ROLE, None, None)
    assert looks[1].outcome is LookupOutcome.DENIED


@pytest.mark.parametrize(
    "text", ["", "orders", ARN + " ", ARN + "\n", ARN.replace("eu-west-1", "$(x)")]
)
def test_only_a_whole_arn_is_looked_up(text):
    assert not is_function(text)
    assert is_function(ARN)
