"""Checks a data set and reports every fault.

The check is independent: it shares no code with the part that writes data sets, and it computes boxes, areas
and fractions from the run lengths of the masks.

A data set is treated as written by sim2coco (`ours`) if it has a `run.json` or records. Data sets of other
tools, which may have polygons and crowds, only have to follow the COCO format.
"""

from pathlib import Path

from sim2coco.check.faults import Fault
from sim2coco.check.progress import Progress, Show
from sim2coco.check.report import CheckError, Report

__all__ = ["CheckError", "Fault", "Report", "check", "folder_is_ours"]


def check(root: Path, show: Show = lambda done, total: None) -> Report:
    """Checks a data set.

    Args:
        root: Its folder, with `annotations/instances_<split>.json` and `images/<split>/`. Data sets of other
            tools may have other layouts (`sim2coco.check.layout`).
        show: Called with the number of images that are checked so far, and the number of all.

    Returns:
        A report with every fault.

    Raises:
        CheckError: The folder is not a data set.
    """
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    # Most of the check takes long to import, and other packages need its small modules only.
    from sim2coco.check.checking import checked
    from sim2coco.check.folder import Folder

    folder = Folder(root, folder_is_ours(root), progress=Progress(show))
    with folder.files:
        return checked(folder)


def folder_is_ours(root: Path) -> bool:
    """Whether sim2coco wrote the data set in a folder."""
    return (root / "run.json").exists() or (root / "records").is_dir()
