from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.shapes import (
    SHAPES,
    bolt,
    box,
    bracket,
    capsule,
    cone,
    cylinder,
    nut,
    prism,
    sphere,
    torus,
    tube,
    wedge,
)

ROUND = ["cylinder", "cone", "sphere", "capsule", "torus"]
NAMES = ["box", *ROUND, "prism", "nut", "bolt", "wedge", "tube", "bracket"]
WITH_A_HOLE = {"torus", "nut", "tube"}
SMOOTH = {"sphere", "capsule", "torus"}


def polygon_area(radius: float, sides: int) -> float:
    """Area of a regular polygon inscribed in a circle."""
    return sides / 2 * sin(2 * pi / sides) * radius**2


def as_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    """The shape as a trimesh mesh, with vertices at the same position merged."""
    return trimesh.Trimesh(mesh.vertices_m, mesh.faces, process=True)


def face_normals(mesh: Mesh) -> NDArray[np.float64]:
    corners = mesh.vertices_m[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True), np.float64)


def test_every_shape_is_listed() -> None:
    assert list(SHAPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_one_closed_solid_seen_from_outside(name: str) -> None:
    mesh = as_trimesh(SHAPES[name](0.2))
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0  # negative if the faces pointed inward
    assert mesh.body_count == 1
    assert mesh.euler_number == (0 if name in WITH_A_HOLE else 2)


@pytest.mark.parametrize("name", NAMES)
def test_no_triangle_is_degenerate_and_no_vertex_unused(name: str) -> None:
    mesh = SHAPES[name](1.0)
    corners = mesh.vertices_m[mesh.faces]
    doubled = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    assert doubled.min() > 1e-5
    assert np.array_equal(np.unique(mesh.faces), np.arange(len(mesh.vertices_m)))


@pytest.mark.parametrize("name", NAMES)
def test_normals_are_unit_and_agree_with_the_faces(name: str) -> None:
    mesh = SHAPES[name](0.2)
    (part,) = mesh.parts
    np.testing.assert_allclose(np.linalg.norm(part.normals, axis=1), 1, atol=1e-12)
    agreement = (part.normals[part.faces] * face_normals(mesh)[:, None]).sum(axis=2)
    assert agreement.min() > cos(2 * pi / 48)  # half a segment; rounded sharp edges give 0.7


@pytest.mark.parametrize("name", NAMES)
def test_edges_are_hard_where_the_solid_has_an_edge_and_smooth_elsewhere(name: str) -> None:
    mesh = SHAPES[name](1.0)
    (part,) = mesh.parts
    _, position = np.unique(np.round(part.vertices_m, 9) + 0.0, axis=0, return_inverse=True)
    first = np.full(position.max() + 1, -1)
    first[position[::-1]] = np.arange(len(position))[::-1]
    agreement = (part.normals * part.normals[first[position]]).sum(axis=1)
    assert (agreement.min() > 0.999) == (name in SMOOTH)


@pytest.mark.parametrize("name", NAMES)
def test_uvs_cover_the_texture_without_leaving_it(name: str) -> None:
    (part,) = SHAPES[name](0.2).parts
    assert part.uvs.min() >= 0
    assert part.uvs.max() <= 1
    corners = part.uvs[part.faces]
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    assert np.abs(ax * by - ay * bx).min() > 1e-7  # every face has an area on the texture
    if name in SMOOTH:  # across a seam without doubled vertices, one face would span the whole texture
        assert np.ptp(corners[..., 0], axis=1).max() < 0.05


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("longest_m", [0.01, 0.037, 0.3, 1.0, 2.7])
def test_longest_extent_is_exact_and_centred(name: str, longest_m: float) -> None:
    mesh = SHAPES[name](longest_m)
    assert mesh.extents_m.max() == longest_m
    if name != "prism":  # centred on its axis
        np.testing.assert_allclose(mesh.vertices_m.max(axis=0), -mesh.vertices_m.min(axis=0), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_same_shape_is_the_same_bytes(name: str) -> None:
    assert SHAPES[name](0.2).content_hash == SHAPES[name](0.2).content_hash


def test_no_two_shapes_are_one() -> None:
    assert len({shape(0.2).content_hash for shape in SHAPES.values()}) == len(SHAPES)


@pytest.mark.parametrize("longest_m", [0.0, -1.0, np.nan, np.inf])
def test_size_that_is_none_is_refused(longest_m: float) -> None:
    with pytest.raises(MeshError, match="scaled by a positive number only"):
        SHAPES["box"](longest_m)


@pytest.mark.parametrize(
    ("mesh", "expected_m3"),
    [
        pytest.param(box(2, 3, 4), 24, id="box"),
        pytest.param(wedge(2, 3, 4), 12, id="wedge"),
        pytest.param(bracket(5, 4, 1, 2), 2 * (5 + 4 - 1), id="bracket"),
        pytest.param(prism(2, 3), polygon_area(2, 6) * 3, id="prism-6"),
        pytest.param(prism(2, 3, sides=3), polygon_area(2, 3) * 3, id="prism-3"),
        pytest.param(nut(2, 1, 3), (polygon_area(2, 6) - polygon_area(1, 48)) * 3, id="nut"),
        pytest.param(nut(2, 1, 3, 35), (polygon_area(2, 6) - polygon_area(1, 35)) * 3, id="nut-no-multiple"),
        pytest.param(nut(2, 1.73, 3, 64), (polygon_area(2, 6) - polygon_area(1.73, 64)) * 3, id="nut-thin"),
        pytest.param(nut(2, 1, 3, 3), (polygon_area(2, 6) - polygon_area(1, 3)) * 3, id="nut-triangle-hole"),
        pytest.param(bolt(2, 1, 1, 5), polygon_area(2, 6) + polygon_area(1, 48) * 4, id="bolt"),
        pytest.param(cylinder(2, 3), polygon_area(2, 48) * 3, id="cylinder"),
        pytest.param(tube(2, 1, 3), (polygon_area(2, 48) - polygon_area(1, 48)) * 3, id="tube"),
        pytest.param(cone(2, 3), polygon_area(2, 48), id="cone"),
    ],
)
def test_volume_is_that_of_the_polyhedron(mesh: Mesh, expected_m3: float) -> None:
    assert mesh.volume_m3 == pytest.approx(expected_m3, rel=1e-12)
    assert as_trimesh(mesh).is_volume


@pytest.mark.parametrize(
    ("mesh", "expected_m3"),
    [
        pytest.param(cylinder(2, 3), pi * 12, id="cylinder"),
        pytest.param(cone(2, 3), pi * 4, id="cone"),
        pytest.param(tube(2, 1, 3), pi * 9, id="tube"),
        pytest.param(sphere(2), 4 / 3 * pi * 8, id="sphere"),
        pytest.param(capsule(2, 7), 4 / 3 * pi * 8 + pi * 4 * 3, id="capsule"),
        pytest.param(torus(3, 1), 2 * pi * 3 * pi, id="torus"),
    ],
)
def test_volume_is_nearly_that_of_the_round_solid(mesh: Mesh, expected_m3: float) -> None:
    assert 0.99 * expected_m3 < mesh.volume_m3 < expected_m3  # an inscribed mesh is never larger


@pytest.mark.parametrize(
    ("mesh", "extents_m"),
    [
        (box(2, 3, 4), (2, 3, 4)),
        (wedge(2, 3, 4), (2, 3, 4)),
        (bracket(5, 4, 1, 2), (5, 4, 2)),
        (prism(2, 3), (4, 2 * 3**0.5, 3)),
        (nut(2, 1, 3), (4, 2 * 3**0.5, 3)),
        (bolt(2, 1, 1, 5), (4, 2 * 3**0.5, 5)),
        (cylinder(2, 3), (4, 4, 3)),
        (cone(2, 3), (4, 4, 3)),
        (tube(2, 1, 3), (4, 4, 3)),
        (sphere(2), (4, 4, 4)),
        (capsule(2, 7), (4, 4, 7)),
        (torus(3, 1), (8, 8, 2)),
    ],
)
def test_extents_are_those_asked_for(mesh: Mesh, extents_m: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(mesh.extents_m, extents_m, rtol=1e-12)


def test_centre_of_mass_of_a_bracket() -> None:
    # Two plates: 5 x 1 about (2.5, 0.5), and 1 x 3 about (0.5, 2.5); the box's middle is at (2.5, 2).
    x, y = (5 * 2.5 + 3 * 0.5) / 8 - 2.5, (5 * 0.5 + 3 * 2.5) / 8 - 2
    np.testing.assert_allclose(bracket(5, 4, 1, 2).center_of_mass_m, [x, y, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("mesh", "z_m"),
    [
        pytest.param(cone(2, 4), -1.0, id="cone"),
        pytest.param(sphere(2), 0.0, id="sphere"),
        pytest.param(
            bolt(2, 1, 1, 5),
            (polygon_area(2, 6) * 2 + polygon_area(1, 48) * 4 * -0.5)
            / (polygon_area(2, 6) + polygon_area(1, 48) * 4),
            id="bolt",
        ),
    ],
)
def test_centre_of_mass_on_the_axis(mesh: Mesh, z_m: float) -> None:
    np.testing.assert_allclose(mesh.center_of_mass_m, [0, 0, z_m], atol=1e-12)


@pytest.mark.parametrize(("segments", "faces"), [(12, 120), (48, 2_208), (128, 16_128)])
def test_sphere_is_as_fine_as_asked_and_round(segments: int, faces: int) -> None:
    (part,) = sphere(2, segments).parts
    assert len(part.faces) == faces
    np.testing.assert_allclose(np.linalg.norm(part.vertices_m, axis=1), 2, rtol=1e-12)
    corners = np.abs(part.vertices_m[:, 2]) < 1.999  # poles use the u of their triangle's middle
    np.testing.assert_allclose(part.normals[corners], part.vertices_m[corners] / 2, atol=1e-12)


def test_texture_has_one_scale_on_every_face_of_a_box() -> None:
    (part,) = box(1, 2, 4).parts
    corners_m, corners_uv = part.vertices_m[part.faces], part.uvs[part.faces]
    lengths_m = np.linalg.norm(corners_m - np.roll(corners_m, 1, axis=1), axis=2)
    lengths_uv = np.linalg.norm(corners_uv - np.roll(corners_uv, 1, axis=1), axis=2)
    np.testing.assert_allclose(lengths_uv, lengths_m / 4, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: box(1, 0, 1), r"nothing \(0\) must be less than depth_m \(0\)"),
        (lambda: box(1, 1, -1), r"nothing .* height_m \(-1\)"),
        (lambda: box(1, float("nan"), 1), r"nothing .* depth_m \(nan\)"),
        (lambda: box(float("inf"), 1, 1), "infinity"),
        (lambda: wedge(0, 1, 1), "nothing .* length_m"),
        (lambda: bracket(2, 2, 2, 1), "thickness_m .* leg_x_m"),
        (lambda: bracket(2, 1, 1, 1), "thickness_m .* leg_y_m"),
        (lambda: prism(1, 1, sides=2), "at least 3 segments, not 2"),
        (lambda: prism(0, 1), "nothing .* radius_m"),
        (lambda: nut(1, 0.87, 1), "hole_radius_m .* inner_hexagon_radius_m"),
        (lambda: bolt(1, 1, 0.87, 3), "shaft_radius_m .* inner_head_radius_m"),
        (lambda: bolt(1, 1, 0.5, 1), "head_height_m .* length_m"),
        (lambda: cylinder(0, 1), "nothing .* radius_m"),
        (lambda: cylinder(1, 1, 2), "at least 3 segments, not 2"),
        (lambda: cone(1, 0), "nothing .* height_m"),
        (lambda: cone(-1, 1), r"nothing .* radius_m \(-1\)"),
        (lambda: tube(1, 1, 1), "hole_radius_m .* radius_m"),
        (lambda: tube(1, 0, 1), "nothing .* hole_radius_m"),
        (lambda: sphere(0), "nothing .* radius_m"),
        (lambda: capsule(1, 2), "diameter_m .* length_m"),
        (lambda: torus(1, 1), "tube_radius_m .* ring_radius_m"),
    ],
)
def test_dimensions_that_make_no_solid_are_refused(make: Callable[[], Mesh], message: str) -> None:
    with pytest.raises(MeshError, match=message):
        make()
