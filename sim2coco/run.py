"""Generates a data set from a recipe. A run can be interrupted, resumed and extended at any time."""

import multiprocessing
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import sim2coco.engines
import sim2coco.export
from scenes.settings import load_kinds
from sim.temporary import temporary_folder
from sim2coco.card import Contents, write_card
from sim2coco.card.origin import origin_of_run
from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.datasets.own import dataset_info, labelled_images
from sim2coco.engines.engine import Engine, Job
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format, write_formats
from sim2coco.export.settings import combined
from sim2coco.identity import begin, describe, finish, finished_run
from sim2coco.loading import load_catalogue
from sim2coco.making import Progress, make_missing
from sim2coco.notes import log_notes
from sim2coco.places import open_store
from sim2coco.recipe import Recipe
from sim2coco.records import (
    from_bytes,
    kept_views,
    picture_files,
    picture_key,
    record_name,
    record_names,
    scene_of,
)
from sim2coco.rejected import keep_rejected
from sim2coco.report.gathering import Gathering
from sim2coco.report.report import report_of_run
from sim2coco.shard import Shard
from sim2coco.storage import Store
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
        labels: Number of labels of each category.
        far_sizes: As in `Catalogue`.
        suspects: Assets that are in several failed scenes and in no other, and the number of these scenes.
        target: The distance of each histogram to the target: of all views, and of those that were chosen.
        rejected: Number of views that were rejected, but for a target or because their scene failed.
        lacking: What the target still lacks most; "" if it is reached, or if there is none.
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

    If the engine has a shard, its part of the scenes is made, and nothing else: neither annotations nor the
    card. A run without a shard completes the data set. It alone decides which views fill a target.

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
        rejected: Number of rejected views for each reason whose pictures are kept, in the folder `rejected`.
        retry_failed: Whether scenes that failed before are tried again.
        progress: Called with the tally after each finished scene, and regularly in between. To stop the run
            cleanly, raise an exception from this callback. Do not raise one from a signal handler, because
            that may hang the run.

    Raises:
        StoreError: `out` cannot be written, is in use by another run, holds other files, a different data
            set, or more images than requested, or its disk is far too small.
        ConfigError: The target has nothing in common with the categories.
        CatalogueError: A mesh cannot be used, or there are too few meshes to give each split its own.
        EglUnavailable: The renderer does not work on this machine.
        GenerationError: Too few views are accepted.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("a worker runs the script anew: call generate below `if __name__ == '__main__':`")
    if num_images < 1:
        raise ValueError("num_images must be at least 1")
    recipe.render.device()
    store = open_store(out)
    engine = engine or (Local() if workers > 1 else Inline())
    with engine.prepared(recipe) as processes:
        catalogue = load_catalogue(recipe, processes)
        log_notes(catalogue)
        recipe.hold_out(catalogue)  # raises an error early if there are too few meshes or images
        chooser = recipe.quality.chooser(catalogue.names, catalogue.categories)
        for format in formats:
            format.check(recipe, catalogue)
        shard = engine.part
        with store.claim(shard.name if shard else ""), temporary_folder() as scratch:
            written = begin(store, recipe, catalogue, num_images, alone=shard is None)
            job = Job(recipe, catalogue, store, Path(scratch), workers, processes)
            tally = replace(_tally(recipe, num_images, shard), typical_size_m=catalogue.typical_size_m)
            filling = Filling(store, chooser, recipe.lightings) if chooser and shard is None else None
            complete = written.num_images == num_images
            try:
                make_missing(job, engine, tally, retry_failed, progress, filling, complete)
            finally:
                job.keep_log()
            if shard is None:
                all_formats = combined(written.formats, formats)
                with store.near() as near:
                    labels = _complete(job, near, tally, all_formats, card, report, filling, rejected)
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


