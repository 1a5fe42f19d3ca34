"""What mesh files of all kinds come to: sizes, axes, colours, materials; and what is not taken, and why."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.material import PBRMaterial

from scenes.assets.stored import read_stored
from tests.library.conftest import Look
from tests.library.meshes import (
    FORMATS,
    SIDES_MM,
    brick,
    gltf,
    obj_of_materials,
    painted,
    picture,
    png,
    textured,
    with_zip_member,
)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_brick_is_the_same_brick_in_every_format(look: Look, tmp_path: Path, kind: str) -> None:
    row = look(brick(tmp_path / f"brick.{kind}"), library=tmp_path / "library")
    assert (row.verdict, row.notes, row.asks) == ("ok", (), "")
    np.testing.assert_allclose(np.array(row.extents_m) * 1000, SIDES_MM, rtol=1e-5)
    assert row.watertight
    assert row.unit == ("file" if kind in ("glb", "dae", "3mf") else "--unit")
    assert row.volume_m3 == pytest.approx(48e-6, rel=1e-5)
    assert row.mass_kg == pytest.approx(600 * 48e-6, rel=1e-5)
    np.testing.assert_allclose(row.center_of_mass_m, 0, atol=1e-7)
    assert row.convexity == 1
    mesh = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(mesh.extents_m, row.extents_m, rtol=1e-6)
    assert not mesh.seen_from_behind.any()


def test_a_urdf_is_one_mesh_with_its_joints_at_zero(look: Look, tmp_path: Path) -> None:
    brick(tmp_path / "brick.stl")
    (tmp_path / "two.urdf").write_text(
        "<robot name='two'><material name='red'><color rgba='1 0 0 1'/></material>"
        "<link name='a'><visual><geometry><mesh filename='brick.stl' scale='0.001 0.001 0.001'/></geometry>"
        "<material name='red'/></visual></link>"
        "<link name='b'><visual><origin xyz='0 0 0.02'/><geometry><box size='0.02 0.02 0.02'/></geometry>"
        "</visual></link><joint name='j' type='revolute'><parent link='a'/><child link='b'/>"
        "<origin xyz='0.1 0 0' rpy='0 0 1.5707963'/></joint></robot>"
    )
    row = look(tmp_path / "two.urdf", library=tmp_path / "library")
    assert row.verdict == "ok"
    np.testing.assert_allclose(row.extents_m, (0.14, 0.04, 0.04), atol=1e-9)
    mesh = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    assert sorted(part.color_rgb for part in mesh.parts)[1] == (1.0, 0.0, 0.0)


def test_the_axis_that_is_up(look: Look, tmp_path: Path) -> None:
    path = brick(tmp_path / "brick.stl")
    heights = {up: look(path, up=up).extents_m[2] for up in ("x", "y", "z")}
    assert {up: round(height * 1000) for up, height in heights.items()} == {"x": 60, "y": 40, "z": 20}


def test_the_longest_side_may_be_said_instead_of_a_unit(look: Look, tmp_path: Path) -> None:
    row = look(brick(tmp_path / "brick.obj"), longest_m=0.3)
    np.testing.assert_allclose(row.extents_m, (0.3, 0.2, 0.1), rtol=1e-9)
    assert row.unit == "table"


@pytest.mark.parametrize(("factor", "words"), [(0.01, "0.6 mm"), (1e5, "6000 m")])
def test_a_size_that_is_hard_to_believe_is_asked_about(
    look: Look, tmp_path: Path, factor: float, words: str
) -> None:
    path = brick(tmp_path / "brick.obj", factor)
    unit = {"unit_m": None} if factor > 1 else {}
    if factor > 1:
        brick(path, 100.0)
        words = "6000 m"
    assert words in look(path, **unit).asks
    assert look(path, unit_m=0.001, sure=True).asks == ""


def test_textured_glb_and_obj_show_the_same(look: Look, tmp_path: Path) -> None:
    pictures = []
    for kind in ("glb", "obj"):
        folder = tmp_path / kind
        folder.mkdir()
        box = textured()
        looks: Any = box.visual
        looks.material.diffuse = np.full(4, 255, np.uint8)
        box.export(folder / f"box.{kind}")
        row = look(folder / f"box.{kind}", library=tmp_path / "library", unit_m=1.0, up="z")
        assert row.verdict == "ok"
        pictures.append(np.asarray(Image.open(tmp_path / "library" / "pictures" / f"{row.mesh}.png"), float))
    assert np.abs(pictures[0] - pictures[1]).max() <= 2
    shown = {tuple(color) for color in (pictures[0].reshape(-1, 3) // 64).astype(int).tolist()}
    assert len(shown) > 5  # four colours and white


def test_all_materials_are_kept(look: Look, tmp_path: Path) -> None:
    colors = [(round(0.1 + 0.03 * index, 2), 0.5, round(0.9 - 0.03 * index, 2)) for index in range(12)]
    row = look(obj_of_materials(tmp_path, colors), library=tmp_path / "library", unit_m=1.0)
    assert (row.verdict, row.parts) == ("ok", 12)
    mesh = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(sorted(part.color_rgb for part in mesh.parts), colors, atol=1 / 255)


def test_more_colours_than_can_be_drawn_become_one_texture(look: Look, tmp_path: Path) -> None:
    colors = [(round(0.02 * index, 2), 0.5, 0.25) for index in range(40)]
    row = look(obj_of_materials(tmp_path, colors), library=tmp_path / "library", unit_m=1.0)
    assert (row.verdict, row.parts, row.notes) == ("ok", 1, ("40 colours joined into one texture",))
    (part,) = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb").parts
    assert part.texture is not None
    assert part.texture.shape[1] % 4 == 0
    middles = part.uvs[part.faces].mean(axis=1)
    height, width = part.texture.shape[:2]
    seen = part.texture[
        np.floor((1 - middles[:, 1]) * height).astype(int), np.floor(middles[:, 0] * width).astype(int)
    ]
    expected = np.rint(255 * np.array(colors))
    for index, (x, _, _) in enumerate(part.vertices_m[part.faces].mean(axis=1)):
        np.testing.assert_allclose(seen[index], expected[int((x + 0.001) / 0.015)], atol=1)


def test_colours_of_vertices_are_baked(look: Look, tmp_path: Path) -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=0.05)
    sphere.visual.vertex_colors = np.where(sphere.vertices[:, 2:] > 0, (250, 20, 20, 255), (20, 20, 250, 255))
    sphere.export(tmp_path / "ball.ply")
    row = look(tmp_path / "ball.ply", library=tmp_path / "library", unit_m=1.0)
    image = np.asarray(Image.open(tmp_path / "library" / "pictures" / f"{row.mesh}.png"), int)
    assert row.notes == ("vertex colours baked into a texture",)
    upper, lower = image[50, 96], image[150, 96]
    assert upper[0] > 3 * upper[2]
    assert lower[2] > 3 * lower[0]


def test_the_base_colour_of_a_glb_is_kept(look: Look, tmp_path: Path) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.visual = painted(PBRMaterial, baseColorFactor=(51, 102, 204, 255))
    box.export(tmp_path / "box.glb")
    row = look(tmp_path / "box.glb", library=tmp_path / "library")
    (part,) = read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb").parts
    # Factors are linear: 0.2, 0.4 and 0.8 are these in sRGB.
    np.testing.assert_allclose(part.color_rgb, (0.485, 0.665, 0.906), atol=0.003)


def test_textures_that_are_not_there_or_of_no_known_kind_are_told(look: Look, tmp_path: Path) -> None:
    textured().export(tmp_path / "box.obj")
    (image,) = (*tmp_path.glob("*.png"), *tmp_path.glob("*.jp*g"))
    image.write_bytes(b"no picture")
    row = look(tmp_path / "box.obj", unit_m=1.0)
    assert (row.verdict, row.images) == ("ok", {image.name: "unsupported"})
    image.unlink()
    row = look(tmp_path / "box.obj", unit_m=1.0)
    assert (row.verdict, row.images) == ("ok", {image.name: "missing"})
    assert row.notes == (f"texture {image.name!r} is missing: the material colour is used",)
    (tmp_path / image.name.upper()).write_bytes(png(picture()))
    assert look(tmp_path / "box.obj", unit_m=1.0).images == {image.name.upper(): "found"}


def test_what_is_wrong_with_some_faces_is_repaired(look: Look, tmp_path: Path) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    lines = ["v {} {} {}".format(*vertex) for vertex in box.vertices.tolist()]
    lines += ["v nan 0 0", "v 0.2 0 0"]
    lines += ["f {} {} {}".format(*(face + 1).tolist()) for face in box.faces[:, ::-1]]
    lines += ["f 1 2 9", "f 1 1 2", "f {} {} {}".format(*(box.faces[3][::-1] + 1).tolist())]
    (tmp_path / "box.obj").write_text("\n".join(lines))
    row = look(tmp_path / "box.obj", unit_m=1.0)
    assert row.verdict == "repaired"
    assert row.notes == (
        "1 faces with non-finite corners dropped",
        "1 faces without area dropped",
        "1 duplicate faces dropped",
        "was inside out: flipped",
    )
    assert (row.watertight, row.faces) == (True, 12)
    assert row.volume_m3 == pytest.approx(1e-3)


def test_a_latin_1_comment_does_not_stop_a_ply(look: Look, tmp_path: Path) -> None:
    content = brick(tmp_path / "brick.ply").read_bytes()
    (tmp_path / "brick.ply").write_bytes(content.replace(b"ply\n", b"ply\ncomment gr\xf6\xdfe\n", 1))
    assert b"\xf6" in (tmp_path / "brick.ply").read_bytes()
    assert look(tmp_path / "brick.ply").verdict == "ok"


def cut_stl(folder: Path) -> Path:
    path = brick(folder / "bad.stl")
    path.write_bytes(path.read_bytes()[:-100])
    return path


def nan_obj(folder: Path) -> Path:
    (folder / "bad.obj").write_text("v nan 0 0\nv 1 0 nan\nv 0 nan 0\nf 1 2 3\n")
    return folder / "bad.obj"


def flat_obj(folder: Path) -> Path:
    (folder / "bad.obj").write_text("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    return folder / "bad.obj"


def points_ply(folder: Path) -> Path:
    head = "ply\nformat ascii 1.0\nelement vertex 3\n"
    head += "property float x\nproperty float y\nproperty float z\nend_header\n"
    (folder / "bad.ply").write_text(head + "0 0 0\n1 0 0\n0 1 0\n")
    return folder / "bad.ply"


def garbage_glb(folder: Path) -> Path:
    (folder / "bad.glb").write_bytes(b"glTF" + struct.pack("<II", 2, 10_000) + bytes(100))
    return folder / "bad.glb"


def no_zip(folder: Path) -> Path:
    (folder / "bad.3mf").write_bytes(b"PK nothing")
    return folder / "bad.3mf"


def zip_bomb(folder: Path) -> Path:
    return with_zip_member(brick(folder / "bad.3mf"), "3D/more.txt", bytes(300_000_000))


def entity_dae(folder: Path) -> Path:
    path = brick(folder / "bad.dae")
    path.write_bytes(path.read_bytes().replace(b"<COLLADA", b'<!DOCTYPE a [<!ENTITY b "c">]><COLLADA', 1))
    return path


def missing_buffer(folder: Path) -> Path:
    path = gltf(folder)
    for buffer in folder.glob("*.bin"):
        buffer.unlink()
    return path


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (cut_stl, "unreadable", "is truncated: it declares 12 triangles but contains 10"),
        (nan_obj, "non-finite", "none of its faces has finite corners"),
        (flat_obj, "no faces", "no area"),
        (points_ply, "no faces", "has no faces"),
        (garbage_glb, "unreadable", "is truncated: it declares 10,000 bytes"),
        (no_zip, "unreadable", "is not a valid ZIP archive"),
        (zip_bomb, "over a limit", "unpacks to"),
        (entity_dae, "over a limit", "XML entities"),
        (missing_buffer, "unreadable", "which does not exist"),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_what_cannot_be_used_is_refused_with_the_reason(
    look: Look, tmp_path: Path, make: object, kind: str, words: str
) -> None:
    assert callable(make)
    row = look(make(tmp_path))
    assert (row.verdict, row.kind) == ("refused", kind)
    assert words in row.reason
    assert "\n" not in row.reason
    assert row.remedy
