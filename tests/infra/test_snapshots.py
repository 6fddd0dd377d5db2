"""The whole template, with everything off and with everything on: a change to it shows in the diff of a review."""

import json
import re

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.synthesis import EVERYTHING_OFF, EVERYTHING_ON, template

ASSET_HASH = re.compile(r"[0-9a-f]{64}")
DEPLOYMENT = re.compile(r"(deployment\W+)[0-9a-f]{16}")


def without_hashes(of):
    """Return the template with the hashes of the sources replaced: sources change more often than the stack does."""
    return json.loads(
        DEPLOYMENT.sub(r"\1<deployment>", ASSET_HASH.sub("<asset hash>", json.dumps(of)))
    )


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(EVERYTHING_OFF, id="everything_off"),
        pytest.param(EVERYTHING_ON, id="everything_on"),
    ],
)
def test_the_template_is_the_reviewed_one(settings, snapshot):
    assert without_hashes(template(settings)) == snapshot(extension_class=JSONSnapshotExtension)
