"""The commands that read a data set: show and replay; check has a module of its own."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from rich.console import Console

from scenes.settings import did_you_mean
from sim2coco.cli.checking import check
from sim2coco.messages import counted
from sim2coco.png import png
from sim2coco.records import Picture, Record
from sim2coco.review.dataset import DataSet, DataSetError
from sim2coco.review.overlay import Style, overlay, sheet

__all__ = ["check", "replay", "show"]

SHEET, MAX_SHEET = 48, 2000
"""Default and maximum number of images on a sheet."""
COLUMNS, CELL_PX = 8, 320
"""Maximum number of images in a row of a sheet, and the width of each."""


def show(options: argparse.Namespace, out: Console) -> int:
    """Writes a PNG of one image, or of several images on a sheet, with their labels drawn; returns 0."""
    data = DataSet(Path(options.data))
    style = _style(options)
    if options.picture:
        if options.split:
            raise DataSetError("--split: chooses images for a sheet; leave it out beside an image")
        if options.sheet:
            raise DataSetError("--sheet: leave it out beside an image, or leave out the image")
        record, _, picture = data.find(options.picture)
        picture = _of_category(data, picture, options.category)
        image = overlay(data.image(record, picture), picture, data.names, style=style)
        name = Path(picture.name).stem
        sentence = f"{counted(len(picture.annotations), 'label')}, {len(picture.ignored)} ignored"
    else:
        if (options.sheet or SHEET) > MAX_SHEET:
            raise DataSetError(f"--sheet: at most {MAX_SHEET} images")
        found = list(islice(_chosen(data, options.split, options.category), options.sheet or SHEET))
        if not found:
            raise DataSetError(f"{options.data}: has no such images yet")
        drawn = [overlay(data.image(r, p), p, data.names, CELL_PX, style) for r, p in found]
        image = sheet(drawn, columns=min(COLUMNS, len(drawn)), titles=[p.name for _, p in found])
        name = f"{Path(options.data).resolve().name}_sheet"
        sentence = counted(len(found), "image")
    target = Path(options.to) if options.to else _unused(f"{name}.png", options.force)
    _write(target, png(image), options.force)
    out.print(f"{target}: {sentence}", markup=False)
    return 0


def _style(options: argparse.Namespace) -> Style:
    """What the flags --boxes and --outlines ask for; without any, everything is drawn."""
    if not options.boxes and not options.outlines:
        return Style()
    return Style(tint=False, outlines=options.outlines, boxes=options.boxes)


def _chosen(data: DataSet, split: str | None, category: str | None) -> Iterator[tuple[Record, Picture]]:
    """The images of a split that have a label of a category, with these labels only; None does not choose."""
    splits = [name for name in data.run["recipe"].get("split") or {} if name != "by"]
    if split and split not in splits:
        raise DataSetError(f"--split: no split {split!r}; {did_you_mean(split, splits)}")
    for record, _, picture in data.pictures():
        picture = _of_category(data, picture, category)
        if split in (None, record.split) and (picture.annotations or not category):
            yield record, picture


def _of_category(data: DataSet, picture: Picture, category: str | None) -> Picture:
    """An image with the labels of one category only; with all if `category` is None."""
    if category is None:
        return picture
    if category not in data.names:
        known = did_you_mean(category, list(data.names))
        raise DataSetError(f"--category: no category {category!r}; {known}")
    number = data.names.index(category)
    labels = tuple(label for label in picture.annotations if label.category == number)
    return replace(picture, annotations=labels, ignored=())


def _unused(name: str, force: bool) -> Path:
    """A file name that no file has: the name itself, or the name with the first number that is free."""
    path = Path(name)
    names = (path.with_stem(f"{path.stem}_{number}") for number in count(2))
    return path if force or not path.exists() else next(free for free in names if not free.exists())


def replay(options: argparse.Namespace, out: Console) -> int:
    """Renders an image again from its record, and prints whether its files have the same bytes as before.

    Returns:
        0 if they have the same bytes, 1 otherwise.
    """
    from sim2coco.review.replay import replay as render_again

    folders = [Path(folder).expanduser() for folder in options.meshes or ()]
    before, now = render_again(DataSet(Path(options.data)), options.picture, folders)
    if options.to:
        _write(Path(options.to), next(iter(now.values())), options.force)
    equal = before == now
    out.print(
        f"{options.picture}: rendered again, the bytes are {'equal' if equal else 'DIFFERENT'}", markup=False
    )
    return 0 if equal else 1


def _write(target: Path, content: bytes, force: bool) -> None:
    try:
        with target.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError as error:
        if target.is_dir():
            raise DataSetError(f"--to: cannot write {target}: is a folder") from error
        raise DataSetError(f"--to: {target} exists; add --force to replace it") from error
    except OSError as error:
        raise DataSetError(f"--to: cannot write {target}: {error.strerror}") from error
