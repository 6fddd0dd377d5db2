"""Build what KeyWatch runs with: ``tools.install packages LOCK STAMP`` and ``tools.install cdk LOCK STAMP VENV``.

``packages`` installs what a lock names into the virtual environment that ``STAMP`` lies in. Nothing
is resolved, so the day does not matter; where packages come from is pip's own setting. ``cdk``
installs the CDK command line of package-lock.json. ``STAMP`` is written last and says what is there;
an interrupted installation is gone on with. A failure is one line on standard error, exit code 1.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools import failures, programs
from tools.programs import SetUpError

FIRST_LOCK = "requirements.txt"
INTERRUPTED = 130
NPM_CI = ("ci", "--no-audit", "--no-fund", "--loglevel=error")


def packages(lock: Path, stamp: Path) -> None:
    """Install what ``lock`` names into the environment of ``stamp``; the first lock makes that environment."""
    venv, wanted = stamp.parent, fingerprint(lock)
    building = stamp.with_name(f"{stamp.name}-building")
    with _alone(lock):
        if _says(stamp, wanted):
            stamp.touch()
            return
        if _says(building, wanted) and (venv / "bin" / "python").exists():
            _say(f"The last installation of {lock.name} was interrupted; it goes on.")
        else:
            if lock.name == FIRST_LOCK:
                _make(venv)
            _say(f"Installing the packages of {lock.name} into {venv.name} ...")
        building.write_text(wanted)
        _remove_halves(venv)
        programs.pip_install(venv, lock)
        building.unlink()
        stamp.write_text(wanted)


def cdk(lock: Path, stamp: Path, venv: Path) -> None:
    """Install the CDK command line that ``lock`` names into the folder of ``stamp``, with the npm of ``venv``."""
    wanted, npm, log = fingerprint(lock), venv / "bin" / "npm", venv / "npm.log"
    with _alone(lock):
        if _says(stamp, wanted):
            stamp.touch()
            return
        path = os.pathsep.join((str(venv / "bin"), os.environ.get("PATH", os.defpath)))
        if programs.run((str(npm), *NPM_CI), log, {"PATH": path}):
            raise SetUpError(failures.of_npm(log.read_text(errors="replace"), log))
        stamp.write_text(wanted)


def fingerprint(lock: Path) -> str:
    """Return what identifies an installation: the lock's content and this Python's version and place."""
    python = f"{sys.version_info} {sys.base_prefix}"
    return hashlib.sha256(lock.read_bytes() + python.encode()).hexdigest()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one make at a time install from ``lock``; the next one finds everything done."""
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text() == text


def _make(venv: Path) -> None:
    if venv.is_symlink():
        raise SetUpError(failures.LINKED.format(venv=venv.name))
    venv.mkdir(exist_ok=True)  # says clearly when the checkout is read-only
    log = venv.with_name(f"{venv.name}.log")
    if programs.run((sys.executable, "-m", "venv", "--clear", str(venv)), log):
        raise SetUpError(failures.of_venv(sys.executable, log.read_text(errors="replace"), log))
    log.unlink()


def _remove_halves(venv: Path) -> None:
    """Remove the traces of packages whose installation was cut off.

    pip writes RECORD last, and takes what lacks it for a whole package.
    """
    for site in venv.glob("lib/python3*/site-packages"):
        infos = (info for info in site.glob("*.dist-info") if not (info / "RECORD").is_file())
        for half in (*infos, *site.glob("~*")):
            shutil.rmtree(half, ignore_errors=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command-line program


def _leave(venv: Path) -> None:
    """Go on with the Python that made ``venv``, where ``venv`` itself is activated: it would delete itself."""
    if sys.prefix != sys.base_prefix and Path(sys.prefix).resolve() == venv.resolve():
        python = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
        os.execv(python, (str(python), "-m", "tools.install", *sys.argv[1:]))  # noqa: S606 - no shell


def main(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` say and return the exit code."""
    try:
        what, lock, stamp, *venv = arguments
        if what == "packages":
            _leave(Path(stamp).parent.absolute())
            packages(Path(lock), Path(stamp).absolute())
        else:
            cdk(Path(lock), Path(stamp).absolute(), Path(venv[0]).absolute())
    except SetUpError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(failures.of_system(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted. Run make again: it goes on from there.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
