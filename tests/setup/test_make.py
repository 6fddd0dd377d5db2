"""``make`` in a small checkout, with the real rules and a real pip: it builds, fails in one line, and goes on."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.wheels import Index

ROOT = Path(__file__).resolve().parents[2]
ANOTHER = "where_nothing_is"


def own_environment() -> dict[str, str]:
    """Return this process's environment without what a make, a pip or an npm around these tests put there."""
    around = ("PIP_", "npm_", "MAKE", "MFLAGS", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(around)}


@dataclass
class Checkout:
    """A checkout with small locks, and the index that serves what they name."""

    folder: Path
    index: Index

    def lock(self, name: str, *wheels) -> None:
        (self.folder / name).write_text("".join(wheel.locked for wheel in wheels))

    def make(self, target: str, *variables: str, **environment: str) -> tuple[int, list[str]]:
        """Run make; return its exit code and what it said, without make's own closing line."""
        settings = {
            "PIP_INDEX_URL": self.index.address,
            "PIP_CONFIG_FILE": os.devnull,
        } | environment
        done = subprocess.run(
            ("make", target, f"PYTHON={sys.executable}", *variables),  # noqa: S607 - this machine's make
            cwd=self.folder,
            env=own_environment() | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        said = (done.stdout + done.stderr).splitlines()
        return done.returncode, [line for line in said if not line.startswith("make: ***")]

    def installed(self) -> dict[str, str]:
        program = (
            "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
        )
        done = subprocess.run(
            (self.folder / ".venv/bin/python", "-I", "-c", program),
            capture_output=True,
            text=True,
            check=True,
        )
        found = dict(line.split() for line in done.stdout.splitlines())
        return {name: found[name] for name in found if name not in {"pip", "setuptools"}}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Checkout:
    """A checkout whose first lock is installed, from an index that has a newer release of everything."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    checkout = Checkout(folder, Index(tmp_path_factory.mktemp("index")))
    publish = checkout.index.publish
    locked = (
        publish("app", "1.0", ["plug[fast]>=1", "base>=1"]),
        publish("plug", "1.0", ["base>=1"], {"fast": ["speed>=1"]}),
        publish("speed", "1.0"),
        publish("base", "1.0"),
    )
    for name in ("app", "plug", "speed", "base"):
        publish(name, "2.0", ["brandnew>=1"], {"fast": ["speed>=2"]})
    publish("brandnew", "1.0")
    checkout.lock("requirements.txt", *locked)
    code, said = checkout.make(".venv/.ready")
    assert code == 0, said
    return checkout


def later(checkout: Checkout, name: str) -> None:
    """A second lock of one package, which no installation has seen yet."""
    checkout.lock("requirements-dev.txt", checkout.index.publish(name, "1.0"))


def test_the_locked_versions_come_though_the_index_has_newer_ones_of_all(built):
    assert built.installed() == {"app": "1.0", "plug": "1.0", "speed": "1.0", "base": "1.0"}


def test_nothing_is_done_twice(built):
    # WHEN THEN files that a checkout has touched, but not changed, install nothing
    (built.folder / "requirements.txt").touch()
    assert built.make(".venv/.ready") == (0, [])


def test_an_interrupted_installation_is_gone_on_with(built):
    # GIVEN an installation that was cut off in the middle of a package
    venv = built.folder / ".venv"
    (site,) = venv.glob("lib/python3*/site-packages")
    (site / "speed-1.0.dist-info" / "RECORD").unlink()
    (site / "speed.py").unlink()
    (venv / ".ready").rename(venv / ".ready-building")
    # WHEN make runs again
    code, said = built.make(".venv/.ready")
    # THEN it says so in a line, and the package is whole
    assert (code, said) == (
        0,
        ["The last installation of requirements.txt was interrupted; it goes on."],
    )
    assert (site / "speed.py").is_file()
    assert (site / "speed-1.0.dist-info" / "RECORD").is_file()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"},
            "pip cannot reach its package index",
        ),
        ({"PIP_INDEX_URL": f"file:///{ANOTHER}"}, "The package index has no late0==1.0"),
    ],
)
def test_without_the_right_index_one_line_says_so_and_the_next_make_goes_on(
    built, environment, expected
):
    # GIVEN a new lock, and no way to its packages
    later(built, "late0")
    built.folder.joinpath(".venv/.ready-dev").unlink(missing_ok=True)
    if "late0" in built.installed():
        subprocess.run(
            (built.folder / ".venv/bin/python", "-m", "pip", "uninstall", "-qy", "late0"),
            check=True,
        )
    # WHEN make runs
    code, said = built.make(".venv/.ready-dev", **environment)
    # THEN a line says what is wrong and what to do, without the address
    assert code != 0
    (progress, line) = said
    assert progress == "Installing the packages of requirements-dev.txt into .venv ..."
    assert line.startswith(expected)
    assert "make again" in line
    assert "127.0.0.1" not in line
    # AND with the right index it goes on
    code, said = built.make(".venv/.ready-dev")
    assert code == 0, said
    assert built.installed()["late0"] == "1.0"


def test_a_lock_that_leaves_something_out_is_refused(built):
    # GIVEN a lock without a package that one of it needs
    built.lock("requirements-dev.txt", built.index.publish("needy", "1.0", ["absent>=1"]))
    # WHEN THEN make says which, and installs nothing in its place
    code, said = built.make(".venv/.ready-dev")
    assert code != 0
    assert said[-1] == (
        "The lock does not fit together: needy 1.0 requires absent, which is not installed. Run make lock."
    )
    assert "absent" not in built.installed()
    subprocess.run(
        (built.folder / ".venv/bin/python", "-m", "pip", "uninstall", "-qy", "needy"), check=True
    )


def test_files_that_were_not_locked_are_refused(built):
    # GIVEN an index that serves another file under a locked name
    wheel = built.index.publish("swapped", "1.0")
    built.lock("requirements-dev.txt", wheel)
    built.index.publish("swapped", "1.0", ["base"])
    # WHEN THEN
    code, said = built.make(".venv/.ready-dev")
    assert code != 0
    assert said[-1].startswith("The package index serves other files than the locked ones")
    assert "swapped" not in built.installed()


def test_an_npm_without_a_network_is_said_in_one_line_and_the_next_make_goes_on(built):
    # GIVEN an npm that cannot reach its registry, in npm 11's words
    npm = built.folder / ".venv" / "bin" / "npm"
    npm.write_text(
        "#!/bin/sh\n"
        "echo 'npm error code ENOTFOUND' >&2\n"
        "echo 'npm error syscall getaddrinfo' >&2\n"
        "echo 'npm error network request to https://user:secret@registry.example/aws-cdk failed' >&2\n"
        "exit 1\n"
    )
    npm.chmod(0o755)
    for name in ("package.json", "package-lock.json"):
        (built.folder / name).write_text("{}")
    # WHEN make runs
    code, said = built.make("install")
    # THEN a line says so
    assert code != 0
    assert len(said) == 1
    assert said[0].startswith("npm cannot reach its registry. Check the network")
    assert "secret" not in said[0]
    # AND once it can, it goes on
    npm.write_text("#!/bin/sh\nmkdir -p node_modules\n")
    assert built.make("install") == (0, [])


def test_an_activated_environment_does_not_delete_itself(built):
    # GIVEN a shell in which the environment is activated, and a new first lock
    python = built.folder / ".venv" / "bin" / "python3"
    built.lock("requirements.txt", built.index.publish("base", "1.0"))
    # WHEN make runs with the Python of that environment
    code, said = built.make(".venv/.ready", f"PYTHON={python}")
    # THEN the environment is made anew
    assert (code, said) == (0, ["Installing the packages of requirements.txt into .venv ..."])
    assert built.installed() == {"base": "1.0"}


def bare(tmp_path: Path) -> Checkout:
    """A checkout in which nothing was built."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "package.json", "package-lock.json"):
        (folder / name).write_text("")
    return Checkout(folder, Index(tmp_path / "index"))


def test_an_environment_that_is_a_link_is_never_emptied(tmp_path):
    # GIVEN a .venv that links to an environment which others use, too
    checkout = bare(tmp_path)
    shared = tmp_path / "shared"
    (shared / "bin").mkdir(parents=True)
    (shared / "of_others").touch()
    (checkout.folder / ".venv").symlink_to(shared)
    # WHEN make would build it anew
    code, said = checkout.make("install")
    # THEN one line says what to do, and the other environment is as it was
    assert code != 0
    (line,) = said
    assert line.startswith(".venv is a link")
    assert (shared / "of_others").exists()


def test_a_python_that_is_too_old_is_said_in_one_line(tmp_path):
    # GIVEN a Python that calls itself 3.9
    python = tmp_path / "python"
    pretend = "import sys; sys.version_info = (3, 9, 2, 'final', 0); exec(sys.argv[1])"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}" "$2"\n')
    python.chmod(0o755)
    # WHEN THEN
    code, said = bare(tmp_path).make("install", f"PYTHON={python}")
    assert code != 0
    (line,) = said
    assert line == (
        f"KeyWatch needs Python 3.11 or newer; {python} is 3.9. "
        "Install a newer one, or name one: make PYTHON=/path/to/python3"
    )


def test_no_python_at_all_is_said_in_one_line(tmp_path):
    code, said = bare(tmp_path).make("install", "PYTHON=python-that-is-not-there")
    assert code != 0
    (line,) = said
    assert line == (
        'KeyWatch needs Python 3.11 or newer, and there is no "python-that-is-not-there" here. '
        "Install it, or name one: make PYTHON=/path/to/python3"
    )


def test_a_checkout_that_cannot_be_written_is_said_in_one_line(tmp_path):
    # GIVEN a read-only checkout: mounted so, as root may write whatever the permissions say
    checkout = bare(tmp_path)
    mount = f"mount --bind {checkout.folder} {checkout.folder} && mount -o remount,ro,bind {checkout.folder}"
    inside = f"{mount} && cd {checkout.folder} && make install PYTHON={sys.executable}"
    as_root = ("unshare", "--map-root-user", "--mount", "sh", "-c")
    if subprocess.run((*as_root, mount), capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a folder read-only")
    # WHEN THEN
    done = subprocess.run(
        (*as_root, inside), capture_output=True, text=True, check=False, env=own_environment()
    )
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert line.startswith("The checkout cannot be written to. Copy it to a folder of your own")
    assert not (checkout.folder / ".venv").exists()
