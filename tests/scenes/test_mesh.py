from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import trimesh

from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.shapes import SHAPES, box, bracket, sphere


def part(**changes: Any) -> Part:
    """A right triangle with legs of 1 m; arguments replace its arrays."""
    values: dict[str, Any] = {
        "vertices_m": [[0, 0, 0], [1, 0, 0], [0, 1, 0]],
        "normals": [[0, 0, 1]] * 3,
        "uvs": [[0, 0], [1, 0], [0, 1]],
        "faces": [[0, 1, 2]],
    }
    return Part(**{**{name: np.array(value) for name, value in values.items()}, **changes})


def with_vertices(mesh: Mesh, change: Callable[[Any], Any]) -> Mesh:
    (only,) = mesh.parts
    return Mesh((Part(change(only.vertices_m), only.normals, only.uvs, only.faces),))


def with_faces(mesh: Mesh, keep: Any) -> Mesh:
    (only,) = mesh.parts
    return Mesh((Part(only.vertices_m, only.normals, only.uvs, only.faces[keep]),))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"faces": np.zeros((0, 3), np.int32)}, "no faces"),
        ({"faces": np.array([[0, 1, 3]])}, "refers to vertex 3, but there are 3 vertices"),
        ({"faces": np.array([[0, 1, -1]])}, "refers to vertex -1"),
        (
            {"faces": np.array([[0, 1, 2**32]])},
            "refers to vertex 4294967296",
        ),  # would wrap round to 0 in int32
        ({"faces": np.array([[0.0, 1.0, 2.0]])}, "integers, .* float64"),
        ({"faces": np.array([[0, 1, 2, 0]])}, r"faces must be \(m, 3\) integers, not \(1, 4\)"),
        (
            {"vertices_m": np.array([[0, 0, 0], [1, 0, np.nan], [0, 1, 0]])},
            "vertices_m .* finite, .* is row 1",
        ),
        (
            {"vertices_m": np.array([[0, 0, 0], [1, 0, 0], [0, np.inf, 0]])},
            "vertices_m .* finite, .* is row 2",
        ),
        ({"vertices_m": np.zeros((3, 2))}, r"vertices_m must have shape \(3, 3\)"),
        ({"normals": np.zeros((2, 3))}, r"normals must have shape \(3, 3\), .*, not \(2, 3\)"),
        ({"uvs": np.zeros((4, 2))}, r"uvs must have shape \(3, 2\), .*, not \(4, 2\)"),
        ({"uvs": np.full((3, 2), np.nan)}, "uvs has 3 rows .*finite"),
        ({"color_rgb": (0.1, 0.2, 1.5)}, "color_rgb must be three numbers from 0 to 1"),
        ({"color_rgb": (0.1, 0.2, np.nan)}, "color_rgb must be three numbers from 0 to 1"),
        ({"texture": np.zeros((4, 4), np.uint8)}, r"a texture must be .*, not \(4, 4\) uint8"),
        ({"texture": np.zeros((4, 4, 3))}, r"a texture must be .*, not \(4, 4, 3\) float64"),
    ],
)
def test_wrong_part_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MeshError, match=message) as caught:
        part(**changes)
    assert "\n" not in str(caught.value)


def test_mesh_without_parts_is_refused() -> None:
    with pytest.raises(MeshError, match="no faces"):
        Mesh(())


@pytest.mark.parametrize("order", ["C", "F"])
def test_stored_arrays_are_the_parts_own(order: Any) -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float64, order=order)
    texture = np.zeros((2, 2, 3), np.uint8)
    made = part(vertices_m=vertices, texture=texture)
    vertices[:], texture[:] = 9, 9
    assert made.vertices_m.max() == 1
    assert made.texture is not None
    assert made.texture.max() == 0
    for array, dtype in (
        (made.vertices_m, np.float64),
        (made.normals, np.float64),
        (made.uvs, np.float64),
        (made.faces, np.int32),
        (made.texture, np.uint8),
    ):
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_view_of_a_writable_array_is_copied() -> None:
    owner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float64)
    view = owner[:]
    view.flags.writeable = False
    made = part(vertices_m=view)
    owner[:] = 9
    assert made.vertices_m.max() == 1


def test_frozen_arrays_are_shared_not_copied() -> None:
    first = part(texture=np.zeros((2, 2, 3), np.uint8))
    assert Mesh((first,)).scaled(2).parts[0].texture is first.texture


