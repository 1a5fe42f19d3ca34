"""Data sets that the tests of validate share."""

from pathlib import Path

import pytest

from tests.validate.drawn import write


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 images to train on, and 24 that are held out."""
    root = tmp_path_factory.mktemp("discs")
    return write(write(root, "train", 48, 1), "val", 24, 2)


@pytest.fixture(scope="session")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images to train on, each with the labels of another one."""
    return write(tmp_path_factory.mktemp("shuffled"), "train", 48, 1, shuffled=True)
