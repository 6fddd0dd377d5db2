"""How far one name is from another, and which existing alias a wrong name most likely meant."""

from collections.abc import Iterable
from unicodedata import normalize


def edit_distance(left: str, right: str, most: int) -> int:
    """Return how many insertions, deletions, replacements and swaps of neighbours turn ``left`` into ``right``.

    Stops early: any result above ``most`` only means "more than that".
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def nearest_alias(wanted: str, existing: Iterable[str]) -> str | None:
    """Return the existing alias that ``wanted`` most likely meant, or ``None`` when none is near.

    Near means: the same name in another case or with other separators, or at most one slip per five
    characters of the name (three at most). A tie between two equally near aliases gives none: a
    guess is worse than silence.
    """
    name = wanted.removeprefix("alias/")
    most = min(3, max(1, len(name) // 5))
    best, best_cost, tie = None, most + 1, False
    for alias in existing:
        if alias == wanted:
            return alias
        cost = _alias_distance(name, alias.removeprefix("alias/"), min(best_cost, most))
        if cost < best_cost:
            best, best_cost, tie = alias, cost, False
        elif cost == best_cost and cost <= most:
            tie = True
    return None if tie else best


_SEPARATORS = str.maketrans("", "", "-_/")


# Letters of other scripts that look like Latin ones (Unicode Technical Standard 39, confusables), as
# far as an alias can be spelt with those.
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u0261\u0432\u043a\u043c"
    "\u043d\u0442\u0433\u03b1\u03bf\u03bd\u03c1\u03b9\u03ba\u03c4\u03c5\u03c7\u0131\u217c\u00e0\u00e1"
    "\u00e4\u00e9\u00e8\u00ed\u00f3\u00f6\u00fa\u00fc\u2010\u2011\u2012\u2013\u2014\u2212\u2044\u2215",
    "aeopcyxijsdhgbkmhtraovpiktuxilaaaeeioouu------//",
)


def _alias_distance(name: str, other: str, most: int) -> int:
    name = name if name.isascii() else normalize("NFKC", name).lower().translate(_LOOKS_LIKE)
    if name.lower().translate(_SEPARATORS) == other.lower().translate(_SEPARATORS):
        return 0
    return edit_distance(name, other, most)
