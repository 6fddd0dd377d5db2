"""What stands between a person and the deployed function, each as a sentence that says what to do."""

from typing import Any

from keywatch.model.text import visible

PERMISSIONS = "cloudformation:DescribeStacks and lambda:InvokeFunction"
_LOG_IN = "Log in again: aws sso login, or set other credentials (AWS_PROFILE, --profile)."
# By the name of the botocore exception. SSO's token errors are botocore.exceptions.SSOError and its kin.
_BY_KIND = {
    "NoCredentialsError": "There are no AWS credentials. Set AWS_PROFILE, or log in (aws sso login).",
    "PartialCredentialsError": "The AWS credentials are incomplete. Set AWS_PROFILE, or log in (aws sso login).",
    "CredentialRetrievalError": f"AWS credentials could not be obtained. {_LOG_IN}",
    "NoRegionError": "There is no AWS Region. Set AWS_REGION, or name it with --region: the Region where KeyWatch is deployed.",
    "InvalidRegionError": "This is not the name of a Region. Set AWS_REGION or --region to one such as eu-west-1.",
    "ConfigParseError": "The AWS configuration file cannot be read. Correct it, or name another one with AWS_CONFIG_FILE.",
    "UnauthorizedSSOTokenError": f"Your AWS login has expired. {_LOG_IN}",
    "SSOTokenLoadError": f"You are not logged in to AWS. {_LOG_IN}",
    "TokenRetrievalError": f"Your AWS login has expired. {_LOG_IN}",
    "EndpointConnectionError": "AWS cannot be reached. Check the network, and the name of the Region.",
    "ConnectTimeoutError": "AWS cannot be reached. Check the network, and the name of the Region.",
    "ConnectionClosedError": "AWS closed the connection. Try again.",
    "ProxyConnectionError": "The proxy to AWS cannot be reached. Check HTTPS_PROXY.",
    "SSLError": "The connection to AWS is not trusted. Check AWS_CA_BUNDLE and the proxy.",
    "ReadTimeoutError": "KeyWatch did not answer in time. See its log: aws logs tail /keywatch/function --since 10m",
}
_DENIED = f"You are not allowed to ask KeyWatch: that needs {PERMISSIONS}."
_EXPIRED = f"Your AWS credentials have expired. {_LOG_IN}"
_WRONG = f"AWS does not accept these credentials. {_LOG_IN}"
_BUSY = "AWS is answering too many requests for this account. Try again in a minute."
_BY_CODE = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "InvalidClientTokenId": _WRONG,
    "UnrecognizedClientException": _WRONG,
    "InvalidSignatureException": _WRONG,
    "SignatureDoesNotMatch": _WRONG,
    "Throttling": _BUSY,
    "ThrottlingException": _BUSY,
    "TooManyRequestsException": _BUSY,
    "RequestLimitExceeded": _BUSY,
    "ResourceNotFoundException": "The stack names a function that does not exist any more. Deploy it again: make deploy",
}


class CannotAskError(Exception):
    """The function could not be asked. The message says why, and what to do."""


def is_from_aws(error: Exception) -> bool:
    """Tell whether an exception is one of AWS's SDK, without importing it."""
    return any(kind.__module__.startswith("botocore.") for kind in type(error).__mro__)


def explained(error: Exception) -> str:
    """Return what to say of a botocore exception: what it means where that is known, and what AWS said."""
    kind = type(error).__name__
    if kind == "ProfileNotFound":
        return _profiles(error)
    code = _code(error)
    known = _BY_CODE.get(code) or _BY_KIND.get(kind)
    said = visible(str(error))
    if known is None:
        return f"AWS could not be asked: {said}"
    return known if kind in {"NoCredentialsError", "NoRegionError"} else f"{known} ({said})"


def _code(error: Exception) -> str:
    answer: Any = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def _profiles(error: Exception) -> str:
    """Name the profiles that there are: an unknown one is mostly misspelt."""
    import botocore.session

    asked = getattr(error, "kwargs", {}).get("profile", "")
    names = ", ".join(botocore.session.Session().available_profiles) or "none"
    return visible(
        f"There is no AWS profile {asked}. Set AWS_PROFILE or --profile to one of those in your AWS configuration: {names}."
    )
