"""DynamoDB in memory: one class that answers the operations of a client, with expressions as the service reads them.

Far faster than an emulator, because expressions are compiled once. Keys are those of the incident table; an index is told
by its sort attribute. What is not supported raises, so that nothing passes by accident.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from tests.worlds.errors import AwsError

Item = dict[str, dict[str, Any]]
Bound = tuple[Mapping[str, str], Mapping[str, dict[str, Any]]]
Test = Callable[[Item, Bound], bool]
Operand = Callable[[Item, Bound], dict[str, Any] | None]
_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][\w-]*|<=|>=|<>|[=<>(),.+\-]|\[\d+\]|\d+)")
HASH, RANGE, QUEUE = "subject", "item", "queue"
_HASH_IS = re.compile(r"([#\w]+)\s*=\s*(:\w+)")
INDEX_SORT = {"due": "due_at"}


def tokens(text: str) -> list[str]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise AwsError("ValidationException", f"Invalid expression: {text}")
        found.append(match.group(1))
        place = match.end()
    return found


class Reader:
    """Reads one expression; every method takes what it understands from the front."""

    def __init__(self, text: str) -> None:
        self.left = tokens(text)[::-1]

    def peek(self) -> str:
        return self.left[-1] if self.left else ""

    def take(self, *wanted: str) -> str:
        if not self.left or (wanted and self.peek().upper() not in wanted):
            raise AwsError(
                "ValidationException", f"Invalid expression near {self.peek()!r}, expected {wanted}"
            )
        return self.left.pop()

    def eat(self, word: str) -> bool:
        if self.peek().upper() == word:
            self.left.pop()
            return True
        return False

    def either(self) -> Test:
        tests = [self.both()]
        while self.eat("OR"):
            tests.append(self.both())
        return (
            tests[0]
            if len(tests) == 1
            else lambda item, bound: any(test(item, bound) for test in tests)
        )

    def both(self) -> Test:
        tests = [self.one()]
        while self.eat("AND"):
            tests.append(self.one())
        return (
            tests[0]
            if len(tests) == 1
            else lambda item, bound: all(test(item, bound) for test in tests)
        )

    def one(self) -> Test:
        if self.eat("NOT"):
            inner = self.one()
            return lambda item, bound: not inner(item, bound)
        if self.eat("("):
            inner = self.either()
            self.take(")")
            return inner
        if self.peek() in _FUNCTIONS:
            return self.function()
        return self.comparison()

    def function(self) -> Test:
        name = self.take()
        self.take("(")
        path = self.operand()
        other = self.operand() if self.eat(",") else None
        self.take(")")
        check = _FUNCTIONS[name]
        return lambda item, bound: check(path(item, bound), other(item, bound) if other else None)

    def comparison(self) -> Test:
        left = self.operand()
        if self.eat("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return lambda i, b: (
                _compare(left(i, b), low(i, b), ">=") and _compare(left(i, b), high(i, b), "<=")
            )
        if self.eat("IN"):
            self.take("(")
            options = [self.operand()]
            while self.eat(","):
                options.append(self.operand())
            self.take(")")
            return lambda i, b: any(_compare(left(i, b), option(i, b), "=") for option in options)
        sign = self.take("=", "<", ">", "<=", ">=", "<>")
        right = self.operand()
        return lambda i, b: _compare(left(i, b), right(i, b), sign)

    def operand(self) -> Operand:
        word = self.take()
        if word.startswith(":"):
            return lambda _, bound: bound[1][word]
        if word in {"if_not_exists", "list_append", "size"}:
            return self.call(word)
        steps = self.path(word)
        return lambda item, bound: _get(item, steps, bound)

    def call(self, name: str) -> Operand:
        self.take("(")
        first = self.operand()
        second = self.operand() if self.eat(",") else None
        self.take(")")
        if name == "size":
            return lambda i, b: {"N": str(len(_plain(first(i, b))))}
        assert second
        if name == "if_not_exists":
            return lambda i, b: first(i, b) or second(i, b)
        return lambda i, b: {
            "L": [*(first(i, b) or {"L": []})["L"], *(second(i, b) or {"L": []})["L"]]
        }

    def path(self, first: str) -> tuple[str, ...]:
        steps = [first]
        while self.peek() == "." or self.peek().startswith("["):
            steps.append(
                self.take() if self.peek().startswith("[") else self.take(".") and self.take()
            )
        return tuple(steps)

    def sum(self) -> Operand:
        left = self.operand()
        if self.peek() not in {"+", "-"}:
            return left
        sign, right = self.take(), self.operand()
        return lambda i, b: _number(
            _value(left(i, b)) + (1 if sign == "+" else -1) * _value(right(i, b))
        )


_FUNCTIONS: dict[str, Callable[[Any, Any], bool]] = {
    "attribute_exists": lambda value, _: value is not None,
    "attribute_not_exists": lambda value, _: value is None,
    "begins_with": lambda value, start: (
        value is not None and str(_plain(value)).startswith(str(_plain(start)))
    ),
    "contains": lambda value, part: value is not None and _plain(part) in _plain(value),
    "attribute_type": lambda value, kind: value is not None and _plain(kind) in value,
}


def _plain(value: dict[str, Any] | None) -> Any:
    return next(iter(value.values())) if value else ""


def _value(value: dict[str, Any] | None) -> float:
    if value is None:
        raise AwsError(
            "ValidationException",
            "The provided expression refers to an attribute that does not exist in the item",
        )
    return float(value["N"])


def _number(value: float) -> dict[str, Any]:
    return {"N": str(int(value)) if value == int(value) else repr(value)}


def _ordered(value: dict[str, Any]) -> Any:
    kind, plain = next(iter(value.items()))
    return float(plain) if kind == "N" else plain


def _compare(one: dict[str, Any] | None, other: dict[str, Any] | None, sign: str) -> bool:
    if one is None or other is None:
        return sign == "<>" and (one is None) != (other is None)
    if one.keys() != other.keys():
        return sign == "<>"
    left, right = _ordered(one), _ordered(other)
    return (
        {"=": left == right, "<>": left != right}.get(sign)
        if sign in {"=", "<>"}
        else _less(left, right, sign)
    )


def _less(left: Any, right: Any, sign: str) -> bool:
    return bool(
        {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]
    )


def _name(step: str, bound: Bound) -> str:
    return bound[0][step] if step.startswith("#") else step


def _get(item: Item, steps: tuple[str, ...], bound: Bound) -> dict[str, Any] | None:
    value: Any = {"M": item}
    for step in steps:
        if step.startswith("["):
            listed, index = (value or {}).get("L"), int(step[1:-1])
            value = listed[index] if listed and index < len(listed) else None
        else:
            value = (value or {}).get("M", {}).get(_name(step, bound))
        if value is None:
            return None
    return value  # type: ignore[no-any-return]


def _set(item: Item, steps: tuple[str, ...], bound: Bound, value: dict[str, Any] | None) -> None:
    place: Any = item
    if len(steps) > 1:
        item[_name(steps[0], bound)] = deepcopy(item[_name(steps[0], bound)])
    for step in steps[:-1]:
        place = place[_name(step, bound)]["M"]
    name = _name(steps[-1], bound)
    if value is None:
        place.pop(name, None)
    else:
        place[name] = value


@lru_cache(maxsize=4000)
def condition(text: str) -> Test:
    reader = Reader(text)
    test = reader.either()
    if reader.left:
        raise AwsError("ValidationException", f"Invalid ConditionExpression: {text}")
    return test


Change = Callable[[Item, Item, Bound], None]


@lru_cache(maxsize=4000)
def update(text: str) -> tuple[Change, ...]:
    reader, changes = Reader(text), []
    while reader.left:
        verb = reader.take("SET", "ADD", "REMOVE", "DELETE").upper()
        changes.append(_clause(verb, reader))
        while reader.eat(","):
            changes.append(_clause(verb, reader))
    return tuple(changes)


def _clause(verb: str, reader: Reader) -> Change:
    steps = reader.path(reader.take())
    if verb == "REMOVE":
        return lambda _, new, bound: _set(new, steps, bound, None)
    if verb == "SET":
        reader.take("=")
        value = reader.sum()
        return lambda old, new, bound: _set(new, steps, bound, value(old, bound))
    operand = reader.operand()
    if verb == "ADD":
        return lambda old, new, bound: _set(
            new, steps, bound, _added(_get(old, steps, bound), operand(old, bound))
        )
    return lambda old, new, bound: _set(
        new, steps, bound, _without(_get(old, steps, bound), operand(old, bound))
    )


def _added(old: dict[str, Any] | None, more: dict[str, Any] | None) -> dict[str, Any]:
    assert more
    if "N" in more:
        return _number((_value(old) if old else 0) + _value(more))
    kind = next(iter(more))
    return {kind: sorted({*(old or {}).get(kind, ()), *more[kind]})}


def _without(old: dict[str, Any] | None, less: dict[str, Any] | None) -> dict[str, Any] | None:
    assert less
    kind = next(iter(less))
    left = sorted({*(old or {}).get(kind, ())} - {*less[kind]})
    return {kind: left} if left else None


def _copy(item: Item) -> Item:
    """Copy an item; its values are never changed in place (but for nested ones, which ``_set`` copies)."""
    return dict(item)


class DynamoDb:
    """The table of one world. Every public method is an operation of the API, by its name in snake case."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self._partitions: dict[str, dict[str, Item]] = {}
        self._queues: dict[str, dict[tuple[str, str], Item]] = {}

    def _keep(self, key: tuple[str, str], item: Item | None) -> None:
        """Put an item in place of the one with its key, or none (``None``), in the table and in its index."""
        old = self.items.pop(key, None)
        if old and QUEUE in old:
            del self._queues[old[QUEUE]["S"]][key]
        if item is None:
            self._partitions.get(key[0], {}).pop(key[1], None)
            return
        self.items[key] = item
        self._partitions.setdefault(key[0], {})[key[1]] = item
        if QUEUE in item:
            self._queues.setdefault(item[QUEUE]["S"], {})[key] = item

    def _key(self, item: Mapping[str, Any]) -> tuple[str, str]:
        return item[HASH]["S"], item[RANGE]["S"]

    @staticmethod
    def _bound(request: Mapping[str, Any]) -> Bound:
        return request.get("ExpressionAttributeNames", {}), request.get(
            "ExpressionAttributeValues", {}
        )

    def _check(self, request: Mapping[str, Any], item: Item | None) -> None:
        text = request.get("ConditionExpression")
        if text and not condition(text)(item or {}, self._bound(request)):
            raise AwsError("ConditionalCheckFailedException", "The conditional request failed")

    def get_item(self, **request: Any) -> dict[str, Any]:
        item = self.items.get(self._key(request["Key"]))
        return {"Item": _copy(item)} if item else {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        key = self._key(request["Item"])
        old = self.items.get(key)
        self._check(request, old)
        self._keep(key, _copy(request["Item"]))
        return {"Attributes": old} if old and request.get("ReturnValues") == "ALL_OLD" else {}

    def delete_item(self, **request: Any) -> dict[str, Any]:
        key = self._key(request["Key"])
        self._check(request, self.items.get(key))
        old = self.items.get(key)
        self._keep(key, None)
        return {"Attributes": old} if old and request.get("ReturnValues") == "ALL_OLD" else {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        key = self._key(request["Key"])
        old = self.items.get(key)
        self._check(request, old)
        new: Item = _copy(old) if old else dict(request["Key"])
        for change in update(request.get("UpdateExpression", "")):
            change(old or {}, new, self._bound(request))
        self._keep(key, new)
        wanted = request.get("ReturnValues", "NONE")
        if wanted == "ALL_OLD":
            return {"Attributes": _copy(old)} if old else {}
        return {"Attributes": _copy(new)} if wanted in {"ALL_NEW", "UPDATED_NEW"} else {}

    def query(self, **request: Any) -> dict[str, Any]:
        bound, test = self._bound(request), condition(request["KeyConditionExpression"])
        index = request.get("IndexName")
        sort = INDEX_SORT.get(index, "due_at") if index else RANGE
        items = self._partition(request["KeyConditionExpression"], bound)
        found = [item for item in items if sort in item and test(item, bound)]
        found.sort(
            key=lambda item: (_ordered(item[sort]), item[RANGE]["S"]),
            reverse=request.get("ScanIndexForward") is False,
        )
        return self._page(found, request, (sort,))

    def _partition(self, text: str, bound: Bound) -> list[Item]:
        """Return the items of the partition that a key condition names."""
        match = _HASH_IS.search(text)
        if match is None:
            return list(self.items.values())
        name, wanted = _name(match.group(1), bound), bound[1][match.group(2)]
        if name not in {HASH, QUEUE}:
            return [item for item in self.items.values() if item.get(name) == wanted]
        partitions: Mapping[str, Mapping[Any, Item]] = (
            self._partitions if name == HASH else self._queues
        )
        return list(partitions.get(wanted["S"], {}).values())

    def scan(self, **request: Any) -> dict[str, Any]:
        found = sorted(self.items.values(), key=self._key)
        if request.get("TotalSegments"):
            found = found if request.get("Segment", 0) == 0 else []
        return self._page(found, request, ())

    def _page(
        self, found: list[Item], request: Mapping[str, Any], also: tuple[str, ...]
    ) -> dict[str, Any]:
        start = request.get("ExclusiveStartKey")
        if start:
            keys = [self._key(item) for item in found]
            found = found[keys.index(self._key(start)) + 1 :] if self._key(start) in keys else []
        limit = request.get("Limit") or len(found)
        page, left = found[:limit], found[limit:]
        answer: dict[str, Any] = {"ScannedCount": len(page)}
        if left:
            last = page[-1]
            answer["LastEvaluatedKey"] = {
                name: last[name] for name in (HASH, RANGE, *also) if name in last
            }
        if text := request.get("FilterExpression"):
            page = [item for item in page if condition(text)(item, self._bound(request))]
        answer |= {"Count": len(page)}
        return answer | (
            {} if request.get("Select") == "COUNT" else {"Items": [_copy(item) for item in page]}
        )

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        wanted = (
            (table, key)
            for table, asked in request["RequestItems"].items()
            for key in asked["Keys"]
        )
        answer: dict[str, list[Item]] = {table: [] for table in request["RequestItems"]}
        for table, key in wanted:
            if item := self.items.get(self._key(key)):
                answer[table].append(_copy(item))
        return {"Responses": answer, "UnprocessedKeys": {}}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        for entries in request["RequestItems"].values():
            for entry in entries:
                if "PutRequest" in entry:
                    self.put_item(Item=entry["PutRequest"]["Item"])
                else:
                    self.delete_item(Key=entry["DeleteRequest"]["Key"])
        return {"UnprocessedItems": {}}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        for entry in request["TransactItems"]:
            what, part = next(iter(entry.items()))
            try:
                self._check(part, self.items.get(self._key(part.get("Key") or part["Item"])))
            except AwsError as error:
                raise AwsError(
                    "TransactionCanceledException", f"Transaction cancelled: {error.code}"
                ) from error
        for entry in request["TransactItems"]:
            what, part = next(iter(entry.items()))
            if what != "ConditionCheck":
                {"Put": self.put_item, "Update": self.update_item, "Delete": self.delete_item}[
                    what
                ](**part)
        return {}

    def describe_table(self, **request: Any) -> dict[str, Any]:
        return {
            "Table": {
                "TableName": request["TableName"],
                "TableStatus": "ACTIVE",
                "ItemCount": len(self.items),
            }
        }
