"""A session of AWS's SDK as the person has configured it: profile and Region as the other tools take them."""

import os
from typing import Any


def opened(profile: str | None = None, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's session has no static type
    """Return a boto3 session of a profile (default: AWS_PROFILE's) in a Region.

    Without ``region`` it is AWS_REGION's, as the AWS CLI and the other SDKs have it; botocore itself
    reads AWS_DEFAULT_REGION and the profile only. Raises botocore's ``ProfileNotFound``.
    """
    import boto3

    here = region or os.environ.get("AWS_REGION") or None
    return boto3.session.Session(profile_name=profile, region_name=here)
