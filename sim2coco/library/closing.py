"""The lines that import and check print at the end: assumptions made, and files that were left out."""

from collections.abc import Iterator, Sequence

from sim2coco.library.row import Row
from sim2coco.library.scan import Scan
from sim2coco.library.shape import NOT_INSTALLED
from sim2coco.messages import counted

NAMED = 5
"""Maximum number of files that are listed by name; of further files, only the number is printed."""


def closing_lines(found: Scan | None, rows: Sequence[Row]) -> Iterator[str]:
    """Yields a line for each assumption or omission that the user may want to correct.

    Args:
        found: The content of the folder of meshes; None if a library is checked; then only the line
            about hulls is yielded.
        rows: The results for the meshes of the folder or library.
    """
    if uncut := [row for row in rows if row.hull_because == NOT_INSTALLED]:
        told = f"nothing falls into concave meshes ({len(uncut)} here), as hulls stand for them"
        yield f"{told}: {NOT_INSTALLED}; pip install vhacdx, and import again"
    if found is None:
        return
    if silent := [row for row in rows if row.usable and not row.unit]:
        named = ", ".join(f"{row.file} {_length(row.longest_m)}" for row in silent[:NAMED])
        more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
        remedy = "if that is wrong, say --unit mm, or a unit in the table that --draft writes"
        files = f"{counted(len(silent), 'file')} ({named}{more})"
        yield f"taken as metres, for nobody says otherwise: {files}; {remedy}"
    if found.left_out():
        yield f"left out: {found.left_out()}"


def _length(length_m: float) -> str:
    return f"{length_m * 1000:.3g} mm" if length_m < 1 else f"{length_m:.3g} m"
