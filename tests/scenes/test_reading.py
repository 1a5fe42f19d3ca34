from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from scenes.assets.mesh import MeshError
from scenes.assets.reading import image, polygons, read, resolver
from scenes.assets.reading.file import read_mesh
from scenes.assets.reading.image import read_image
from scenes.assets.reading.parts import crease_normals
from scenes.assets.shapes import box
from scenes.spec import Look
from tests.rig import LIGHT, Rig, camera_at, catalogue_from, shot, still

QUAD = """mtllib quad.mtl
v -1 -1 0\nv 1 -1 0\nv 1 1 0\nv -1 1 0
vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1
vn 0 0 1
usemtl painted
f 1/1/1 2/2/1 3/3/1
f 1/1/1 3/3/1 4/4/1
"""
RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def painted_quad(folder: Path) -> Path:
    """A textured square in x and y: red at the top, blue at the bottom left, green at the bottom right."""
    picture = np.empty((64, 64, 3), np.uint8)
    picture[:32], picture[32:, :32], picture[32:, 32:] = RED, BLUE, GREEN
    _, png = cv2.imencode(".png", picture[..., ::-1])
    (folder / "quad.png").write_bytes(png.tobytes())
    (folder / "quad.mtl").write_text("newmtl painted\nKd 1 1 1\nmap_Kd quad.png\n")
    (folder / "quad.obj").write_text(QUAD)
    return folder / "quad.obj"


def test_texture_is_the_right_way_up(rig: Callable[..., Rig], tmp_path: Path) -> None:
    made = rig(catalogue_from({"quad": {"path": str(painted_quad(tmp_path))}}))
    body = made.body("quad", (0, 0, 0), look=Look())
    # From above, x to the right and y up, as in the file.
    camera = camera_at((0, 0, 4), (0, 0, 0), 100, (100, 100))
    glow = replace(LIGHT, ambient=1.0, diffuse=0.0, specular=0.0)
    image = made.shoot(still(body), shot(camera, glow)).frame.image
    for x, y, color in ((-0.5, 0.5, RED), (0.5, 0.5, RED), (-0.5, -0.5, BLUE), (0.5, -0.5, GREEN)):
        (column, row), _ = (array[0] for array in camera.project(np.array([[x, y, 0.0]])))
        np.testing.assert_allclose(image[int(row), int(column)], color, atol=3)


def test_colors_and_parts_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "two.mtl").write_text("newmtl a\nKd 1 0 0\nnewmtl b\nKd 0 0.5 1\n")
    faces = "usemtl a\nf 1 2 3\nusemtl b\nf 1 3 4\n"
    (tmp_path / "two.obj").write_text("mtllib two.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 1\n" + faces)
    mesh = read_mesh(tmp_path / "two.obj")
    assert [len(part.faces) for part in mesh.parts] == [1, 1]
    colors = sorted(part.color_rgb for part in mesh.parts)
    np.testing.assert_allclose(colors, [(0, 0.5, 1), (1, 0, 0)], atol=0.01)


def test_missing_material_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "bare.obj").write_text("mtllib gone.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n")
    assert len(read_mesh(tmp_path / "bare.obj").faces) == 1


