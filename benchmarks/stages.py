"""Measures the time of each stage of the pipeline by wrapping its functions."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import sim2coco.committing as committing
import sim2coco.finishing as finishing
import sim2coco.labels as labels
import sim2coco.pipeline as pipeline
import sim2coco.run as run
from augment.pipeline import Augmenter
from benchmarks.clock import WARM_UP
from sim.bullet import pb
from sim.render.compose import Composer
from sim.render.raster.meshrenderer import MeshRenderer
from sim2coco.process import own_this_process
from sim2coco.recipe import Recipe
from sim2coco.store import LocalStore
from sim2coco.tally import Tally

STAGES = (
    "draw",
    "settle",
    "aim",
    "rasterise",
    "compose",
    "label",
    "judge",
    "augment",
    "encode",
    "write",
)
OTHER = "other"
NATIVE = (
    "changeVisualShape",
    "createCollisionShape",
    "createMultiBody",
    "createVisualShapeArray",
    "getCameraImage",
    "loadTexture",
    "removeBody",
    "resetBasePositionAndOrientation",
    "resetSimulation",
    "stepSimulation",
)


@dataclass(slots=True)
class Spent:
    """Time in seconds; `native_s` is the part of the wall time inside PyBullet."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    native_s: float = 0.0


@dataclass(slots=True)
class Stopwatch:
    """Charges time to the innermost running stage; time outside all stages is charged to `other`."""

    spent: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _open: list[str] = field(default_factory=lambda: [OTHER])
    _wall_s: float = 0.0
    _cpu_s: float = 0.0

    def reset(self) -> None:
        """Discards all measurements."""
        self.spent.clear()
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps a function so that its time is charged to a stage."""

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.charge()
            self._open.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.charge()
                self._open.pop()

        return wrapper

    def native(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps a PyBullet function: its time is charged to the stage, and also counted separately."""

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent[self._open[-1]].native_s += time.perf_counter() - begun

        return wrapper

    def charge(self) -> None:
        """Charges the time since the last call to the innermost running stage."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        spent = self.spent[self._open[-1]]
        spent.wall_s += wall_s - self._wall_s
        spent.cpu_s += cpu_s - self._cpu_s
        self._wall_s, self._cpu_s = wall_s, cpu_s


def measured(recipe: Recipe, images: int) -> dict[str, Spent]:
    """Makes images in this process; returns the time per image in each stage, once caches are warm."""
    own_this_process()  # as workers do
    watch = Stopwatch()
    warm: list[int] = []

    def progress(tally: Tally) -> None:
        if not warm and tally.accepted >= WARM_UP * images:
            warm.append(tally.accepted)
            watch.reset()

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for owner, name, stage in _places(recipe):
            stack.enter_context(mock.patch.object(owner, name, watch.timed(stage, getattr(owner, name))))
        for name in NATIVE:
            stack.enter_context(mock.patch.object(pb, name, watch.native(getattr(pb, name))))
        result = run.generate(recipe, Path(folder) / "data", images, progress=progress)
        watch.charge()
    number = result.images - warm[0]
    if not number:
        raise ValueError("too few scenes to tell a rate: ask for more images")
    return {
        stage: Spent(spent.wall_s / number, spent.cpu_s / number, spent.native_s / number)
        for stage, spent in watch.spent.items()
    }


def _places(recipe: Recipe) -> list[tuple[Any, str, str]]:
    """The functions to be timed: (module or class that has the function, its name, stage)."""
    return [
        (type(recipe.scene), "draw", "draw"),
        (pipeline, "settle", "settle"),
        (pipeline, "aim", "aim"),
        (MeshRenderer, "rasterise", "rasterise"),
        (Composer, "compose", "compose"),
        (pipeline, "annotate", "label"),
        (pipeline, "written", "label"),
        (pipeline, "measure", "judge"),
        (pipeline, "judge", "judge"),
        (Augmenter, "augment", "augment"),
        (labels, "encode", "encode"),
        (committing, "commit", "write"),
        (LocalStore, "sync", "write"),
        (finishing, "write_formats", "write"),
        (finishing, "write_card", "write"),
    ]
