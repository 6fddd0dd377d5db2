"""The pip of Python 3.11.0, of 3.11.7, and the newest install a lock alike, whatever newer releases there are."""

import os
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.support.wheels import Index
from tools.failures import of_check
from tools.programs import SetUpError, pip_install

NEWEST = "newest"


@pytest.fixture(scope="module", params=["22.3", "23.2.1", NEWEST])
def pip(request, tmp_path_factory) -> Path:
    """The file of one pip, from the index of this machine's own settings."""
    folder = tmp_path_factory.mktemp("pip")
    wanted = "pip" if request.param == NEWEST else f"pip=={request.param}"
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "1")
    done = subprocess.run((*command, "--dest", str(folder), wanted), check=False)
    if done.returncode:
        pytest.skip(f"{wanted} cannot be downloaded here")
    (wheel,) = folder.glob("pip-*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(pip) -> Path:
    """A virtual environment with that pip and nothing else, for packages of different names."""
    folder = pip.parent / "venv"
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python3*/site-packages")
    with zipfile.ZipFile(pip) as archive:
        archive.extractall(site)
    return folder


@pytest.fixture
def index(tmp_path, monkeypatch) -> Index:
    """An index of our own, set as a person sets it: by pip's own settings."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    own = Index(tmp_path / "index")
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nindex-url = {own.address}\nuser = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    return own


def installed(environment: Path) -> dict[str, str]:
    """What is there, by a Python that no setting of pip can change."""
    (site,) = environment.glob("lib/python3*/site-packages")
    found = {one.name: one.version for one in distributions(path=[str(site)])}
    return {name: version for name, version in found.items() if name != "pip"}


def test_every_pip_installs_the_locked_versions_of_everything(index, environment, tmp_path):
    # GIVEN a lock with a package that is needed through an extra only, markers as in our locks, and
    # newer releases of all that is needed, which need more
    wheels = [
        index.publish("app", "1.0", ["plug[fast]>=1"]),
        index.publish("plug", "1.0", ["base>=1"], {"fast": ["speed>=1"]}),
        index.publish("speed", "1.0"),
        index.publish("base", "1.0"),
    ]
    for wheel in wheels[1:]:
        index.publish(wheel.name, "2.0", ["brandnew"], {"fast": ["speed>=2"]})
    other = index.publish("elsewhere", "1.0").locked.replace(
        "==1.0", "==1.0 ; sys_platform == 'never'"
    )
    here = index.publish("here", "1.0").locked.replace("==1.0", "==1.0 ; python_version >= '3.11'")
    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(wheel.locked for wheel in wheels) + other + here)
    # WHEN it is installed
    pip_install(environment, lock)
    # THEN what is locked is there, and nothing else
    assert installed(environment) == dict.fromkeys(("app", "plug", "speed", "base", "here"), "1.0")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:9/simple", "pip cannot reach its package index"),
        ("file:///where_nothing_is", "The package index has no late==1.0"),
    ],
)
def test_every_pip_is_understood_when_it_fails(
    index, environment, tmp_path, monkeypatch, address, expected
):
    lock = tmp_path / "requirements.txt"
    lock.write_text(index.publish("late", "1.0").locked)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(SetUpError, match=expected):
        pip_install(environment, lock)


def test_every_pip_tells_what_a_lock_leaves_out(index, environment, tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(index.publish("needy", "1.0", ["absent>=1"]).locked)
    with pytest.raises(SetUpError, match=r"needy 1\.0 requires absent, which is not installed"):
        pip_install(environment, lock)


def test_what_pip_check_says_about_packages_that_no_lock_names_is_none_of_our_business():
    said = "left-by-somebody 1.0 requires nothing-we-know, which is not installed.\n"
    assert of_check(said, {"app"}) is None
    assert "left-by-somebody" in of_check(said, {"left-by-somebody"})
