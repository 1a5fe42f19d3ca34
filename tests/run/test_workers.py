"""Where workers come from: what they have imported, which scripts they work for, and what stays as it was."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from threadpoolctl import threadpool_info

from sim2coco import Recipe, generate, process
from sim2coco.engines import local
from sim2coco.engines.engine import Job
from sim2coco.engines.local import Local
from sim2coco.engines.worker import drawn_file
from sim2coco.store import LocalStore
from sim2coco.tally import Tally
from tests.commandline import PROGRAM, TINY, tree
from tests.processes import children, descendants, wait_for_the_end_of

SMALL = {
    "seed": 2,
    "views": 2,
    "image": {"width": 64, "height": 48},
    "assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.06}}},
    "scene": {"kind": "drop", "num_objects": [1, 3]},
    "augment": {"geometry": {"flip": {"name": "HorizontalFlip", "p": 0.5}}},
}
LIBRARY = "import json, sys; from sim2coco import Recipe, generate; from sim2coco.engines.local import Local;"
OWN_SCENE = """
import json, os, sys
from pathlib import Path
from typing import Literal
from scenes.kinds.drop import Drop
from sim2coco import Recipe, generate
from sim2coco.engines.local import Local

class Mine(Drop):
    kind: Literal["mine"] = "mine"
    def draw(self, *args, **options):
        with Path(f"modules_{os.getpid()}").open("a") as told:
            told.write(json.dumps([os.getppid(), sorted(sys.modules)]) + chr(10))
        return super().draw(*args, **options)

def run():
    recipe = Recipe.parse({**json.loads(sys.argv[1]), "scene": {"kind": "mine", "num_objects": [1, 3]}})
    generate(recipe, "data", 12, workers=2)
"""


def script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(text)
    command = [sys.executable, "script.py", json.dumps(SMALL)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_script_that_defines_nothing_needs_no_guard(tmp_path: Path) -> None:
    text = "import json, sys\nfrom sim2coco import Recipe, generate\nPRINTED = print('once')\n"
    text += "generate(Recipe.parse(json.loads(sys.argv[1])), 'data', 6, workers=2)\n"
    done = script(tmp_path, text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "once\n", "")
    generate(Recipe.parse(SMALL), tmp_path / "inline", 6)
    assert tree(tmp_path / "data") == tree(tmp_path / "inline")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a script that defines a kind of scene, has a guard, and has run."""
    folder = tmp_path_factory.mktemp("own")
    done = script(folder, OWN_SCENE + "if __name__ == '__main__':\n    run()\n")
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_workers_know_what_a_script_defines(own: Path) -> None:
    assert json.loads((own / "data" / "run.json").read_text())["recipe"]["scene"]["kind"] == "mine"


def test_workers_import_nothing_once_they_have_begun(own: Path) -> None:
    told = [[json.loads(line) for line in path.read_text().splitlines()] for path in own.glob("modules_*")]
    assert len({server for lines in told for server, _ in lines}) == 1
    assert max(len(lines) for lines in told) > 1
    for (_, first), *_, (_, last) in (lines for lines in told if len(lines) > 1):
        assert set(last) == set(first)
        assert not {"trimesh", "hydra", "rich"} & set(last)


def test_a_script_that_defines_parts_and_has_no_guard_is_told(tmp_path: Path) -> None:
    done = script(tmp_path, OWN_SCENE + "run()\n")
    assert done.returncode == 1
    assert "must call generate below `if __name__ == '__main__':`" in done.stderr.splitlines()[-1]


def forked_from(run: subprocess.Popen[bytes]) -> int:
    """The process that a run's workers are forked from, once it has some."""
    deadline = time.monotonic() + 60
    while not (found := [child for child in children(run.pid) if children(child)]):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


