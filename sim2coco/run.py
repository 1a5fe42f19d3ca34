"""Generates a data set from a recipe. A run can be interrupted, resumed and extended at any time."""

import multiprocessing
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import sim2coco.engines
import sim2coco.export
from scenes.settings import load_kinds
from sim.temporary import temporary_folder
from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.export.format import Format
from sim2coco.export.settings import combined
from sim2coco.finishing import Products, complete
from sim2coco.identity import begin
from sim2coco.making import Progress, make_missing
from sim2coco.notes import log_notes
from sim2coco.places import open_store
from sim2coco.recipe import Recipe
from sim2coco.shard import Shard
from sim2coco.tally import Tally
from sim2coco.target.filling import Filling

load_kinds(sim2coco.engines)
load_kinds(sim2coco.export)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a run.

    Attributes:
        out: The data set's folder; in an object store, bucket and folder.
        shard: The part of the scenes that was made; None for a whole data set.
        images: Number of accepted views.
        scenes: Number of scenes, including rejected and failed ones.
        reasons: How often each reason has rejected a view.
        failed: Index and error of each failed scene.
        labels: Number of labels of each category; empty for a shard.
        far_sizes: A dict from category to a message, for each category in which a mesh has an unusual size.
        suspects: A dict from asset to its number of failed scenes. It has the assets that were in at least
            two scenes and in no successful scene.
        target: A dict from histogram name to two distances from the target: the distance of all accepted
            views, and that of the views chosen to fill the target.
        rejected: Number of rejected views, excluding views left out for a target and failed scenes.
        lacking: Describes the histogram bin that is farthest below the target. "" if the target is reached,
            or if there is no target.
    """

    out: Path
    shard: Shard | None
    images: int
    scenes: int
    reasons: Counter[str]
    failed: list[tuple[int, str]]
    labels: Counter[str]
    far_sizes: Mapping[str, str]
    suspects: Mapping[str, int]
    target: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lacking: str = ""
    rejected: int = 0


def generate(
    recipe: Recipe,
    out: str | Path,
    num_images: int,
    *,
    workers: int = 1,
    engine: Engine | None = None,
    formats: Sequence[Format] = (),
    card: bool = True,
    report: bool = True,
    rejected: int = 0,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Generates a data set, or the missing part of an existing one.

    An engine may make only a shard, which is one of several parts of the scenes. The run then writes no
    annotation files and no card. A later run without a shard completes the data set; only such a run decides
    which views fill a target.

    Args:
        recipe: The settings of the images.
        out: The data set's folder, either new or from an earlier run with the same recipe; or a URL such as
            `s3://bucket/folder`.
        num_images: Number of accepted views; a higher number than before extends the data set.
        workers: Number of worker processes, for engines that have them.
        engine: Where scenes are made; by default in this process, or in worker processes if `workers` > 1.
        formats: Annotation formats to write in addition to COCO, which is always written.
        card: Whether to write `README.md`, `croissant.json` and `contact_sheet.jpg`.
        report: Whether to write `report.html`.
        rejected: Maximum number of rejected views per reason whose images are kept, in the folder `rejected`.
        retry_failed: Whether scenes that failed before are tried again.
        progress: Called with the tally after each finished scene, and regularly in between. To stop the run
            cleanly, raise an exception from this callback. Do not raise one from a signal handler, because
            that may hang the run.

    Raises:
        StoreError: `out` cannot be written, is used by another run, or has far too little disk space. Or it
            contains other files, a different data set, or more images than requested.
        ConfigError: The target has no histogram that can be compared with the data set.
        CatalogueError: A mesh cannot be used, or there are too few meshes to give each split its own.
        EglUnavailable: The renderer does not work on this machine.
        GenerationError: Too few views are accepted.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("a worker runs the script again: call generate below `if __name__ == '__main__':`")
    if num_images < 1:
        raise ValueError("num_images must be at least 1")
    recipe.render.device()
    store = open_store(out)
    engine = engine or (Local() if workers > 1 else Inline())
    with engine.prepared(recipe) as processes:
        catalogue = recipe.load_catalogue()
        log_notes(catalogue)
        recipe.hold_out(catalogue)  # raises an error early if there are too few meshes or images
        chooser = recipe.quality.chooser(catalogue.names, catalogue.categories)
        for format in formats:
            format.check(recipe, catalogue)
        shard = engine.part
        with store.claim(shard.name if shard else ""), temporary_folder() as scratch:
            written = begin(store, recipe, catalogue, num_images, alone=shard is None)
            job = Job(recipe, catalogue, store, Path(scratch), workers, processes)
            tally = _tally(job, num_images, shard)
            filling = Filling(store, chooser, recipe.lightings) if chooser and shard is None else None
            decided = written.num_images == num_images
            try:
                make_missing(job, engine, tally, retry_failed, progress, filling, decided)
            finally:
                job.keep_log()
            if shard is None:
                products = Products(combined(written.formats, formats), card, report, rejected)
                with store.near() as near:
                    left_out = filling.left_out if filling else frozenset[tuple[int, ...]]()
                    labels = complete(job, near, tally, products, left_out)
            else:
                store.sync()
                labels = Counter()
    return Result(
        Path(str(store).partition("://")[2] or str(store)),
        shard,
        tally.accepted,
        tally.scenes,
        tally.reasons,
        tally.failed,
        labels,
        catalogue.far_sizes,
        tally.suspects,
        filling.chooser.result if filling else {},
        filling.chooser.missing() if filling else "",
        tally.rejected,
    )


def _tally(job: Job, num_images: int, shard: Shard | None) -> Tally:
    """Returns the counts with which a run starts; for a shard, with its part of the images and scenes."""
    quality, size_m = job.recipe.quality, job.catalogue.typical_size_m
    tally = Tally(num_images, quality.patience, quality.min_yield, typical_size_m=size_m)
    if shard is None:
        return tally
    return replace(tally, wanted=shard.images(num_images), scene=shard.index, step=shard.number)
