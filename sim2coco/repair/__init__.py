"""Writes a repaired copy of a COCO data set, and repairs only what needs no guessing.

Entries that cannot be repaired are left out of the copy, and every change is listed. The copy passes `check`.
"""

from sim2coco.repair.changes import CHANGES, Changes
from sim2coco.repair.copying import Repaired, RepairError, repair

__all__ = ["CHANGES", "Changes", "RepairError", "Repaired", "repair"]
