"""What was made last is kept: further lights of a view ask for the same things again."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
Made = TypeVar("Made")


class Last(Generic[P, Made]):
    """A function that remembers its last answer, for as long as it is given the very same objects.

    Args:
        make: The function.
    """

    def __init__(self, make: Callable[P, Made]) -> None:
        """Nothing is made yet."""
        self._make = make
        self._last: tuple[tuple[object, ...], Made] | None = None

    def __call__(self, *given: P.args, **named: P.kwargs) -> Made:
        """The answer; the same is what is the same object: to compare what they hold would cost too much."""
        keys = (*given, *named.values())
        if self._last is None or not _same(self._last[0], keys):
            self._last = keys, self._make(*given, **named)
        return self._last[1]


def _same(first: tuple[object, ...], second: tuple[object, ...]) -> bool:
    return len(first) == len(second) and all(one is other for one, other in zip(first, second, strict=True))
