"""Effects of the settings of engines and of scores."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim2coco.engines.engine import Job
from sim2coco.engines.ray import Ray, _next
from sim2coco.engines.rayworker import Order
from sim2coco.identity import begin
from sim2coco.run import Result
from sim2coco.store import LocalStore
from sim2coco.sweeps.row import SweepJob
from sim2coco.sweeps.scores import plan_of, score_of
from sim2coco.tally import GenerationError
from tests.effects.effect import Effect, gives, grows, same
from tests.effects.files import DARK, REFERENCE
from tests.effects.made import Made
from tests.effects.run import FAST, files, images

Measure = Callable[[Made], Any]


def part(made: Made) -> str:
    shard = made.options.engine.part
    assert shard is not None
    return f"{shard.index}/{shard.number}"


def scenes(made: Made) -> list[int]:
    return sorted(int(Path(name).stem) for name in files(made) if name.startswith("records/"))


def like_inline(made: Made) -> bool:
    """Whether the images are those of the engine `inline`, to the byte."""
    other = made.other({"engine.kind": "inline"})
    return contents(made) == contents(other)


def contents(made: Made) -> dict[str, bytes]:
    """The image files."""
    return {name: (made.run.out / name).read_bytes() for name in files(made) if name.startswith("images/")}


def allowed_failures(made: Made) -> int:
    """Largest number of failed scenes, of as many, with which a run goes on."""
    for failed in range(100):
        try:
            made.options.engine.check_failures(Counter(failed=failed), "lost")
        except GenerationError:
            return failed - 1
    raise AssertionError("it never stops")


def ran(made: Made) -> Result | None:
    """A run; None if it stops because of scenes that fail."""
    try:
        return made.run
    except GenerationError:
        return None


def tried_again(made: Made) -> int:
    """How often the first scene is tried again."""
    folder = made.new_folder()
    try:
        made.run_in(folder)
    except GenerationError:
        log = (folder / made.options.out / "run.log").read_text()
        return sum("scene 0:" in line and "it will be retried" in line for line in log.splitlines())
    raise AssertionError("no scene has failed")


def order(made: Made) -> Order:
    """What the workers of Ray are told."""
    engine, folder = made.options.engine, made.new_folder()
    assert isinstance(engine, Ray)
    store = LocalStore(folder)
    job = Job(made.recipe, made.catalogue, store, folder, 1, None)
    with store.claim():
        begin(store, made.recipe, made.catalogue, 1)
        return engine._order(job, "token")


def address(made: Made) -> str | None:
    """The address to which `ray.init` connects; tests/run/test_ray.py starts clusters."""
    engine = made.options.engine
    assert isinstance(engine, Ray)
    return engine.address


def batch(made: Made) -> int:
    """Number of scenes that a worker of Ray is given once many are made."""
    engine = made.options.engine
    assert isinstance(engine, Ray)
    endless: Iterator[int] = iter(range(1000))
    return len(_next(endless, engine.batch_size(1000, 1)))


def scored(made: Made) -> float | None:
    return score_of(made.options.score, SweepJob(0, (), made.run.out))


HOPELESS = {**FAST, "engine.max_failures": 0}
LONG = {**HOPELESS, "views": 60, "image.width": 320, "image.height": 240}
"""A scene that takes more than a second."""
SOON = {**LONG, "engine.timeout_s": 0.2}
SCORE = {**FAST, "num_images": 4, "score.reference": REFERENCE}
INLINE, LOCAL, RAY = ("inline",), ("local",), ("ray",)
NOTHING = (gives(1, 1), FAST, INLINE)
"""Of settings that `inline` does not use."""


def limit(name: str, values: Any, local: Effect) -> tuple[Effect, ...]:
    """The effects of a limit: none in this process, real ones in worker processes, also those of Ray."""
    told: Measure = lambda made: getattr(order(made).local, name)  # noqa: E731
    return Effect(values, images, *NOTHING), local, Effect(values, told, same, {}, RAY)


EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "engine.kind [inline]": Effect(INLINE, images, gives(1), FAST),
    "engine.kind [local]": Effect(LOCAL, like_inline, gives(True), FAST, slow=True),
    "engine.kind [ray]": Effect(RAY, lambda made: order(made).token, gives("token"), FAST),
    "engine.shard": (
        Effect(("0/2", "3/8"), part, same),
        Effect(("0/2", "1/2"), scenes, gives([0, 2], [1, 3]), {**FAST, "num_images": 4}, INLINE),
    ),
    "engine.timeout_s": limit(
        "timeout_s",
        (0.2, 300),
        Effect((0.2, 300), lambda made: ran(made) is None, gives(True, False), LONG, LOCAL, slow=True),
    ),
    "engine.retries": limit("retries", (0, 2), Effect((0, 2), tried_again, same, SOON, LOCAL, slow=True)),
    "engine.max_memory_gib": limit(
        "max_memory_gib",
        (0.01, 8),
        Effect((0.01, 8), lambda made: ran(made) is None, gives(True, False), LONG, LOCAL, slow=True),
    ),
    "engine.max_failures": (
        Effect((0, 7), allowed_failures, same),
        Effect((0, 7), images, *NOTHING),
    ),
    "engine.batch": Effect((1, 8), batch, same),
    "engine.ship_assets": Effect((False, True), lambda made: order(made).catalogue is not None, same),
    "engine.address": Effect((None, "auto"), address, same),
    "workers": Effect(
        (1, 2), like_inline, gives(True, True), {**FAST, "num_images": 3, "engine.kind": "local"}, slow=True
    ),
    "score.by": Effect(("none", "accepted", "coverage", "likeness"), scored, gives(None, 1, 1, 0), SCORE),
    "score.reference": Effect((DARK, REFERENCE), scored, grows, {**SCORE, "score.by": "likeness"}),
    "score.steps": Effect((100, 300), lambda made: plan_of(made.options.score).steps, same),
    "score.seeds": Effect((1, 3), lambda made: plan_of(made.options.score).seeds, same),
}
