"""AWS's own words (``words.toml``), as constants."""

import tomllib
from pathlib import Path
from typing import Any

_WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
_Trouble = dict[str, tuple[str, tuple[str, ...]]]

ALIAS_MISSING: str = _WORDS["alias_missing"]
KEY_MISSING: str = _WORDS["key_missing"]
MALFORMED: str = _WORDS["malformed"]
WRONG_REGION: str = _WORDS["wrong_region"]
DISABLED: str = _WORDS["disabled"]
CREATING: str = _WORDS["creating"]
THROTTLED: str = _WORDS["throttled"]
NOT_PENDING: str = _WORDS["not_pending"]
DENIED_CIPHERTEXT: str = _WORDS["denied_ciphertext"]
PENDING = tuple(_WORDS["pending"])
PENDING_IMPORT = tuple(_WORDS["pending_import"])
UNAVAILABLE = tuple(_WORDS["unavailable"])
DENIED_THREE_WAYS = tuple(_WORDS["denied_three_ways"])
DENIED_PLAINLY = tuple(_WORDS["denied_plainly"])
TRANSIENT: dict[str, str] = _WORDS["transient"]
CLUSTER_DOWN: tuple[str, tuple[str, ...]] = ("cloudhsm_unavailable", (_WORDS["cluster_down"],))
PROXY: _Trouble = {
    name: (one["cause"], tuple(one["texts"])) for name, one in _WORDS["proxy"].items()
}
EXTERNAL: _Trouble = {
    name: (one["cause"], tuple(one["texts"])) for name, one in _WORDS["external"].items()
}
CONNECTION_FAILED: dict[str, dict[str, str]] = _WORDS["connection_failed"]
