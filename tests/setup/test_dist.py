"""What ``make dist`` builds: one package, the same bytes every time, and a command that works in a fresh environment."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.unit.scan.trails import call, change, packed

ROOT = Path(__file__).resolve().parents[2]
LOCKS = "\n".join(
    (ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt")
)
TEXT = "NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:alias/paymnets is not found."


def _built(folder: Path) -> dict[str, Path]:
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1580601600"}
    command = (sys.executable, "-m", "hatchling", "build", "--directory", str(folder))
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return {path.name.removesuffix(".tar.gz"): path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return _built(tmp_path_factory.mktemp("dist"))


def _digests(files):
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_the_same_sources_give_the_same_bytes(dist, tmp_path):
    assert _digests(_built(tmp_path)) == _digests(dist)


def test_the_wheel_holds_one_package_and_nothing_else(dist):
    (wheel,) = (path for path in dist.values() if path.suffix == ".whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"keywatch"}
    assert {"keywatch/cli/__main__.py", "keywatch/cli/scan/command.py"} <= set(names)
    assert not [name for name in names if {"__pycache__", "tests"} & set(name.split("/"))]


def test_the_source_archive_builds_the_wheel(dist):
    (archive,) = (path for path in dist.values() if path.suffix == ".gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {
        "pyproject.toml",
        "LICENSE",
        "lambda_src/keywatch/__init__.py",
        "cli/__main__.py",
    } <= names


def _pip(folder: Path) -> tuple[str, ...]:
    """The pip of the tests, at work on the environment in ``folder``, which has none of its own."""
    return (sys.executable, "-m", "pip", "--python", str(folder / "bin/python"))


@pytest.fixture(scope="module")
def keywatch(dist, tmp_path_factory):
    """The command in a fresh environment, with what the wheel asks for and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    (wheel,) = (path for path in dist.values() if path.suffix == ".whl")
    # The locked versions: what an index serves newly today has no say in a test.
    locked = folder / "locked.txt"
    locked.write_text("\n".join(re.findall(r"^[\w.-]+==[\w.]+", LOCKS, re.MULTILINE)))
    options = ("--quiet", "--no-compile", "--retries", "1", "--constraint", str(locked))
    install = (*_pip(folder), "install", *options, str(wheel))
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no index to install from: {done.stderr[-300:]}")
    return folder / "bin/keywatch"


def _run(command, *arguments, **options):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(
        (command, *arguments),
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        **options,
    )


def test_a_fresh_environment_explains_and_scans_without_the_cdk_and_the_emulator(
    keywatch, tmp_path
):
    # GIVEN an environment with the wheel, and two log files
    listed = _run(*_pip(keywatch.parents[1]), "list", "--format=json").stdout
    there = {package["name"].lower() for package in json.loads(listed)}
    assert "keywatch" in there
    assert not there & {"aws-cdk-lib", "ministack", "moto", "aws-lambda-powertools", "pytest"}
    for number, record in enumerate((change(0, "DisableKey"), call(1))):
        (tmp_path / f"{number}.json.gz").write_bytes(packed(record))
    # WHEN it is asked
    explained = _run(keywatch, "explain", "--json", input=TEXT)
    scanned = _run(keywatch, "scan", "--json", str(tmp_path), cwd=tmp_path)
    checked = _run(keywatch, "check", "alias/x")
    # THEN it answers; what needs a deployment says so
    assert json.loads(explained.stdout)["findings"][0]["cause"] == "alias_not_found"
    incident = json.loads(scanned.stdout.splitlines()[0])
    assert (incident["cause"], incident["changes"][0]["what"], scanned.returncode) == (
        "key_disabled",
        "DisableKey",
        1,
    )
    assert (checked.returncode, "Traceback" in checked.stderr) == (2, False)
