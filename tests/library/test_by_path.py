"""`path:` and import read the same colours, textures, axes and units."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.visual.material import PBRMaterial

from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.reading.places import COPY
from scenes.assets.stored import read_stored
from tests.library.conftest import Look
from tests.library.meshes import brick, gltf, painted, picture, png
from tests.library.plates import (
    BLUE,
    GREEN,
    RED,
    SIDE,
    YELLOW,
    Make,
    backslash,
    case,
    case_of_folder,
    colors,
    drive,
    exported_grey,
    glb,
    latin,
    mapped,
    marked,
    moved,
    option,
    option_after,
    plate,
    quoted,
    two_materials,
    wide,
)

QUARTERS = [[RED, GREEN], [BLUE, YELLOW]]
TWICE = [[RED, GREEN] * 2, [BLUE, YELLOW] * 2] * 2
SHIFTED = [[GREEN, RED], [YELLOW, BLUE]]
SAME = (backslash, case, case_of_folder, drive, quoted, marked, wide, latin, exported_grey, glb)


def grid(quarters: Any, across: int = 8) -> NDArray[np.float64]:
    times = across // len(quarters)
    return np.array(quarters, float).repeat(times, axis=0).repeat(times, axis=1)


@pytest.mark.parametrize(
    ("make", "shown"),
    [*((make, QUARTERS) for make in SAME), (option, TWICE), (option_after, TWICE), (moved, SHIFTED)],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_textures_are_found_and_lie_as_the_file_says(
    look: Look, tmp_path: Path, make: Make, shown: object
) -> None:
    path = make(tmp_path / "meshes")
    np.testing.assert_allclose(colors(read_mesh(path)), grid(shown), atol=1.0)
    row = look(path, library=tmp_path / "library", unit_m=1.0)
    assert set(row.images.values()) <= {"found"}
    imported = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(colors(imported), grid(shown), atol=1.0)


def test_each_material_has_its_own_repeats(tmp_path: Path) -> None:
    shown = colors(read_mesh(two_materials(tmp_path)))
    below, above = np.tril_indices(8, -2), np.triu_indices(8, 2)
    np.testing.assert_allclose(shown[::-1][above], grid(QUARTERS)[::-1][above])
    np.testing.assert_allclose(shown[::-1][below], grid(TWICE)[::-1][below])


def test_a_colour_beside_a_texture_tints_it(look: Look, tmp_path: Path) -> None:
    path = plate(tmp_path / "meshes", mapped("quad.png", "1 0.5 0.25"))
    shown = grid(QUARTERS) * (1, 0.5, 0.25)
    np.testing.assert_allclose(colors(read_mesh(path)), shown, atol=1.0)
    row = look(path, library=tmp_path / "library", unit_m=1.0)
    imported = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(colors(imported), shown, atol=1.0)


def grey16(folder: Path) -> Path:
    steps = np.repeat(np.arange(8) * 9000 + 1000, 8)[None, :].repeat(64, axis=0).astype(np.uint16)
    path = plate(folder, mapped("grey.png"), "grey.png", b"")
    Image.fromarray(steps).save(folder / "grey.png")
    return path


def palette(folder: Path) -> Path:
    path = plate(folder, mapped("few.gif"), "few.gif", b"")
    Image.fromarray(picture()).quantize(16).save(folder / "few.gif")
    return path


def vertex_ply(folder: Path) -> Path:
    folder.mkdir()
    mesh = trimesh.Trimesh([(0, 0, 0), (SIDE, 0, 0), (SIDE, SIDE, 0), (0, SIDE, 0)], [(0, 1, 2), (0, 2, 3)])
    looks: Any = mesh.visual
    looks.vertex_colors = [(250, 0, 0, 255), (0, 0, 250, 255), (0, 0, 250, 255), (250, 0, 0, 255)]
    mesh.export(folder / "plate.ply")
    return folder / "plate.ply"


def vertex_obj(folder: Path) -> Path:
    folder.mkdir()
    ends = ((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE))
    lines = [f"v {x} {y} 0 {0 if x else 0.98} 0 {0.98 if x else 0}" for x, y in ends]
    (folder / "plate.obj").write_text("\n".join([*lines, "f 1 2 3", "f 1 3 4"]))
    return folder / "plate.obj"


def face_ply(folder: Path) -> Path:
    folder.mkdir()
    box = trimesh.creation.box((SIDE, SIDE, SIDE))
    box.visual.face_colors = np.where(box.face_normals[:, 2:] > 0.5, (10, 250, 30, 255), (250, 10, 30, 255))
    box.export(folder / "box.off")
    box.export(folder / "box.ply")
    return folder / "box.ply"


def tinted_glb(folder: Path) -> Path:
    folder.mkdir()
    box = trimesh.creation.box((SIDE, SIDE / 2, SIDE / 4))
    box.visual = painted(PBRMaterial, baseColorFactor=(51, 102, 204, 255))
    box.export(folder / "box.glb")
    return folder / "box.glb"


def of_kind(kind: str) -> Make:
    def make(folder: Path) -> Path:
        return brick(folder / f"brick.{kind}", 1.0 if kind in ("glb", "dae", "3mf") else 0.001)

    make.__name__ = kind
    return make


def urdf(folder: Path) -> Path:
    brick(folder / "brick.stl", 0.001)
    (folder / "one.urdf").write_text(
        "<robot name='a'><link name='a'><visual>"
        "<geometry><mesh filename='brick.stl' scale='2 1 1'/></geometry>"
        "<material name='red'><color rgba='1 0 0 1'/></material></visual></link></robot>"
    )
    return folder / "one.urdf"


KINDS = tuple(of_kind(kind) for kind in ("obj", "stl", "ply", "off", "glb", "dae", "3mf"))


@pytest.mark.parametrize(
    "make",
    [grey16, palette, vertex_ply, vertex_obj, face_ply, tinted_glb, gltf, urdf, *KINDS],
    ids=lambda make: make.__name__,
)
def test_path_and_import_read_the_same(look: Look, tmp_path: Path, make: Make) -> None:
    path = make(tmp_path / "meshes")
    row = look(path, library=tmp_path / "library", unit_m=1.0)
    by_path, imported = read_mesh(path), read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(by_path.extents_m, row.extents_m, rtol=1e-6)
    np.testing.assert_allclose(by_path.extents_m, imported.extents_m, rtol=1e-6)
    np.testing.assert_allclose(by_path.center_of_mass_m, imported.center_of_mass_m, atol=1e-7)
    assert sorted(part.texture is None for part in by_path.parts) == sorted(
        part.texture is None for part in imported.parts
    )
    np.testing.assert_allclose(colors(by_path), colors(imported), atol=6.0)
    assert not np.isnan(colors(by_path)).any()


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    shown = colors(read_mesh(grey16(tmp_path)))
    np.testing.assert_allclose(shown[0, :, 0], (np.arange(8) * 9000 + 1000) / 257, atol=1)


@pytest.mark.parametrize("make", [vertex_ply, vertex_obj], ids=lambda make: make.__name__)
def test_colours_of_vertices_run_from_one_to_the_other(tmp_path: Path, make: Make) -> None:
    shown = colors(read_mesh(make(tmp_path / "meshes")))
    assert (np.diff(shown[..., 0], axis=1) < -10).all()
    assert (np.diff(shown[..., 2], axis=1) > 10).all()
    assert shown[:, 0, 0].min() > 200
    assert shown[:, -1, 2].min() > 200


@pytest.mark.parametrize("name", ["../secret.png", "link.png"])
def test_textures_elsewhere_are_not_opened_by_path_either(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(png(picture()))
    path = plate(tmp_path / "meshes", mapped(name, "0.2 0.4 0.6"))
    (tmp_path / "meshes" / "link.png").symlink_to(tmp_path / "secret.png")
    found = read_mesh_file(path)
    assert found.looks == (
        f"texture {name!r} is outside the given folder: the material colour is used; {COPY}",
    )
    np.testing.assert_allclose(found.mesh.parts[0].color_rgb, (0.2, 0.4, 0.6))


def test_a_link_to_a_mesh_is_followed_with_what_lies_beside_either(tmp_path: Path) -> None:
    path = backslash(tmp_path / "store")
    farm = tmp_path / "farm"
    farm.mkdir()
    (farm / "plate.obj").symlink_to(path)
    assert read_mesh_file(farm / "plate.obj").looks == ("'plate.mtl' is missing",)
    for name in ("plate.mtl", "tex"):
        (farm / name).symlink_to(path.parent / name)
    np.testing.assert_allclose(colors(read_mesh(farm / "plate.obj")), grid(QUARTERS), atol=1.0)
