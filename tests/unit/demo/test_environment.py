import sys
from pathlib import Path

import pytest

from demo import deployment, emulator
from demo.deployment import DeploymentError
from demo.emulator import Emulator, EmulatorError

PERSONAL = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_ENDPOINT_URL_KMS": "https://elsewhere.example.com",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
    "PYTHONPATH": "/somewhere",
    "HOME": "/home/me",
    "PATH": "/usr/bin",
}


def test_nothing_of_a_persons_aws_configuration_reaches_what_the_demo_starts():
    kept = emulator.own_environment(PERSONAL)

    assert kept.keys() == {"HOME", "PATH"}
    assert kept["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert kept["PATH"].endswith("/usr/bin")


def test_programs_are_pointed_at_the_emulator_and_at_no_profile(tmp_path, monkeypatch):
    for name, value in PERSONAL.items():
        monkeypatch.setenv(name, value)
    environment = deployment.cdk_environment(Emulator("http://127.0.0.1:1", tmp_path, pid=0))

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_ACCESS_KEY_ID"] == emulator.ACCOUNT
    assert (
        environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    )
    assert "AWS_PROFILE" not in environment


def test_clients_ignore_a_persons_profile(tmp_path, monkeypatch):
    # GIVEN a profile that does not even exist, which boto3 would refuse
    monkeypatch.setenv("AWS_PROFILE", "production")

    client = Emulator("http://127.0.0.1:1", tmp_path, pid=0).client("kms", "us-east-1")

    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.region_name == "us-east-1"


def test_settings_become_context_options():
    options = deployment.context_options({"search_regions": ["us-east-1"], "create_trail": True})

    assert options == [
        "-c",
        'keywatch:search_regions=["us-east-1"]',
        "-c",
        "keywatch:create_trail=true",
    ]


def test_a_missing_cdk_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(deployment, "CDK", deployment.ROOT / "node_modules" / ".bin" / "nowhere")

    with pytest.raises(DeploymentError, match=r"node_modules/.bin/nowhere.*run `make install`"):
        deployment.bootstrap(Emulator("http://127.0.0.1:1", tmp_path, pid=0))


def test_a_failing_command_shows_the_end_of_what_it_printed():
    program = (sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)")

    with pytest.raises(DeploymentError, match=r"(?s)exit code 3.*what went wrong"):
        deployment.run(program, {})


def test_an_emulator_that_does_not_start_shows_the_end_of_its_log(tmp_path, monkeypatch):
    broken = tmp_path / "broken.py"
    broken.write_text("print('port taken'); raise SystemExit(4)")
    monkeypatch.setattr(emulator, "PROCESS", broken)

    with pytest.raises(EmulatorError, match=r"(?s)exit code 4.*port taken"), emulator.running():
        pass
