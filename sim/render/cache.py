"""Cache of a function's last result.

It is used when a view is rendered under several lights, for values that do not depend on the light.
"""

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
        """Returns the function's result; calls it only if an argument is not the same object as last time."""
        keys = (*given, *named.values())
        if self._last is None or not _same(self._last[0], keys):
            self._last = keys, self._make(*given, **named)
        return self._last[1]


def _same(first: tuple[object, ...], second: tuple[object, ...]) -> bool:
    return len(first) == len(second) and all(one is other for one, other in zip(first, second, strict=True))
