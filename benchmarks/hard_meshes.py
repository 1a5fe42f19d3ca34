"""Writes meshes that are hard to label: thin, concave, in parts, finely tessellated, far from their origin.

python -m benchmarks.hard_meshes meshes
sim2coco assets import meshes --out library

The meshes are in seven formats, in metres and millimetres, with a table (`assets.csv`) of their units.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.creation import annulus, box, capsule, cylinder, icosphere, torus

Array = NDArray[np.float64]
Made = Callable[[], trimesh.Trimesh]
turned: Any = trimesh.transformations.rotation_matrix
aligned: Any = trimesh.geometry.align_vectors

DART = [(0.05, 0.0), (-0.05, 0.04), (-0.02, 0.0), (-0.05, -0.04)]
CHANNEL = [
    (0.05, 0.05), (-0.05, 0.05), (-0.05, -0.05), (0.05, -0.05),
    (0.05, -0.03), (-0.03, -0.03), (-0.03, 0.03), (0.05, 0.03),
]  # fmt: skip
STAR = [
    (radius * np.cos(step * np.pi / 7), radius * np.sin(step * np.pi / 7))
    for step, radius in enumerate([0.05, 0.015] * 7)
]
TEETH = [
    (0.004 * step + x, y)
    for step in range(25)
    for x, y in ((0.0, 0.03), (0.0, 0.004), (0.002, 0.004), (0.002, 0.03))
]
COMB = [(0.0, 0.0), (0.1, 0.0), *TEETH[:0:-1]]


def joined(parts: Iterable[trimesh.Trimesh]) -> trimesh.Trimesh:
    """Joins parts into one mesh."""
    made: Any = trimesh.util.concatenate(list(parts))
    return made  # type: ignore[no-any-return]  # trimesh returns Any


def moved(part: trimesh.Trimesh, *offset: float) -> trimesh.Trimesh:
    """A copy of a part, moved by an offset."""
    part.apply_translation(offset)
    return part


def swept(path: Array, radius: float, sides: int) -> trimesh.Trimesh:
    """A tube along a path (n, 3), with open ends."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(across, along)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    rings = path[:, None] + radius * (np.cos(turn) * across[:, None] + np.sin(turn) * up[:, None])
    steps, ring = np.meshgrid(np.arange(len(path) - 1), np.arange(sides), indexing="ij")
    after = (ring + 1) % sides
    a, b, c, d = (row * sides + side for row, side in _corners(steps, ring, after))
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    return trimesh.Trimesh(rings.reshape(-1, 3), faces, process=False)


def _corners(
    steps: NDArray[np.int64], ring: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]:
    return (steps, ring), (steps, after), (steps + 1, after), (steps + 1, ring)


def spring(turns: int = 8, steps: int = 900, sides: int = 12) -> trimesh.Trimesh:
    """A helix of wire, 1 mm thick."""
    t = np.linspace(0, 2 * np.pi * turns, steps)
    return swept(np.stack([0.02 * np.cos(t), 0.02 * np.sin(t), 0.0016 * t], axis=1), 0.0005, sides)


def cage(wires: int = 6) -> trimesh.Trimesh:
    """Rings of wire around a sphere, along its meridians, and one around its equator."""
    hoops = [torus(0.05, 0.0008, major_sections=96, minor_sections=8) for _ in range(wires + 1)]
    for step, hoop in enumerate(hoops[1:]):
        hoop.apply_transform(turned(np.pi / 2, [1, 0, 0]))
        hoop.apply_transform(turned(step * np.pi / wires, [0, 0, 1]))
    return joined(hoops)


