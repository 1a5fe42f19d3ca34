"""Generates a data set from a recipe. A run can be interrupted, resumed and extended at any time."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import sim2coco.export
from scenes.settings import load_kinds
from sim.temporary import temporary_folder
from sim2coco.card import Contents, write_card
from sim2coco.card.origin import origin_of_run
from sim2coco.datasets.labelled import DatasetInfo
from sim2coco.datasets.own import dataset_info, labelled_images
from sim2coco.engines.engine import Engine, Job, Preparing
from sim2coco.engines.inline import Inline
from sim2coco.engines.local import Local
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format, write_formats
from sim2coco.export.settings import combined
from sim2coco.identity import begin, describe, finish, finished_run
from sim2coco.notes import log_notes
from sim2coco.recipe import Recipe
from sim2coco.records import (
    Record,
    Summary,
    from_bytes,
    kept_views,
    picture_files,
    picture_key,
    record_name,
    summary,
)
from sim2coco.report.gathering import Gathering
from sim2coco.report.report import report_of_run
from sim2coco.space import check_space
from sim2coco.store import LocalStore, Store
from sim2coco.tally import Tally

load_kinds(sim2coco.export)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a run.

    Attributes:
        out: The data set's folder.
        images: Number of accepted views.
        scenes: Number of scenes, including rejected and failed ones.
        reasons: How often each reason has rejected a view.
        failed: Index and error of each failed scene.
        labels: Number of labels of each category.
        far_sizes: As in `Catalogue`.
        suspects: Assets that are in several failed scenes and in no other, and the number of these scenes.
    """

    out: Path
    images: int
    scenes: int
    reasons: Counter[str]
    failed: list[tuple[int, str]]
    labels: Counter[str]
    far_sizes: Mapping[str, str]
    suspects: Mapping[str, int]


Progress = Callable[[Tally], None]


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
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Generates a data set, or the missing part of an existing one.

    Args:
        recipe: The settings of the images.
        out: The data set's folder, either new or from an earlier run with the same recipe.
        num_images: Number of accepted views; a higher number than before extends the data set.
        workers: Number of worker processes, for engines that have them.
        engine: Where scenes are made; by default in this process, or in worker processes if `workers` > 1.
        formats: Annotation formats to write in addition to COCO, which is always written.
        card: Whether to write `README.md`, `croissant.json` and `contact_sheet.jpg`.
        report: Whether to write `report.html`.
        retry_failed: Whether scenes that failed before are tried again.
        progress: Called with the tally after each finished scene, and regularly in between. To stop the run
            cleanly, raise an exception from this callback. Do not raise one from a signal handler, because
            that may hang the run.

    Raises:
        StoreError: `out` cannot be written, is in use by another run, holds other files, a different data
            set, or more images than requested, or its disk is far too small.
        CatalogueError: A mesh cannot be used, or there are too few meshes to give each split its own.
        EglUnavailable: The renderer does not work on this machine.
        GenerationError: Too few views are accepted.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError("a worker runs the script anew: call generate below `if __name__ == '__main__':`")
    if num_images < 1:
        raise ValueError("num_images must be at least 1")
    recipe.render.device()
    engine = engine or (Local() if workers > 1 else Inline())
    with engine.prepared(recipe) as processes:
        catalogue = recipe.load_catalogue()
        log_notes(catalogue)
        recipe.hold_out(catalogue)  # raises an error early if there are too few meshes or images
        for format in formats:
            format.check(recipe, catalogue)
        folder = Path(out).expanduser().absolute()
        store = LocalStore(folder)
        with store.claim(), temporary_folder() as scratch:
            written = begin(store, recipe, catalogue, num_images)
            job = Job(recipe, catalogue, store, Path(scratch), workers, processes)
            tally = Tally(num_images, recipe.quality.patience, recipe.quality.min_yield)
            _make_missing(job, engine, tally, retry_failed, progress)
            formats = combined(written, formats)
            found = Gathering(_info(job), workers, tolerant=True) if report else None
            labels = finalise(job, tally, formats, card, found)
            if found:
                run = finished_run(recipe, catalogue, num_images, formats)
                report_of_run(store, folder, found, workers, run)
            finish(store, recipe, catalogue, num_images, formats)
    reasons, far_sizes = tally.reasons, catalogue.far_sizes
    return Result(
        folder, tally.accepted, tally.scene, reasons, tally.failed, labels, far_sizes, tally.suspects
    )


