"""Meshes whose triangles are there twice, or face the wrong way: mended by import, weighed right, told."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.mesh import Mesh
from scenes.assets.reading.read import read_source
from scenes.assets.stored import read_stored
from scenes.assets.surface import patches_of
from scenes.geometry import rotation
from sim2coco.library.clean import clean
from tests.library.conftest import Look
from tests.library.test_import import assets
from tests.scenes.test_surface import BALL, BOX, Floats, back, mesh_of, shifted, some_turned, together

CORNERS: Floats = np.array([[0, 0, 0], [0.04, 0, 0.01], [0.05, 0.02, 0.02], [0, 0.03, 0]])
LEAF: Floats = CORNERS[np.array([[0, 1, 2], [0, 2, 3]])]
LEAF_M2 = float(np.linalg.norm(np.cross(LEAF[:, 1] - LEAF[:, 0], LEAF[:, 2] - LEAF[:, 0]), axis=1).sum() / 2)


def plant() -> Floats:
    """Sixty leaves around a stem that is closed."""
    stem = np.asarray(trimesh.creation.cylinder(0.004, 0.3, sections=12).triangles)
    turns = [rotation((0.0, 0.0, float(np.sin(0.35 * n)), float(np.cos(0.35 * n)))) for n in range(60)]
    leaves = [shifted(LEAF @ turn.T, 0.0, 0.0, 0.004 * n - 0.1) for n, turn in enumerate(turns)]
    return together(stem, *leaves)


PLANT = plant()


def put(path: Path, corners: Floats) -> Path:
    points = corners.reshape(-1, 3)
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in points.tolist()]
    lines += [f"f {n + 1} {n + 2} {n + 3}" for n in range(0, len(points), 3)]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("corners", "notes"),
    [
        (PLANT, ()),
        (together(PLANT, back(PLANT)), ("168 duplicate faces dropped",)),
        (together(PLANT, PLANT), ("168 duplicate faces dropped",)),
        (together(PLANT, PLANT, back(PLANT)), ("336 duplicate faces dropped",)),
    ],
    ids=["once", "both sides", "twice", "three times"],
)
def test_a_plant_weighs_what_it_weighs_once(
    look: Look, tmp_path: Path, corners: Floats, notes: tuple[str, ...]
) -> None:
    path = put(tmp_path / "plant.obj", corners)
    row = look(path, unit_m=1.0, collision="hull")
    assert row.faces == len(PLANT)
    assert row.notes == notes
    assert row.mass_kg == pytest.approx(600 * (np.pi * 0.004**2 * 0.3 + 60 * LEAF_M2 * 0.001), rel=0.05)
    (asset,) = load_catalogue(Assets.parse({"categories": {"plant": {"path": str(path)}}})).groups[0]
    assert asset.mass_kg == pytest.approx(row.mass_kg, rel=1e-3)


def scissors() -> Floats:
    blade = np.asarray(trimesh.creation.box((0.12, 0.01, 0.002)).triangles)
    return together(blade, shifted(blade, 0.0, 0.02, 0.003), shifted(BALL * 0.1, 0.1, 0, 0))


@pytest.mark.parametrize(
    ("corners", "note"),
    [
        (back(scissors()), "was inside out: flipped"),
        (
            together(back(scissors()[:12]), scissors()[12:]),
            "12 faces that faced inward, or opposite to their neighbours flipped",
        ),
        (back(BALL)[7:], "1,272 faces that faced inward, or opposite to their neighbours flipped"),
        (some_turned(BALL, 4), "faces that faced opposite to their neighbours flipped"),
        (some_turned(PLANT, 5), "faces that faced opposite to their neighbours flipped"),
    ],
    ids=["all", "a shell", "with a hole", "mixed", "leaves"],
)
def test_what_faces_inward_is_turned_and_told(look: Look, tmp_path: Path, corners: Floats, note: str) -> None:
    path = put(tmp_path / "thing.obj", corners)
    row = look(path, unit_m=1.0, collision="hull", library=tmp_path / "library")
    assert any(note in told for told in row.notes), row.notes
    stored = tmp_path / "library" / "meshes" / f"{row.mesh}.glb"
    assert not turned(read_stored(stored)).any()
    again = look(stored, unit_m=1.0, collision="hull")
    assert (again.verdict, again.notes) == ("ok", ())
    made = load_catalogue(Assets.parse({"categories": {"thing": {"path": str(path)}}}))
    assert made.groups[0][0].mass_kg == pytest.approx(row.mass_kg, rel=1e-3)
    (told,) = made.notes
    assert told.startswith("assets.categories.thing.path: thing.obj: ")
    assert "point inward or opposite to their neighbours" in told


def turned(mesh: Mesh) -> NDArray[np.bool_]:
    return patches_of(mesh.vertices_m[mesh.faces], mesh.merged_faces).turned


def test_normals_of_a_file_that_point_outward_stay(tmp_path: Path) -> None:
    """A mirrored export: triangles face inward, normals outward."""
    lines = []
    for a, b, c in back(BOX).tolist():
        normal = -np.cross(np.subtract(b, a), np.subtract(c, a))
        normal /= np.linalg.norm(normal)
        lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in (a, b, c)]
        lines += ["vn {!r} {!r} {!r}".format(*normal.tolist())]
    lines += [f"f {3 * n + 1}//{n + 1} {3 * n + 2}//{n + 1} {3 * n + 3}//{n + 1}" for n in range(len(BOX))]
    (tmp_path / "box.obj").write_text("\n".join(lines))
    found = clean(read_source(tmp_path / "box.obj", (tmp_path,)).raws, np.eye(4))
    assert found.repairs == ("was inside out: flipped",)
    assert found.normals
    (part,) = found.mesh.parts
    assert (part.vertices_m * part.normals).sum(axis=1).min() > 0.01
    assert found.mesh.is_plain_solid


def test_two_boxes_that_touch_are_closed(look: Look, tmp_path: Path) -> None:
    row = look(
        put(tmp_path / "two.obj", together(BOX, shifted(BOX, 0, 0, 0.1))), unit_m=1.0, collision="hull"
    )
    assert (row.faces, row.watertight, row.notes) == (24, True, ())


def test_import_names_what_it_mended_and_the_library_tells_it_again(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    put(tmp_path / "parts" / "good.obj", BOX)
    put(tmp_path / "parts" / "inward.obj", back(BOX) * 0.9)
    put(tmp_path / "parts" / "twice.obj", together(BALL, back(BALL)))
    put(tmp_path / "parts" / "flat.obj", together(BOX * 1.1, np.zeros((3, 3, 3))))
    words = ("import", "parts", "--out", "library", "--unit", "m", "--up", "z", "--collision", "hull")
    told = [
        "flat.obj: repaired: 3 faces without area dropped",
        "inward.obj: repaired: was inside out: flipped",
        f"twice.obj: repaired: {len(BALL):,} duplicate faces dropped",
    ]
    for _ in range(2):  # the second time, everything is known
        done = assets(tmp_path, *words)
        assert (done.code, done.err) == (0, "")
        *lines, last = done.out.splitlines()
        assert lines == told
        assert last == "library: 4 assets in 4 categories; 1 ok, 3 repaired, 0 refused"
    checked = assets(tmp_path, "check", "library")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.splitlines()[-1] == "library: 1 ok, 3 repaired, 0 refused"
    for line in told:
        assert f"    {line.partition(': repaired: ')[2]}\n" in checked.out


def test_a_mesh_of_both_sides_is_drawn_as_one(tmp_path: Path) -> None:
    """The library's mesh has one side of each leaf, and no fewer leaves."""
    made = mesh_of(together(LEAF, back(LEAF)))
    assert len(made.faces) == 4
    assert made.seen_from_behind.all()
