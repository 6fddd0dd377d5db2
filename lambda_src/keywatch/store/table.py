"""One way to write what is kept: an item changes only where its conditions hold, and a lost race is an answer, not an error.

Names and values are always bound, never spliced into an expression. Values are DynamoDB's own
attribute values: boto3's TypeSerializer would want a ``Decimal`` for every time and number, and
knows nothing of times.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of one attribute. ``test`` is DynamoDB's condition with ``{name}`` and ``{values}`` left to be bound."""

    test: str
    name: str
    values: tuple[Attribute, ...] = ()


def equals(name: str, value: Attribute) -> Condition:
    """Return the condition that an attribute has this value."""
    return Condition("{name} = {values}", name, (value,))


def absent(name: str) -> Condition:
    """Return the condition that there is no such attribute."""
    return Condition("attribute_not_exists({name})", name)


@dataclass(frozen=True, slots=True)
class Update:
    """What changes in an item, by attribute.

    ``once`` is set only where nothing is there yet; a number that is missing adds up from 0.
    ``include`` puts a text into a set of texts.
    """

    set: Mapping[str, Attribute] = field(default_factory=dict)
    once: Mapping[str, Attribute] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    include: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


class Table:
    """One DynamoDB table. All methods raise botocore's errors when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def put(self, item: Mapping[str, Any], *conditions: Condition) -> bool:
        """Write a whole item where ``conditions`` hold; ``False`` where they do not."""
        return self._write("put_item", {"Item": item} | _request(None, conditions)) is not None

    def update(self, key: Item, update: Update, *conditions: Condition) -> bool:
        """Change an item where ``conditions`` hold; ``False`` where they do not."""
        return self._write("update_item", {"Key": key} | _request(update, conditions)) is not None

    def update_and_read(self, key: Item, update: Update, *conditions: Condition) -> Item | None:
        """Change an item where ``conditions`` hold and return it as it is then; ``None`` where they do not."""
        request = {"Key": key, "ReturnValues": "ALL_NEW"} | _request(update, conditions)
        answer = self._write("update_item", request)
        return answer["Attributes"] if answer is not None else None

    def _write(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(TableName=self.name, **request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                return None
            raise
        return answer

    def read(self, key: Item) -> Item:
        """Return an item as it is now; an empty one where there is none."""
        answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return answer.get("Item", {})

    def pages(self, **request: Any) -> Iterator[list[Item]]:  # noqa: ANN401 - the arguments of Query
        """Yield the items of a query page by page."""
        while True:
            answer = self.client.query(TableName=self.name, **request)
            yield list(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def time_of(attribute: Attribute) -> datetime:
    """Return a stored time, which is a number of seconds since 1970, in UTC."""
    return datetime.fromtimestamp(float(attribute["N"]), UTC)


def _request(update: Update | None, conditions: tuple[Condition, ...]) -> dict[str, Any]:
    """Return the expressions of a write, with every name and value bound."""
    names: dict[str, str] = {}
    values: dict[str, Attribute] = {}
    request: dict[str, Any] = {}
    if update:
        request["UpdateExpression"] = _clauses(update, names, values)
    tests = []
    for condition in conditions:
        bound = [_bind(values, ":v", value) for value in condition.values]
        name = _bind(names, "#n", condition.name)
        tests.append(condition.test.format(name=name, values=", ".join(bound)))
    request |= {"ConditionExpression": " AND ".join(tests)} if tests else {}
    request |= {"ExpressionAttributeNames": names} if names else {}
    return request | ({"ExpressionAttributeValues": values} if values else {})


def _clauses(update: Update, names: dict[str, str], values: dict[str, Attribute]) -> str:
    sets, adds = [], []
    for name, value in update.set.items():
        sets.append(f"{_bind(names, '#n', name)} = {_bind(values, ':v', value)}")
    for name, value in update.once.items():
        attribute = _bind(names, "#n", name)
        sets.append(f"{attribute} = if_not_exists({attribute}, {_bind(values, ':v', value)})")
    for name, number in update.add.items():
        adds.append(f"{_bind(names, '#n', name)} {_bind(values, ':v', {'N': str(number)})}")
    for name, text in update.include.items():
        adds.append(f"{_bind(names, '#n', name)} {_bind(values, ':v', {'SS': [text]})}")
    removes = [_bind(names, "#n", name) for name in update.remove]
    clauses = (("SET", sets), ("ADD", adds), ("REMOVE", removes))
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts)


def _bind(bound: dict[str, Any], mark: str, value: object) -> str:
    placeholder = f"{mark}{len(bound)}"
    bound[placeholder] = value
    return placeholder
