"""One failure that was found in a text, with what the text says of the call around it."""

from dataclasses import dataclass

from keywatch.model.identifiers import KeyIdentifier, parse
from keywatch.model.secrets import redacted
from keywatch.model.signals import ErrorClassification
from keywatch.model.text import one_line
from keywatch.parsing.logs.surroundings import account_near, key_near, key_store_near, region_near
from keywatch.parsing.named import named


@dataclass(frozen=True, slots=True)
class LoggedError:
    """One distinct failure in a text: what it means, and what the text says of the call. Text is cleaned and bounded.

    ``region`` is the one that the error names, else that of the call; ``called_region`` is the one
    that was called. ``own_words``: ``message`` is somebody's own wording, no sentence of AWS.
    """

    classification: ErrorClassification
    start: int
    message: str
    code: str | None = None
    operation: str | None = None
    key_store: str | None = None
    account: str | None = None
    region: str | None = None
    called_region: str | None = None
    own_words: bool = False

    @property
    def identifier(self) -> KeyIdentifier | None:
        """Return what the failing call asked for, as far as the text says."""
        name = self.classification.identifier
        return None if name is None else parse(name)

    @property
    def thing(self) -> str:
        """Return the key, alias or Region that the error names, the same for a key's id and its ARN; empty for none."""
        said = self.classification
        name = said.key_arn or said.alias_arn or said.identifier or said.region or ""
        return name.rpartition(":")[2].removeprefix("key/") if name.startswith("arn:") else name


def error_at(
    classification: ErrorClassification,
    message: str,
    line: str,
    place: tuple[int, int],
    *,
    code: str | None,
    operation: str | None,
) -> LoggedError:
    """Return the error at ``line[place[0]:place[1]]``, completed with what stands around it."""
    classification = _completed(classification, line, *place)
    near = region_near(line, *place)
    region = classification.region or near
    return LoggedError(
        classification,
        place[0],
        redacted(one_line(message, 600)),
        one_line(code, 128) or None,
        one_line(operation, 64) or None,
        key_store_near(line, *place),
        classification.account or account_near(line, *place),
        region,
        near if classification.cause == "wrong_region" else region,
    )


def _completed(
    classification: ErrorClassification, line: str, start: int, end: int
) -> ErrorClassification:
    """Add the key that stands near a sentence which names none."""
    if classification.identifier is not None or classification.cause == "malformed_identifier":
        return classification
    region = classification.region if classification.cause == "wrong_region" else None
    name = key_near(line, start, end, region)
    return named(classification, name) if name else classification
