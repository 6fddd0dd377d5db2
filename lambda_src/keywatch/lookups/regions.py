"""Which names are AWS Regions: what an event or a log line says is anybody's choice, and each name would cost a client."""

from collections.abc import Iterable
from functools import lru_cache

from keywatch.model.identifiers import partition_of


class Regions:
    """The Regions that look-ups may go to: those that boto3 knows in the partition of ``own``, and those ``configured``."""

    def __init__(self, own: str, configured: Iterable[str] = ()) -> None:
        self._own = own
        self._certain = frozenset((own, *configured))

    def __call__(self, region: str) -> bool:
        """Tell whether ``region`` is one of them."""
        return region in self._certain or region in _known(partition_of(self._own))


@lru_cache(maxsize=8)
def _known(partition: str) -> frozenset[str]:
    """Return the Regions of a partition that have KMS; what boto3 reads for that, a client has read already."""
    from botocore.session import get_session

    return frozenset(get_session().get_available_regions("kms", partition_name=partition))
