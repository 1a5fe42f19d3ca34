"""The commands that make a data set from other data sets: merge and split."""

import argparse
import math
from pathlib import Path

from rich.console import Console

from sim2coco.cli.progress import ProgressBar
from sim2coco.datasets.derived import Derived
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.merging import merged
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.datasets.splitting import divided
from sim2coco.export.derived import write_derived
from sim2coco.messages import counted


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Adds the arguments of merge or split to a parser."""
    if command == "merge":
        parser.add_argument(
            "data", nargs="*", help="folders of the data sets: from sim2coco, or any COCO data sets"
        )
        shares = "sample images so that the data sets have these shares in the result"
        parser.add_argument(
            "--share", metavar="DATA=NUMBER", nargs="+", action="extend", type=_share, help=shares
        )
    else:
        parser.add_argument("data", help="folder of the data set: from sim2coco, or any COCO data set")
        parser.add_argument(
            "--val", type=_fraction, required=True, metavar="X", help="fraction of images in val, such as 0.2"
        )
        parser.add_argument("--test", type=_fraction, metavar="X", help="fraction in test; default: none")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the folder to write to; new or empty")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="random seed of the selection")


def _share(text: str) -> tuple[str, float]:
    """Parses `FOLDER=NUMBER`: a folder, and its share of the images."""
    folder, _, number = text.rpartition("=")
    share = _number(number)
    if not folder or not 0 < share < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not FOLDER=NUMBER, with a number above 0")
    return folder, share


def _fraction(text: str) -> float:
    if not 0 < _number(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return float(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def run(command: str, options: argparse.Namespace, out: Console) -> int:
    """Runs the command merge or split: makes a data set, and prints its size. Returns 0."""
    derived = _merged(options, out) if command == "merge" else _divided(options, out)
    for note in derived.notes:
        out.print(f"note: {note}", markup=False)
    with ProgressBar(out, derived.num_images, "images") as bar:
        written = write_derived(derived, Path(options.out), bar.show)
    told = [f"{counted(size.images, 'image')} in {name}" for name, size in written.items()]
    annotations = counted(sum(size.annotations for size in written.values()), "annotation")
    out.print(f"{options.out}: {', '.join(told)}; {annotations}", markup=False)
    return 0


def _merged(options: argparse.Namespace, out: Console) -> Derived:
    shares = {_plain(folder): share for folder, share in options.share or ()}
    names = [_plain(name) for name in options.data] or [*shares]
    places = [Path(name).resolve() for name in names]
    for rank, name in enumerate(names):
        if places[rank] in places[:rank]:
            raise DataSetError(f"merge: a data set is given twice: {name}")
    if len(names) < 2:
        raise DataSetError("merge: name at least two data sets")
    if shares:
        _check_shares(names, shares)
    return merged({name: _opened(name, out) for name in names}, shares or None, options.seed)


def _plain(folder: str) -> str:
    return folder.rstrip("/") or folder


def _check_shares(names: list[str], shares: dict[str, float]) -> None:
    """Checks that each data set has a share, and that each share belongs to one of the data sets."""
    for name in shares:
        if name not in names:
            raise DataSetError(f"--share: {name} is not among the data sets: {', '.join(names)}")
    for name in names:
        if name not in shares:
            raise DataSetError(f"--share: {name} has no share; add {name}=NUMBER, or leave out the data set")


def _divided(options: argparse.Namespace, out: Console) -> Derived:
    shares = {name: share for name, share in (("val", options.val), ("test", options.test)) if share}
    if sum(shares.values()) >= 1:
        raise DataSetError("split: --val and --test leave nothing for train: their sum must be below 1")
    return divided(_opened(options.data, out), shares, options.seed)


def _opened(name: str, out: Console) -> Dataset:
    """Opens a data set, and prints its size.

    The output shows the user that the program is working, because large annotation files take a while.
    """
    data = open_dataset(Path(name))
    sizes = data.sizes().values()
    images = counted(sum(size.images for size in sizes), "image")
    annotations = counted(sum(size.annotations for size in sizes), "annotation")
    out.print(f"{name}: {images}, {annotations}", markup=False)
    return data
