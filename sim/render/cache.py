"""Cache of a function's last result, for values shared by all images of a view under different lights."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


class LastResult(Generic[P, Result]):
    """A function that caches its last result and returns it while the arguments are the same objects.

    Arguments are compared by identity, because comparing arrays would cost too much.

    Args:
        make: The function whose last result is cached.
    """

    def __init__(self, make: Callable[P, Result]) -> None:
        """Starts with an empty cache."""
        self._make = make
        self._last: tuple[tuple[object, ...], Result] | None = None

    def __call__(self, *given: P.args, **named: P.kwargs) -> Result:
        """The result for the arguments, from the cache if they are the same objects as last time."""
        keys = (*given, *named.values())
        if self._last is None or not _same(self._last[0], keys):
            self._last = keys, self._make(*given, **named)
        return self._last[1]


def _same(first: tuple[object, ...], second: tuple[object, ...]) -> bool:
    return len(first) == len(second) and all(one is other for one, other in zip(first, second, strict=True))
