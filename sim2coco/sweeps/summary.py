"""Writes the summary of a sweep: a table as CSV and Markdown, and a plot as SVG."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim2coco.store import LocalStore
from sim2coco.sweeps.plot import as_svg
from sim2coco.sweeps.row import Row
from sim2coco.sweeps.table import as_csv, as_markdown


def write_summary(rows: Sequence[Row], folder: Path, name: str) -> Iterator[Path]:
    """Writes `name.csv`, `name.md` and `name.svg`, and yields the path of each.

    Args:
        rows: The results of the jobs.
        folder: The folder to write to; files of an earlier summary are replaced.
        name: Name of the files without suffix.

    Raises:
        OSError: A file cannot be written.
    """
    store = LocalStore(folder)
    for suffix, write in (("csv", as_csv), ("md", as_markdown), ("svg", as_svg)):
        store.put(f"{name}.{suffix}", write(rows).encode())
        yield folder / f"{name}.{suffix}"
