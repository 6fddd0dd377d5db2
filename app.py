"""The CDK app: ``cdk synth``, ``cdk deploy`` and ``cdk destroy`` run this file (see cdk.json)."""

import sys
from pathlib import Path

from aws_cdk import App

# The rules are derived from the function's own catalogue, which lies where the function does.
sys.path.insert(0, str(Path(__file__).parent / "lambda_src"))

from infra.app import add_stacks
from infra.context import SettingsError


def main() -> int:
    """Synthesize; settings that cannot be deployed are said on one page, without a stack trace."""
    app = App()
    try:
        add_stacks(app)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command-line program
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