@pytest.mark.parametrize("ours", [True, False], ids=["command line", "library"])
def test_workers_are_forked_from_a_process_with_one_thread(tmp_path: Path, ours: bool) -> None:
    """A fork of the command line itself, but none of the process of a script; killed, both leave nothing."""
    out = tmp_path / "data"
    text = LIBRARY + "generate(Recipe.parse(json.loads(sys.argv[1])), sys.argv[2], 9000, engine=Local())"
    command = [sys.executable, "-c", text, json.dumps(SMALL), str(out)]
    if ours:
        command = [str(PROGRAM), "generate", f"out={out}", *TINY, "engine=local", "num_images=9000"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
        server = forked_from(run)
        assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1
        same = Path(f"/proc/{server}/cmdline").read_bytes() == Path(f"/proc/{run.pid}/cmdline").read_bytes()
        assert same == ours
        below = descendants(run.pid)
        run.kill()
    wait_for_the_end_of(below)


def test_an_environment_is_that_of_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own server would keep that of the first."""
    monkeypatch.setattr(process, "_own", False)  # tests of the command line run it in this process
    found: list[bytes] = []
    others = descendants(os.getpid())  # servers that tests share

    def servers() -> list[int]:
        return [pid for pid in descendants(os.getpid()) if pid not in others and of_the_run(pid)]

    def look(tally: Tally) -> None:
        for pid in servers():
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            found.extend(line for line in environment if line.startswith(b"MY_RUN="))

    plain = Recipe.parse({**SMALL, "augment": {}})
    for name in ("first", "second"):
        monkeypatch.setenv("MY_RUN", name)
        found.clear()
        generate(plain, tmp_path / name, 4, engine=Local(), progress=look)
        assert set(found) == {f"MY_RUN={name}".encode()}
        assert not servers()


def of_the_run(pid: int) -> bool:
    return "multiprocessing.forkserver" in Path(f"/proc/{pid}/cmdline").read_text()


def test_the_log_and_the_drawn_assets_hold_any_name(tmp_path: Path) -> None:
    recipe = Recipe.parse(SMALL)
    job = Job(recipe, recipe.load_catalogue(), LocalStore(tmp_path), tmp_path, 1)
    local._log(job, "scene 3: Ü\udcff")
    assert (tmp_path / "run.log").read_bytes() == "scene 3: Ü\\udcff\n".encode()
    whole = "meshes/Ü.obj\0meshes/\udcff.obj\0".encode("utf-8", "surrogateescape")
    drawn_file(job, 3).write_bytes(whole + "meshes/Ü".encode()[:-1])  # the worker was killed while it wrote
    assert local._take_drawn(job, 3) == ("meshes/Ü.obj", "meshes/\udcff.obj")
    assert local._take_drawn(job, 3) == ()


def threads() -> dict[str, int]:
    """The numbers of threads of OpenCV and of the libraries that are loaded."""
    return {"OpenCV": cv2.getNumThreads()} | {
        pool["filepath"]: pool["num_threads"] for pool in threadpool_info()
    }


def test_threads_of_the_callers_process_are_as_before(tmp_path: Path) -> None:
    cv2.setNumThreads(2)
    before, during = threads(), set()
    generate(Recipe.parse(SMALL), tmp_path / "data", 4, progress=lambda _: during.add(cv2.getNumThreads()))
    assert before.items() <= threads().items()  # more libraries may have been loaded
    assert during == {1, 2}  # it is told before the first scene as well


DUCK = {**SMALL, "assets": {"categories": {"duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1}}}}


@pytest.fixture(scope="module")
def ducks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ducks") / "data"
    generate(Recipe.parse(DUCK), out, 6)
    return out


@pytest.mark.parametrize("number", ["1", "3"])
def test_bytes_do_not_depend_on_threads(tmp_path: Path, ducks: Path, number: str) -> None:
    text = LIBRARY + "import cv2; cv2.setNumThreads(int(sys.argv[3]));"
    text += "generate(Recipe.parse(json.loads(sys.argv[1])), sys.argv[2], 6)"
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, number)}
    command = [sys.executable, "-c", text, json.dumps(DUCK), str(tmp_path / "data"), number]
    subprocess.run(command, env=environment, check=True)
    assert tree(tmp_path / "data") == tree(ducks)
