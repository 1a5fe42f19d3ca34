"""How long each stage of the pipeline takes, by wrapping its functions from outside."""

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

import sim2coco.engines.engine as engine
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
    """Charges every moment to the innermost stage that runs; what no stage claims is `other`."""

    spent: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _open: list[str] = field(default_factory=lambda: [OTHER])
    _wall_s: float = 0.0
    _cpu_s: float = 0.0

    def reset(self) -> None:
        """Forgets what was measured."""
        self.spent.clear()
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time is charged to a stage."""

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
        """A function of PyBullet: its time stays with the stage, and is counted apart as well."""

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent[self._open[-1]].native_s += time.perf_counter() - begun

        return wrapper

    def charge(self) -> None:
        """Charges the time since the last call to the stage that is open."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        spent = self.spent[self._open[-1]]
        spent.wall_s += wall_s - self._wall_s
        spent.cpu_s += cpu_s - self._cpu_s
        self._wall_s, self._cpu_s = wall_s, cpu_s


def measured(recipe: Recipe, images: int) -> dict[str, Spent]:
    """Seconds an image in each stage, and in `other`, once caches are warm; all in this process."""
    own_this_process()  # as a worker does
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
    """Where stages are called: the owner of a name, the name, the stage."""
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
        (engine, "commit", "write"),
        (LocalStore, "sync", "write"),
        (finishing, "write_formats", "write"),
        (finishing, "write_card", "write"),
    ]