def _tally(recipe: Recipe, num_images: int, shard: Shard | None) -> Tally:
    """The tally of a new run, or of a part of it."""
    patience, min_yield = recipe.quality.patience, recipe.quality.min_yield
    if shard is None:
        return Tally(num_images, patience, min_yield)
    return Tally(shard.images(num_images), patience, min_yield, scene=shard.index, step=shard.number)


def _complete(
    job: Job,
    store: Store,
    tally: Tally,
    formats: Sequence[Format],
    card: bool,
    report: bool,
    filling: Filling | None,
    rejected: int,
) -> Counter[str]:
    """Writes everything but scenes, and at last that the run is finished; returns the labels by category.

    All is written to `store`: the data set, or a copy of it on this machine.
    """
    found = Gathering(_info(job), job.workers, tolerant=True) if report else None
    labels = finalise(job, store, tally, formats, card, found, filling.left_out if filling else set())
    if rejected:
        keep_rejected(replace(job, store=store), rejected)
    if found:
        run = finished_run(job.recipe, job.catalogue, tally.wanted, formats)
        report_of_run(store, store.path("."), found, job.workers, run)
    finish(store, job.recipe, job.catalogue, tally.wanted, formats)
    return labels


def finalise(
    job: Job,
    store: Store,
    tally: Tally,
    formats: Sequence[Format],
    card: bool = True,
    found: Gathering | None = None,
    left_out: Set[tuple[int, ...]] = frozenset(),
) -> Counter[str]:
    """Deletes surplus images, writes the annotations and the card; returns the labels of each category.

    The report's `found` gathers what it needs of the images while they are read. `left_out` has scene, view
    and lighting of the views that were left out for a target.
    """
    info = _info(job)
    store.sweep()
    _remove_rest(store, tally, job.recipe.split.shares, formats, left_out)
    store.sync()  # nothing may list an image that a power failure could still take
    contents = Contents(info)
    images = contents.counted(labelled_images(store, info, tally.scene, tally.wanted))
    labels = write_formats(formats, store, info, found.watched(images) if found else images)
    if card:
        others = {format.kind: format.about() for format in formats if not isinstance(format, Coco)}
        run = describe(job.recipe, job.catalogue)
        write_card(store, contents, origin_of_run(job.recipe, job.catalogue, run, others))
    return labels


def _info(job: Job) -> DatasetInfo:
    """What all images of the run share."""
    return dataset_info(job.recipe.split.shares, job.catalogue, job.recipe.image.depth_scale_mm)


def _remove_rest(
    store: Store,
    tally: Tally,
    splits: Collection[str],
    formats: Iterable[Format],
    left_out: Set[tuple[int, ...]],
) -> None:
    """Deletes records after the last scene, and files of images that do not belong to the data set.

    These are images after the last, those that workers had written when they died, and those left out.
    Files that sim2coco has not written stay, even if their names begin like those of images.
    """
    last, failed = tally.scene - 1, {scene for scene, _ in tally.failed}
    kept = list(kept_views(from_bytes(store.get(record_name(last))), tally.kept_of_last))
    keys = {picture_key(picture.name) for view in kept for picture in view.pictures}
    folders = {f"{top}/{split}" for top in _folders(store) for split in splits}
    of_formats = {folder for format in formats for folder in format.folders}
    for name in list(store.list(".")):
        if (scene := scene_of(name)) is not None:
            unwanted = scene > last
        else:
            known = str(PurePosixPath(name).parent) in folders or name.partition("/")[0] in of_formats
            key = picture_key(name) if known else None
            unwanted = key is not None and (
                key[0] in failed or key[:3] in left_out or (key[0] >= last and key not in keys)
            )
        if unwanted:
            store.delete(name)


def _folders(store: Store) -> set[str]:
    """The top-level folders with files of images, according to the first record that has any."""
    for name in record_names(store):
        record = from_bytes(store.get(name))
        files = [picture_files(record.split, picture) for view in record.views for picture in view.pictures]
        if files:
            return {name.partition("/")[0] for name in files[0]}
    return set()
