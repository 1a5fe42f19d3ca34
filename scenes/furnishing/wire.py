"""Furniture geometry of wire panels: two layers of parallel bars at right angles.

A panel consists of two bodies, however many bars it has. Each collides as the convex hull of its bars, so
nothing slips through the gaps.
"""

import numpy as np

from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box
from scenes.assets.solids import joined
from scenes.geometry import Pose, Scale, quaternion

COUNTS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 23, 26, 30, 35, 40)
"""Bar counts for which a layer mesh exists."""
BAR_SHARE = 0.16
"""Width of a bar, as a fraction of the centre distance of neighbouring bars."""


def layers() -> dict[str, Mesh]:
    """Returns a dict from name to mesh. Each mesh is a layer of parallel bars, for wire panels.

    There is one mesh for each possible number of bars. The bars run along y and are evenly spaced along x.
    The bounding box of each mesh is a cube with sides of 1 m.
    """
    return {_name(count): _layer(count) for count in COUNTS}


def panel(frame: Pose, length_m: float, width_m: float, gap_m: float) -> list[tuple[str, Scale, Pose]]:
    """Returns the mesh name, scale and pose of each layer of a panel.

    Args:
        frame: World pose of the panel's frame; its origin is the centre of the panel, and its z axis is
            perpendicular to the panel.
        length_m: Side of the panel along x of the frame.
        width_m: Side of the panel along y of the frame.
        gap_m: Desired distance between neighbouring bars; the nearest available number of bars is used.
    """
    bar_m = BAR_SHARE * gap_m
    turned = quaternion(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    along = frame.of(Pose((0.0, 0.0, bar_m / 2), (0.0, 0.0, 0.0, 1.0)))
    across = frame.of(Pose((0.0, 0.0, -bar_m / 2), turned))
    return [
        (_name(_nearest(length_m / gap_m + 1)), (length_m, width_m, bar_m), along),
        (_name(_nearest(width_m / gap_m + 1)), (width_m, length_m, bar_m), across),
    ]


def _nearest(count: float) -> int:
    return min(COUNTS, key=lambda known: abs(known - count))


def _name(count: int) -> str:
    return f"bars_{count}"


def _layer(count: int) -> Mesh:
    width_m = round(BAR_SHARE / (count - 1 + BAR_SHARE), 4)
    middles_m = np.round(np.linspace(-1, 1, count) * (1 - width_m) / 2, 4)
    (bar,) = box(width_m, 1.0, 1.0).parts
    bars = [Mesh((bar,)).moved(np.array([x, 0.0, 0.0])).parts[0] for x in middles_m.tolist()]
    return Mesh((joined(*bars),))
