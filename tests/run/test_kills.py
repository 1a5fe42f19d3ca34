"""Neither the order of scenes, nor hashes of Python, nor killed workers change a data set."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sim2coco import Recipe, generate
from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.inline import Inline
from sim2coco.records import Summary
from tests.commandline import tree
from tests.processes import children, descendants, wait_for_the_end_of

SMALL = {
    "seed": 5,
    "views": 1,
    "image": {"width": 96, "height": 72},
    "assets": {
        "categories": {"box": {"shape": "box", "size_m": 0.08}, "nut": {"shape": "nut", "size_m": 0.06}}
    },
    "scene": {"kind": "drop", "num_objects": [1, 5]},
    "quality": {},
    "split": {"train": 0.7, "val": 0.3},
    "augment": {"geometry": {"flip": {"name": "HorizontalFlip", "p": 0.5}}},
}
COMMAND = (
    "from sim2coco import Recipe, generate; from sim2coco.engines.local import Local; import json, sys;"
    "generate(Recipe.parse(json.loads(sys.argv[1])), sys.argv[2], int(sys.argv[3]), workers=2,"
    " engine=Local(retries=10))"
)
IMAGES = 16


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("clean") / "data"
    generate(Recipe.parse(SMALL), out, IMAGES)
    return tree(out)


class Shuffled(Engine):
    """Takes the scenes in another order."""

    kind: str

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        first = [scene for _, scene in zip(range(IMAGES), scenes, strict=False) if scene is not None]
        order = np.random.Generator(np.random.PCG64(2)).permutation(first)
        yield from Inline().run(job, iter([int(scene) for scene in order]))
        yield from Inline().run(job, scenes)


def test_the_order_of_scenes_changes_nothing(tmp_path: Path, clean: dict[str, bytes]) -> None:
    generate(Recipe.parse(SMALL), tmp_path / "data", IMAGES, engine=Shuffled(kind="shuffled"))
    assert tree(tmp_path / "data") == clean


@pytest.mark.parametrize("seed", ["0", "1"])
def test_hashes_of_python_change_nothing(tmp_path: Path, clean: dict[str, bytes], seed: str) -> None:
    start(tmp_path / "data", IMAGES, PYTHONHASHSEED=seed).communicate()
    assert tree(tmp_path / "data") == clean


def start(out: Path, images: int, **environment: str) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", COMMAND, json.dumps(SMALL), str(out), str(images)]
    return subprocess.Popen(arguments, env={**os.environ, **environment})


def killed(out: Path, images: int, kills: int) -> int:
    """Makes a data set while its workers are killed; returns how often."""
    rng, done = np.random.Generator(np.random.PCG64(1)), 0
    with start(out, images) as run:
        while run.poll() is None and done < kills:
            time.sleep(rng.uniform(0.02, 0.4))
            if workers := [worker for child in children(run.pid) for worker in children(child)]:
                os.kill(int(rng.choice(workers)), signal.SIGKILL)
                done += 1
    assert run.returncode == 0
    return done


KILLS, SCENES, ORPHANS_S, HANGS_S = 100, 400, 5.0, 300.0


def committed(out: Path) -> int:
    return len(list(out.glob("records/*/*.json")))


def kill_at_random(out: Path, rng: np.random.Generator, kills: int) -> tuple[int, bool]:
    """Runs until the main process is killed, or has ended; returns how many were killed, and if it ended."""
    done = 0
    with start(out, SCENES) as run:
        while run.poll() is None and done < kills:
            before, deadline = committed(out), time.monotonic() + HANGS_S
            while run.poll() is None and committed(out) < before + 2:
                assert time.monotonic() < deadline, "it hangs"
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.1))
            if run.poll() is not None:
                break
            below = descendants(run.pid)
            workers = [worker for child in children(run.pid) for worker in children(child)]
            victim = run.pid if rng.random() < 0.1 or not workers else int(rng.choice(workers))
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                done += 1
            if victim == run.pid:
                run.wait(timeout=10)
                wait_for_the_end_of(below, ORPHANS_S)
                return done, False
        assert run.wait(timeout=HANGS_S) == 0
    return done, True


@pytest.mark.slow
def test_a_hundred_kills_of_workers_and_of_the_main_process(tmp_path: Path) -> None:
    rng, done, ended = np.random.Generator(np.random.PCG64(3)), 0, False
    while not ended:
        more, ended = kill_at_random(tmp_path / "data", rng, KILLS - done)
        done += more
    assert done > 0.8 * KILLS
    generate(Recipe.parse(SMALL), tmp_path / "clean", SCENES)
    assert tree(tmp_path / "data") == tree(tmp_path / "clean")


@pytest.mark.slow
def test_workers_are_killed_at_random_moments(tmp_path: Path) -> None:
    assert killed(tmp_path / "data", 60, 8) > 3
    generate(Recipe.parse(SMALL), tmp_path / "clean", 60)
    assert tree(tmp_path / "data") == tree(tmp_path / "clean")
