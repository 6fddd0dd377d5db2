"""What ships with the function: its sources and the pinned packages, put together by pip without Docker.

Only pure-Python wheels are taken, so the result is the same on every machine and for every Lambda
architecture.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from packaging.requirements import Requirement

from infra import packages

SOURCES = Path(__file__).resolve().parents[1] / "lambda_src"
REQUIREMENTS = "requirements.txt"
PYTHON_VERSION = "3.14"

_LEFT_OUT = ("__pycache__", "*.pyc", "requirements.in", REQUIREMENTS)
_OF_THIS_MACHINE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
_ADDRESS = re.compile(r"\b[a-z+]+://\S+")


class BundlingError(Exception):
    """The packages could not be installed. The message is pip's, without the addresses of package indexes."""


def code() -> lambda_.Code:
    """Return the function's code as a CDK asset. Its hash depends on the sources and the pinned requirements only."""
    return lambda_.Code.from_asset(
        str(SOURCES),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=fingerprint(SOURCES),
        bundling=BundlingOptions(
            # Asked for by the CDK and never pulled: LocalBundling bundles or raises.
            image=DockerImage.from_registry("local-bundling-only"),
            local=LocalBundling(),
        ),
    )


@jsii.implements(ILocalBundling)
class LocalBundling:
    """Bundle with the pip that runs this program."""

    def try_bundle(self, output_dir: str, *_options: object, **_more_options: object) -> bool:
        """Fill ``output_dir``; always ``True``, as there is no second way. Failure ends the program with pip's message."""
        try:
            bundle(SOURCES, Path(output_dir))
        except BundlingError as error:
            # Any other exception would go through Node and come back as three stack traces.
            raise SystemExit(str(error)) from error
        return True


def bundle(sources: Path, target: Path) -> None:
    """Install the pinned packages of ``sources`` into ``target`` and copy the sources beside them."""
    _run(pip_command(sources / REQUIREMENTS, target))
    _see_that_nothing_is_missing(target)
    _forget_this_machine(target)
    shutil.copytree(sources, target, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)


def _forget_this_machine(target: Path) -> None:
    """Remove what pip writes of itself and of this machine: the bundle is byte for byte the same wherever it is made.

    Console scripts carry the path of this machine's Python, and the record of files their hashes;
    nothing reads either in Lambda.
    """
    shutil.rmtree(target / "bin", ignore_errors=True)
    for name in _OF_THIS_MACHINE:
        for path in target.glob(f"*.dist-info/{name}"):
            path.unlink()


def digest(folder: Path) -> str:
    """Return the SHA-256 of all names, contents and permissions to execute in ``folder``."""
    whole = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content, runs = path.read_bytes(), path.stat().st_mode & 0o111
        name = path.relative_to(folder).as_posix()
        whole.update(f"{name}\0{bool(runs)}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def pip_command(requirements: Path, target: Path) -> list[str]:
    """Return the command that installs ``requirements`` into ``target``: exactly those, nothing is resolved."""
    return [
        *(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"),
        *("install", "--quiet", "--no-user", "--no-compile", "--no-deps", "--require-hashes"),
        *("--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"),
        *("--python-version", PYTHON_VERSION, "--target", str(target)),
        *("--requirement", str(requirements)),
    ]


def _see_that_nothing_is_missing(target: Path) -> None:
    installed = (
        Requirement(f"{name}=={version}") for name, version in packages.versions(target).items()
    )
    runtime = {"python_version": PYTHON_VERSION, "python_full_version": f"{PYTHON_VERSION}.0"}
    if problems := packages.missing(installed, target, runtime):
        raise BundlingError(
            f"{REQUIREMENTS} of the function leaves something out: {'; '.join(problems)}. Run make lock."
        )


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command, no shell
    if done.returncode:
        said = _ADDRESS.sub("<address>", f"{done.stdout}\n{done.stderr}".strip())
        raise BundlingError(
            f"pip could not install {REQUIREMENTS} of the function (exit code {done.returncode}):\n{said}"
        )


def fingerprint(sources: Path) -> str:
    """Return a hash of the names and contents of everything in ``sources`` that decides what ships."""
    digest = hashlib.sha256(PYTHON_VERSION.encode())
    for path in sorted(_files(sources)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sources).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(sources: Path) -> Iterator[Path]:
    return (
        path
        for path in sources.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )
