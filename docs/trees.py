"""Writes low-polygon trees as OBJ files, with the foot of the trunk at the origin and z up.

    python docs/trees.py FOLDER

makes FOLDER/spruce and FOLDER/broadleaf, with four trees each, one unit high. They stand in for scanned or
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
    "bark": (0.30, 0.22, 0.15),
    "needles": (0.13, 0.24, 0.13),
    "blue": (0.17, 0.28, 0.22),
    "leaves": (0.25, 0.38, 0.12),
    "light": (0.36, 0.46, 0.16),
    "dry": (0.46, 0.38, 0.15),
}
SIDES = 14
"""Corners of each ring; every second one is the tip of a branch."""
ROUND = np.ones(SIDES)


def lathe(radii: Array, heights: Array, tips: Array, rng: np.random.Generator, material: str) -> Surface:
    """A closed surface of revolution with wrinkles.

    Args:
        radii: Radius of each ring.
        heights: Height of each ring.
        tips: Factor (SIDES,) on the radius of each corner.
        rng: Generator of the wrinkles.
        material: Name of the material.
    """
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    rough = 0.0 if material == "bark" else 0.16
    rings = []
    for radius, height in zip(radii, heights, strict=True):
        reach = radius * tips * (1 + rough * rng.uniform(-1, 1, SIDES))
        lift = height + rough * radius * rng.uniform(-1, 1, SIDES)
        rings.append(np.column_stack([reach * np.cos(angles), reach * np.sin(angles), lift]))
    points = np.concatenate([*rings, [(0, 0, heights[0]), (0, 0, heights[-1])]])
    turn = 2 * np.pi * rng.random() if material != "bark" else 0.0
    spin = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return points @ spin, triangles(len(radii)), material


def triangles(rings: int) -> list[tuple[int, int, int]]:
    """Triangles between neighbouring rings, and the caps around the last two points."""
    sides = [(side, (side + 1) % SIDES) for side in range(SIDES)]
    top, bottom, last = (rings - 1) * SIDES, rings * SIDES, rings * SIDES + 1
    faces = [(other, side, bottom) for side, other in sides]
    faces += [(top + side, top + other, last) for side, other in sides]
    for start in range(0, top, SIDES):
        for side, other in sides:
            a, b, c, d = start + side, start + other, start + other + SIDES, start + side + SIDES
            faces += [(a, b, d), (b, c, d)]
    return faces


def trunk(height: float, radius: float, rng: np.random.Generator) -> Surface:
    """A trunk that stands on z = 0."""
    return lathe(np.array([radius, 0.7 * radius]), np.array([0.0, height]), ROUND, rng, "bark")


def spruce(rng: np.random.Generator, index: int) -> list[Surface]:
    """A conifer: layers of branches that become narrower."""
    layers, count = [trunk(0.3, 0.02, rng)], int(rng.integers(6, 9))
    material = ("needles", "blue", "needles")[index % 3]
    for layer in range(count):
        low, reach = 0.1 + 0.8 * layer / count, 0.22 * (1 - layer / count) + 0.025
        reach *= rng.uniform(0.85, 1.15)
        branches = np.where(np.arange(SIDES) % 2, 0.55, 1.0)
        heights = np.array([low, low + 0.04, min(low + 0.22, 1.0)])
        layers.append(lathe(np.array([reach, 0.8 * reach, 0.008]), heights, branches, rng, material))
    return layers


def broadleaf(rng: np.random.Generator, index: int) -> list[Surface]:
    """A deciduous tree: a trunk with many tufts of leaves."""
    main = ("leaves", "light", "leaves", "dry")[index % 4]
    tufts, steps = [trunk(0.55, 0.03, rng)], np.linspace(-0.9, 0.9, 5)
    for tuft in range(int(rng.integers(14, 22))):
        size, angle = rng.uniform(0.09, 0.15), 2.4 * tuft
        aside = 0.27 * np.sqrt(tuft / 20)
        height = 0.86 - 1.6 * aside**1.3 * rng.uniform(0.8, 1.4)
        center = (aside * np.cos(angle), aside * np.sin(angle), height - 0.08)
        points, faces, _ = lathe(size * np.sqrt(1 - steps**2), size * steps, ROUND, rng, main)
        other = str(rng.choice(["leaves", "light"])) if rng.random() < 0.25 else main
        tufts.append((points + center, faces, other))
    return tufts


def write(folder: Path) -> None:
    """Writes eight trees and their materials."""
    for kind in (spruce, broadleaf):
        target = folder / kind.__name__
        target.mkdir(parents=True, exist_ok=True)
        colors = (f"newmtl {name}\nKd {r} {g} {b}\n" for name, (r, g, b) in MATERIALS.items())
        (target / "tree.mtl").write_text("".join(colors))
        for index in range(4):
            rng = np.random.Generator(np.random.PCG64([index, len(kind.__name__)]))
            (target / f"{kind.__name__}{index}.obj").write_text("".join(lines(kind(rng, index))))


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
