"""Truth against what the product says: one case is one failing call as one carrier delivers it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.delivered import product
from tests.delivered.calls import Call
from tests.delivered.delivery import CARRIERS, LogEvent, delivered, events_of, squashed
from tests.delivered.grammar import Filter, check_group
from tests.delivered.outputs import Output

# What SDKs say in place of KMS: the key is named, the reason is not.
_OWN_WORDS = ("unabletogeneratedatakey", "unabletodecryptdatakey")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a case. ``causes`` are the right answers (none: there must be no signal); the first is the best.

    ``names`` are the names that the key may be given; ``named`` tells whether the text says one, so that one is expected.
    """

    causes: tuple[str, ...]
    names: frozenset[str] = frozenset()
    named: bool = False
    request_ids: frozenset[str] = frozenset()
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One failing call as it arrives: the events that passed the filter, and those that did not."""

    id: str
    kind: tuple[str, str, str]
    truth: Truth
    events: tuple[LogEvent, ...]
    passed: tuple[LogEvent, ...]
    together: bool = True
    text: str | None = None  # explained by hand, not delivered

    def signals(self) -> list[product.Said]:
        if self.text is not None:
            return product.explain(self.text)
        if not self.passed:
            return []
        if self.together:
            return product.signals(self.passed)
        found = [said for event in self.passed for said in product.signals([event])]
        return list({said.id: said for said in found}.values())


@dataclass
class Score:
    """Counts over cases; ``misses`` says what was wrong, with the case."""

    calls: int = 0
    found: int = 0
    right: int = 0
    named: int = 0
    named_right: int = 0
    signals: int = 0
    request_ids: int = 0
    certain_wrong: int = 0
    false: int = 0
    quiet: int = 0
    misses: list[tuple[str, Case, list[product.Said]]] = field(default_factory=list)

    def add(self, case: Case, said: list[product.Said]) -> None:
        """Judge what was said about one case."""
        for problem in self._judge(case.truth, said):
            self.misses.append((problem, case, said))

    def _judge(self, truth: Truth, said: list[product.Said]) -> Iterator[str]:
        if not truth.causes:
            self.quiet += 1
            self.false += bool(said)
            if said:
                yield "false"
            return
        self.calls += truth.calls
        if any(one.names & truth.request_ids for one in said):
            self.request_ids += 1
            yield "request id as identifier"
        wrong = [one for one in said if one.cause not in truth.causes]
        if any(one.confidence == "certain" for one in wrong):
            self.certain_wrong += 1
            yield "certain but wrong"
        if not said:
            yield "missed"
            return
        self.found += truth.calls
        self.signals += len(said)
        self.right += truth.calls * (not wrong)
        if wrong:
            yield "cause"
        yield from self._judge_names(truth, said)
        if len(said) > truth.calls:
            yield "signals"

    def _judge_names(self, truth: Truth, said: list[product.Said]) -> Iterator[str]:
        foreign = [one for one in said if one.names and not one.names & truth.names]
        if truth.named or foreign:
            good = not foreign and any(one.names & truth.names for one in said)
            self.named += 1
            self.named_right += good
            if not good:
                yield "identifier"

    def rate(self, name: str) -> float:
        """Return a share between 0 and 1, or signals a call; 1 where there is nothing to count."""
        above, below = {
            "recall": (self.found, self.calls),
            "cause": (self.right, self.found),
            "identifier": (self.named_right, self.named),
            "signals": (self.signals, self.found),
            "false": (self.false, self.quiet),
        }[name]
        return above / below if below else float(name != "false")


def truth_of(output: Output) -> Truth | None:
    """Return what is true of a program's output, or ``None`` where it says too little to be judged."""
    call, text = output.call, squashed("".join(output.records))
    message = bool(call.message) and squashed(call.message) in text.replace('\\\\"', '"')
    if call.cause is None:
        return Truth((), request_ids=output.request_ids) if message or call.code in text else None
    if message or call.code in text:
        return Truth(
            _causes(call, message=message),
            call.names,
            _is_named(call, text, message=message),
            output.request_ids,
        )
    if any(words in text for words in _OWN_WORDS):
        return Truth(("unclassified", call.cause), call.names, request_ids=output.request_ids)
    return None


