"""Drafts the table `assets.csv` for the user to correct; guesses are marked with a question mark."""

import csv
import io
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path
from statistics import median

from scenes.assets.reading.containers import UNITS_M
from sim2coco.library.columns import COLUMNS
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError
from sim2coco.library.table import TOLD

LIKELY_M = (0.01, 2.0)
"""Range of plausible lengths of an object in metres."""
GUESSES = ("m", "mm", "cm")
"""Units in the order in which they are tried; the guess is the first that gives a plausible length."""
NEAR = ("m", "mm", "cm", "in")
"""Units to choose from when the usual size in the category is known."""


def draft(rows: Sequence[Row], overrides: Mapping[str, Override]) -> str:
    """Returns the text of a draft of `assets.csv`.

    Args:
        rows: The results for the mesh files, examined in the unit that a file states, otherwise in metres.
        overrides: What the user has already stated about each file, by its path.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, TOLD], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(_cells(row, overrides[row.file], _stated_m(row, rows)))
    return text.getvalue()


def _stated_m(row: Row, rows: Sequence[Row]) -> float | None:
    """Median size of the meshes in the same category whose files state their unit; None if there are none."""
    same = [
        other for other in rows if other.override.category == row.override.category and other.unit == "file"
    ]
    return median(other.longest_m for other in same) if same else None


def _cells(row: Row, override: Override, stated_m: float | None) -> dict[str, str]:
    unit = "" if row.unit == "file" else _guess(row.longest_m, stated_m)
    unusable = row.verdict == "refused" and not row.faces
    sides = " x ".join(f"{side:.4g}" for side in row.extents_m)
    return {
        "file": row.file,
        "category": override.category,
        "unit": "" if unusable else unit,
        "up": override.up or "",
        "longest_m": "",
        "density": "" if override.density_kg_m3 is None else f"{override.density_kg_m3:g}",
        "licence": override.licence,
        "upright": "" if override.upright is None else ("yes" if override.upright else "no"),
        "collision": override.collision,
        TOLD: f"refused: {row.reason}" if unusable else sides + (" m" if row.unit == "file" else ""),
    }


def _guess(longest: float, stated_m: float | None) -> str:
    """Guesses the unit of a length in a file, and returns it with a question mark.

    If the usual size in the category, `stated_m`, is known, this is the unit in which the length is closest
    to it; otherwise the first unit in which the length is plausible. If there is none, returns "?".
    """
    if stated_m is not None and longest > 0:
        return min(NEAR, key=lambda unit: abs(log(longest * UNITS_M[unit] / stated_m))) + "?"
    low_m, high_m = LIKELY_M
    for unit in GUESSES:
        if low_m <= longest * UNITS_M[unit] <= high_m:
            return f"{unit}?"
    return "?"


def write_draft(path: Path, text: str) -> None:
    """Writes a table, but does not overwrite an existing one.

    Raises:
        LibraryError: The file exists already, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LibraryError(f"{path}: is there already; --table FILE writes the draft elsewhere") from None
    except OSError as error:
        raise LibraryError(
            f"{path}: cannot be written: {error.strerror}; --table FILE names another"
        ) from error
