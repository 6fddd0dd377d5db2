"""The one way to write: conditions decide, a lost race is an answer, and nothing is spliced into an expression."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from keywatch.store.table import Condition, Table, Update, absent, equals
from tests.support.aws import TableClient

KEY = {"subject": {"S": "key|1|eu-west-1|x"}, "item": {"S": "incident"}}


class Spy:
    """A client that notes what it is asked and answers, or fails, as told."""

    def __init__(self, code: str | None = None) -> None:
        self.code, self.asked = code, []

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.asked.append((operation, request))
            if self.code:
                raise ClientError({"Error": {"Code": self.code, "Message": ""}}, operation)
            return {"Attributes": {"a": {"S": "b"}}}

        return call


def write(table, how):
    """Write in one of the three ways; return the answer."""
    update, condition = Update(set={"a": {"S": "b"}}), equals("a", {"S": "c"})
    ways = {
        "put": lambda: table.put(KEY, condition),
        "update": lambda: table.update(KEY, update, condition),
        "update_and_read": lambda: table.update_and_read(KEY, update, condition),
    }
    return ways[how]()


WAYS = ("put", "update", "update_and_read")


@pytest.mark.parametrize("how", WAYS)
def test_a_lost_race_is_an_answer(how):
    assert not write(Table(Spy("ConditionalCheckFailedException"), "t"), how)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ValidationException", "InternalServerError"]
)
def test_everything_else_that_dynamodb_refuses_is_raised(how, code):
    with pytest.raises(ClientError):
        write(Table(Spy(code), "t"), how)


@pytest.mark.parametrize("how", WAYS)
def test_a_write_that_was_made_says_so(how):
    assert write(Table(Spy(), "t"), how)


def test_only_the_first_of_two_who_saw_the_same_changes_it():
    # GIVEN an item that two have read
    table = Table(TableClient(), "incidents")
    assert table.put({**KEY, "due_at": {"N": "1"}}, absent("subject"))
    assert not table.put({**KEY, "due_at": {"N": "9"}}, absent("subject"))
    # WHEN both change it where it still is as they saw it
    seen = equals("due_at", {"N": "1"})
    changed = [table.update(KEY, Update(set={"due_at": {"N": n}}), seen) for n in ("2", "3")]
    # THEN the first did
    assert changed == [True, False]
    assert table.read(KEY)["due_at"] == {"N": "2"}


def test_each_kind_of_change_does_what_it_says():
    table = Table(TableClient(), "incidents")
    table.put({**KEY, "old": {"S": "x"}, "since": {"N": "1"}, "failures": {"N": "2"}})
    update = Update(
        set={"status": {"S": "open"}},
        once={"since": {"N": "9"}, "until": {"N": "9"}},
        add={"failures": 3, "n:caller:x": 1},
        remove=("old",),
    )
    assert table.update_and_read(KEY, update) == {
        **KEY,
        "status": {"S": "open"},
        "since": {"N": "1"},
        "until": {"N": "9"},
        "failures": {"N": "5"},
        "n:caller:x": {"N": "1"},
    }


@given(name=st.text(min_size=1, max_size=40), value=st.text(max_size=40))
def test_names_and_values_are_bound_whatever_they_are(name, value):
    # GIVEN a name and a value that somebody else chose
    spy = Spy()
    update = Update(set={name: {"S": value}}, add={name + "+": 1}, remove=(name + "-",))
    Table(spy, "t").update(
        KEY,
        update,
        equals(name, {"S": value}),
        Condition("size({name}) > {values}", name, ({"N": "1"},)),
    )
    # THEN the expressions hold placeholders only, and each is bound
    ((_, request),) = spy.asked
    plain = set("#n:v0123456789 =,()<>SETADDREMOVEsizeAND")
    text = f"{request['UpdateExpression']} {request['ConditionExpression']}"
    assert set(text) <= plain
    bound = {*request["ExpressionAttributeNames"], *request["ExpressionAttributeValues"]}
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    assert {word for word in words if word[0] in "#:"} == bound
    assert {name, name + "+", name + "-"} == {*request["ExpressionAttributeNames"].values()}
    assert {"S": value} in request["ExpressionAttributeValues"].values()


class TestRequests:
    """What DynamoDB is asked, word for word: of this table, and as it is now."""

    def asked(self, ask):
        spy = Spy()
        ask(Table(spy, "incidents"))
        ((operation, request),) = spy.asked
        assert request.pop("TableName") == "incidents"
        return operation, request

    def test_a_write_without_conditions_binds_nothing(self):
        assert self.asked(lambda table: table.put(KEY)) == ("put_item", {"Item": KEY})

    def test_all_kinds_of_change_are_one_expression(self):
        update = Update(
            set={"a": {"S": "x"}, "b": {"S": "y"}},
            once={"c": {"N": "1"}},
            add={"d": 2},
            include={"e": "z"},
            remove=("f", "g"),
        )
        gone, same = absent("h"), equals("i", {"S": "j"})
        operation, request = self.asked(lambda table: table.update(KEY, update, gone, same))
        assert (operation, request.pop("Key")) == ("update_item", KEY)
        assert request == {
            "UpdateExpression": "SET #n0 = :v0, #n1 = :v1, #n2 = if_not_exists(#n2, :v2) "
            "ADD #n3 :v3, #n4 :v4 REMOVE #n5, #n6",
            "ConditionExpression": "attribute_not_exists(#n7) AND #n8 = :v5",
            "ExpressionAttributeNames": {
                f"#n{place}": name for place, name in enumerate("abcdefghi")
            },
            "ExpressionAttributeValues": {
                ":v0": {"S": "x"},
                ":v1": {"S": "y"},
                ":v2": {"N": "1"},
                ":v3": {"N": "2"},
                ":v4": {"SS": ["z"]},
                ":v5": {"S": "j"},
            },
        }

    def test_what_only_removes_binds_no_value(self):
        _, request = self.asked(lambda table: table.update(KEY, Update(remove=("a",))))
        assert request == {
            "Key": KEY,
            "UpdateExpression": "REMOVE #n0",
            "ExpressionAttributeNames": {"#n0": "a"},
        }

    def test_a_change_that_is_read_back_asks_for_all_that_is_new(self):
        _, request = self.asked(lambda table: table.update_and_read(KEY, Update(remove=("a",))))
        assert request["ReturnValues"] == "ALL_NEW"

    def test_an_item_is_read_as_it_is_now(self):
        asked = self.asked(lambda table: table.read(KEY))
        assert asked == ("get_item", {"Key": KEY, "ConsistentRead": True})
        assert Table(Spy(), "t").read(KEY) == {}


class TestPages:
    def test_a_query_is_read_to_its_end(self):
        # GIVEN three pages, each of which tells where the next one begins
        pages = [
            {"Items": [1, 2], "LastEvaluatedKey": {"S": "2"}},
            {"Items": [], "LastEvaluatedKey": {"S": "2b"}},
            {"Items": [3]},
        ]
        asked = []

        class Paged:
            def query(self, **request):
                asked.append(request)
                return pages[len(asked) - 1]

        found = list(Table(Paged(), "incidents").pages(IndexName="due"))
        assert found == [[1, 2], [], [3]]
        assert asked == [
            {"TableName": "incidents", "IndexName": "due"},
            {"TableName": "incidents", "IndexName": "due", "ExclusiveStartKey": {"S": "2"}},
            {"TableName": "incidents", "IndexName": "due", "ExclusiveStartKey": {"S": "2b"}},
        ]


def test_a_refusal_without_a_reason_is_raised():
    class Strange:
        def put_item(self, **_):
            raise ClientError({}, "PutItem")

    with pytest.raises(ClientError):
        Table(Strange(), "t").put(KEY)
