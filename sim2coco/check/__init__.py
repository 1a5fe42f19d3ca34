"""Checks a data set and reports every fault.

The check is independent: it shares no code with the part that writes data sets, and it computes boxes, areas
and fractions from the RLE masks.

A data set is treated as written by sim2coco (`ours`) if it has a `run.json` or records. Data sets from other
tools may contain polygons and crowds, and only have to follow the COCO format.
"""

from pathlib import Path

from sim2coco.check.faults import Fault
from sim2coco.check.progress import Progress, Show
from sim2coco.check.report import CheckError, Report

__all__ = ["CheckError", "Fault", "Report", "check", "folder_is_ours"]


def check(root: Path, show: Show = lambda done, total: None) -> Report:
    """Checks a data set.

    Args:
        root: The data set folder, with `annotations/instances_<split>.json` and `images/<split>/`. Data sets
            from other tools may have other layouts (`sim2coco.check.layout`).
        show: Called with the number of images checked so far and the total number of images.

    Returns:
        A report with every fault.

    Raises:
        CheckError: The folder is not a data set.
    """
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    # Most of this package is slow to import, and other packages only need its small modules.
    from sim2coco.check.checking import checked
    from sim2coco.check.folder import Folder

    folder = Folder(root, folder_is_ours(root), progress=Progress(show))
    with folder.files:
        return checked(folder)


def folder_is_ours(root: Path) -> bool:
    """Returns whether sim2coco wrote the data set in a folder."""
    return (root / "run.json").exists() or (root / "records").is_dir()
