"""Renders the images of a data set again from their records, and compares images and labels."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from sim.temporary import temporary_folder
from sim2coco.check import Fault
from sim2coco.context import WorkerContext
from sim2coco.identity import versions
from sim2coco.labels import Written
from sim2coco.pipeline import make_view
from sim2coco.records import (
    Picture,
    Record,
    View,
    from_bytes,
    kept_views,
    picture_files,
    record_name,
    record_names,
)
from sim2coco.review.dataset import DataSet
from sim2coco.review.renderable import unrenderable
from sim2coco.review.replay import context_for
from sim2coco.target.bins import bins_of_view
from sim2coco.target.settings import TARGET


@dataclass(frozen=True, slots=True)
class DeepReport:
    """The result of rendering again.

    Attributes:
        images: Number of images that were rendered again.
        faults: One message for each difference from the data set.
        notes: Possible explanations of differences.
    """

    images: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def check_deep(
    root: Path,
    folders: Sequence[Path] = (),
    scenes: int | None = None,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> DeepReport:
    """Renders the images of a data set again, and compares images and labels with the data set.

    Rejected views are rendered again, too, and must be rejected for the same reasons. Unreadable records are
    skipped, because `sim2coco.check` reports them.

    Args:
        root: The data set.
        folders: Folders that are searched for the meshes and images, as for `replay`.
        scenes: Number of scenes to compare, spread evenly over the data set; None for all.
        show: Called with the number of scenes compared so far, and the number to compare.

    Raises:
        DataSetError: `root` is not a data set of sim2coco, or a mesh or an image is missing or has changed.
        EglUnavailable: The renderer does not work on this machine.
    """
    data = DataSet(root)
    records = _spread([found for found in _records(data) if found[0].settled is not None], scenes)
    views = [(record, view) for record, _ in records for view in record.views]
    images = 0
    faults: list[Fault] = []
    with (
        temporary_folder() as scratch,
        closing(context_for(data, views, folders, Path(scratch))) as context,
    ):
        show(0, len(records))
        for done, (record, kept) in enumerate(records, 1):
            images += sum(len(view.pictures) for view in kept)
            faults += _scene(data, context, record, kept)
            show(done, len(records))
    made_with, here = data.run.get("versions"), versions()
    note = "run.json: was made with other package versions; values may differ in the last digit"
    return DeepReport(images, tuple(faults), (note,) if made_with != here else ())


def _records(data: DataSet) -> Iterator[tuple[Record, list[View]]]:
    """Yields each readable record, with the views whose images are in the data set."""
    limit = int(data.run["num_images"])
    for name in record_names(data.store):
        try:
            record = from_bytes(data.store.get(name))
        except ValueError:
            continue
        kept = list(kept_views(record, limit))
        limit -= len(kept)
        yield record, kept


def _spread(found: list[Any], number: int | None) -> list[Any]:
    """Returns `number` elements of a list, spread evenly; all elements if `number` is None or too large."""
    if number is None or number >= len(found):
        return found
    return [found[index * len(found) // number] for index in range(number)]


def _scene(data: DataSet, context: WorkerContext, record: Record, kept: Sequence[View]) -> Iterator[Fault]:
    assert record.settled is not None
    file = record_name(record.scene)
    for number, group in groupby(record.views, key=lambda view: view.view):
        views = list(group)
        shots = [view.shot for view in views]
        faults = [unrenderable(context.recipe, record.settled, shot) for shot in shots]
        if why := next(filter(None, faults), None):
            yield Fault(file, f"view {number}", "rendering", f"cannot be rendered again: {why}")
            continue
        try:
            outcomes = make_view(context, record.settled, shots)
        except Exception as error:  # an edited record may contain anything
            yield Fault(
                file,
                f"view {number}",
                "rendering",
                f"cannot be rendered again ({type(error).__name__}: {error})",
            )
            continue
        for view, (pictures, reasons) in zip(views, outcomes, strict=True):
            if reasons != without_target(view.reasons):
                what = f"rendered again, it is {_verdict(reasons)}; the record says {_verdict(view.reasons)}"
                yield Fault(file, f"view {number}, lighting {view.lighting}", "rendering", what)
            elif view.bins is not None and view.bins != bins_of_view(context.recipe.quality.target, pictures):
                what = "rendered again, it is in different bins of the target's histograms"
                yield Fault(file, f"view {number}, lighting {view.lighting}", "rendering", what)
            elif TARGET in view.reasons:
                continue
            elif len(pictures) != len(view.pictures):
                what = f"rendered again, it has {len(pictures)} images, not {len(view.pictures)}"
                yield Fault(file, f"view {number}, lighting {view.lighting}", "rendering", what)
            else:
                for picture, again in zip(view.pictures, pictures, strict=True):
                    for what in _differences(data, record, picture, again, view in kept):
                        yield Fault(file, picture.name, "rendering", f"rendered again, {what}")


def without_target(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Returns `reasons` without `target`, because rejection for `target` depends on other views."""
    return tuple(reason for reason in reasons if reason != TARGET)


def _verdict(reasons: Sequence[str]) -> str:
    return f"rejected ({', '.join(reasons)})" if reasons else "accepted"


def _differences(
    data: DataSet, record: Record, picture: Picture, again: Written, with_files: bool
) -> Iterator[str]:
    """Yields a message for each difference between an image and the same image rendered again.

    Args:
        data: The data set.
        record: The record of the image's scene.
        picture: The record's entry for the image.
        again: The image rendered again.
        with_files: Whether to compare the files, too, and not only the labels.
    """
    for name in picture_files(record.split, picture) if with_files else ():
        if not data.store.exists(name) or data.store.get(name) != again.files.get(name):
            yield f"{name} has different bytes"
    for key in ("name", "copy", "width", "height", "camera", "ignored", "unseen", "unseen_decals"):
        if _known(getattr(picture, key)) and getattr(picture, key) != getattr(again.picture, key):
            yield f"{key} differs"
    labels = {label.instance: label for label in picture.annotations}
    labels_again = {label.instance: label for label in again.picture.annotations}
    for instance in sorted(labels.keys() ^ labels_again.keys()):
        yield f"there is {'no' if instance in labels else 'an'} instance {instance}"
    for instance in sorted(labels.keys() & labels_again.keys()):
        one, other = labels[instance], labels_again[instance]
        keys = [field.name for field in fields(one) if _known(getattr(one, field.name))]
        if differing := [key for key in keys if getattr(one, key) != getattr(other, key)]:
            yield f"{', '.join(differing)} of instance {instance} differ"


def _known(value: object) -> bool:
    """Whether a value in a record is complete, and can therefore be compared.

    In records of earlier versions, a value may be None, or contain entries that do not state their body.
    """
    old = isinstance(value, tuple) and any(getattr(entry, "body", 0) is None for entry in value)
    return value is not None and not old
