"""Hostile records and files of data sets: the commands that read them say in one line what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import run_here
from tests.review.hostile import EDITS, PICTURE, make, try_cases

BATCH = 250


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    make(root / "made")
    assert run_here(root, "replay", "made", PICTURE).code == 0  # imports what the cases need
    return root


@pytest.mark.parametrize("first", [14, 44, 84])
def test_hostile_data_sets_are_told_in_lines(root: Path, first: int) -> None:
    assert try_cases(first, first + 8, root / "made", root) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, BATCH))
def test_two_thousand_hostile_data_sets(first: int) -> None:
    assert 2 * len(EDITS) <= BATCH  # each batch has each edit
    command = [sys.executable, "-m", "tests.review.hostile", str(first), str(first + BATCH)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"done {BATCH}\n", done.stdout
