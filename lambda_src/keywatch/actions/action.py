"""What an action is: what may be asked, what runs, how the command line shows the answer, and its exit code.

Each action is one module that declares an ``ACTION``; ``registry`` names it. Such a module is cheap
to import: what needs AWS is imported by ``run`` itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from keywatch.actions.display import Shown
from keywatch.actions.requests import InvalidRequest, unknown_fields

if TYPE_CHECKING:
    from keywatch.services import Services

Fields = Mapping[str, Any]
Answer = dict[str, Any]
# Exit codes of the command line: usable (nothing at risk, healthy, understood), not, and cannot tell.
YES, NO, CANNOT_TELL = 0, 1, 2


class Container(Protocol):
    """What a warm container offers to an action."""

    @property
    def services(self) -> "Services":
        """Return what does I/O."""

    def counted(self) -> AbstractContextManager[None]:
        """Write what is counted meanwhile as metrics."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The invocation that an action runs in. ``context`` is Lambda's; the container is made when something is taken from it."""

    context: object
    container: Callable[[], Container]

    @property
    def services(self) -> "Services":
        """Return what does I/O in this deployment."""
        return self.container().services


@dataclass(frozen=True, slots=True)
class Option:
    """How the command line takes a field: ``flag`` is ``--wait``, or a name for what stands by itself."""

    flag: str
    metavar: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request. ``accepts`` tells good values; of any other the answer says ``problem`` ("must be …").

    A field that is not required and has no default may also be ``null``. A field without an
    ``option`` is not for the command line.
    """

    name: str
    type: str
    help: str
    accepts: Callable[[object], bool]
    problem: str
    required: bool = False
    default: object = None
    option: Option | None = None

    def takes(self, value: object) -> bool:
        """Tell whether ``value`` is a good one."""
        nothing = value is None and self.default is None and not self.required
        return nothing or self.accepts(value)


@dataclass(frozen=True, slots=True)
class InParts:
    """How the command line goes on where one call does not finish: what to ask next, how far it is, all answers as one."""

    following: Callable[[Answer], Fields | None]
    progress: Callable[[Answer], tuple[int, int]]
    joined: Callable[[Sequence[Answer]], Answer]


@dataclass(frozen=True, slots=True)
class Action:
    """One question that people and programs may ask.

    ``example`` is a command line and ``request`` the same as fields; ``examples`` are further command
    lines. ``exit_codes`` say what 0, 1 and 2 mean. A ``pure`` action needs no deployment and no
    credentials: the command line runs it itself. ``one_of`` names fields of which one must be given;
    ``from_input`` reads fields from standard input. ``table`` gives the rows of an answer, for a spreadsheet.
    """

    name: str
    question: str
    example: str
    request: Fields
    run: Callable[[Fields, Invocation], Answer]
    exit_code: Callable[[Answer], int]
    show: Callable[[Answer], Iterable[Shown]]
    fields: tuple[Field, ...] = ()
    one_of: tuple[str, ...] = ()
    pure: bool = False
    passes_over_others: bool = False
    from_input: Callable[[str], Fields] | None = None
    table: Callable[[Answer], Iterable[Mapping[str, object]]] | None = None
    in_parts: InParts | None = field(default=None)
    examples: tuple[str, ...] = ()
    exit_codes: tuple[str, str, str] = ("yes", "no", "cannot tell")

    def read(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Return the fields of a request, defaults filled in; raises ``InvalidRequest`` with all that is wrong."""
        names = [field.name for field in self.fields]
        given = {field.name: request.get(field.name, field.default) for field in self.fields}
        wrong = {} if self.passes_over_others else unknown_fields(request, *names)
        wrong |= {
            field.name: field.problem for field in self.fields if not field.takes(given[field.name])
        }
        if self.one_of and all(given[name] is None for name in self.one_of):
            wrong[self.one_of[0]] = f"or {' or '.join(self.one_of[1:])} must be given"
        if wrong:
            raise InvalidRequest.of(wrong)
        return given


def exit_code(action: Action, answer: Answer) -> int:
    """Return the exit code for an answer; a request that was not understood tells nothing."""
    return CANNOT_TELL if "error" in answer else action.exit_code(answer)
