"""Public texts and records, labelled by readers: read where the corpus lies beside the repository, skipped elsewhere.

Its labels are coarser than the causes. Where one is held wrong, it stands in ``DISPUTED`` with the
reason.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from keywatch.actions.explain import explain

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not part of the repository"
)

COARSE = {
    "alias_not_found": "alias_not_found",
    "key_not_found": "key_not_found",
    "key_deleted": "deleted",
    "malformed_identifier": "malformed_identifier",
    "wrong_region": "wrong_region",
    "wrong_account": "wrong_account_or_not_authorized",
    "missing_or_not_authorized": "wrong_account_or_not_authorized",
    "key_pending_deletion": "pending_deletion",
    "key_disabled": "disabled",
    "key_material_missing": "pending_import_or_expired",
    "key_not_ready": "other_unusable",
    "kms_unavailable": "other_unusable",
    "unclassified": "other_unusable",
    "key_store_disconnected": "key_store_unavailable",
    "xks_proxy_unreachable": "key_store_unavailable",
    "xks_proxy_rejected_credentials": "key_store_unavailable",
    "xks_proxy_misconfigured": "key_store_unavailable",
    "xks_proxy_unhealthy": "key_store_unavailable",
    "cloudhsm_unavailable": "key_store_unavailable",
    "xks_proxy_denied": "external_key_unusable",
    "external_key_not_found": "external_key_not_found",
    "external_key_unusable": "external_key_unusable",
    "key_store_not_found": "key_store_not_found",
    "grant_not_found": "grant_not_found",
}

# The key state table prints "is unavailable." for keys of a disconnected key store and for nothing
# else.
DISPUTED = {"log-0227": "key_store_unavailable"}


@cache
def rows(name):
    path = CORPUS / name
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if path.exists()
        else []
    )


def wrong(row, request):
    """Return what is wrong with the answer to a row, or ``None``."""
    answer = explain(request)
    if answer["matched"] != row["expect_match"]:
        return f"matched {answer['matched']}: {[f['because'][0] for f in answer['findings']]}"
    if not answer["matched"]:
        return None
    (finding,) = answer["findings"]
    expected = DISPUTED.get(row["id"], row["expect_cause"])
    if COARSE[finding["cause"]] != expected:
        return f"{finding['cause']} instead of {expected}"
    for field in ("identifier", "region", "account"):
        if row.get(f"expect_{field}") not in {None, finding[field]}:
            return f"{field} {finding[field]} instead of {row[f'expect_{field}']}"
    return None


@pytest.mark.parametrize(
    ("name", "field", "as_request"),
    [
        ("logs.jsonl", "text", lambda text: {"text": text}),
        (
            "logs.jsonl",
            "text",
            lambda text: {"text": json.dumps({"level": "error", "message": text})},
        ),
        ("cloudtrail.jsonl", "record", lambda record: {"record": record}),
        ("cloudtrail.jsonl", "record", lambda record: {"text": json.dumps(record)}),
        ("events.jsonl", "event", lambda event: {"record": event}),
        ("events.jsonl", "event", lambda event: {"text": json.dumps(event, indent=2)}),
    ],
    ids=["logs", "logs-in-json", "cloudtrail", "cloudtrail-as-text", "events", "events-as-text"],
)
def test_every_row_is_answered_as_its_label_says(name, field, as_request):
    problems = {
        row["id"]: problem for row in rows(name) if (problem := wrong(row, as_request(row[field])))
    }
    assert problems == {}
