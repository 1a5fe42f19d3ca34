"""The command `select`: keeps the most useful images of a data set."""

import argparse
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from scenes.settings import did_you_mean
from sim2coco.cli.progress import ProgressBar
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.datasets.reference import open_reference
from sim2coco.datasets.verdicts import read_verdicts, rejected
from sim2coco.export.derived import write_derived
from sim2coco.export.newfolder import check_new, refuse_inside
from sim2coco.messages import counted
from sim2coco.process import own_this_process
from sim2coco.selecting.floating import floating
from sim2coco.selecting.listing import CSV, listing
from sim2coco.selecting.matching import COMPARED, uniform
from sim2coco.selecting.removing import FLOATING, REASONS, REMOVED, Verdicts
from sim2coco.selecting.selecting import Selection, Wish, reduced, selected
from sim2coco.statistics.diversity import Vectors
from sim2coco.statistics.embedding import SIDE_PX, embed
from sim2coco.statistics.histograms import Histogram, histograms
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of select to a parser."""
    parser.add_argument("data", help="folder of the data set: from sim2coco, or any COCO data set")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the folder to write to; new or empty")
    parser.add_argument("--keep", metavar="K", help="number or percentage of images: 500, 25%%; default: all")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--balance", action="store_true", help="make the categories equally frequent")
    like = "match the sizes, occlusion, counts and brightness of this COCO data set"
    target.add_argument("--like", metavar="REAL.json", help=like)
    rules = (
        f"rules by which images are removed, separated by commas, or none: {', '.join(REASONS)}; default: "
    )
    parser.add_argument(
        "--remove", metavar="RULES", default=",".join(REMOVED), help=rules + ", ".join(REMOVED)
    )
    parser.add_argument(
        "--verdicts", metavar="FILE", help="verdicts of reviewers; rejected images are removed"
    )
    rule = "whether an image is rejected by any one reviewer, or by the majority"
    parser.add_argument("--verdicts-rule", choices=("any", "majority"), default="any", help=rule)
    embedding = "compare images by the output of this network, not by built-in features"
    parser.add_argument("--embedding", metavar="MODEL.onnx", help=embedding)
    side = f"side of the network's input in pixels; default: {SIDE_PX}"
    parser.add_argument("--embedding-px", type=int, default=SIDE_PX, metavar="N", help=side)
    folders = "folder to search for the meshes of the data set, to find floating objects; may be repeated"
    parser.add_argument("--meshes", metavar="FOLDER", action="append", help=folders)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="random seed")


def run(options: argparse.Namespace, out: Console) -> int:
    """Writes the selected images as a data set, and prints why the others are left out; returns 0."""
    own_this_process()
    wish, workers = _wish(options), os.cpu_count() or 1
    data = open_dataset(Path(options.data))
    refuse_inside(Path(options.out), [Path(options.data)])
    check_new(Path(options.out))
    rules = set(wish.rules)
    verdicts = _rejected(options)
    if options.embedding is not None and not Path(options.embedding).is_file():
        raise DataSetError(f"--embedding: {options.embedding}: no such file")
    target = _target(options, out, workers)
    images = _measured(data, out, workers)
    if not images:
        raise DataSetError(f"{options.data}: has no images")
    _check_verdicts(verdicts, images, options)
    known = Verdicts(verdicts, _floating(options, out) if FLOATING in rules else {})
    wish = replace(wish, target=uniform(data.info.categories, images) if options.balance else target)
    selection = selected(images, wish, known, workers, _embedded(options, images, out))
    if not selection.kept:
        raise DataSetError(f"{options.data}: no image is left; --remove none keeps faulty images")
    settings = _settings(options)
    derived = replace(reduced(data, selection, settings), files=listing(selection, settings))
    with ProgressBar(out, derived.num_images, "images") as bar:
        write_derived(derived, Path(options.out), bar.show)
    _tell(options, selection, out)
    return 0


def _rejected(options: argparse.Namespace) -> dict[str, str]:
    """Maps each image that reviewers reject to the names of these reviewers."""
    if options.verdicts is None:
        return {}
    return rejected(read_verdicts(Path(options.verdicts)).values(), options.verdicts_rule)


def _wish(options: argparse.Namespace) -> Wish:
    named = [name for name in options.remove.split(",") if name not in ("", "none")]
    for name in named:
        if name not in REASONS:
            raise DataSetError(f"--remove: no rule {name!r}; {did_you_mean(name, [*REASONS])}")
    share, number = _kept(options.keep) if options.keep else (None, None)
    if options.seed < 0 or options.embedding_px < 1:
        raise DataSetError("--seed must be at least 0, and --embedding-px at least 1")
    return Wish(share, number, {}, tuple(named), options.seed)


def _kept(text: str) -> tuple[float | None, int | None]:
    """Parses `25%` or `500`; returns (fraction, None) or (None, number of images)."""
    number = text.removesuffix("%")
    try:
        if text.endswith("%") and 0 < float(number) <= 100:
            return float(number) / 100, None
        if int(text) > 0:
            return None, int(text)
    except ValueError:
        pass
    raise DataSetError(f"--keep: {text!r} is neither a number of images (500) nor a percentage (25%)")


def _measured(data: Dataset, out: Console, workers: int, split: str | None = None) -> list[ImageMeasures]:
    total = sum(size.images for name, size in data.sizes().items() if split in (None, name))
    found: list[ImageMeasures] = []
    with ProgressBar(out, total, "images", f"{data.root}: measuring {counted(total, 'image')}") as bar:
        bar.show(0)
        for image in measure(data, workers, split):
            found.append(image)
            bar.show(len(found))
    return found


def _target(options: argparse.Namespace, out: Console, workers: int) -> dict[str, Histogram]:
    """Returns the histograms of the data set given by --like, keyed by quantity; {} without --like."""
    if options.like is None:
        return {}
    data, split = open_reference(Path(options.like))
    found = histograms(_measured(data, out, workers, split), data.info.categories)
    return {name: found[name] for name in COMPARED if found[name].counts.sum()}


def _check_verdicts(
    verdicts: dict[str, str], images: list[ImageMeasures], options: argparse.Namespace
) -> None:
    known = {f"{image.split}/{image.name}" if image.split else image.name for image in images}
    if verdicts and not known & set(verdicts):
        raise DataSetError(f"--verdicts: {options.verdicts}: none of its images is in {options.data}")


def _floating(options: argparse.Namespace, out: Console) -> dict[int, str]:
    """Maps the index of each scene with floating objects to their description.

    If floating objects cannot be determined, prints a note and returns an empty dict.
    """
    root = Path(options.data)
    if not (root / "records").is_dir():
        return {}
    folders = tuple(Path(folder).expanduser() for folder in options.meshes or ())
    try:
        return floating(root, folders)
    except DataSetError as error:
        out.print(f"note: floating objects are not searched for: {error}", markup=False)
        return {}


def _embedded(options: argparse.Namespace, images: list[ImageMeasures], out: Console) -> Vectors | None:
    if options.embedding is None:
        return None
    with ProgressBar(out, len(images), "images", f"{options.embedding}: embedding") as bar:
        return embed(images, Path(options.embedding), bar.show, options.embedding_px)


def _settings(options: argparse.Namespace) -> dict[str, object]:
    """Returns the settings that determine the result, which are stored in the data set.

    Of each path, only the file name is kept.
    """
    plain = {"keep": options.keep or "all", "remove": options.remove, "seed": options.seed}
    files = {
        key: Path(value).name
        for key in ("like", "verdicts", "embedding")
        if (value := getattr(options, key)) is not None
    }
    return plain | ({"balance": True} if options.balance else {}) | files


def _tell(options: argparse.Namespace, selection: Selection, out: Console) -> None:
    reasons = Counter(removal.reason for removal in selection.removed.values())
    told = "; ".join(f"{reason.replace('_', ' ')} {number}" for reason, number in reasons.items())
    total, kept = len(selection.paths), len(selection.kept)
    out.print(f"{options.out}: {counted(kept, 'image')} of {total}; left out: {told or 'none'}", markup=False)
    found = selection.diversity
    if found is not None and kept < total:
        out.print(
            f"Vendi score {found.vendi_kept:.1f} (all images {found.vendi_all:.1f}, {kept} at random "
            f"{found.vendi_random:.1f}); coverage {found.coverage_kept:.1%} "
            f"(at random {found.coverage_random:.1%})",
            markup=False,
        )
    out.print(f"{Path(options.out) / CSV}: the reason for each image", markup=False)
