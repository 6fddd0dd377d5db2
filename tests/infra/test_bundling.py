"""What ships: the sources and the pinned packages, nothing else, and the same on every machine."""

import re
import subprocess
import sys

import pytest

from infra import bundling
from infra.bundling import BundlingError

OTHERS_IN_LAMBDA = {"boto3", "botocore", "s3transfer", "urllib3"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The function as it is deployed."""
    target = tmp_path_factory.mktemp("asset")
    bundling.bundle(bundling.SOURCES, target)
    return target


def test_the_sources_and_their_packages_ship(shipped):
    assert (shipped / "handler.py").is_file()
    assert (shipped / "keywatch" / "model" / "identifiers.py").is_file()
    assert (shipped / "aws_lambda_powertools" / "__init__.py").is_file()


def test_nothing_ships_that_is_of_no_use_in_lambda(shipped):
    # THEN neither caches, nor scripts, nor what the runtime has anyway
    assert not list(shipped.rglob("__pycache__"))
    assert not (shipped / "bin").exists()
    assert not OTHERS_IN_LAMBDA & {path.name for path in shipped.iterdir()}
    assert not list(shipped.glob("requirements*"))


def test_two_bundles_have_the_same_sha_256_and_nothing_of_the_machine_in_them(shipped, tmp_path):
    # GIVEN a second bundle, in another place
    again = tmp_path / "elsewhere" / "asset"
    bundling.bundle(bundling.SOURCES, again)
    # THEN both are byte for byte the same
    assert bundling.digest(again) == bundling.digest(shipped)
    # AND no file names where it was made, or by which Python
    of_here = [str(again), str(shipped), sys.prefix, sys.executable]
    for path in again.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [here for here in of_here if here.encode() in content], path


def test_the_digest_sees_names_contents_and_permissions(tmp_path):
    # GIVEN a folder
    file = tmp_path / "a"
    file.write_text("x")
    seen = {bundling.digest(tmp_path)}
    # WHEN its contents, its permissions and its name change, THEN so does the digest
    file.write_text("y")
    seen.add(bundling.digest(tmp_path))
    file.chmod(0o755)
    seen.add(bundling.digest(tmp_path))
    file.rename(tmp_path / "b")
    seen.add(bundling.digest(tmp_path))
    assert len(seen) == 4


def test_what_ships_runs_on_any_architecture(shipped):
    assert not [
        path for path in shipped.rglob("*") if path.suffix in (".so", ".pyd", ".dll", ".dylib")
    ]


def test_what_ships_can_be_imported_without_anything_of_this_environment_but_boto3(shipped):
    # WHEN a Python that sees nothing else imports it
    program = "import aws_lambda_powertools, handler; print(handler.__file__, aws_lambda_powertools.__file__)"
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(shipped)!r}); {program}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    # THEN both come from there
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(shipped)) == 2


def sources(tmp_path, **files):
    """A small function of its own."""
    for name, text in {"handler.py": "", "requirements.txt": "", **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_fingerprint_changes_with_what_ships_and_with_nothing_else(tmp_path):
    # GIVEN sources
    first = bundling.fingerprint(sources(tmp_path / "a"))
    # THEN their place and their caches do not count
    assert bundling.fingerprint(sources(tmp_path / "b")) == first
    assert (
        bundling.fingerprint(sources(tmp_path / "b", **{"__pycache__/handler.pyc": "x"})) == first
    )
    # AND their text, their names and their packages do
    assert bundling.fingerprint(sources(tmp_path / "c", **{"handler.py": "x"})) != first
    assert bundling.fingerprint(sources(tmp_path / "d", **{"requirements.txt": "x"})) != first
    assert bundling.fingerprint(sources(tmp_path / "e", **{"more.py": ""})) != first


def test_a_package_that_another_one_needs_and_the_lock_leaves_out_is_named(tmp_path):
    # GIVEN the pinned packages of the function without one that another of them needs
    lock = (bundling.SOURCES / "requirements.txt").read_text()
    careless = re.sub(r"^typing-extensions==(?:.*\\\n)+.*\n", "", lock, flags=re.MULTILINE)
    assert careless != lock
    # WHEN THEN nothing else is taken in its place
    with pytest.raises(BundlingError, match="aws-lambda-powertools need typing-extensions"):
        bundling.bundle(sources(tmp_path / "s", **{"requirements.txt": careless}), tmp_path / "out")


def test_packages_without_a_hash_are_refused(tmp_path):
    # GIVEN a requirement that is not pinned
    careless = sources(tmp_path / "sources", **{"requirements.txt": "jmespath==1.1.0\n"})
    # WHEN THEN bundling fails before anything is fetched
    with pytest.raises(BundlingError, match=r"(?i)hashes are required"):
        bundling.bundle(careless, tmp_path / "out")


def test_a_failure_does_not_show_where_packages_come_from(monkeypatch):
    # GIVEN an installer that names its index, with a password in the address
    noisy = "import sys; print('Looking in indexes: https://user:secret@packages.example/simple', file=sys.stderr); sys.exit(1)"
    # WHEN it fails
    with pytest.raises(BundlingError) as raised:
        bundling._run([sys.executable, "-c", noisy])
    # THEN the message has no address
    assert "secret" not in str(raised.value)
    assert "Looking in indexes: <address>" in str(raised.value)


def test_a_failed_bundling_ends_the_program_with_pips_message(monkeypatch, tmp_path):
    def fail(*_):
        raise BundlingError("pip could not install it")

    monkeypatch.setattr(bundling, "bundle", fail)
    with pytest.raises(SystemExit, match="pip could not install it"):
        bundling.LocalBundling().try_bundle(str(tmp_path), {})
