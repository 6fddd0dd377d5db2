"""The comparison of an environment with its locks notices what these leave out; ``make locks`` is the comparison itself."""

import zipfile

from packaging.requirements import Requirement

from infra import packages
from tests.support.wheels import Index
from tools import locks
from tools.locks import ROOT

LOCKED = """
app==1.0 \\
    --hash=sha256:00
    # via -r requirements.in
Base.Lib==2.0 ; python_version >= '3.11' \\
    --hash=sha256:00
never==1.0 ; sys_platform == 'never' \\
    --hash=sha256:00
"""


def site(tmp_path, monkeypatch):
    """A folder of packages as this Python's own: app 1.0 needs base, and fast with an extra."""
    index = Index(tmp_path)
    index.publish("app", "1.0", ["base-lib>=1"], {"more": ["fast>=1"]})
    index.publish("base_lib", "2.0")
    folder = tmp_path / "site"
    for wheel in tmp_path.glob("*/*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)
    monkeypatch.setattr(
        packages, "_installed", lambda _: packages.distributions(path=[str(folder)])
    )
    return packages.versions()


def test_a_lock_is_read_with_its_markers():
    assert locks.pins(LOCKED) == {"app": "1.0", "base-lib": "2.0"}


def test_an_environment_that_fits_its_lock_has_no_problems(tmp_path, monkeypatch):
    there = site(tmp_path, monkeypatch)
    assert list(locks.problems([Requirement("app")], locks.pins(LOCKED), there)) == []


def test_what_only_an_extra_needs_is_missed(tmp_path, monkeypatch):
    there = site(tmp_path, monkeypatch)
    (line,) = locks.problems([Requirement("app[more]")], locks.pins(LOCKED), there)
    assert line.startswith("app need fast>=1")


def test_what_is_there_and_in_no_lock_is_named(tmp_path, monkeypatch):
    there = site(tmp_path, monkeypatch)
    assert list(locks.problems([Requirement("app")], {"app": "1.0"}, there)) == [
        "base-lib 2.0 is installed and in no lock"
    ]


def test_other_versions_and_absent_packages_are_named(tmp_path, monkeypatch):
    there = site(tmp_path, monkeypatch)
    locked = {"app": "1.1", "base-lib": "2.0", "more": "1.0"}
    assert list(locks.problems([], locked, there)) == [
        "app is 1.0 here and 1.1 in the lock",
        "more is in the lock and not installed",
    ]


def test_a_package_that_the_function_ships_in_another_version_is_named():
    (line,) = locks.differences({"app": "1.0"}, {"app": "1.1"})
    assert line == "app is 1.0 for the function and 1.1 in its tests"


def test_no_package_stands_in_both_locks():
    first, second = (locks.pins((ROOT / f"{lock}.txt").read_text()) for lock in locks.LOCKS)
    assert first.keys().isdisjoint(second)
    assert {"pytest", "ruff", "moto"} <= second.keys()
    assert {"aws-cdk-lib", "boto3", "ministack"} <= first.keys()
