"""The final lines printed by import and check: assumptions made, and files left out."""

from collections.abc import Iterator, Sequence

from sim2coco.library.lengths import length
from sim2coco.library.row import Row
from sim2coco.library.scan import Scan
from sim2coco.library.shape import NOT_INSTALLED
from sim2coco.messages import counted

NAMED = 5
"""Maximum number of files listed by name; further files are only counted."""


def closing_lines(found: Scan | None, rows: Sequence[Row]) -> Iterator[str]:
    """Yields a line for each assumption or omission that the user may want to correct.

    Args:
        found: The scanned mesh folder; None if a library is checked. Without a folder, only the line about
            concave meshes without convex pieces is yielded.
        rows: The results for the meshes of the folder or library.
    """
    if uncut := [row for row in rows if row.hull_because == NOT_INSTALLED]:
        told = f"concave meshes ({len(uncut)} here) collide as their hulls, so nothing can fall into them"
        yield f"{told}: {NOT_INSTALLED}; pip install vhacdx, and import again"
    if found is None:
        return
    if silent := [row for row in rows if row.usable and not row.unit]:
        files = _files([f"{row.file} {length(row.longest_m)}" for row in silent])
        remedy = "if that is wrong, use --unit mm, or set the unit in the table that --draft writes"
        yield f"assumed to be in metres, because no unit is stated: {files}; {remedy}"
    if leaning := [row.file for row in rows if row.usable and not row.up_from]:
        remedy = "--up z confirms it for all of them, --up y turns them; or set it for each in the table"
        yield f"assumed to have z up, because no up axis is stated: {_files(leaning)}; {remedy}"
    if found.left_out():
        yield f"left out: {found.left_out()}"


def _files(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{counted(len(names), 'file')} ({', '.join(names[:NAMED])}{more})"