FACET = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet"


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".obj", "# Größe: 1 m\no Körper\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        (".stl", f"solid Körper\n{FACET}\nendsolid Körper\n"),
    ],
)
def test_old_encodings_are_read(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"mesh{suffix}"
    path.write_bytes(content.encode("latin-1"))
    assert read_mesh(path).extents_m.tolist() == [1, 1, 0]


@pytest.mark.parametrize("suffix", [".obj", ".stl", ".ply", ".off", ".glb"])
def test_formats_give_the_same_solid(tmp_path: Path, suffix: str) -> None:
    source = box(0.2, 0.3, 0.4)
    path = tmp_path / f"box{suffix}"
    upright = trimesh.Trimesh(np.add(source.vertices_m, (1, 2, 3)), source.faces)
    if suffix == ".glb":
        upright.apply_transform([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # its y is up
    upright.export(path)
    mesh = read_mesh(path)
    assert mesh.is_watertight
    assert mesh.volume_m3 == pytest.approx(0.024, rel=1e-5)
    np.testing.assert_allclose(mesh.vertices_m.min(axis=0), (0.9, 1.85, 2.8), atol=1e-6)
    normals = np.concatenate([part.normals for part in mesh.parts])
    assert np.abs(normals).max(axis=1).min() > 0.999  # a box has sharp edges


def test_normals_are_smooth_but_for_creases() -> None:
    angles = np.radians([0, 10, 90])  # three strips along y: a flat bend, and a sharp one
    x = np.concatenate([[0], np.cumsum(np.cos(angles))])
    z = np.concatenate([[0], np.cumsum(np.sin(angles))])
    strips = [
        [[(x[i], 0, z[i]), (x[i + 1], 0, z[i + 1]), (x[i + 1], 1, z[i + 1])],
         [(x[i], 0, z[i]), (x[i + 1], 1, z[i + 1]), (x[i], 1, z[i])]]
        for i in range(3)
    ]  # fmt: skip
    normals = crease_normals(np.array(strips, float).reshape(-1, 3, 3))
    flat, bent, sharp = ((-np.sin(a), 0, np.cos(a)) for a in angles)
    np.testing.assert_allclose(normals[0, 0], flat, atol=1e-9)
    between = np.degrees(np.arccos(np.clip(normals[0, 1:] @ flat, -1, 1)))
    assert ((between > 2) & (between < 8)).all()
    assert (normals[2:4] @ sharp < 0.5).all()
    np.testing.assert_allclose(normals[4:], np.broadcast_to(sharp, (2, 3, 3)), atol=1e-9)
    assert (np.abs(normals[2:4] @ bent) > 0.99).all()


@pytest.mark.parametrize(
    ("module", "limit", "value", "message"),
    [
        (read, "MAX_FILE_BYTES", 100, "larger than"),
        (polygons, "MAX_FACES", 1, "has 2 faces, more than 1; decimate it first"),
        (resolver, "MAX_IMAGE_PX", 1000, "'quad.png' is 64x64, more than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_too_large_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, limit: str, value: int, message: str
) -> None:
    path = painted_quad(tmp_path)
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(MeshError, match=message):
        read_mesh(path)


def test_image_is_turned_upright_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to see it upright
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    upright = read_image(tmp_path / "turned.png")
    assert upright.shape == (8, 4, 3)
    assert (upright[:4] == 200).all()
    assert (upright[4:] == 0).all()
    monkeypatch.setattr(image, "MAX_IMAGE_PX", 31)
    with pytest.raises(ValueError, match="8x4 is more than 31 pixels"):
        read_image(tmp_path / "turned.png")
    (tmp_path / "no.png").write_text("no image")
    with pytest.raises(ValueError, match=r"no.png: cannot be read as an image"):
        read_image(tmp_path / "no.png")


@pytest.mark.parametrize(("boxes", "colors", "parts"), [(16, 16, 16), (40, 3, 3), (17, 17, None)])
def test_parts_are_joined_by_color_and_too_many_are_refused(
    tmp_path: Path, boxes: int, colors: int, parts: int | None
) -> None:
    """PyBullet silently drops the 17th shape of a body, and crashes at the 18th."""
    lines, materials = ["mtllib m.mtl"], []
    source = box(0.1, 0.1, 0.1)
    for index in range(boxes):
        lines += [f"o b{index}", f"usemtl m{index}"]
        lines += [f"v {x + index} {y} {z}" for x, y, z in source.vertices_m]
        first = index * len(source.vertices_m) + 1
        lines += [f"f {a + first} {b + first} {c + first}" for a, b, c in source.faces]
        materials.append(f"newmtl m{index}\nKd {(index % colors) / colors:.4f} 0.5 0.5\n")
    (tmp_path / "m.mtl").write_text("".join(materials))
    path = tmp_path / "boxes.obj"
    path.write_text("\n".join(lines) + "\n")
    if parts is None:
        with pytest.raises(MeshError, match="17 materials, but at most 16"):
            read_mesh(path)
        return
    mesh = read_mesh(path)
    assert len(mesh.parts) == parts
    assert mesh.volume_m3 == pytest.approx(boxes * 0.001)
