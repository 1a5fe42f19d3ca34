"""Maps a function over a sequence in several threads, and yields the results in the sequence's order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(work: Callable[[Item], Result], items: Iterable[Item], at_a_time: int) -> Iterator[Result]:
    """Calls a function for each item in threads, and yields the results in the order of the items.

    Args:
        work: The function; called in the calling thread if `at_a_time` is 1.
        items: The items; at most `2 * at_a_time` are taken ahead.
        at_a_time: Number of threads.
    """
    if at_a_time == 1:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(at_a_time) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) == 2 * at_a_time:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
