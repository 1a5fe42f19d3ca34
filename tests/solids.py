"""Prisms over concave outlines, as polygons, and the text of mesh files of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Outline = Sequence[tuple[float, float]]
HEIGHT = 0.02
CHANNEL: Outline = [
    (0.05, 0.05), (-0.05, 0.05), (-0.05, -0.05), (0.05, -0.05),
    (0.05, -0.03), (-0.03, -0.03), (-0.03, 0.03), (0.05, 0.03),
]  # fmt: skip
DART: Outline = [(0.05, 0.0), (-0.05, 0.04), (-0.02, 0.0), (-0.05, -0.04)]
ELL: Outline = [(-0.05, -0.05), (0.05, -0.05), (0.05, -0.03), (-0.03, -0.03), (-0.03, 0.05), (-0.05, 0.05)]
ARROW: Outline = [
    (0.05, 0.0), (0.0, 0.04), (0.0, 0.01), (-0.05, 0.01),
    (-0.04, 0.0), (-0.05, -0.01), (0.0, -0.01), (0.0, -0.04),
]  # fmt: skip
OUTLINES: dict[str, Outline] = {"channel": CHANNEL, "dart": DART, "ell": ELL, "arrow": ARROW}
"""Outlines (metres), counter-clockwise; a fan around the first corner covers none of them."""


class Solid(NamedTuple):
    """Vertices (n, 3) in metres, and the corners of each polygon, counter-clockwise from outside."""

    vertices: NDArray[np.float64]
    polygons: list[list[int]]


def prism(outline: Outline, first: int = 0) -> Solid:
    """The prism over an outline, from z = -HEIGHT / 2; its two polygons begin at the corner `first`."""
    flat, count = np.array(outline, float), len(outline)
    vertices = np.concatenate([np.insert(flat, 2, z, axis=1) for z in (-HEIGHT / 2, HEIGHT / 2)])
    ring = [(first + step) % count for step in range(count)]
    sides = [[a, (a + 1) % count, (a + 1) % count + count, a + count] for a in range(count)]
    return Solid(vertices, [ring[::-1], [a + count for a in ring], *sides])


def area(outline: Outline) -> float:
    """The area of an outline, by the shoelace formula."""
    x, y = np.array(outline, float).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def rows(numbers: NDArray[np.float64]) -> str:
    """One line for each row of numbers."""
    return "".join(" ".join(f"{number:.9g}" for number in row) + "\n" for row in numbers.tolist())


def off(solid: Solid) -> str:
    """The solid as an OFF file."""
    faces = "".join(f"{len(face)} {' '.join(map(str, face))}\n" for face in solid.polygons)
    return f"OFF\n{len(solid.vertices)} {len(solid.polygons)} 0\n{rows(solid.vertices)}{faces}"


def ply(solid: Solid) -> str:
    """The solid as a PLY file in text."""
    head = f"ply\nformat ascii 1.0\nelement vertex {len(solid.vertices)}\n"
    head += "".join(f"property double {axis}\n" for axis in "xyz")
    head += f"element face {len(solid.polygons)}\nproperty list uchar int vertex_indices\nend_header\n"
    faces = "".join(f"{len(face)} {' '.join(map(str, face))}\n" for face in solid.polygons)
    return head + rows(solid.vertices) + faces


def obj(solid: Solid) -> str:
    """The solid as an OBJ file."""
    vertices = "".join(f"v {row}\n" for row in rows(solid.vertices).splitlines())
    return vertices + "".join(f"f {' '.join(str(a + 1) for a in face)}\n" for face in solid.polygons)


def dae(solid: Solid) -> str:
    """The solid as a COLLADA file: metres, z up."""
    counts = " ".join(str(len(face)) for face in solid.polygons)
    corners = " ".join(str(index) for face in solid.polygons for index in face)
    return (
        '<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema">'
        "<asset><up_axis>Z_UP</up_axis></asset>"
        "<library_geometries><geometry><mesh>"
        f'<source id="s"><float_array>{rows(solid.vertices)}</float_array>'
        '<technique_common><accessor stride="3"/></technique_common></source>'
        '<vertices id="v"><input semantic="POSITION" source="#s"/></vertices>'
        '<polylist><input semantic="VERTEX" source="#v" offset="0"/>'
        f"<vcount>{counts}</vcount><p>{corners}</p></polylist></mesh></geometry></library_geometries></COLLADA>"
    )


WRITERS = {"obj": obj, "off": off, "ply": ply, "dae": dae}
