"""The programs that let other software read our formats: each names its packages, and counts are right."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "formats"
PROGRAMS = sorted(FOLDER.glob("read_*.py"))


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"formats_{name}", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    found = sys.modules.setdefault(spec.name, importlib.util.module_from_spec(spec))
    assert isinstance(found, ModuleType)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_each_program_fixes_the_version_of_its_reader(program: Path) -> None:
    name, _, version = module("run").release(program).partition(" ")
    assert name == program.stem.removeprefix("read_").replace("_", "-")
    assert version


def test_objects_are_counted_in_any_order_and_each_fault_where_it_is() -> None:
    truth = module("truth")
    one, two = np.eye(4, dtype=np.uint8), np.pad(np.ones((1, 2), np.uint8), ((3, 0), (0, 2)))
    split = two | np.pad(np.ones((1, 1), np.uint8), ((0, 3), (3, 0)))
    boxes = [[0, 0, 4, 4], [0, 3, 2, 4], [0, 0, 4, 4]]
    expected = {"i": truth.Objects(boxes, ["a", "b", "a"], [one, two, split])}
    same = truth.Result("same")
    same.add(expected, {"i": truth.Objects(boxes[::-1], ["a", "b", "a"], [split, two, one])})
    assert (same.images, same.boxes, same.masks, same.masks_in_parts) == ([1, 1], [3, 3], [2, 2], [1, 1])
    other = truth.Result("other")
    other.add(expected, {"i": truth.Objects([[0, 0, 4, 3], *boxes[1:]], ["a", "c", "a"], [one, two, one])})
    assert (other.boxes, other.categories, other.masks) == ([1, 3], [2, 3], [1, 2])
    assert other.masks_in_parts == [0, 1]
    nothing = truth.Result("nothing")
    nothing.add(expected, {})
    assert (nothing.images, nothing.categories) == ([0, 1], [0, 3])


def test_parts_touch_at_corners() -> None:
    assert module("truth").parts(np.eye(5)) == 1
    assert module("truth").parts(np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0]])) == 3
