"""The collision shape of a mesh: its convex hull, or convex pieces if the hull is too coarse."""

from dataclasses import replace
from importlib.util import find_spec

from scenes.assets.library import Entry
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.pieces import read_pieces
from scenes.assets.reading.raw import Floats
from scenes.assets.stored import check_stored
from sim2coco.library.convex import Undivided, convex_pieces
from sim2coco.library.row import Row

HULL_FITS = 0.95
"""Fraction of the hull's volume that a mesh must fill for the hull to be used as its collision shape."""
NOT_INSTALLED = "the package that cuts meshes into convex pieces is not installed"
NOT_CLOSED = "collides as its convex hull: not closed; --collision convex cuts it into pieces all the same"
ANEW = "import the meshes again"


def installed() -> bool:
    """Returns whether the convex decomposition package (vhacdx) is installed."""
    return find_spec("vhacdx") is not None


def shape(row: Row, mesh: Mesh, hull_because: str) -> tuple[tuple[Floats, ...], str]:
    """Computes the collision shape of a mesh: convex pieces, or the convex hull.

    Args:
        row: The results for the mesh so far.
        mesh: The clean mesh.
        hull_because: Why the mesh must not be decomposed; "" if it may be.

    Returns:
        A pair (pieces, reason).

        - pieces: The vertices (n, 3) of each of at least two pieces; empty if the hull is used.
        - reason: Why the hull is used although it may be too coarse; "" if there are pieces, if the hull
          fits (a nearly convex or flat mesh), or if the user asks for the hull.
    """
    told = row.override.collision
    if told == "hull" or (row.convexity >= HULL_FITS and told != "convex"):
        return (), ""
    if not row.watertight and told != "convex":
        return (), NOT_CLOSED if row.convexity else ""
    if hull_because or not installed():
        return (), hull_because or NOT_INSTALLED
    try:
        pieces = convex_pieces(mesh)
    except Undivided as error:
        return (), f"could not be cut into convex pieces ({error}): its hull is used instead"
    return (pieces, "") if len(pieces) > 1 else ((), "")


def with_pieces(row: Row, entry: Entry) -> Row:
    """Adds the number and file name of the stored convex pieces to the row of a library mesh.

    If a stored file is missing or damaged, the verdict of the returned row is `refused`.
    """
    try:
        if entry.dimensions is not None:
            check_stored(entry.path)
        if entry.pieces is None:
            return row
        return replace(row, pieces=len(read_pieces(entry.pieces)), collision=entry.pieces.stem)
    except MeshError as error:
        reason = str(error).removesuffix(f"; {ANEW}")
        return replace(row, verdict="refused", kind="unreadable", reason=reason, remedy=ANEW)
