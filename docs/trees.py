"""Writes low-polygon trees as OBJ files, with the foot of the trunk at the origin and z up.

    python docs/trees.py FOLDER

makes FOLDER/spruce and FOLDER/broadleaf, with three trees each, one unit high. They stand in for scanned or
modelled trees in `docs/aerial.md` and in the tests.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Surface = tuple[Array, list[tuple[int, int, int]], str]
"""Vertices (n, 3), triangles, and the name of the material."""

MATERIALS = {
    "bark": (0.23, 0.15, 0.09),
    "needles": (0.08, 0.16, 0.07),
    "leaves": (0.17, 0.27, 0.08),
    "dry": (0.33, 0.31, 0.10),
}
SIDES = 11
"""Corners of each ring."""


def lathe(radii: Array, heights: Array, rough: float, rng: np.random.Generator, material: str) -> Surface:
    """A closed surface of revolution whose rings are wrinkled by the share `rough`."""
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    vertices = []
    for ring, (radius, height) in enumerate(zip(radii, heights, strict=True)):
        reach = radius * (1 + rough * rng.uniform(-1, 1, SIDES))
        turn = angles + ring * np.pi / SIDES
        lift = height + rough * radius * rng.uniform(-0.5, 0.5, SIDES)
        vertices.append(np.column_stack([reach * np.cos(turn), reach * np.sin(turn), lift]))
    points = np.concatenate([*vertices, [(0, 0, heights[0]), (0, 0, heights[-1])]])
    faces, last = [], len(points) - 1
    for ring in range(len(radii) - 1):
        for side in range(SIDES):
            a, b = ring * SIDES + side, ring * SIDES + (side + 1) % SIDES
            faces += [(a, b, a + SIDES), (b, b + SIDES, a + SIDES)]
    for side in range(SIDES):
        other = (side + 1) % SIDES
        top = (len(radii) - 1) * SIDES
        faces += [(other, side, last - 1), (top + side, top + other, last)]
    return points, faces, material


def trunk(height: float, radius: float, rng: np.random.Generator) -> Surface:
    """A trunk that stands on z = 0."""
    points, faces, material = lathe(
        np.array([radius, 0.7 * radius]), np.array([0.0, height]), 0.0, rng, "bark"
    )
    return points, faces, material


def spruce(rng: np.random.Generator) -> list[Surface]:
    """A conifer: layers of branches that become narrower."""
    layers = [trunk(0.3, 0.02, rng)]
    count = int(rng.integers(5, 8))
    for layer in range(count):
        low = 0.1 + 0.8 * layer / count
        reach = rng.uniform(0.19, 0.24) * (1 - layer / count) + 0.02
        layers.append(
            lathe(
                np.array([reach, 0.55 * reach, 0.01]),
                np.array([low, low + 0.07, min(low + 0.25, 1.0)]),
                0.22,
                rng,
                "needles",
            )
        )
    return layers


def broadleaf(rng: np.random.Generator) -> list[Surface]:
    """A deciduous tree: a trunk with several tufts of leaves."""
    tufts = [trunk(0.5, 0.03, rng)]
    for tuft in range(int(rng.integers(5, 9))):
        size = rng.uniform(0.14, 0.22)
        angle, aside = 2 * np.pi * rng.random(), 0.0 if tuft == 0 else rng.uniform(0.1, 0.24)
        center = (
            aside * np.cos(angle),
            aside * np.sin(angle),
            (0.76 if tuft == 0 else rng.uniform(0.45, 0.7)),
        )
        steps = np.linspace(-0.9, 0.9, 6)
        points, faces, _ = lathe(size * np.sqrt(1 - steps**2), size * steps, 0.16, rng, "leaves")
        tufts.append((points + center, faces, "dry" if rng.random() < 0.1 else "leaves"))
    return tufts


def write(folder: Path) -> None:
    """Writes six trees and their materials."""
    for kind in (spruce, broadleaf):
        target = folder / kind.__name__
        target.mkdir(parents=True, exist_ok=True)
        colors = (f"newmtl {name}\nKd {r} {g} {b}\n" for name, (r, g, b) in MATERIALS.items())
        (target / "tree.mtl").write_text("".join(colors))
        for index in range(3):
            rng = np.random.Generator(np.random.PCG64([index, len(kind.__name__)]))
            (target / f"{kind.__name__}{index}.obj").write_text("".join(lines(kind(rng))))


def lines(surfaces: list[Surface]) -> list[str]:
    """The lines of an OBJ file."""
    out, first = ["mtllib tree.mtl\n"], 1
    for points, faces, material in surfaces:
        out += [f"v {x:.5f} {y:.5f} {z:.5f}\n" for x, y, z in points]
        out.append(f"usemtl {material}\n")
        out += [f"f {a + first} {b + first} {c + first}\n" for a, b, c in faces]
        first += len(points)
    return out


if __name__ == "__main__":
    write(Path(sys.argv[1]))