def _make_missing(
    job: Job, engine: Engine, tally: Tally, retry_failed: bool, progress: Progress | None
) -> None:
    """Generates scenes until the finished scenes, counted in order, have enough accepted views."""
    known = dict(_finished(job, tally, retry_failed))
    tally.ahead = sum(map(_accepted, known.values()))
    waiting: dict[int, Summary] = {}
    report = progress or (lambda _: None)

    def missing() -> Iterator[int | None]:
        scene = tally.scene
        while not tally.done:
            scene = max(scene, tally.scene)  # `known` no longer contains counted scenes
            if tally.accepted + sum(map(_accepted, waiting.values())) >= tally.wanted:
                yield None  # enough views are finished; only earlier scenes that take longer are missing
            elif scene in known:
                scene += 1
            else:
                yield scene
                scene += 1

    def count() -> None:
        while not tally.done and (tally.scene in waiting or tally.scene in known):
            scene = waiting.pop(tally.scene) if tally.scene in waiting else known.pop(tally.scene)
            tally.ahead -= _accepted(scene)
            tally.add(scene)

    count()
    report(tally)
    if tally.done:
        return
    check_space(job.store, job.recipe, tally.wanted - tally.made)
    with closing(engine.run(job, missing())) as made:  # type: ignore[type-var]
        for scene in made:
            tally.preparing = scene if isinstance(scene, Preparing) else None
            if isinstance(scene, Summary):
                waiting[scene.scene] = scene
                tally.ahead += _accepted(scene)
                count()
            report(tally)
            if tally.done:
                return
    raise AssertionError("the engine ended before the run")


def _accepted(scene: Summary) -> int:
    """Number of accepted views of a scene."""
    return sum(not reasons for reasons in scene.views)


def _finished(job: Job, tally: Tally, retry_failed: bool) -> Iterator[tuple[int, Summary]]:
    """Yields the complete scenes from earlier runs; deletes records of incomplete ones.

    Records of failed scenes are also deleted if `retry_failed` is True.
    """
    limit = tally.wanted
    for name in list(job.store.list("records")):
        record = _whole(job.store, name, limit)
        if record is None or (retry_failed and record.status == "failed"):
            job.store.delete(name)
            continue
        limit -= sum(not view.reasons for view in record.views)
        yield record.scene, summary(record)


def _whole(store: Store, name: str, limit: int) -> Record | None:
    """The record if the images of its first `limit` accepted views are complete and unchanged, else None."""
    try:
        record = from_bytes(store.get(name))
        for view in kept_views(record, limit):
            for picture in view.pictures:
                for file, digest in picture_files(record.split, picture).items():
                    if sha256(store.get(file)).hexdigest() != digest:
                        return None
    except (OSError, ValueError):
        return None
    return record if name == record_name(record.scene) else None


def finalise(
    job: Job, tally: Tally, formats: Sequence[Format], card: bool = True, found: Gathering | None = None
) -> Counter[str]:
    """Deletes surplus images, writes the annotations and the card; returns the labels of each category.

    The report's `found` gathers what it needs of the images while they are read.
    """
    store, info = job.store, _info(job)
    store.sweep()
    _remove_rest(store, tally, job.recipe.split.shares, formats)
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


def _remove_rest(store: Store, tally: Tally, splits: Collection[str], formats: Iterable[Format]) -> None:
    """Deletes records after the last scene, and files of images that do not belong to the data set.

    These are images after the last, and those that workers had written when they died.
    Files that sim2coco has not written stay, even if their names begin like those of images.
    """
    last, failed = tally.scene - 1, {scene for scene, _ in tally.failed}
    kept = list(kept_views(from_bytes(store.get(record_name(last))), tally.kept_of_last))
    keys = {picture_key(picture.name) for view in kept for picture in view.pictures}
    folders = {f"{top}/{split}" for top in _folders(store) for split in splits}
    of_formats = {folder for format in formats for folder in format.folders}
    for name in list(store.list(".")):
        if name.startswith("records/"):
            unwanted = int(Path(name).stem) > last
        else:
            known = str(PurePosixPath(name).parent) in folders or name.partition("/")[0] in of_formats
            key = picture_key(name) if known else None
            unwanted = key is not None and (key[0] in failed or (key[0] >= last and key not in keys))
        if unwanted:
            store.delete(name)


def _folders(store: Store) -> set[str]:
    """The top-level folders with files of images, according to the first record that has any."""
    for name in store.list("records"):
        record = from_bytes(store.get(name))
        files = [picture_files(record.split, picture) for view in record.views for picture in view.pictures]
        if files:
            return {name.partition("/")[0] for name in files[0]}
    return set()
