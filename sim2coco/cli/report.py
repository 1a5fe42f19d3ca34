"""The command `report`: one page that shows what is in a data set, or compares two."""

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
    """The name of a folder, preceded by its parent's name if it is a number, as in a sweep."""
    return f"{folder.parent.name}/{folder.name}" if folder.name.isdecimal() else folder.name


def _number(data: Dataset) -> int:
    return sum(size.images for size in data.sizes().values())
