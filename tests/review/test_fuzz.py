"""Mutated data sets through `check` and `check --fix`: no exception, no signal, in little memory and time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.review.fuzzing import case, try_case

BATCH = 500


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_mutated_data_sets_are_reported_and_repaired(tmp_path: Path, first: int) -> None:
    faulty = sum(
        bool(try_case(number, tmp_path / str(number))[0].faults) for number in range(first, first + 50)
    )
    assert faulty > 25


def test_a_case_depends_on_its_number_only() -> None:
    one, again, other = case(7), case(7), case(8)
    assert (one.files, one.trees) == (again.files, again.trees)
    assert one.files != other.files


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, BATCH))
def test_ten_thousand_cases_under_limits(first: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.review.fuzzing", str(first), str(first + BATCH)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-3000:])
    sums = json.loads(done.stdout.splitlines()[-1])
    assert sums["cases"] == BATCH
    assert sums["MiB"] < 1024