def _causes(call: Call, *, message: bool) -> tuple[str, ...]:
    """Return the causes that the output proves; KMS's catch-all codes prove none without their message."""
    vague = not message and call.code in {
        "KMSInvalidStateException",
        "NotFoundException",
        "AccessDeniedException",
    }
    return ("unclassified", call.cause) if vague and call.cause else (call.cause or "",)


def _is_named(call: Call, text: str, *, message: bool) -> bool:
    return message and call.named is not None and squashed(call.named) in text


def cases(
    outputs: Iterable[Output], carriers: Sequence[str] = tuple(CARRIERS), *, alone: bool = False
) -> Iterator[Case]:
    """Yield every output as every carrier delivers it."""
    filters = check_group(product.filter_patterns())
    for output in outputs:
        truth = truth_of(output)
        if truth is not None:
            yield from (
                _case(output, truth, name, filters, alone=alone)
                for name in carriers
                if _tells(output, name)
            )


def _case(
    output: Output, truth: Truth, carrier: str, filters: tuple[Filter, ...], *, alone: bool
) -> Case:
    name = f"{output.id}/{carrier}"
    events = events_of(CARRIERS[carrier](output.records), key=name)
    return Case(
        name,
        (output.sdk, output.logger, carrier),
        truth,
        events,
        delivered(events, filters),
        not alone,
    )


def _tells(output: Output, carrier: str) -> bool:
    """Tell whether a carrier leaves in what the output says; and whether it changes anything."""
    messages = CARRIERS[carrier](output.records)
    if carrier == "pretty" and messages == CARRIERS["as_lines"](output.records):
        return False
    whole, left = squashed("".join(output.records)), squashed("".join(messages))
    return carrier != "cut" or (
        whole != left and output.call.code in left and squashed(output.call.message) in left
    )


def scores(found: Iterable[Case], key: Callable[[Case], object]) -> dict[object, Score]:
    """Return the scores of the cases, grouped by ``key``, and of all of them under ``all``."""
    table: dict[object, Score] = {"all": Score()}
    for case in found:
        said = case.signals()
        table["all"].add(case, said)
        table.setdefault(key(case), Score()).add(case, said)
    return table


def problems(score: Score) -> Counter[str]:
    """Count the misses by what was wrong."""
    return Counter(problem for problem, _, _ in score.misses)


def delivered_texts(
    texts: Iterable[tuple[str, tuple[str, str, str], str, Truth]],
) -> Iterator[Case]:
    """Yield texts (id, kind, text, truth) as cases: each a stream of its own, one event a line."""
    filters = check_group(product.filter_patterns())
    for name, kind, text, truth in texts:
        events = events_of(CARRIERS["as_lines"]([text]), key=name)
        yield Case(name, kind, truth, events, delivered(events, filters))


def explained(texts: Iterable[tuple[str, tuple[str, str, str], str, Truth]]) -> Iterator[Case]:
    """Yield texts (id, kind, text, truth) as somebody pastes them into ``explain``."""
    for name, kind, text, truth in texts:
        events = events_of([text], key=name)
        yield Case(name, kind, truth, events, events, text=text)


def false_alarms(
    lines: Sequence[tuple[str, str]],
) -> list[tuple[str, list[tuple[str, product.Said]], int]]:
    """Return for each kind of ordinary line which of them gave a signal, and how many there were.

    Whatever may pass the filter is delivered: in deliveries of fifty lines of a kind, and where one of
    those gives signals, line by line.
    """
    filters = check_group(product.filter_patterns())
    table = []
    for kind in dict.fromkeys(kind for kind, _ in lines):
        texts = [line for name, line in lines if name == kind]
        events = [
            e for e in events_of(texts, key=kind) if any(f.may_match(e.message) for f in filters)
        ]
        alarms = [
            found for at in range(0, len(events), 50) for found in _alarms(events[at : at + 50])
        ]
        table.append((kind, alarms, len(texts)))
    return table


def _alarms(events: Sequence[LogEvent]) -> list[tuple[str, product.Said]]:
    together = product.signals(events)
    if not together:
        return []
    alone = [(event.message, said) for event in events for said in product.signals([event])]
    return alone or [(" / ".join(event.message for event in events), said) for said in together]
