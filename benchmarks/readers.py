"""Compares sim2coco's reading of assimp's test models with trimesh and with assimp itself.

python -m benchmarks.readers [FOLDER]

Reads every mesh file of the folder (the Debian package assimp-testmodels) with three readers and compares the
triangles: the number with nonzero area, their area, the volume that they enclose, and their extents, all
relative to the longest side, because assimp converts units. Rewrites docs/mesh-formats.md below its mark.
"""

import json
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.limits import SUFFIXES
from scenes.assets.reading.read import read_source
from scenes.assets.reading.refusal import Refused
from sim2coco.library.clean import clean

MODELS = Path("/usr/share/assimp/models")
PAGE = Path(__file__).parents[1] / "docs" / "mesh-formats.md"
MARK = "<!-- written by python -m benchmarks.readers -->\n"
TOLERANCE = 1e-4

FAN = "trimesh cuts the concave polygon as a fan (area 3.22, not 0.2455); assimp loses six triangles of it"
GLTF_1 = "assimp reads glTF 1"
PART = "trimesh does not look at the part that is invalid"
DIFFERENCES = {
    "Collada/ConcavePolygon.dae": FAN,
    "OBJ/concave_polygon.obj": FAN,
    "OBJ/space_in_material_name.obj": FAN,
    "OBJ/box_longline.obj": "one polygon runs around its square 236 times; assimp makes more triangles of it",
    "glTF/BoxTextured-glTF/BoxTextured.gltf": GLTF_1,
    "glTF/BoxTextured-glTF-Embedded/BoxTextured.gltf": GLTF_1,
    "glTF/BoxTextured-glTF-MaterialsCommon/BoxTextured.gltf": GLTF_1,
    "glTF/CesiumMilkTruck/CesiumMilkTruck.gltf": GLTF_1,
    "glTF/TwoBoxes/TwoBoxes.gltf": GLTF_1,
    "glTF2/wrongTypes/badExtension.gltf": PART,
    "glTF2/wrongTypes/badUint.gltf": PART,
}
"""For each file in which another reader finds different triangles, the reason."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The properties that are compared.

    Attributes:
        triangles: Number of triangles with nonzero area.
        area: Area of these triangles, for a longest side of 1.
        volume: Volume that the triangles enclose, for a longest side of 1.
        extents: The extents for a longest side of 1; sorted, because the axes may be rotated.
    """

    triangles: int
    area: float = 0.0
    volume: float = 0.0
    extents: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """The result of reading a file with sim2coco.

    Attributes:
        file: Path of the file below the folder.
        result: `read`, `told` if notes report omissions, changes or missing parts, or `refused`.
        triangles: Number of triangles; 0 if the file is refused.
        words: The notes, or the reason for the refusal.
    """

    file: str
    result: str
    triangles: int
    words: str

    @property
    def cells(self) -> list[str]:
        """The cells of the table."""
        words = self.words.replace("|", "\\|")
        return [f"`{self.file}`", self.result, f"{self.triangles:,}" if self.triangles else "", words]


def mesh_files(folder: Path) -> list[Path]:
    """All mesh files of supported formats, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def row_of(path: Path, folder: Path) -> tuple[Row, Facts]:
    """Reads and cleans a file as sim2coco's import does."""
    name = path.relative_to(folder).as_posix()
    try:
        source = read_source(path, (folder,))
        corners = np.concatenate([raw.corners for raw in source.raws])
        clean(source.raws, np.eye(4))
    except Refused as refused:
        return Row(name, "refused", 0, refused.sentence), Facts(0)
    notes = (*source.notes, *source.looks)
    facts = facts_of(corners)
    return Row(name, "told" if notes else "read", len(corners), "; ".join(notes)), facts


