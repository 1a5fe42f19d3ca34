from collections.abc import Callable, Sequence
from concurrent.futures import Future
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

T = TypeVar("T")

class ProcessExpired(OSError):
    exitcode: int
    pid: int

class ProcessFuture(Future[T]): ...

class ProcessPool:
    def __init__(
        self,
        max_workers: int = ...,
        max_tasks: int = ...,
        initializer: Callable[..., object] | None = ...,
        initargs: Sequence[Any] = ...,
        context: BaseContext | None = ...,
    ) -> None: ...
    def schedule(
        self,
        function: Callable[..., T],
        args: Sequence[Any] = ...,
        kwargs: dict[str, Any] = ...,
        timeout: float | None = ...,
    ) -> ProcessFuture[T]: ...
    def close(self) -> None: ...
    def stop(self) -> None: ...
    def join(self, timeout: float | None = ...) -> None: ...
