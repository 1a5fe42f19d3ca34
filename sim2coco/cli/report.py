"""The command `report`: one page that shows the content of a data set, or compares two data sets."""

import argparse
from pathlib import Path

from rich.console import Console

from sim2coco.cli.progress import ProgressBar
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.messages import counted
from sim2coco.process import own_this_process
from sim2coco.report.report import NAME, Compared, write_report


def run(options: argparse.Namespace, out: Console) -> int:
    """Writes the report; returns 0."""
    own_this_process()
    data = open_dataset(Path(options.data))
    against = open_dataset(Path(options.against)) if options.against else None
    target = Path(options.out) if options.out else Path(options.data) / NAME
    compared = Compared(against, _named(Path(options.against).resolve())) if against else None
    number = _number(data)
    with ProgressBar(out, number + (_number(against) if against else 0), "images") as bar:
        size = write_report(data, target, compared, options.workers, options.force, bar.show)
    out.print(f"{target}: {counted(number, 'image')}, {size / 1e6:.1f} MB", markup=False)
    return 0


def _named(folder: Path) -> str:
    """The name of a folder; if the name is a number, as in a sweep, preceded by the parent folder's name."""
    return f"{folder.parent.name}/{folder.name}" if folder.name.isdecimal() else folder.name


def _number(data: Dataset) -> int:
    return sum(size.images for size in data.sizes().values())
