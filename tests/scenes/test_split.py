"""Division of items among splits: close to the shares, never empty, and stable when items are added."""

from itertools import pairwise

import pytest

from scenes.split import Split, interleaved_splits, split_sizes
from tests.refusals import assert_refused

SHARES = (
    {"train": 0.8, "val": 0.2},
    {"train": 0.7, "val": 0.2, "test": 0.1},
    {"a": 1, "b": 100, "c": 1, "d": 1},
    {"one": 3.0},
)
EACH = pytest.mark.parametrize("shares", SHARES, ids=lambda shares: "-".join(shares))


@EACH
def test_quotas_are_near_the_shares_and_never_nothing(shares: dict[str, float]) -> None:
    for count in range(len(shares), 300):
        found = split_sizes(count, shares)
        assert list(found) == list(shares)
        assert sum(found.values()) == count
        assert min(found.values()) >= 1
        for name, share in shares.items():
            exact = share / sum(shares.values()) * count
            # A split that would get less than one item takes one from the others.
            assert exact - len(shares) < found[name] < max(exact, 1) + 1


@EACH
def test_one_thing_more_moves_each_border_by_one_at_most(shares: dict[str, float]) -> None:
    def borders(count: int) -> list[int]:
        counts = list(split_sizes(count, shares).values())
        return [sum(counts[:rank]) for rank in range(1, len(counts))]

    for before, after in pairwise(map(borders, range(len(shares), 300))):
        assert all(new - old in (0, 1) for old, new in zip(before, after, strict=True))


@EACH
def test_every_beginning_of_what_is_dealt_is_near_the_shares(shares: dict[str, float]) -> None:
    order = interleaved_splits(256, shares)
    assert set(order[: len(shares)]) == set(shares)
    for count in range(len(shares), 257):
        for name, share in shares.items():
            exact = share / sum(shares.values()) * count
            assert abs(order[:count].count(name) - exact) < len(shares)
    assert order[:100] == interleaved_splits(100, shares)


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({}, ("scene",)),
        ({"by": "scene"}, ("scene",)),
        ({"by": "asset"}, ("asset",)),
        ({"by": ["background", "asset", "scene"]}, ("asset", "background")),
        ({"train": 1, "by": ["background"]}, ("background",)),
    ],
    ids=str,
)
def test_what_is_kept_apart(said: dict[str, object], by: tuple[str, ...]) -> None:
    split = Split.parse(said)
    assert split.by == by
    assert split.shares == ({"train": 1.0} if "train" in said else {"train": 0.8, "val": 0.2})
    assert Split.model_validate_json(split.model_dump_json()) == split


def test_what_was_made_before_there_was_a_choice_is_described_as_it_was() -> None:
    assert Split.parse({"a": 0.5, "b": 0.5}).model_dump() == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("said", "where", "why"),
    [
        ({"by": "assets"}, "by", "cannot split by 'assets'; did you mean 'asset'"),
        ({"by": 3}, "by", "valid array"),
        ({"train": 0.0}, "train", "greater than 0"),
        ({"train": float("nan")}, "train", "finite"),
        ({"a/b": 1.0}, "", "'a/b' cannot be the name of a split"),
    ],
    ids=str,
)
def test_what_is_no_split_is_refused(said: dict[str, object], where: str, why: str) -> None:
    assert_refused(Split, said, where, why)
