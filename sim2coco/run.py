"""Runs: from a Recipe to a finished data set, resumable at any moment, extendable at any time."""

import multiprocessing
import re
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from scenes.assets.loading import load_catalogue
from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.export.coco import write_coco
from sim2coco.identity import begin, finish
from sim2coco.notes import log_notes
from sim2coco.recipe import Recipe
from sim2coco.records import (
    Record,
    Summary,
    View,
    from_bytes,
    kept_views,
    picture_path,
    record_name,
    summary,
)
from sim2coco.store import Store


class GenerationError(Exception):
    """A run that cannot come to an end, with the counts that say why."""


ADVICE = {
    "unsettled": "allow more scene.physics.max_seconds, or fewer scene.num_objects",
    "no_place": "set fewer scene.num_objects, or a larger scene.spread",
    "out_of_bounds": "set a larger scene.spread, or more scene.friction",
    "too_close": "set a smaller camera.fill, or a larger distance",
    "vanishing": "set a larger image.width and image.height, or a larger camera.fill",
    "failed": "look at run.log, and at the meshes",
}
"""What to change when most views are lost for a reason that is no check."""


@dataclass
class Tally:
    """What the in-order prefix of finished scenes holds; `scene` is the next one it waits for."""

    wanted: int
    patience: int
    min_yield: float
    scene: int = 0
    accepted: int = 0
    kept_of_last: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    _recent: deque[bool] = field(default_factory=deque)

    @property
    def done(self) -> bool:
        """Whether enough views are accepted."""
        return self.accepted >= self.wanted

    def add(self, scene: Summary) -> None:
        """Counts the next scene.

        Raises:
            GenerationError: Hardly any of the last views was accepted.
        """
        self.scene += 1
        if scene.status == "failed":
            self.failed.append((scene.scene, scene.error or ""))
        self.kept_of_last = 0
        outcomes = {"done": scene.views, "rejected": (scene.unlucky[-1:],), "failed": (("failed",),)}[
            scene.status
        ]
        for reasons in outcomes:
            if self.done:
                return
            self.reasons.update(reasons)
            self.accepted += not reasons
            self.kept_of_last += not reasons
            self._recent.append(not reasons)
        while len(self._recent) > self.patience:
            self._recent.popleft()
        if len(self._recent) == self.patience and sum(self._recent) < self.min_yield * self.patience:
            raise GenerationError(
                f"of the last {self.patience} views {sum(self._recent)} were accepted; rejected: "
                f"{counts(self.reasons)}; {self._advice()}"
            )

    def _advice(self) -> str:
        """The setting to change for the most frequent reason."""
        reason = self.reasons.most_common(1)[0][0]
        check = reason.removeprefix("augment:")
        return ADVICE.get(reason, f"relax quality.checks.{check}, or change the scene")


