"""The demo itself, as ``make demo ARGS=--json`` runs it, and what it leaves behind when it is stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.deployment import NODE, ROOT

pytestmark = pytest.mark.emulator


def environment(tmp_path: Path) -> dict[str, str]:
    """The environment that make gives, with a profile of the person that must not be used."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "PYTHONPATH": f"{ROOT / 'lambda_src'}:{ROOT}",
        "JSII_NODE": str(NODE),
        "TMPDIR": str(tmp_path),
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }


def test_the_demo_alerts_as_promised_and_leaves_nothing_behind(tmp_path: Path):
    # WHEN the demo runs for a machine
    command = (sys.executable, "-m", "demo", "--json")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )

    # THEN it succeeds, standard output holds alerts and nothing else
    assert done.returncode == 0, done.stderr
    alerts = [json.loads(line) for line in done.stdout.splitlines()]
    assert {alert["schema"] for alert in alerts} == {"keywatch.alert/1"}
    assert len({alert["cause"] for alert in alerts}) >= 10

    # THEN the burst is one alert with its count
    (burst,) = [alert for alert in alerts if alert["cause"] == "key_pending_deletion"]
    assert burst["impact"]["failures"] == 500

    # THEN whoever scheduled the deletion of the key that is gone is named
    (deleted,) = [alert for alert in alerts if alert["cause"] == "key_deleted"]
    assert any(
        change["what"] == "ScheduleKeyDeletion" and "cost-cleanup" in change["who"]
        for change in deleted["changes"]
    )

    # THEN the emulator's directory is gone
    assert list(tmp_path.glob("keywatch-*")) == []


PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal: background jobs of a shell are started without
from demo.emulator import running
with running() as aws:
    print(aws.endpoint, aws.directory, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_ends_the_emulator_and_removes_its_files(tmp_path: Path, number: int):
    # GIVEN a program with a running emulator
    command = (sys.executable, "-c", PROGRAM)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        endpoint, directory = program.stdout.readline().split()
        assert Path(directory).is_dir()

        # WHEN the program is interrupted or ended
        program.send_signal(number)
        program.wait(timeout=300)

    # THEN nobody listens any more and nothing lies around
    address = urlsplit(endpoint)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=2)
    assert not Path(directory).exists()
