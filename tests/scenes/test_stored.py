"""Meshes in the files of libraries: read as they were written, by viewers too; damage is noticed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.dimensions import Dimensions, dimensions_of, measured
from scenes.assets.glb import glb_bytes, read_glb
from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.reading.file import read_mesh
from scenes.assets.shapes import SHAPES
from scenes.assets.stored import StoredMesh, check_stored, content_name, read_stored
from sim2coco.png import png
from sim2coco.seeding import rng_for

TEXTURE = np.arange(8 * 12 * 3, dtype=np.uint8).reshape(8, 12, 3)


def two_parts() -> Mesh:
    """A bracket with a colour and a ball with a texture, far from the origin."""
    (bracket,), (ball,) = (SHAPES[name](0.1).parts for name in ("bracket", "sphere"))
    mesh = Mesh((replace(bracket, color_rgb=(0.2, 0.45, 0.9)), replace(ball, texture=TEXTURE)))
    return mesh.moved(np.array([1e5, -2e5, 3e4]))


def put(folder: Path, mesh: Mesh) -> Path:
    """Writes a mesh as a library holds it."""
    names = []
    for part in mesh.parts:
        content = b"" if part.texture is None else png(part.texture)
        names.append(f"{content_name(content)}.png" if content else None)
        if content:
            (folder / f"{content_name(content)}.png").write_bytes(content)
    content = glb_bytes(mesh, names)
    path = folder / f"{content_name(content)}.glb"
    path.write_bytes(content)
    return path


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    mesh = two_parts()
    again = read_stored(put(tmp_path, mesh))
    for part, other in zip(mesh.parts, again.parts, strict=True):
        assert np.abs(part.vertices_m - other.vertices_m).max() < 1e-8
        assert np.abs(part.normals - other.normals).max() < 5e-5
        assert np.abs(part.uvs - other.uvs).max() < 1e-6
        np.testing.assert_array_equal(part.faces, other.faces)
        assert part.color_rgb == other.color_rgb
    np.testing.assert_array_equal(again.parts[1].texture, TEXTURE)
    assert again.parts[0].texture is None


def test_the_same_mesh_has_the_same_bytes(tmp_path: Path) -> None:
    assert put(tmp_path, two_parts()) == put(tmp_path, two_parts())


def test_other_programs_read_it(tmp_path: Path) -> None:
    """By the rules of glTF: metres, y up, and linear colours."""
    mesh = two_parts()
    seen = read_mesh(put(tmp_path, mesh))
    assert np.abs(np.sort(seen.vertices_m, 0)[[0, -1]] - np.sort(mesh.vertices_m, 0)[[0, -1]]).max() < 1e-8
    assert seen.parts[0].color_rgb == pytest.approx((0.2, 0.45, 0.9), abs=0.003)
    assert len(seen.faces) == len(mesh.faces)


def test_many_vertices_have_wider_indices(tmp_path: Path) -> None:
    count = 70_000
    place = np.arange(count)
    vertices = np.asarray(np.stack([place % 300, place // 300, place % 7], axis=1), np.float64)
    faces = np.arange(count - count % 3, dtype=np.int32).reshape(-1, 3)
    part = Part(vertices, np.tile([0.0, 0.0, 1.0], (count, 1)), np.zeros((count, 2)), faces)
    path = put(tmp_path, Mesh((part,)))
    np.testing.assert_array_equal(read_stored(path).parts[0].faces, faces)
    assert path.stat().st_size < count * 28 + faces.size * 4 + 2000


def test_a_scaled_mesh(tmp_path: Path) -> None:
    path = put(tmp_path, SHAPES["nut"](0.1))
    assert StoredMesh(path, 0.5).read().extents_m == pytest.approx(0.5 * read_stored(path).extents_m)


def flipped(content: bytes, at: int) -> bytes:
    """The content with one bit changed."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, two_parts())
    check_stored(path)
    content = path.read_bytes()
    rng = rng_for(7, scene=0, stream="camera")
    for changed in (
        content[:-1],
        content[: len(content) // 2],
        b"",
        content + b"\0",
        *(
            content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            for at in rng.integers(0, len(content), 40)
        ),
    ):
        path.write_bytes(changed)
        for read in (check_stored, read_stored):
            with pytest.raises(MeshError, match="its file is damaged or was changed"):
                read(path)
    path.write_bytes(content)
    (texture,) = tmp_path.glob("*.png")
    texture.write_bytes(texture.read_bytes()[:-4])
    with pytest.raises(MeshError, match=rf"{texture.name} is damaged or was changed"):
        check_stored(path)
    texture.unlink()
    with pytest.raises(MeshError, match=rf"{texture.name} cannot be read: No such file"):
        read_stored(path)


def test_foreign_content_under_the_right_name_is_refused(tmp_path: Path) -> None:
    """Whoever writes the name can write the hash too: the content is checked as well."""
    content = put(tmp_path, two_parts()).read_bytes()
    head = 20 + int.from_bytes(content[12:16], "little")
    text = content[20:head].decode()
    wrong = (
        content[:8] + bytes(4) + content[12:],
        b"glTF" + bytes(30),
        content[:20] + b"[" * (head - 20) + content[head:],
        *(
            content[:20] + text.replace(old, new).encode()[: head - 20].ljust(head - 20) + content[head:]
            for old, new in (
                ('"generator":"sim2coco"', '"generator":"another"'),
                ('"byteOffset":0', '"byteOffset":-9'),
                ('"count":', '"count":9'),
                ('"componentType":5126', '"componentType":5121'),
                ('"indices":3', '"indices":99'),
                ('"color_rgb":[0.2', '"color_rgb":[9.9'),
                (".png", ".obj"),
                ('"uri":"', '"uri":"../'),
                ('"matrix":[1', '"matrix":{}'),
            )
        ),
    )
    for bad in wrong:
        path = tmp_path / f"{content_name(bad)}.glb"
        path.write_bytes(bad)
        with pytest.raises(MeshError):
            read_stored(path)


def test_texture_names_are_looked_up() -> None:
    with pytest.raises(MeshError, match="not written by sim2coco assets import"):
        read_glb(glb_bytes(two_parts(), [None, "abc.png"]), {})


def test_dimensions_follow_the_scale() -> None:
    mesh = two_parts()
    known, half = measured(mesh), measured(mesh.scaled(0.5))
    found = known.scaled(0.5)
    for name in ("extents_m", "volume_m3", "center_of_mass_m", "radius_m", "aside_m", "below_m", "above_m"):
        assert getattr(found, name) == pytest.approx(getattr(half, name), rel=1e-6)
    assert dimensions_of(known.tree()) == known


@pytest.mark.parametrize(
    "change",
    [
        {"extents_m": [0, 0, 0]},
        {"extents_m": [1, 2]},
        {"extents_m": "abc"},
        {"volume_m3": -1},
        {"volume_m3": float("nan")},
        {"reach_m": [1, 1, 1]},
        {"reach_m": [float("inf"), 1, 1, 1]},
        {"center_of_mass_m": None},
    ],
    ids=str,
)
def test_dimensions_from_files_are_checked(change: dict[str, object]) -> None:
    tree = Dimensions((0.1, 0.2, 0.3), 0.001, (0.0, 0.0, 0.0), 0.2, 0.2, 0.1, 0.1).tree()
    with pytest.raises((ValueError, TypeError)):
        dimensions_of({**tree, **change})
