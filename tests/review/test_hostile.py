"""Hostile records and files of data sets: the commands that read them say in one line what is wrong."""

import subprocess
import sys

import pytest

from tests.review.hostile import EDITS

BATCH = 250


def test_hostile_data_sets_are_told_in_lines() -> None:
    assert told(2, 98, 4) == "done 96\n"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, BATCH))
def test_two_thousand_hostile_data_sets(first: int) -> None:
    assert 2 * len(EDITS) <= BATCH  # each batch has each edit
    assert told(first, first + BATCH) == f"done {BATCH}\n"


def told(*numbers: int) -> str:
    """What a program of its own, whose memory is limited, says of some cases."""
    command = [sys.executable, "-m", "tests.review.hostile", *map(str, numbers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout
