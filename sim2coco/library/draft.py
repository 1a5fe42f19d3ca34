"""Drafts the table `assets.csv` for the user to correct; guesses end with a question mark."""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import log
from pathlib import Path
from statistics import median

from scenes.assets.reading.containers import UNITS_M
from sim2coco.library.columns import COLUMNS
from sim2coco.library.lengths import plain, sides
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError
from sim2coco.library.sizes import LIKELY_M, doubted
from sim2coco.library.table import TOLD

GUESSES = ("m", "mm", "cm")
"""Units in the order in which they are tried; the guess is the first with a plausible length."""
NEAR = ("m", "mm", "cm", "in")
"""Candidate units when the usual size in the category is known."""


def draft(rows: Sequence[Row], overrides: Mapping[str, Override], unit: str = "") -> tuple[str, int]:
    """Returns the text of a draft of `assets.csv`, and the number of its guesses.

    Args:
        rows: The results of reading the mesh files, one row per file. Files that state no unit were read in
            metres.
        overrides: The user's statements so far, keyed by file path.
        unit: The unit of files that state none; "" to guess it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, TOLD], lineterminator="\n")
    writer.writeheader()
    believed = [row for row in doubted([row for row in rows if row.unit == "file"]) if row.usable]
    sizes_m, known = _usual_sizes(believed), {row.file for row in believed}
    guesses = 0
    for row in rows:
        cells = _cells(row, overrides[row.file], row.file in known, sizes_m.get(row.override.category))
        if unit and not row.unit and cells["unit"]:
            cells["unit"] = unit
        guesses += sum(cells[name].endswith("?") for name in ("unit", "up"))
        writer.writerow(cells)
    return text.getvalue(), guesses


def _usual_sizes(rows: Sequence[Row]) -> dict[str, float]:
    """The median mesh size in metres of each category."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row.override.category, []).append(row.longest_m)
    return {category: median(sizes_m) for category, sizes_m in found.items()}


def _cells(row: Row, override: Override, known: bool, usual_m: float | None) -> dict[str, str]:
    """Returns the cells of the line for one mesh file, keyed by column.

    Args:
        row: The result of reading the file.
        override: The user's statements so far about the file.
        known: Whether the unit of the file is known; the cell `unit` is then empty.
        usual_m: The usual mesh size in the category, for guessing the unit; None if it is not known.
    """
    unit = "" if known else _guess(row.longest_m / row.metres_per_unit, usual_m)
    up = "" if row.up_from == "file" else (override.up or "z?")
    unusable = row.verdict == "refused" and not row.faces
    numbers = sides(row.extents_m) if row.unit == "file" else " x ".join(map(plain, row.extents_m))
    return {
        "file": row.file,
        "category": override.category,
        "unit": "" if unusable else unit,
        "up": "" if unusable else up,
        "longest_m": "",
        "density": "" if override.density_kg_m3 is None else f"{override.density_kg_m3:g}",
        "licence": override.licence,
        "upright": "" if override.upright is None else ("yes" if override.upright else "no"),
        "collision": override.collision,
        TOLD: f"refused: {row.reason}" if unusable else numbers,
    }


def _guess(longest: float, stated_m: float | None) -> str:
    """Guesses the unit of a length in a file and returns it with a question mark.

    If the usual size in the category, `stated_m`, is known, returns the unit in which the length is closest
    to `stated_m`. Otherwise returns the first unit in which the length is plausible, or "?" if there is none.
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
    content = text.encode()
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise LibraryError(f"{path}: already exists; use --table FILE to write the draft elsewhere") from None
    except OSError as error:
        with suppress(OSError):
            path.unlink()  # a partial table would be mistaken for the user's own
        raise LibraryError(
            f"{path}: cannot be written: {error.strerror}; choose another with --table FILE"
        ) from error