def facts_of(corners: NDArray[np.float64]) -> Facts:
    """Computes the compared properties of triangles (m, 3, 3)."""
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    if not len(corners):
        return Facts(0)
    longest = float(np.ptp(corners.reshape(-1, 3), axis=0).max()) or 1.0
    corners = (corners - corners.reshape(-1, 3).min(axis=0)) / longest
    a, b, c = np.moveaxis(corners, 1, 0)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    volume = float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6
    extents = sorted(np.ptp(corners.reshape(-1, 3), axis=0).tolist())
    return Facts(int((areas > 1e-12).sum()), float(areas.sum()), volume, tuple(extents))


def by_trimesh(path: Path) -> Facts:
    """The triangles that trimesh reads."""
    import trimesh

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mesh: Any = trimesh.load_scene(str(path), process=False).to_mesh()
    return facts_of(np.asarray(mesh.triangles, np.float64))


def by_assimp(path: Path) -> Facts:
    """The triangles that assimp reads."""
    import assimp_py

    scene = assimp_py.import_file(
        str(path), assimp_py.Process_Triangulate | assimp_py.Process_PreTransformVertices
    )
    found = [np.zeros((0, 3, 3))]
    for mesh in scene.meshes:
        index = np.array(mesh.indices, np.int64)
        if len(index) == 3 * mesh.num_faces:
            found.append(np.array(mesh.vertices, np.float64).reshape(-1, 3)[index].reshape(-1, 3, 3))
    return facts_of(np.concatenate(found))


OTHERS = {"trimesh": by_trimesh, "assimp": by_assimp}


def told_by(reader: str, path: Path) -> Facts:
    """Reads a file with another reader, in a separate process because the reader may crash."""
    command = [sys.executable, "-m", "benchmarks.readers", reader, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    try:
        return Facts(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        return Facts(0)


def compared(own: Facts, other: Facts) -> str:
    """Compares `other`, another reader's result, with `own`: `same`, `other`, or `none` if it is empty."""
    if not other.triangles:
        return "none" if own.triangles else ""
    if own.triangles != other.triangles:
        return "other"
    pairs = zip((own.area, own.volume, *own.extents), (other.area, other.volume, *other.extents), strict=True)
    return "same" if all(abs(a - b) <= TOLERANCE * max(1.0, abs(a)) for a, b in pairs) else "other"


def main(folder: Path) -> None:
    """Rewrites the page.

    Raises:
        SystemExit: Another reader finds different triangles in a file, without a reason in `DIFFERENCES`.
    """
    lines = ["| file | result | triangles | told | trimesh | assimp |", "|---|---|---|---|---|---|"]
    results: dict[str, Counter[str]] = {}
    for path in mesh_files(folder):
        row, own = row_of(path, folder)
        found = {reader: compared(own, told_by(reader, path)) for reader in OTHERS}
        if "other" in found.values() and row.file not in DIFFERENCES:
            raise SystemExit(f"{row.file}: {found}; say why in DIFFERENCES")
        file, result, triangles, words = row.cells
        words = "; ".join(text for text in (words, DIFFERENCES.get(row.file, "")) if text)
        lines.append("| " + " | ".join((file, result, triangles, words, *found.values())) + " |")
        count = results.setdefault(path.suffix.lower().removeprefix("."), Counter())
        count.update([row.result, *(f"{reader} {kind}" for reader, kind in found.items())])
    head = PAGE.read_text().partition(MARK)[0]
    PAGE.write_text(head + MARK + "\n" + "\n".join([*_summary(results), "", *lines]) + "\n")


def _summary(results: dict[str, Counter[str]]) -> list[str]:
    columns = (
        "read",
        "told",
        "refused",
        *(f"{reader} {kind}" for reader in OTHERS for kind in ("same", "other", "none")),
    )
    lines = [f"| format | files | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for name, count in (*sorted(results.items()), ("all", sum(results.values(), Counter()))):
        files = sum(count[column] for column in ("read", "told", "refused"))
        lines.append(f"| {name} | {files} | {' | '.join(str(count[column]) for column in columns)} |")
    return lines


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in OTHERS:
        print(json.dumps(asdict(OTHERS[sys.argv[1]](Path(sys.argv[2])))))  # noqa: T201 - read by `told_by`
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else MODELS)
