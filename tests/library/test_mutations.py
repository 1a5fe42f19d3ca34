"""Mesh files that something happened to: each ends as a row; what means nothing changes nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim2coco.library.examine import Task
from sim2coco.library.row import Override, Row
from sim2coco.library.workers import examined
from tests.library.conftest import Look
from tests.library.meshes import brick, obj_of_materials, textured

SEEDS = ("obj", "stl", "ply", "off", "glb", "dae", "3mf")
KINDS = ("unreadable", "no faces", "non-finite", "over a limit", "path trick")
COLORS = [(0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9)]


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with some bytes changed, cut out, doubled or put in, or numbers written over."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 3))):
        at, length = int(rng.integers(len(data) + 1)), int(rng.integers(1, 64))
        match int(rng.integers(6)):
            case 0:
                data[at : at + length] = rng.bytes(min(length, len(data[at:])))
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at:at] = rng.bytes(length)
            case 4:
                data[at : at + 4] = (2**32 - 1 - int(rng.integers(3))).to_bytes(4, "little")
            case _:
                words = (b"nan", b"1e999", b"-1", b"99999999", b"\x00", b"f 1 2 3\n", b"inf ")
                data[at : at + 3] = words[int(rng.integers(len(words)))]
        if not data:
            break
    return bytes(data[: len(data) // 2] if rng.random() < 0.1 else data)


@pytest.mark.parametrize("count", [40, pytest.param(5000, marks=pytest.mark.slow)])
def test_each_mutated_file_ends_as_a_row(tmp_path: Path, rng: np.random.Generator, count: int) -> None:
    """No parent dies, refusals come from the closed list, and what is accepted was seen."""
    textured().export(tmp_path / "seed.glb")
    shutil.copy(obj_of_materials(tmp_path / "seeds", COLORS), tmp_path / "seed.obj")
    shutil.copy(tmp_path / "seeds" / "many.mtl", tmp_path / "many.mtl")
    for kind in ("stl", "ply", "off", "dae", "3mf"):
        brick(tmp_path / f"seed.{kind}")
    tasks = []
    for number in range(count):
        seed = tmp_path / f"seed.{SEEDS[number % len(SEEDS)]}"
        path = tmp_path / f"m{number}{seed.suffix}"
        path.write_bytes(mutated(seed.read_bytes(), rng))
        tasks.append(Task(tmp_path, path.name, Override("m", path.stem, unit_m=0.01, sure=True), None))
    rows = list(examined(tasks, workers=2))
    assert sorted(row.file for row in rows) == sorted(task.file for task in tasks)
    for row in rows:
        if row.verdict == "refused":
            assert row.kind in KINDS, row
            assert row.reason
            assert row.remedy
        else:
            assert row.drawn_px > 0
            assert np.isfinite(row.extents_m).all()
    refused = sum(row.verdict == "refused" for row in rows)
    assert 0.1 * count < refused < 0.97 * count


def comments(lines: list[str], rng: np.random.Generator) -> list[str]:
    return [piece for line in lines for piece in (line, "# nothing")]


def blank_lines(lines: list[str], rng: np.random.Generator) -> list[str]:
    return [piece for line in lines for piece in ("", line, "   ")]


def carriage_returns(lines: list[str], rng: np.random.Generator) -> list[str]:
    return [line + "\r" for line in lines]


def reordered_groups(lines: list[str], rng: np.random.Generator) -> list[str]:
    """The blocks that begin with usemtl, in another order, after all vertices."""
    rest = [line for line in lines if line.startswith("v ")]
    groups: list[list[str]] = []
    for line in lines:
        if line.startswith("usemtl"):
            groups.append([])
        if line.startswith(("usemtl", "f ")):
            groups[-1].append(line)
    order = rng.permutation(len(groups))
    return [lines[0], *rest, *(line for index in order for line in groups[index])]


def reordered_faces(lines: list[str], rng: np.random.Generator) -> list[str]:
    """The faces of each material in another order, each begun at another corner."""
    turned = []
    for line in lines:
        word, *corners = line.split()
        turned.append(" ".join([word, *corners[1:], corners[0]]) if word == "f" else line)
    out: list[str] = []
    for line in turned:
        out.insert(len(out) - 1 if line.startswith("f ") and out[-1].startswith("f ") else len(out), line)
    return out


def one_more_group(lines: list[str], rng: np.random.Generator) -> list[str]:
    """A material cut in two by a name of a group, and said twice."""
    at = next(index for index, line in enumerate(lines) if line.startswith("f ")) + 2
    return [*lines[:at], "g half", "usemtl c0", *lines[at:]]


@pytest.mark.parametrize(
    "change",
    [comments, blank_lines, carriage_returns, reordered_groups, reordered_faces, one_more_group],
    ids=lambda change: change.__name__,
)
def test_what_means_nothing_changes_nothing(
    look: Look,
    tmp_path: Path,
    rng: np.random.Generator,
    change: Callable[[list[str], np.random.Generator], list[str]],
) -> None:
    path = obj_of_materials(tmp_path / "first", COLORS)
    before: Row = look(path, library=tmp_path / "library", unit_m=1.0)
    other = obj_of_materials(tmp_path / "second", COLORS)
    lines = other.read_text().splitlines()
    changed = change(lines, rng)
    assert changed != lines
    other.write_bytes("\n".join(changed).encode() + b"\n")
    after: Row = look(other, library=tmp_path / "library", unit_m=1.0)
    assert before.mesh
    assert (after.verdict, after.mesh) == (before.verdict, before.mesh)
