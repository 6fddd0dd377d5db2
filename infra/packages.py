"""Which packages the packages in a folder need, and which of those are not there. Pure, but for reading the folder."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Wanted = tuple[Requirement, str]


def roots(requirements: str) -> Iterator[Requirement]:
    """Return what a file like ``requirements.in`` asks for, without comments."""
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    return (Requirement(line) for line in lines if line)


def missing(
    wanted: Iterable[Requirement],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Return a line about each package that ``wanted`` needs, extras included, and that is absent or of another version.

    Looked for in ``folder``, or among this Python's own packages. ``environment`` overrides values of
    this Python's markers, such as ``python_version`` (PyPA, "Dependency specifiers").
    """
    there = {canonicalize_name(one.name): one for one in _installed(folder)}
    queue: list[Wanted] = [(requirement, "") for requirement in wanted]
    seen: set[Wanted] = set()
    problems = []
    while queue:
        requirement, by = queue.pop(0)
        name = canonicalize_name(requirement.name)
        if (requirement, by) in seen:
            continue
        seen.add((requirement, by))
        found = there.get(name)
        if found is None or not requirement.specifier.contains(found.version, prereleases=True):
            has = f"not {found.version}" if found else "which is not there"
            problems.append(f"{by or 'the requirements'} need {requirement}, {has}")
        else:
            queue += ((more, name) for more in _needs(found, requirement.extras, environment or {}))
    return problems


def versions(folder: Path | None = None) -> dict[str, str]:
    """Return the version of each package in ``folder``, or of this Python's own, by its normalized name."""
    return {canonicalize_name(one.name): one.version for one in _installed(folder)}


def _installed(folder: Path | None) -> Iterable[Distribution]:
    return distributions() if folder is None else distributions(path=[str(folder)])


def _needs(
    package: Distribution, extras: Collection[str], environment: Mapping[str, str]
) -> Iterator[Requirement]:
    for requirement in map(Requirement, package.requires or ()):
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate({**environment, "extra": extra}) for extra in (*extras, "")
        ):
            yield requirement
