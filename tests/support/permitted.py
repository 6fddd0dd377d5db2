"""The stand-ins for AWS as IAM would have them: a call that no role may make ends the test, whoever catches what."""

from functools import cache

from botocore import xform_name

from infra.permissions import rows


class NotPermittedError(BaseException):
    """The function's role may not make this call: nothing may catch this."""


@cache
def permitted() -> frozenset[tuple[str, str]]:
    """Return every call of the table of permissions: the service, and the method of its client."""
    calls = (call.partition(":") for _, call, _ in rows())
    return frozenset((service, xform_name(operation)) for service, _, operation in calls)


def must_be_permitted(service: str, method: str) -> None:
    """Raise ``NotPermittedError`` where no permission of the table covers the call."""
    if (service, method) not in permitted():
        raise NotPermittedError(f"{service}:{method} is in no row of infra/permissions.py")
