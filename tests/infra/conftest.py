"""What all tests of the stack share: templates synthesized once for each set of settings, without bundling the function."""

import os
import sys
from pathlib import Path

# The CDK's library runs in Node; the environment brings one of its own, so that none is needed on
# the machine.
_NODE = Path(sys.prefix) / "bin" / "node"
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))
