"""Work in several threads gives results in order, and takes few items ahead."""

import threading
from collections.abc import Iterator

import pytest

from sim2coco.readahead import read_ahead


@pytest.mark.parametrize("at_a_time", [1, 4])
def test_results_come_in_order_and_few_items_are_taken_ahead(at_a_time: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    threads = set[str]()

    def square(item: int) -> int:
        threads.add(threading.current_thread().name)
        return item**2

    for number, result in enumerate(read_ahead(square, items(), at_a_time)):
        assert result == number**2
        assert len(taken) <= number + 2 * at_a_time
    assert len(taken) == 100
    assert (len(threads) > 1 or "MainThread" not in threads) == (at_a_time > 1)


def test_an_error_ends_it() -> None:
    results = read_ahead(lambda item: 1 // (3 - item), range(10**9), 4)
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
