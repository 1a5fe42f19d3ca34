"""Poison meshes and textures by `path:` and by import: a line each, soon, in little memory."""

import resource
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh_file
from sim2coco.cli.reporting import plain
from sim2coco.library.examine import Task
from sim2coco.library.row import Override
from sim2coco.library.workers import examined
from tests.forks import told_by_fork
from tests.library.meshes import brick
from tests.library.poisons import write

CPU_S, MEMORY_MIB, LONGEST = 15, 1024, 400
PARTS = 14
"""One of the parts is tried in all runs of the tests, all in the long ones."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("poisons")


@pytest.fixture(scope="module")
def meshes(folder: Path) -> list[Path]:
    return write(folder)


def read_in_child(path: Path) -> str:
    """What a fork of this process tells of a mesh: `ok`, or the line of its refusal, or what went wrong."""

    def work() -> str:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        before = memory_mib()
        try:
            told = "ok" if len(read_mesh_file(path).mesh.faces) else "FAULT: no faces"
        except MeshError as refused:
            told = str(refused)
        grown_mib = memory_mib() - before
        return f"FAULT: {grown_mib:.0f} MiB" if grown_mib > MEMORY_MIB else told

    told, code = told_by_fork(work)
    return told if code == 0 else f"FAULT: exit code {code}; {told}"


def memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def is_a_line(told: str) -> bool:
    return 0 < len(told) < LONGEST and "\n" not in told and plain(told) == told


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=() if part == 5 else pytest.mark.slow) for part in range(PARTS)]
)
def test_poison_by_path_is_a_line(meshes: list[Path], part: int) -> None:
    told = {path.name: read_in_child(path) for path in meshes[part::PARTS]}
    assert {name: line for name, line in told.items() if "FAULT" in line or not is_a_line(line)} == {}


def test_there_are_more_than_a_hundred(meshes: list[Path]) -> None:
    assert len(meshes) > 130


@pytest.mark.slow
def test_poison_by_import_is_a_row_and_good_meshes_beside_it_are_used(
    meshes: list[Path], folder: Path
) -> None:
    good = {brick(folder / f"good.{kind}").name for kind in ("stl", "ply", "off")}
    files = [*(path.name for path in meshes), *good]
    tasks = [Task(folder, name, Override("m", name, unit_m=0.01, sure=True), None) for name in files]
    rows = {row.file: row for row in examined(tasks, workers=2)}
    assert set(rows) == set(files)
    refused = {name: row for name, row in rows.items() if row.verdict == "refused"}
    assert not good & set(refused)
    assert len(refused) > 80
    assert [name for name, row in refused.items() if not (is_a_line(row.reason) and row.remedy)] == []
    assert all(np.isfinite(row.extents_m).all() for name, row in rows.items() if name not in refused)
