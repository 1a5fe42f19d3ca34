"""Levels of detail: their measured error, and what they keep."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.distance import Searchable, farthest
from scenes.assets.levels import MIN_FACES, levels_of
from scenes.assets.mesh import Mesh, Part
from scenes.assets.planar import corner_uvs
from scenes.assets.reading.parts import part_of_corners
from scenes.assets.shapes import SHAPES, sphere

Array = NDArray[np.float64]


def surface(mesh: Mesh) -> Searchable:
    return Searchable.of(mesh.vertices_m, mesh.faces.astype(np.int64))


@pytest.fixture(scope="module")
def fine() -> Mesh:
    return sphere(0.1, 150)


def test_a_mesh_of_few_faces_has_one_level() -> None:
    mesh = SHAPES["bolt"](0.1)
    assert len(mesh.faces) < MIN_FACES
    (only,) = levels_of(mesh)
    assert only.mesh is mesh
    assert only.error_m == 0.0


def test_levels_get_coarser_and_their_errors_hold(fine: Mesh) -> None:
    levels = levels_of(fine)
    assert levels[0].mesh is fine
    assert len(levels) >= 2
    faces, errors = [len(level.mesh.faces) for level in levels], [level.error_m for level in levels]
    assert faces == sorted(faces, reverse=True)
    assert errors == sorted(errors)
    for level in levels[1:]:
        radii = np.linalg.norm(level.mesh.vertices_m[level.mesh.faces].mean(axis=1), axis=1)
        assert 0.1 - radii.min() <= level.error_m < 0.01
        known = {tuple(vertex) for vertex in fine.vertices_m}
        assert {tuple(vertex) for vertex in level.mesh.vertices_m} <= known


def test_levels_depend_on_the_mesh_alone(fine: Mesh) -> None:
    first, second = levels_of(fine), levels_of(sphere(0.1, 150))
    assert [level.error_m for level in first] == [level.error_m for level in second]
    assert [level.mesh.content_hash for level in first] == [level.mesh.content_hash for level in second]


def test_distance_between_spheres() -> None:
    inner, outer = surface(sphere(0.1, 100)), surface(sphere(0.11, 100))
    assert farthest(inner.samples, outer) == pytest.approx(0.01, rel=0.02)
    assert farthest(outer.samples, inner) == pytest.approx(0.01, rel=0.02)
    assert farthest(inner.samples, inner) < 1e-15


def test_materials_and_textures_stay_where_they_are() -> None:
    """A plate of two materials: the line between them does not move."""
    side = np.linspace(0.0, 0.1, 81)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side, indexing="ij"))
    z = 1e-6 * np.sin(90 * x) * np.cos(70 * y)
    index = np.arange(81 * 81).reshape(81, 81)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])]).astype(np.int32)
    left = x[faces].mean(axis=1) < 0.05
    normals, uvs = np.tile((0.0, 0.0, 1.0), (len(x), 1)), np.column_stack([x, y]) * 3 + 0.25
    parts = tuple(
        Part(np.column_stack([x, y, z]), normals, uvs, faces[chosen], color)
        for chosen, color in ((left, (1.0, 0.0, 0.0)), (~left, (0.0, 0.0, 1.0)))
    )
    coarse = levels_of(Mesh(parts))[-1].mesh
    assert len(coarse.faces) < 200
    red, blue = coarse.parts
    assert red.vertices_m[red.faces][..., 0].max() == pytest.approx(0.05)
    assert blue.vertices_m[blue.faces][..., 0].min() == pytest.approx(0.05)
    for part in coarse.parts:
        a, b, c = np.moveaxis(part.vertices_m[part.faces], 1, 0)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
        assert area == pytest.approx(0.005, rel=1e-3)


HALVES = np.repeat(np.array([[(200, 0, 0), (0, 0, 200)]], np.uint8), 8, axis=1).repeat(16, axis=0)
"""A texture whose left half is red, and whose right half is blue."""


@pytest.fixture(scope="module")
def ball() -> Mesh:
    return sphere(0.1, 105)


def textured(mesh: Mesh, uvs: Array) -> Mesh:
    """The mesh with `HALVES` and the texture coordinates (m, 3, 2) of its corners."""
    (part,) = mesh.parts
    normals = part.normals[part.faces]
    rows = np.concatenate([part.vertices_m[part.faces], normals, uvs], axis=2)
    return Mesh((part_of_corners(rows, (1.0, 1.0, 1.0), HALVES),))


def red(part: Part) -> NDArray[np.bool_]:
    """Whether the centre of each face is red, (m,)."""
    return np.asarray(part.uvs[part.faces].mean(axis=1)[:, 0] % 1.0 < 0.5)


@pytest.mark.parametrize("kind", ["one colour a face", "scaled", "shifted", "tiled"])
def test_texture_coordinates_of_files_stay(ball: Mesh, kind: str) -> None:
    """Also those that resemble computed ones: a palette, a region of an atlas, a repeated texture."""
    corners = ball.vertices_m[ball.faces]
    if kind == "one colour a face":
        above = corners.mean(axis=1)[:, None, 2] > 0
        uvs = np.stack([np.where(above, 0.25, 0.75), np.full_like(above, 0.5, np.float64)], axis=-1)
        uvs = uvs.repeat(3, axis=1)
    else:
        scale, shift = {"scaled": (0.4, 0.0), "shifted": (1.0, 0.5), "tiled": (7.0, 0.0)}[kind]
        uvs = corner_uvs(corners) * scale + shift
    mesh = textured(ball, uvs)
    levels = levels_of(mesh)
    assert len(levels) > 1
    for level in levels[1:]:
        (part,) = level.mesh.parts
        assert part.uvs.min() >= uvs.min() - 1e-3 and part.uvs.max() <= uvs.max() + 1e-3
        if kind == "one colour a face":
            height_m = part.vertices_m[part.faces].mean(axis=1)[:, 2]
            np.testing.assert_array_equal(red(part), height_m > 0)
        else:
            known = {tuple(row) for row in np.round(np.concatenate([p.uvs for p in mesh.parts]), 9)}
            assert {tuple(row) for row in np.round(part.uvs, 9)} <= known


def test_computed_texture_coordinates_are_no_seams(ball: Mesh) -> None:
    coarsest = levels_of(textured(ball, corner_uvs(ball.vertices_m[ball.faces])))[-1]
    assert len(coarsest.mesh.faces) <= len(levels_of(ball)[-1].mesh.faces)
