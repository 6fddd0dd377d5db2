"""Reports with a label each: our own (``reports.jsonl``), and the collected corpus where it lies beside the repository.

A label says whether the text tells of a broken key, the cause (or several that are right), the name of the key, and where it
matters: the greatest confidence that the text allows, how many findings, names that must not be given and words that must not be
repeated. ``explain_only`` marks what people paste and no log holds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.delivered import product
from tests.delivered.delivery import CARRIERS, delivered, events_of
from tests.delivered.grammar import check_group

OWN = Path(__file__).parent / "reports.jsonl"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
_ORDER = ("possible", "likely", "certain")

# What the coarse labels of the collected texts stand for.
COARSE = {
    "deleted": {"key_deleted"},
    "wrong_account_or_not_authorized": {"wrong_account", "missing_or_not_authorized"},
    "pending_deletion": {"key_pending_deletion"},
    "disabled": {"key_disabled"},
    "pending_import_or_expired": {"key_material_missing"},
    "other_unusable": {"key_not_ready", "kms_unavailable", "unclassified"},
    "key_store_unavailable": {
        "key_store_disconnected",
        "xks_proxy_unreachable",
        "xks_proxy_rejected_credentials",
        "xks_proxy_misconfigured",
        "xks_proxy_unhealthy",
        "cloudhsm_unavailable",
    },
    "external_key_unusable": {"external_key_unusable", "xks_proxy_denied"},
}
# Recorded answers in which somebody put these words in the place of a whole ARN: no log holds them.
_PLACEHOLDERS = ("'<key-arn>'", "'<mrk-key-arn>'")
# The key state table prints "is unavailable." for keys of a disconnected key store and for nothing else.
DISPUTED = {"log-0227": "key_store_unavailable"}


@dataclass(frozen=True, slots=True)
class Report:
    """One labelled text."""

    id: str
    kind: str
    text: str
    label: dict

    @property
    def causes(self) -> set[str]:
        said = DISPUTED.get(self.id, self.label["expect_cause"])
        labels = said if isinstance(said, list) else [said]
        return {cause for label in labels for cause in COARSE.get(label, {label})}

    @property
    def names(self) -> list[str | None]:
        said = self.label.get("expect_identifier")
        return said if isinstance(said, list) else [said]


def own() -> Iterator[Report]:
    """Yield our own reports."""
    yield from (Report(row["id"], row["kind"], row["text"], row) for row in _rows(OWN))


def collected(*, unsure: bool = False) -> Iterator[Report]:
    """Yield the collected texts, the doubtful ones only where asked for; nothing where they are absent."""
    for path in sorted(CORPUS.glob("*.jsonl")):
        for row in _rows(path):
            if isinstance(row.get("text"), str) and (unsure or not row.get("unsure")):
                yield Report(row["id"], path.stem, row["text"], row)


def _rows(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def explained(report: Report) -> list[str]:
    """Return what is wrong with the answer of ``explain``."""
    said, answer = product.explain(report.text), product.answer(report.text)
    return [*_problems(report, said), *_words(report, json.dumps(answer, ensure_ascii=False))]


def arrived(report: Report) -> list[str]:
    """Return what is wrong with the signals of the text as a log stream, one event a line."""
    if report.label.get("explain_only") or any(word in report.text for word in _PLACEHOLDERS):
        return []
    events = events_of(CARRIERS["as_lines"]([report.text]), key=report.id)
    passed = delivered(events, check_group(product.filter_patterns()))
    return _problems(report, product.signals(passed) if passed else [])


def _problems(report: Report, said: list[product.Said]) -> list[str]:
    label = report.label
    if not label["expect_match"]:
        return [f"false: {_shown(said)}"] if said else []
    if not said:
        return ["missed"]
    found = [*_causes(report, said), *_names(report, said)]
    if label.get("findings", len(said)) != len(said):
        found.append(f"{len(said)} findings instead of {label['findings']}")
    return found


def _causes(report: Report, said: list[product.Said]) -> Iterator[str]:
    wrong = [one for one in said if one.cause not in report.causes]
    if wrong:
        certain = (
            "certain but wrong" if any(one.confidence == "certain" for one in wrong) else "cause"
        )
        yield f"{certain}: {_shown(wrong)} instead of {sorted(report.causes)}"
    most = report.label.get("max", "certain")
    if any(_ORDER.index(one.confidence) > _ORDER.index(most) for one in said):
        yield f"too sure: {_shown(said)}, at most {most}"


def _names(report: Report, said: list[product.Said]) -> Iterator[str]:
    names = {name for one in said for name in one.names}
    expected = [name for name in report.names if name]
    if names & set(report.label.get("request_ids", ())):
        yield f"request id as identifier: {sorted(names)}"
    elif names & set(report.label.get("not_names", ())):
        yield f"identifier: a cut name, {sorted(names)}"
    elif not names and None not in report.names:
        yield f"identifier: none instead of {expected}"
    elif names and _is_labelled(report) and not any(_same(a, b) for a in names for b in expected):
        yield f"identifier: {sorted(names)} instead of {expected}"


def _is_labelled(report: Report) -> bool:
    """Tell whether "no name" in the label means that the text has none; in collected texts it may mean that nobody looked."""
    return any(report.names) or report.kind.startswith(("B", "E"))


def _same(name: str, wanted: str) -> bool:
    short, long = sorted((name, wanted), key=len)
    return short == long or long.endswith((f":{short}", f"/{short}"))


def _words(report: Report, answer: str) -> Iterator[str]:
    for word in report.label.get("must_not_say", ()):
        if word in answer:
            yield f"repeats {word}"


def _shown(said: list[product.Said]) -> str:
    return ", ".join(
        f"{one.cause} ({one.confidence}) {one.identifier or ''}".strip() for one in said
    )