def test_stacked_faces_keep_their_corners() -> None:
    mesh = Mesh((*box(1, 1, 1).parts, part(), *sphere(0.5, 12).parts))
    expected = np.concatenate([piece.vertices_m[piece.faces] for piece in mesh.parts])
    np.testing.assert_array_equal(mesh.vertices_m[mesh.faces], expected)
    assert mesh.faces.dtype == np.int32


def test_scaling_scales_lengths_volumes_and_nothing_else() -> None:
    mesh = bracket(1.0, 0.7, 0.12, 0.4)
    large = mesh.scaled(3)
    np.testing.assert_allclose(large.extents_m, 3 * mesh.extents_m, rtol=1e-14)
    np.testing.assert_allclose(large.center_of_mass_m, 3 * mesh.center_of_mass_m, atol=1e-12)
    assert large.volume_m3 == pytest.approx(27 * mesh.volume_m3, rel=1e-12)
    np.testing.assert_array_equal(large.parts[0].normals, mesh.parts[0].normals)
    np.testing.assert_array_equal(large.parts[0].uvs, mesh.parts[0].uvs)


@pytest.mark.parametrize("factor", [0, -1, np.nan, np.inf])
def test_scale_that_is_not_positive_is_refused(factor: float) -> None:
    with pytest.raises(MeshError, match="positive"):
        box(1, 1, 1).scaled(factor)


@pytest.mark.parametrize("name", SHAPES)
def test_mass_agrees_with_trimesh_wherever_the_mesh_lies(name: str) -> None:
    turn = np.array([[1, -2, 2], [2, -1, -2], [2, 2, 1]]) / 3
    mesh = with_vertices(SHAPES[name](0.2), lambda vertices: vertices @ turn.T + [5, -3, 0.5])
    other = trimesh.Trimesh(mesh.vertices_m, mesh.faces)
    assert mesh.is_watertight
    assert mesh.volume_m3 == pytest.approx(other.volume, rel=1e-9)
    np.testing.assert_allclose(mesh.center_of_mass_m, other.center_mass, atol=1e-9)


def test_seams_are_closed_and_a_missing_face_is_not() -> None:
    mesh = SHAPES["bolt"](1.0)
    separate = np.arange(3 * len(mesh.faces), dtype=np.int32).reshape(
        -1, 3
    )  # no two triangles share a vertex
    corners = mesh.vertices_m[mesh.faces].reshape(-1, 3)
    soup = Part(corners, np.zeros_like(corners), np.zeros((len(corners), 2)), separate)
    assert Mesh((soup,)).is_watertight
    assert not with_faces(mesh, slice(1, None)).is_watertight


def test_one_face_turned_round_is_not_watertight() -> None:
    (only,) = box(1, 1, 1).parts
    faces = only.faces.copy()
    faces[0] = faces[0, ::-1]
    assert not Mesh((Part(only.vertices_m, only.normals, only.uvs, faces),)).is_watertight


def test_solid_turned_inside_out_has_the_same_volume_and_centre() -> None:
    mesh = bracket(1.0, 0.7, 0.12, 0.4)
    (only,) = mesh.parts
    inverted = Mesh((Part(only.vertices_m, only.normals, only.uvs, only.faces[:, ::-1]),))
    assert inverted.volume_m3 == pytest.approx(mesh.volume_m3, rel=1e-12)
    np.testing.assert_allclose(inverted.center_of_mass_m, mesh.center_of_mass_m, atol=1e-12)


def test_open_mesh_has_the_centre_of_its_hull() -> None:
    whole = sphere(0.5, 24)
    bowl = with_faces(whole, whole.vertices_m[whole.faces][..., 2].max(axis=1) <= 1e-9)
    assert not bowl.is_watertight
    hull = trimesh.convex.convex_hull(bowl.vertices_m[np.unique(bowl.faces)])
    np.testing.assert_allclose(bowl.center_of_mass_m, hull.center_mass, atol=1e-9)
    assert bowl.center_of_mass_m[2] == pytest.approx(-0.5 * 3 / 8, rel=0.02)  # of half a ball


