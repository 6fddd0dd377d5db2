"""A session of AWS's SDK as the person has configured it: profile and Region as the other tools take them."""

import os
from typing import Any

_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def opened(profile: str | None = None, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's session has no static type
    """Return a boto3 session of a profile (default: AWS_PROFILE's) in a Region.

    Without ``region`` it is AWS_REGION's, as the AWS CLI and the other SDKs have it (AWS CLI User
    Guide, "Environment variables"); botocore itself reads AWS_DEFAULT_REGION and the profile only.
    Raises botocore's ``ProfileNotFound``.
    """
    import boto3  # what needs no AWS starts sooner without

    for variable in _PROFILE_VARIABLES:
        if os.environ.get(variable) == "":  # names none, which botocore takes for a name
            del os.environ[variable]
    here = region or os.environ.get("AWS_REGION") or None
    return boto3.session.Session(profile_name=profile or None, region_name=here)
