"""The commands that read a data set: show, status and replay; check has its own module."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from scenes.settings import did_you_mean
from sim2coco.cli.checking import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.messages import counted
from sim2coco.objects.urls import is_url
from sim2coco.outputs import write_file
from sim2coco.png import png
from sim2coco.review.dataset import DataSet
from sim2coco.review.drawing import in_cell
from sim2coco.review.overlay import Style, overlay, sheet

if TYPE_CHECKING:
    from sim2coco.review.status import Status

__all__ = ["check", "replay", "show", "status"]

SHEET, MAX_SHEET = 48, 2000
"""Default and maximum number of images on a sheet."""
COLUMNS = 8
"""Maximum number of images in a row of a sheet."""


def show(options: argparse.Namespace, out: Console) -> int:
    """Writes a PNG of one image, or of several images on a sheet, with their labels drawn; returns 0."""
    data = open_dataset(Path(options.data))
    names, style = data.info.categories, _style(options)
    _check_split(data, options.split)
    if options.picture:
        if options.sheet:
            raise DataSetError("--sheet: cannot be combined with an image; leave out one of them")
        found = _of_category(data, data.find(options.picture, options.split), options.category)
        image = overlay(read_pixels(found), found, names, style=style)
        name = Path(found.name).stem
        ignored = "" if found.ignored is None else f", {len(found.ignored)} ignored"
        sentence = f"{counted(len(found.labels), 'label')}{ignored}"
    else:
        if (options.sheet or SHEET) > MAX_SHEET:
            raise DataSetError(f"--sheet: at most {MAX_SHEET} images")
        chosen = _chosen(data, options.split, options.category)
        cells = [(in_cell(each, names, style), each.name) for each in islice(chosen, options.sheet or SHEET)]
        if not cells:
            raise DataSetError(f"{options.data}: has no such images yet")
        drawn, titles = [cell for cell, _ in cells], [title for _, title in cells]
        image = sheet(drawn, columns=min(COLUMNS, len(drawn)), titles=titles)
        name = f"{Path(options.data).resolve().name}_sheet"
        sentence = counted(len(cells), "image")
    target = Path(options.to) if options.to else _unused(f"{name}.png", options.force)
    write_file(target, png(image), "--out", options.force)
    out.print(f"{target}: {sentence}", markup=False)
    return 0


def _check_split(data: Dataset, split: str | None) -> None:
    if split is not None and split not in data.info.splits:
        known = did_you_mean(split, list(data.info.splits))
        raise DataSetError(f"--split: no split {split!r}; {known}")


def _style(options: argparse.Namespace) -> Style:
    """The drawing style for the flags --boxes and --outlines; without these flags, everything is drawn."""
    if not options.boxes and not options.outlines:
        return Style()
    return Style(tint=False, outlines=options.outlines, boxes=options.boxes)


def _chosen(data: Dataset, split: str | None, category: str | None) -> Iterator[LabelledImage]:
    """Yields the images of a split.

    With a category, each image has only the labels of this category, and images without such labels are left
    out.
    """
    for image in data.images(split):
        chosen = _of_category(data, image, category)
        if chosen.labels or not category:
            yield chosen


def _of_category(data: Dataset, image: LabelledImage, category: str | None) -> LabelledImage:
    """An image with the labels of one category only, or with all labels if `category` is None."""
    if category is None:
        return image
    names = data.info.categories
    if category not in names:
        known = did_you_mean(category, list(names))
        raise DataSetError(f"--category: no category {category!r}; {known}")
    number = names.index(category)
    labels = tuple(label for label in image.labels if label.category == number)
    return replace(image, labels=labels, ignored=None if image.ignored is None else ())


def _unused(name: str, force: bool) -> Path:
    """Returns the path `name`, with a number added if a file of this name exists.

    With `force`, no number is added.
    """
    path = Path(name)
    names = (path.with_stem(f"{path.stem}_{number}") for number in count(2))
    return path if force or not path.exists() else next(free for free in names if not free.exists())


def status(options: argparse.Namespace, out: Console) -> int:
    """Prints the progress of a run, or of all runs of a sweep in a folder; returns 0."""
    from sim2coco.places import open_store
    from sim2coco.review.status import status_in

    runs = _runs_in(options.data)
    found = {data: status_in(open_store(data, absolute=False)) for data in runs or [options.data]}
    if options.json:
        numbers = {data: _as_json(each) for data, each in found.items()}
        out.file.write(json.dumps(numbers if runs else numbers[options.data], indent=1) + "\n")
        return 0
    for data, each in found.items():
        for line in _told(data, each):
            out.print(line, markup=False)
    return 0


def _runs_in(data: str) -> list[str]:
    """Returns the data sets in the subfolders of a folder, such as the folder of a sweep.

    The list is empty if `data` is a data set itself, or no local folder.
    """
    folder = Path(data)
    if is_url(data) or not folder.is_dir() or (folder / "run.json").exists():
        return []
    return [str(run.parent) for run in sorted(folder.glob("*/run.json"))]


def _as_json(found: "Status") -> dict[str, Any]:
    counts = {"scenes": dict(found.scenes), "reasons": dict(found.reasons)}
    numbers = asdict(replace(found, scenes=Counter(), reasons=Counter()))
    return {**numbers, **counts, "left": found.left, "left_s": found.left_s}


def _told(data: str, found: "Status") -> Iterator[str]:
    """Yields the lines that describe a status."""
    from sim2coco.cli.progress import duration, speed
    from sim2coco.review.status import sentences

    first, *others = sentences(found)
    rate = f", {speed(found.per_s)}" if found.per_s and found.left else ""
    time_left = f", {duration(found.left_s)} at this rate" if found.left_s else ""
    yield from (f"{data}: {first}{rate}{time_left}", *others)


def replay(options: argparse.Namespace, out: Console) -> int:
    """Renders an image again from its record, and prints whether its files are bit-identical.

    Returns:
        0 if they are bit-identical, 1 otherwise.
    """
    from sim2coco.review.replay import replay as render_again

    folders = [Path(folder).expanduser() for folder in options.meshes or ()]
    before, now = render_again(DataSet(Path(options.data)), options.picture, folders)
    if options.to:
        write_file(Path(options.to), next(iter(now.values())), "--out", options.force)
    equal = before == now
    out.print(
        f"{options.picture}: rendered again; the files are {'identical' if equal else 'DIFFERENT'}",
        markup=False,
    )
    return 0 if equal else 1