def test_unused_vertices_weigh_nothing() -> None:
    open_box = with_faces(box(1, 1, 1), slice(2, None))
    (only,) = open_box.parts
    stray = [np.concatenate([array, array[:1] + 50]) for array in (only.vertices_m, only.normals, only.uvs)]
    with_stray = Mesh((Part(stray[0], stray[1], stray[2], only.faces),))
    np.testing.assert_allclose(with_stray.center_of_mass_m, open_box.center_of_mass_m, atol=1e-9)


def test_flat_mesh_has_the_centre_of_its_surface() -> None:
    np.testing.assert_allclose(Mesh((part(),)).center_of_mass_m, [1 / 3, 1 / 3, 0], atol=1e-12)


def test_sheet_with_two_sides_has_the_centre_of_its_surface() -> None:
    # Watertight by definition, but it encloses no volume.
    both = part(faces=np.array([[0, 1, 2], [0, 2, 1]]))
    np.testing.assert_allclose(Mesh((both,)).center_of_mass_m, [1 / 3, 1 / 3, 0], atol=1e-12)


def test_line_has_the_centre_of_its_corners() -> None:
    line = part(vertices_m=np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0]]))
    np.testing.assert_allclose(Mesh((line,)).center_of_mass_m, [4 / 3, 0, 0], atol=1e-12)


def test_shells_that_face_each_other_keep_the_centre_inside() -> None:
    # A cube, and a slightly larger one inside out: volumes nearly cancel, the signed centroid is far away.
    (right,) = with_vertices(box(1, 1, 1), lambda vertices: vertices + np.array([2, 0, 0])).parts
    (wrong,) = box(1.01, 1, 1).parts
    mesh = Mesh((right, Part(wrong.vertices_m, wrong.normals, wrong.uvs, wrong.faces[:, ::-1])))
    middle = (mesh.vertices_m.max(axis=0) + mesh.vertices_m.min(axis=0)) / 2
    assert (np.abs(mesh.center_of_mass_m - middle) <= mesh.extents_m / 2).all()


def test_hash_is_of_the_content_alone() -> None:
    mesh = SHAPES["nut"](0.3)
    assert mesh.content_hash == SHAPES["nut"](0.3).content_hash
    assert len(mesh.content_hash) == 64
    assert int(mesh.content_hash, 16)


def test_hash_sees_every_change() -> None:
    texture = np.zeros((2, 4, 3), np.uint8)
    nudged = np.array([[0, 0, 0], [1, 0, 0], [0, np.nextafter(1, 2), 0]])
    meshes = [
        Mesh((part(),)),
        Mesh((part(), part())),
        Mesh((part(vertices_m=nudged),)),
        Mesh((part(normals=np.array([[0, 0, -1]] * 3)),)),
        Mesh((part(uvs=np.ones((3, 2))),)),
        Mesh((part(faces=np.array([[0, 2, 1]])),)),
        Mesh((part(color_rgb=(0.7, 0.7, 0.71)),)),
        Mesh((part(texture=texture),)),
        Mesh((part(texture=texture.reshape(4, 2, 3)),)),
        Mesh((part(texture=texture + np.uint8(1)),)),
    ]
    assert len({mesh.content_hash for mesh in meshes}) == len(meshes)


def test_of_shells_only_open_and_inverted_ones_show_their_backs() -> None:
    outer, other = box(0.4, 0.4, 0.4).parts[0], box(0.1, 0.1, 0.1).parts[0]
    beside = replace(other, vertices_m=np.add(other.vertices_m, (1.0, 0.0, 0.0)))
    number = len(outer.faces)
    for second, backs in (
        (beside, 0),
        (replace(beside, faces=beside.faces[:, ::-1]), number),
        (replace(beside, faces=beside.faces[1:]), number - 1),
    ):
        seen = Mesh((outer, second)).seen_from_behind
        assert np.array_equal(np.flatnonzero(seen), number + np.arange(backs))
    # An inverted box that touches another one at a vertex is a separate shell.
    touching = np.add(other.vertices_m * 0.5, np.array([0.2, 0.2, 0.2]) + 0.025)
    inverted = replace(other, vertices_m=touching, faces=other.faces[:, ::-1])
    assert np.flatnonzero(Mesh((outer, inverted)).seen_from_behind).tolist() == [*range(number, 2 * number)]
    sheet = part(faces=np.array([[0, 1, 2], [2, 1, 0]]))  # closed, but flat
    assert Mesh((sheet,)).seen_from_behind.all()
