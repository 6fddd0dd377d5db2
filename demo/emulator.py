"""An AWS for a minute: the embedded emulator on a free loopback port, in a directory that disappears with it.

Nothing of the person's own AWS configuration reaches it, and nothing of it is left behind, also
after Ctrl-C or a kill.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT = "111122223333"  # an account of AWS's documentation; as an access key it makes the emulator answer for it
REGION = "eu-west-1"
PROCESS = Path(__file__).with_name("emulator_process.py")
START_TIMEOUT = 180.0
_FOREIGN = ("AWS_", "CDK_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "PYTHONPATH")
_LAST_LINES = 30


class EmulatorError(Exception):
    """The emulator did not start. The message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: where it listens, a directory that is removed when it stops, and its process."""

    endpoint: str
    directory: Path
    pid: int
    account: str = ACCOUNT
    region: str = REGION

    @contextlib.contextmanager
    def permissions_enforced(self) -> Iterator[None]:
        """Judge every call by IAM policies meanwhile; otherwise everything is allowed."""
        os.kill(self.pid, signal.SIGUSR1)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGUSR2)

    def environment(self) -> dict[str, str]:
        """Return the environment for programs that shall use this emulator and no other AWS."""
        return {
            **own_environment(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TMPDIR": str(self.directory),
        }

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Return a boto3 client of ``service`` that talks to this emulator, whatever profile the person uses."""
        return _client(self.endpoint, self.account, service, region or self.region)


@lru_cache(maxsize=64)
def _client(endpoint: str, account: str, service: str, region: str) -> Any:  # noqa: ANN401 - as above
    config = Config(retries={"total_max_attempts": 1}, read_timeout=90, max_pool_connections=20)
    session: Any = _session(account)  # a service by name: the typed overloads want a literal
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


@lru_cache(maxsize=1)
def _session(account: str) -> boto3.Session:
    # Environment variables and files that select or define a profile are not looked at.
    nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None), **nowhere})
    core.set_credentials(account, "test")
    return boto3.Session(botocore_session=core)


def own_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return ``base`` without anything that points at another AWS, with the programs of this virtual environment first."""
    kept = {name: value for name, value in base.items() if not name.startswith(_FOREIGN)}
    return kept | {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), base.get("PATH", os.defpath)))
    }


@contextlib.contextmanager
def running() -> Iterator[Emulator]:
    """Start an emulator, give it, and end it with everything that it started. Raises ``EmulatorError``."""
    with (
        _signals_end_us(),
        tempfile.TemporaryDirectory(prefix="keywatch-", ignore_cleanup_errors=True) as name,
    ):
        directory, port = Path(name), _free_port()
        with (directory / "emulator.log").open("wb") as log:
            process = subprocess.Popen(
                (sys.executable, str(PROCESS)),
                env=_settings(directory, port),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        emulator = Emulator(f"http://127.0.0.1:{port}", directory, process.pid)
        try:
            _wait_until_healthy(process, emulator)
            yield emulator
        finally:
            end_group(process)


def end_group(process: "subprocess.Popen[Any]") -> None:
    """End a process that leads its own group, and all that it started. There is nothing to save, so none is asked."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _settings(directory: Path, port: int) -> dict[str, str]:
    return {
        **own_environment(),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",  # it would listen on a port of its own
        "SFTP_ENABLED": "0",
        "CLOUDTRAIL_RECORDING": "1",
        "DOCKER_HOST": f"unix://{directory / 'no-docker'}",  # functions run as processes; a person's containers are not ours
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "s3"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: "subprocess.Popen[bytes]", emulator: Emulator) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=2),  # noqa: S310 - loopback
        ):
            return
        time.sleep(0.1)
    end = "\n".join(
        (emulator.directory / "emulator.log")
        .read_text(errors="replace")
        .splitlines()[-_LAST_LINES:]
    )
    how = (
        "did not answer in time"
        if process.poll() is None
        else f"ended with exit code {process.returncode}"
    )
    raise EmulatorError(f"The AWS emulator {how}. The end of its log:\n{end}")


@contextlib.contextmanager
def _signals_end_us() -> Iterator[None]:
    """Turn a termination or a hang-up into an exception, so that everything is cleaned up as after Ctrl-C."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