def counts(reasons: Counter[str]) -> str:
    """Reasons and how often, most frequent first."""
    return ", ".join(f"{reason} {number}" for reason, number in reasons.most_common()) or "none"


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has made."""

    out: Path
    images: int
    scenes: int
    reasons: Counter[str]
    failed: list[tuple[int, str]]
    labels: Counter[str]
    """How many labels each category has."""


Progress = Callable[[Tally], None]


def generate(
    recipe: Recipe,
    out: str | Path,
    num_images: int,
    *,
    workers: int = 1,
    engine: Engine | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Makes a data set, or what is missing of it.

    Args:
        recipe: What to make.
        out: The data set's folder: new, or one that the same recipe has begun.
        num_images: Accepted views; more than before extends the data set.
        workers: Processes, for engines that have them.
        engine: Where scenes are made; by default in this process, or in `workers` others if several.
        retry_failed: Whether scenes that failed before are tried again.
        progress: Called with the tally after each finished scene and now and then in between, from where an
            exception ends the run in order: out of a signal handler it may hang the run instead.

    Raises:
        StoreError: `out` cannot be written or holds something else.
        CatalogueError: A mesh cannot be used, or there are too few to hold some out.
        EglUnavailable: The renderer cannot draw on this machine.
        GenerationError: Hardly any view is accepted.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("a worker runs the script anew: call generate below `if __name__ == '__main__':`")
    if num_images < 1:
        raise ValueError("num_images must be at least 1")
    recipe.render.device()
    catalogue = load_catalogue(recipe.assets, recipe.image_folders)
    log_notes(catalogue)
    recipe.hold_out(catalogue)  # what splits cannot have each of their own is refused before all else
    store = Store(Path(out).expanduser().absolute())
    with store.claim(), tempfile.TemporaryDirectory(prefix="sim2coco-") as scratch:
        begin(store, recipe, catalogue, num_images)
        job = Job(recipe, catalogue, store, Path(scratch), workers)
        tally = Tally(num_images, recipe.quality.patience, recipe.quality.min_yield)
        _make_missing(job, engine or (Local() if workers > 1 else Inline()), tally, retry_failed, progress)
        labels = finalise(job, tally)
        finish(store, recipe, catalogue, num_images)
    return Result(store.root, tally.accepted, tally.scene, tally.reasons, tally.failed, labels)


def _make_missing(
    job: Job, engine: Engine, tally: Tally, retry_failed: bool, progress: Progress | None
) -> None:
    """Makes scenes until the in-order prefix of finished ones holds enough accepted views."""
    known = dict(_finished(job, tally, retry_failed))
    waiting: dict[int, Summary] = {}
    report = progress or (lambda _: None)

    def missing() -> Iterator[int | None]:
        scene = tally.scene
        while not tally.done:
            scene = max(scene, tally.scene)  # what is counted is no longer known, but there
            ahead = sum(not reasons for summary in waiting.values() for reasons in summary.views)
            if tally.accepted + ahead >= tally.wanted:
                yield None  # enough is made already: only a slow scene before it is still to come
            elif scene in known:
                scene += 1
            else:
                yield scene
                scene += 1

    def count() -> None:
        while not tally.done and (tally.scene in waiting or tally.scene in known):
            scene = tally.scene
            tally.add(waiting.pop(scene) if scene in waiting else known.pop(scene))

    count()
    report(tally)
    if tally.done:
        return
    with closing(engine.run(job, missing())) as made:  # type: ignore[type-var]
        for scene in made:
            if scene is not None:
                waiting[scene.scene] = scene
                count()
            report(tally)
            if tally.done:
                return
    raise AssertionError("the engine ended before the run")


def _finished(job: Job, tally: Tally, retry_failed: bool) -> Iterator[tuple[int, Summary]]:
    """The scenes that are there whole, as far as this run needs them; records of others are removed."""
    limit = tally.wanted
    for name in list(job.store.list("records")):
        record = _whole(job.store, name, limit)
        if record is None or (retry_failed and record.status == "failed"):
            job.store.delete(name)
            continue
        limit -= sum(not view.reasons for view in record.views)
        yield record.scene, summary(record)


def _whole(store: Store, name: str, limit: int) -> Record | None:
    """A record whose pictures are all there, byte for byte; those beyond the wanted number may be missing."""
    try:
        record = from_bytes(store.get(name))
        for view in kept_views(record, limit):
            for picture in view.pictures:
                content = store.get(picture_path(record.split, picture.name))
                if sha256(content).hexdigest() != picture.sha256:
                    return None
    except (OSError, ValueError):
        return None
    return record if name == record_name(record.scene) else None


def finalise(job: Job, tally: Tally) -> Counter[str]:
    """Removes what lies beyond the wanted images, and writes COCO; how many labels each category has."""
    store, last = job.store, tally.scene - 1
    store.sweep()
    views = kept_views(from_bytes(store.get(record_name(last))), tally.kept_of_last)
    names = {picture.name for view in views for picture in view.pictures}
    for name in list(store.list("images")):
        file = Path(name).name
        found = re.match(r"s(\d+)_v", file)
        scene = int(found[1]) if found else -1
        if scene > last or (scene == last and file not in names):
            store.delete(name)
    for name in list(store.list("records")):
        if int(Path(name).stem) > last:
            store.delete(name)
    return write_coco(store, job.recipe.split.shares, job.catalogue, kept(store, tally.scene, tally.wanted))


def kept(store: Store, scenes: int, wanted: int) -> Iterator[tuple[Record, View]]:
    """The accepted views of a finished data set, in order."""
    for scene in range(scenes):
        record = from_bytes(store.get(record_name(scene)))
        for view in kept_views(record, wanted):
            wanted -= 1
            yield record, view
