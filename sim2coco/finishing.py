"""The end of a run: removes surplus images, and writes annotations, card and report."""

from collections import Counter
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sim2coco.card import Contents, write_card
from sim2coco.card.origin import origin_of_run
from sim2coco.datasets.own import dataset_info, labelled_images
from sim2coco.engines.engine import Job
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format, write_formats
from sim2coco.identity import describe, finish, finished_run
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
from sim2coco.storage import Store
from sim2coco.tally import Tally

LeftOut = Set[tuple[int, ...]]
"""(scene, view, lighting) of each view that was left out for a target."""


@dataclass(frozen=True, slots=True)
class Products:
    """The files that a run writes at its end.

    Attributes:
        formats: The annotation formats.
        card: Whether to write `README.md`, `croissant.json` and `contact_sheet.jpg`.
        report: Whether to write `report.html`.
        rejected: Maximum number of rejected views whose images are kept, for each reason.
    """

    formats: tuple[Format, ...]
    card: bool
    report: bool
    rejected: int


def complete(job: Job, store: Store, tally: Tally, products: Products, left_out: LeftOut) -> Counter[str]:
    """Completes a data set whose scenes are made; returns the number of labels of each category.

    Removes surplus images, writes `products` to `store` (the data set, or a copy of it on this machine), and
    then marks the run as finished.
    """
    formats, splits = products.formats, job.recipe.split.shares
    store.sweep()
    _remove_surplus(store, tally, splits, formats, left_out)
    store.sync()  # no file may list an image that a power failure could still erase
    info = dataset_info(splits, job.catalogue, job.recipe.image.depth_scale_mm)
    contents = Contents(info)
    images = contents.counted(labelled_images(store, info, tally.scene, tally.wanted))
    found = Gathering(info, job.workers, tolerant=True) if products.report else None
    labels = write_formats(formats, store, info, found.watched(images) if found else images)
    if products.card:
        _write_card(job, store, contents, formats)
    if products.rejected:
        keep_rejected(replace(job, store=store), products.rejected)
    if found:
        run = finished_run(job.recipe, job.catalogue, tally.wanted, formats)
        report_of_run(store, store.path("."), found, job.workers, run)
    finish(store, job.recipe, job.catalogue, tally.wanted, formats)
    return labels


def _write_card(job: Job, store: Store, contents: Contents, formats: Iterable[Format]) -> None:
    others = {format.kind: format.about() for format in formats if not isinstance(format, Coco)}
    run = describe(job.recipe, job.catalogue)
    write_card(store, contents, origin_of_run(job.recipe, job.catalogue, run, others))


def _remove_surplus(
    store: Store,
    tally: Tally,
    splits: Collection[str],
    formats: Iterable[Format],
    left_out: LeftOut,
) -> None:
    """Deletes the records of surplus scenes, and the files of images that do not belong to the data set.

    An image does not belong to the data set if it comes after the last wanted image, if its scene failed
    (the worker died after writing the image), or if it was left out for a target. Files that sim2coco did
    not write stay, even if their names begin like image names.
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
    """The top-level folders that contain image files, according to the first record with images."""
    for name in record_names(store):
        record = from_bytes(store.get(name))
        files = [picture_files(record.split, picture) for view in record.views for picture in view.pictures]
        if files:
            return {name.partition("/")[0] for name in files[0]}
    return set()
