"""Run the shop with one SDK, let every call fail, and print what each logger writes.

``python run.py SDK < request.json`` with SDK boto3, aiobotocore or aws_encryption_sdk prints one JSON
object a line. The request holds ``calls`` (objects with ``id``, ``operation``, ``params``, ``region``,
``status``, ``code`` and ``message``) and ``every``: one pair of call and logger in so many is run.
Nothing but the loopback interface is reached.
"""

import asyncio
import json
import logging
import re
import sys
import time
import warnings
from functools import cache
from types import TracebackType

import loggers
import orders
import stub

BLOB = b"\x01\x02\x02\x00x" + b"\x07" * 150


class Call(dict):
    """A call that a traceback with variables does not print: KMS's answer must come from KMS alone."""

    def __repr__(self) -> str:
        return "<call>"


def main(sdk: str) -> None:
    """Print the output of every call under every logger."""
    warnings.simplefilter("ignore")
    time.sleep = lambda _: None  # retries wait for nobody here
    loggers.quiet()
    calls, every = _request()
    with stub.serving() as (answer, port):
        shop = Shop(sdk, answer, every)
        for row in _PROGRAMS[sdk](shop, calls, port):
            sys.stdout.write(json.dumps({"sdk": sdk, **row}) + "\n")


def _request() -> tuple[list[Call], int]:
    """Return what was asked for, leaving nothing of it that a traceback with variables would print."""
    request = json.load(sys.stdin)
    return [Call(call) for call in request["calls"]], request["every"]


class Shop:
    """Makes calls fail and keeps what the loggers wrote."""

    def __init__(self, sdk: str, answer: stub.Answer, every: int) -> None:
        self.sdk, self.answer, self.every, self.number = sdk, answer, every, 0

    def row(self, call: dict, name: str, make, log, own=None) -> dict:
        """Let one call fail and return what ``log`` wrote about the exception, after what the SDK logged by itself to ``own``."""
        body = stub.error_body(call["code"], call["message"])
        self.answer.set(
            {"status": call["status"], "body": body, "name": f"{self.sdk}/{call['id']}/{name}"}
        )
        try:
            make(call)
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises is what its users log
            error.__traceback__ = _from_the_shop_on(error.__traceback__)
            records = [*(own.records if own else ()), *log(error)]
            return {
                "logger": name,
                "call": call["id"],
                "records": records,
                "request_ids": list(self.answer.request_ids),
            }
        raise SystemExit(f"{call['id']} did not fail")

    def rows(
        self, calls: list[dict], client_of, store, names=tuple(loggers.LOGGERS), prefix: str = ""
    ):
        """Yield one row for each pair of call and logger in the sample."""
        for position, call in enumerate(calls):
            for column, name in enumerate(names):
                if (position + column) % self.every == 0:
                    client, own = client_of(call["region"]), loggers.listening()
                    yield self.row(
                        call,
                        prefix + name,
                        lambda c, k=client: store(k, c),
                        lambda e, n=name: loggers.records_of(n, e),
                        own,
                    )


def _params(call: dict) -> dict:
    """Return the parameters of a call; what is binary is the same everywhere."""
    more = {
        "Decrypt": {"CiphertextBlob": BLOB},
        "Encrypt": {"Plaintext": b"card 4111"},
        "ReEncrypt": {"CiphertextBlob": BLOB},
        "GenerateDataKeyWithoutPlaintext": {"KeySpec": "AES_256"},
    }
    return {**more.get(call["operation"], {}), **call["params"]}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _from_the_shop_on(trace: TracebackType | None) -> TracebackType | None:
    """Leave out our own frames: a console that prints local variables would print KMS's answer from them."""
    while trace and trace.tb_frame.f_code.co_filename != orders.__file__:
        trace = trace.tb_next
    return trace


WRAPPED = (
    "basic_config",
    "structlog_dicts",
    "rich_traceback",
    "lambda_unhandled",
    "loguru_default",
)


def _boto3(shop: Shop, calls: list[dict], port: int):
    import boto3

    @cache
    def client_of(region: str):
        return boto3.client("kms", **_settings(region, port))

    def store(client, call: dict):
        return orders.store_order(client, _snake(call["operation"]), _params(call))

    def store_wrapped(client, call: dict):
        return orders.store_order_or_fail(client, _snake(call["operation"]), _params(call))

    yield from shop.rows(calls, client_of, store)
    yield from shop.rows(calls, client_of, store_wrapped, WRAPPED, "wrapped_")
    for call in calls[:: shop.every]:
        yield _debug(shop, call, lambda c: store(client_of(c["region"]), c))


def _debug(shop: Shop, call: dict, make) -> dict:
    """Run one call with botocore's debug log on, and log the error at the end as programs do."""
    stream = loggers.Records()
    root = logging.getLogger()
    root.handlers = [loggers.debug_handler(stream)]
    root.setLevel(logging.DEBUG)

    def log(_: Exception) -> list[str]:
        logging.getLogger("orders").exception("could not store order %s", 4711)  # noqa: LOG004
        root.setLevel(logging.INFO)
        return stream.records

    return shop.row(call, "botocore_debug", make, log)


def _settings(region: str, port: int) -> dict:
    from botocore.config import Config

    return {
        "region_name": region,
        "endpoint_url": f"http://kms.{region}.amazonaws.com",
        "aws_access_key_id": "AKIAEXAMPLEEXAMPLE12",
        "aws_secret_access_key": "not-a-secret",
        "config": Config(
            proxies={"http": f"http://127.0.0.1:{port}"},
            retries={"total_max_attempts": 2, "mode": "standard"},
        ),
    }


def _aiobotocore(shop: Shop, calls: list[dict], port: int):
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    @cache
    def client_of(region: str):
        settings = _settings(region, port)
        settings["config"] = AioConfig(
            proxies=settings["config"].proxies, retries=settings["config"].retries
        )
        return loop.run_until_complete(get_session().create_client("kms", **settings).__aenter__())

    def store(client, call: dict):
        return orders.store_order(client, _snake(call["operation"]), _params(call))

    yield from shop.rows(calls, client_of, store)


def _aws_encryption_sdk(shop: Shop, calls: list[dict], port: int):
    import aws_encryption_sdk
    import boto3
    from aws_encryption_sdk.identifiers import CommitmentPolicy
    from aws_encryption_sdk.key_providers.kms import KMSMasterKey

    sdk = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )

    def client_of(region: str):
        key = next(call["params"]["KeyId"] for call in calls if call["region"] == region)
        provider = KMSMasterKey(client=boto3.client("kms", **_settings(region, port)), key_id=key)
        good = {"Plaintext": "A" * 43 + "=", "CiphertextBlob": "AQID", "KeyId": key}
        shop.answer.set({"status": 200, "body": good, "name": "none"})
        message, _ = sdk.encrypt(source=b"card 4111", key_provider=provider)
        return provider, message

    def store(client, call: dict):
        provider, message = client
        if call["operation"] == "Decrypt":
            return orders.store_order(sdk, "decrypt", {"source": message, "key_provider": provider})
        return orders.store_order(
            sdk, "encrypt", {"source": b"card 4111", "key_provider": provider}
        )

    yield from shop.rows(calls, cache(client_of), store)


_PROGRAMS = {
    "boto3": _boto3,
    "aiobotocore": _aiobotocore,
    "aws_encryption_sdk": _aws_encryption_sdk,
}

if __name__ == "__main__":
    main(sys.argv[1])