def brush() -> trimesh.Trimesh:
    """A block with forty bristles, 0.6 mm thick."""
    bristles = [
        moved(
            cylinder(0.0003, 0.04, sections=8),
            0.008 * (step % 10) - 0.036,
            0.006 * (step // 10) - 0.009,
            0.024,
        )
        for step in range(40)
    ]
    return joined([box((0.09, 0.03, 0.01)), *bristles])


def table() -> trimesh.Trimesh:
    """A plate on four thin legs."""
    legs = [moved(box((0.003, 0.003, 0.06)), x, y, -0.03) for x in (-0.045, 0.045) for y in (-0.03, 0.03)]
    return joined([box((0.1, 0.07, 0.003)), *legs])


def grid(sides: int = 250) -> trimesh.Trimesh:
    """A wavy sheet without thickness, of 124,002 triangles."""
    u, v = np.meshgrid(np.linspace(-0.05, 0.05, sides), np.linspace(-0.05, 0.05, sides))
    vertices = np.stack([u, v, 0.01 * np.sin(60 * u) * np.cos(60 * v)], -1).reshape(-1, 3)
    corner = (np.arange(sides - 1)[:, None] * sides + np.arange(sides - 1)).reshape(-1, 1)
    faces = (corner + np.array([0, 1, sides, 1, sides + 1, sides])).reshape(-1, 3)
    return trimesh.Trimesh(vertices, faces, process=False)


def urchin() -> trimesh.Trimesh:
    """A finely tessellated ball with eighty spines, 1 mm thick."""
    rod = cylinder(0.0005, 0.025, sections=8)
    spines = []
    for direction in icosphere(1).vertices[:80]:
        spine = moved(rod.copy(), 0.0, 0.0, 0.04)
        spine.apply_transform(aligned([0, 0, 1], direction))
        spines.append(spine)
    return joined([icosphere(5, 0.03), *spines])


def axe() -> trimesh.Trimesh:
    """A finely tessellated box with a thin handle, whose area is below one hundredth of the whole surface."""
    head = box((0.1, 0.1, 0.1))
    for _ in range(5):
        head = head.subdivide()
    return joined([head, moved(cylinder(0.0015, 0.06, sections=12), 0.0, 0.0, 0.08)])


def chain() -> trimesh.Trimesh:
    """A chain of five links."""
    links = [torus(0.012, 0.002, major_sections=48, minor_sections=12) for _ in range(5)]
    for step, link in enumerate(links):
        if step % 2:
            link.apply_transform(turned(np.pi / 2, [1, 0, 0]))
        moved(link, 0.02 * step, 0.0, 0.0)
    return joined(links)


def barbell() -> trimesh.Trimesh:
    """Two balls without a rod."""
    return joined(moved(icosphere(3, 0.02), x, 0.0, 0.0) for x in (-0.04, 0.04))


def stairs() -> trimesh.Trimesh:
    """Four boxes that do not touch."""
    return joined(moved(box((0.02, 0.02, 0.02)), 0.03 * n, 0.0, 0.01 * n) for n in range(4))


# category, file, units per metre, mesh
SOLIDS: tuple[tuple[str, str, int, Made], ...] = (
    ("thin", "cage.ply", 1000, cage),
    ("thin", "ring.stl", 1000, lambda: torus(0.04, 0.001, major_sections=128, minor_sections=12)),
    ("thin", "needle.obj", 1000, lambda: cylinder(0.0008, 0.1, sections=16)),
    ("thin", "sheet.off", 1, lambda: box((0.1, 0.06, 0.0005))),
    ("thin", "spring.glb", 1, spring),
    ("thin", "washer.dae", 1, lambda: annulus(0.03, 0.045, 0.0006, sections=64)),
    ("parts", "table.3mf", 1000, table),
    ("parts", "brush.obj", 1, brush),
    ("parts", "chain.glb", 1, chain),
    ("parts", "barbell.dae", 1, barbell),
    ("parts", "apart.ply", 1, stairs),
    ("fine", "axe.stl", 1000, axe),
    ("fine", "urchin.ply", 1000, urchin),
    ("fine", "grid.glb", 1, grid),
    ("fine", "ball.off", 1, lambda: icosphere(6, 0.04)),
    ("far", "site.obj", 1, lambda: moved(capsule(0.08, 0.01), 300.0, 400.0, 20.0)),
)  # fmt: skip
# file, units per metre, outline of a prism whose faces are written as polygons
PRISMS: tuple[tuple[str, int, Sequence[tuple[float, float]]], ...] = (
    ("dart.obj", 1, DART),
    ("channel.off", 1000, CHANNEL),
    ("star.ply", 1000, STAR),
    ("comb.obj", 1000, COMB),
    ("channel.obj", 1, CHANNEL),
)


def write(folder: Path) -> None:
    """Writes all meshes and the table of their units."""
    for category, name, units, make in SOLIDS:
        mesh: Any = make()
        mesh.apply_scale(units)
        if name.endswith(".glb"):  # in glTF files y is up
            mesh.apply_transform(turned(-np.pi / 2, [1, 0, 0]))
        path = folder / category / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh.export(path)
    (folder / "concave").mkdir(exist_ok=True)
    for name, units, outline in PRISMS:
        (folder / "concave" / name).write_text(prism(name[-3:], units * np.array(outline), 0.02 * units))
    files = [(f"{category}/{name}", units) for category, name, units, _ in SOLIDS]
    files += [(f"concave/{name}", units) for name, units, _ in PRISMS]
    stated = [(name, units) for name, units in files if name[-3:] not in ("glb", "dae", "3mf")]
    rows = [f"{name},{'mm' if units == 1000 else 'm'},z" for name, units in stated]
    (folder / "assets.csv").write_text("\n".join(["file,unit,up", *rows, ""]))


def prism(suffix: str, outline: Array, height: float) -> str:
    """The content of the mesh file of a prism; its base and top are polygons with the outline (n, 2)."""
    count = len(outline)
    vertices = np.concatenate([np.insert(outline, 2, z, axis=1) for z in (0.0, height)])
    points = [" ".join(f"{value:.9g}" for value in vertex) for vertex in vertices.tolist()]
    sides = [[a, (a + 1) % count, (a + 1) % count + count, a + count] for a in range(count)]
    faces = [list(range(count))[::-1], list(range(count, 2 * count)), *sides]
    if suffix == "obj":
        lines = [f"v {point}" for point in points]
        return "\n".join([*lines, *(f"f {' '.join(str(a + 1) for a in face)}" for face in faces), ""])
    listed = [*points, *(f"{len(face)} {' '.join(map(str, face))}" for face in faces), ""]
    return "\n".join([_head(suffix, len(points), len(faces)), *listed])


def _head(suffix: str, vertices: int, faces: int) -> str:
    if suffix == "off":
        return f"OFF\n{vertices} {faces} 0"
    axes = "\n".join(f"property double {axis}" for axis in "xyz")
    return (
        f"ply\nformat ascii 1.0\nelement vertex {vertices}\n{axes}\nelement face {faces}\n"
        "property list uchar int vertex_indices\nend_header"
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
