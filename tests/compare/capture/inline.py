"""Thread pools that work in order, in the calling thread: what is recorded has one order."""

import concurrent.futures
import concurrent.futures.thread
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Self


class InOrder:
    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *items: Any, **_: object) -> Iterator[Any]:
        return iter([work(*of) for of in zip(*items, strict=False)])

    def shutdown(self, *_: object, **__: object) -> None: ...


def work_in_order() -> None:
    concurrent.futures.ThreadPoolExecutor = InOrder  # type: ignore[misc,assignment]
    concurrent.futures.thread.ThreadPoolExecutor = InOrder  # type: ignore[misc,assignment]
