"""The CDK application: the stack, one construct for each concern.

The rules and the log filter are made from the function's own catalogue, so its source is importable
here however the application was started (``cdk synth`` sets no PYTHONPATH).
"""

import sys
from pathlib import Path

_FUNCTION_SOURCE = str(Path(__file__).resolve().parents[1] / "lambda_src")
if _FUNCTION_SOURCE not in sys.path:
    sys.path.append(_FUNCTION_SOURCE)
