"""The program under observation: a small shop that encrypts orders with KMS."""

import asyncio


class OrderFailed(Exception):
    """What the shop raises when KMS lets it down."""


def call_kms(kms, operation: str, params: dict):
    """Call KMS as the shop does; a client of aiobotocore answers with a coroutine."""
    answer = getattr(kms, operation)(**params)
    return (
        asyncio.get_event_loop().run_until_complete(answer)
        if asyncio.iscoroutine(answer)
        else answer
    )


def store_order(kms, operation: str, params: dict):
    """Store an order, which needs KMS."""
    return call_kms(kms, operation, params)


def store_order_or_fail(kms, operation: str, params: dict):
    """Store an order; KMS's error is the cause of the shop's own."""
    try:
        return store_order(kms, operation, params)
    except Exception as error:
        raise OrderFailed("order 4711 could not be stored") from error
