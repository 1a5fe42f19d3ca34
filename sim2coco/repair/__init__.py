"""Writes a repaired copy of a COCO data set: what can be repaired without guessing, and nothing else.

What cannot be repaired is left out of the copy, and every change is listed. The copy passes `check`.
"""

from sim2coco.repair.changes import CHANGES, Changes
from sim2coco.repair.copying import Repaired, RepairError, repair

__all__ = ["CHANGES", "Changes", "RepairError", "Repaired", "repair"]
