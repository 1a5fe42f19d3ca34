from types import TracebackType
from typing import Any, overload

from numpy.typing import NDArray

ZIP_COMPRESSION: Any
scanlineimage: Any

class Channel:
    pixels: NDArray[Any]

class File:
    @overload
    def __init__(self, header: dict[str, Any], channels: dict[str, NDArray[Any]], /) -> None: ...
    @overload
    def __init__(self, filename: str, *, separate_channels: bool = ..., header_only: bool = ...) -> None: ...
    def __enter__(self) -> File: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...
    def write(self, filename: str, /) -> None: ...
    def header(self, part_index: int = ...) -> dict[str, Any]: ...
    def channels(self, part_index: int = ...) -> dict[str, Channel]: ...
