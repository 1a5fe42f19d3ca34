"""What the tests of libraries share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sim.bullet import Client
from sim2coco.library import workers
from sim2coco.library.examine import Task, examine
from sim2coco.library.row import Override, Row
from tests.forkservers import one_fork_server

Look = Callable[..., Row]


@pytest.fixture(scope="package", autouse=True)
def _one_fork_server() -> Iterator[None]:
    """One fork server for all tests here: what children that read meshes need is imported once."""
    with one_fork_server(workers, workers.PRELOADED):
        yield


@pytest.fixture
def look(client: Client) -> Look:
    """`look(path)`: the row of a mesh file, examined in this process; in millimetres where it is silent."""

    def run(path: Path, root: Path | None = None, library: Path | None = None, **said: object) -> Row:
        root = root or path.parent
        said = {"unit_m": 0.001, "sure_up": "up" in said, **said}
        override = Override("things", path.stem, **said)  # type: ignore[arg-type]
        return examine(client, Task(root, path.relative_to(root).as_posix(), override, library))

    return run


@pytest.fixture
def look_apart() -> Callable[..., list[Row]]:
    """`look_apart(*paths)`: the rows of mesh files, examined in child processes."""

    def run(*paths: Path) -> list[Row]:
        tasks = [
            Task(path.parent, path.name, Override("things", path.stem, unit_m=0.001), None) for path in paths
        ]
        rows = {row.file: row for row in workers.examined(tasks, workers=1)}
        return [rows[path.name] for path in paths]

    return run
