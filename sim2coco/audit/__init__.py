"""Audits labels by an independent method: recomputes them by ray casting and compares.

No code is shared with the generation of the labels. Poses and cameras come from the records, labels from the
annotation files, and surfaces from the user's own mesh files, which are read with different libraries
(assimp, trimesh). Rays are cast through pixel centres with Embree.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sim2coco.audit.dataset import read_data_set
from sim2coco.audit.errors import AuditError
from sim2coco.audit.findings import Finding, Instance, Report, report_of
from sim2coco.audit.places import Search, found_files, nowhere
from sim2coco.audit.work import Progress, audited
from sim2coco.audit.worst import Case, worst_cases

__all__ = ["Audit", "AuditError", "Case", "Finding", "Instance", "Report", "audit"]

EXTRA = ("assimp_py", "embreex", "trimesh")
"""The packages of the extra `audit`."""


class Audit:
    """An audit of a data set.

    Args:
        root: The folder of the data set.
        folders: Folders to search for the user's mesh files.
        sample: Number of images to compare; None for all.
        seed: Seed for the choice of images.
        search: Finds mesh files by name if they are neither in `folders` nor where the settings say.

    Raises:
        AuditError: A package is not installed, the folder is not a finished data set, or meshes are missing.
    """

    def __init__(
        self,
        root: Path,
        folders: Sequence[Path] = (),
        sample: int | None = None,
        seed: int = 0,
        search: Search = nowhere,
    ) -> None:
        """Reads the labels and finds the mesh files."""
        missing = [name for name in EXTRA if find_spec(name) is None]
        if missing:
            told = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
            raise AuditError(f"audit: {told}; in a checkout, pip install --no-deps -r requirements.lock")
        self._data = read_data_set(root, sample, seed)
        self._places = found_files(root, self._data.run, folders, search)

    def report(self, workers: int = 1, progress: Progress = lambda done, total: None) -> Report:
        """Computes the measurements of all instances, and the broken rules.

        Args:
            workers: Number of processes.
            progress: Called with the number of images done so far and the total number of images.

        Raises:
            AuditError: A process has ended unexpectedly.
        """
        return report_of(audited(self._data, self._places, workers, progress), self._data.total)

    def worst(self, report: Report, number: int) -> list[Case]:
        """Draws the masks of the worst instances, at most `number`.

        Instances that break a rule come first, then those whose masks differ most from ray casting.
        """
        return worst_cases(self._data, self._places, report, number)


def audit(root: Path, folders: Sequence[Path] = (), sample: int | None = None, seed: int = 0) -> Report:
    """Recomputes the labels of a data set in this process and compares; see `Audit`."""
    return Audit(root, folders, sample, seed).report()
