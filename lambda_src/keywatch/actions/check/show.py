"""How the command line shows what ``check`` answers. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from keywatch.actions.display import Line, Pairs, Shown, line, remedies, unknowns

Answer = Mapping[str, Any]
_USABLE = {
    True: ("usable", "bold green"),
    False: ("NOT usable", "bold red"),
    None: ("cannot tell", "bold yellow"),
}
_EVER_USED = {"no": "never", "unknown": "not known"}


def show(answer: Answer) -> Iterable[Shown]:
    """Yield what to show of an answer."""
    for result in answer["results"]:
        yield Line((_USABLE[result["usable"]], (f"  {result['key_id']}  ({result['region']})", "")))
        yield from _result(result)
        yield line()


def _result(result: Answer) -> Iterable[Shown]:
    yield _facts(result)
    if diagnosis := result["diagnosis"]:
        yield line(f"{diagnosis['cause']} ({diagnosis['confidence']})", "bold")
        yield from (line(f"  {reason}") for reason in diagnosis["because"])
    if result["did_you_mean"]:
        yield line(f"Did you mean {result['did_you_mean']}?", "bold")
    yield from remedies(result["remedies"])
    yield from (line(note) for note in result["notes"])
    yield from unknowns(result["unknowns"])
    if "tries" in result:
        tries = (f"{found['saw']} after {found['after_seconds']} s" for found in result["tries"])
        yield line(f"Seen: {', '.join(tries)}", "dim")


def _facts(result: Answer) -> Pairs:
    key, usage = result["key"] or {}, result["usage"]
    multi = key.get("multi_region") or {}
    last = result["last_used"] or _EVER_USED.get(usage["ever_used"], "")
    pairs = {
        "key": key.get("arn"),
        "state": key.get("state"),
        "deletion": key.get("deletion_date"),
        "expires": key.get("valid_to"),
        "manager": key.get("manager"),
        "origin": key.get("origin"),
        "multi-Region": ", ".join(multi.get("regions", [])),
        "key store": _store(result["key_store"]),
        "aliases": ", ".join(result["aliases"]),
        "last used": last if key else None,
    }
    return Pairs(tuple((name, str(value)) for name, value in pairs.items() if value))


def _store(store: Answer | None) -> str | None:
    if store is None:
        return None
    return f"{store['id']} ({store['name']}) {store['state']} {store['error']}".strip()
