"""The files around the program say what is true: one version, one way to lint, one script for CI."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def releases():
    return re.findall(
        r"^## \[(.+?)\](?: - (\d{4}-\d{2}-\d{2}))?$", read("CHANGELOG.md"), re.MULTILINE
    )


def test_the_changelog_tells_of_the_version_in_the_one_place_where_it_stands():
    # GIVEN the version of the project
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    # THEN it is the newest release of the changelog, below what is not released yet
    (unreleased, undated), (newest, date), *_ = releases()
    assert (unreleased, undated) == ("Unreleased", "")
    assert newest == version
    assert date


def test_releases_go_back_in_time_and_changes_are_of_known_kinds():
    dates = [date for _, date in releases() if date]
    assert dates == sorted(dates, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", read("CHANGELOG.md"), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_a_commit_is_checked_by_what_make_lint_runs():
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["entry"]) == ("local", "make lint")
    assert not hook["pass_filenames"]
    assert re.search(r"^lint:", read("Makefile"), re.MULTILINE)


def test_hosted_ci_runs_the_script_that_everybody_runs():
    # GIVEN the workflow
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    steps = workflow["jobs"]["run"]["steps"]
    # THEN it runs that script and nothing else, may only read, and takes every action by its commit
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step)


def test_the_oldest_python_that_is_supported_is_tested():
    needed = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    matrix = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["run"]["strategy"]["matrix"]
    assert needed == f">={matrix['python'][0]}"
