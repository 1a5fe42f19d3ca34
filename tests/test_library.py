"""Importing the library in a user's script."""

import subprocess
import sys
from pathlib import Path

import pytest

import sim2coco


@pytest.mark.parametrize("name", ["sim", "scenes", "augment", "conf"])
def test_a_file_that_hides_one_of_our_packages_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").touch()
    (tmp_path / "script.py").write_text("from sim2coco import Recipe, generate\n")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True)
    if name == "conf":  # only the command line reads it
        assert done.returncode == 0
        return
    message = done.stderr.splitlines()[-1]
    assert f"{name}.py hides sim2coco's own package {name!r}; give your file another name" in message


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        sim2coco.generat  # noqa: B018
