"""What stands for a mesh in physics: its hull, or convex pieces where that is too coarse."""

from dataclasses import replace
from importlib.util import find_spec

from scenes.assets.library import Entry
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.pieces import read_pieces
from scenes.assets.reading.raw import Floats
from sim2coco.library.convex import Undivided, convex_pieces
from sim2coco.library.row import Row

HULL_FITS = 0.95
"""Share of its hull that a mesh fills from which on the hull stands for it."""
NOT_INSTALLED = "the package that cuts meshes into convex pieces is not installed"


def installed() -> bool:
    """Whether the package that cuts meshes is there."""
    return find_spec("vhacdx") is not None


def shape(row: Row, mesh: Mesh, hull_because: str) -> tuple[tuple[Floats, ...], str]:
    """The convex pieces that stand for a mesh in physics, and why there are none where there should be.

    Args:
        row: What is known of it.
        mesh: Its surface.
        hull_because: Why it is not to be cut.

    Returns:
        At least two pieces, or none where its hull stands for it: it is told to, or nearly convex, or not
        closed, so that nobody knows what is inside.
    """
    told = row.override.collision
    suits = not row.watertight or row.convexity >= HULL_FITS
    if told == "hull" or (suits and told != "convex"):
        return (), ""
    if hull_because or not installed():
        return (), hull_because or NOT_INSTALLED
    try:
        pieces = convex_pieces(mesh)
    except Undivided as error:
        return (), f"could not be cut into convex pieces ({error}): its hull stands for it"
    return (pieces, "") if len(pieces) > 1 else ((), "")


def with_pieces(row: Row, entry: Entry) -> Row:
    """The row of a mesh of a library, with the pieces that lie there."""
    if entry.pieces is None:
        return row
    try:
        return replace(row, pieces=len(read_pieces(entry.pieces)), collision=entry.pieces.stem)
    except MeshError as error:
        reason, remedy = str(error).rsplit("; ", 1)
        return replace(row, verdict="refused", kind="unreadable", reason=reason, remedy=remedy)
