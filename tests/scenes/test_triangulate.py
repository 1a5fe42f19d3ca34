"""Polygons cut into triangles: exactly the polygon, whatever its shape and whichever corner comes first."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.reading.triangulate import triangulate

Floats = NDArray[np.float64]
Shape = Sequence[tuple[float, float]]
DART = [(0, 0), (4, 0), (1, 1), (0, 4)]
SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]
CHANNEL = [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)]
COLLINEAR = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (0, 2)]
STRAIGHT_QUAD = [(0, 0), (1, 0), (2, 0), (0, 2)]
STRAIGHT_CHANNEL = [(0, 0), (1, 0), (3, 0), (3, 3), (2, 3), (2, 2), (2, 1), (1, 1), (1, 3), (0.5, 3), (0, 3)]
KEYHOLE = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)]
SPIRAL = [(0, 0), (5, 0), (5, 5), (1, 5), (1, 2), (3, 2), (3, 3), (2, 3), (2, 4), (4, 4), (4, 1), (0, 1)]


def star(points: int) -> Shape:
    steps = np.arange(2 * points)
    radii, angles = np.where(steps % 2, 1.0, 0.3), np.pi * steps / points
    return [(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radii, angles, strict=True)]


SHAPES: dict[str, Shape] = {
    "dart": DART, "square": SQUARE, "channel": CHANNEL, "collinear": COLLINEAR, "keyhole": KEYHOLE,
    "straight quad": STRAIGHT_QUAD, "straight channel": STRAIGHT_CHANNEL, "spiral": SPIRAL,
    **{f"star of {points}": star(points) for points in (3, 5, 12, 200)},
}  # fmt: skip


def shoelace(shape: Shape) -> float:
    x, y = np.array(shape).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def placed(shape: Shape, rng: np.random.Generator | None = None) -> Floats:
    """The corners in space; turned and moved far away if there is a generator."""
    points = np.pad(np.array(shape, float), ((0, 0), (0, 1)))
    if rng is None:
        return points
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return np.asarray(points @ (turn * np.sign(np.linalg.det(turn))).T * 0.01 + 10 * rng.normal(size=3))


def cut(points: Floats) -> NDArray[np.int64]:
    return triangulate(points, np.arange(len(points)), np.array([len(points)]))


def area_vectors(points: Floats, triangles: NDArray[np.int64]) -> Floats:
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    return np.cross(b - a, c - a) / 2


@pytest.mark.parametrize("turned", [False, True], ids=["flat", "turned"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_triangles_are_exactly_the_polygon(shape: Shape, turned: bool, rng: np.random.Generator) -> None:
    """The areas add up, and no triangle is turned over: so none overlap and none lie outside."""
    for first in range(0, len(shape), max(1, len(shape) // 12)):
        for way in (1, -1):
            points = placed([*shape[first:], *shape[:first]][::way], rng if turned else None)
            triangles = cut(points)
            assert len(triangles) == len(shape) - 2
            areas = area_vectors(points, triangles)
            whole = shoelace(shape) * (1e-4 if turned else 1.0)
            assert np.linalg.norm(areas, axis=1).sum() == pytest.approx(whole, rel=1e-7)
            assert np.linalg.norm(areas.sum(axis=0)) == pytest.approx(whole, rel=1e-7)
            if not turned:
                np.testing.assert_allclose(areas.sum(axis=0), (0, 0, way * whole), atol=1e-9)


@pytest.mark.parametrize("name", ["channel", "straight channel", "collinear", "straight quad", "spiral"])
def test_neighbours_fit(name: str) -> None:
    """Every side of the polygon is the edge of one triangle, also where three corners are in line."""
    points = placed(SHAPES[name])
    triangles = cut(points)
    edges = {(a, b) for row in triangles.tolist() for a, b in zip(row, row[1:] + row[:1], strict=True)}
    assert {(k, (k + 1) % len(points)) for k in range(len(points))} <= edges
    assert (np.linalg.norm(area_vectors(points, triangles), axis=1) > 1e-6).all()


@pytest.mark.parametrize("first", range(4))
def test_a_concave_quadrilateral_that_is_bent(first: int) -> None:
    points = placed(DART) + np.outer([0.1, -0.1, 0.1, -0.1], [0, 0, 1])
    triangles = cut(np.roll(points, -first, axis=0))
    seen = area_vectors(np.roll(points, -first, axis=0), triangles)[:, 2]
    assert (seen > 0).all()
    assert seen.sum() == pytest.approx(4)


def test_repeated_corners_change_nothing() -> None:
    points = np.repeat(placed(CHANNEL), [1, 3, 1, 2, 1, 2, 1, 2], axis=0)
    areas = area_vectors(points, cut(points))
    assert np.linalg.norm(areas, axis=1).sum() == pytest.approx(7)


def test_an_outline_that_runs_there_and_back_adds_nothing() -> None:
    points = placed([(0, 0), (4, 0), (6, 0), (4, 0), (4, 4), (0, 4)])
    areas = area_vectors(points, cut(points))
    assert np.linalg.norm(areas, axis=1).sum() == pytest.approx(16)


def test_convex_ones_are_cut_from_the_first_corner() -> None:
    assert cut(placed(SQUARE)).tolist() == [[0, 1, 2], [2, 3, 0]]
    hexagon = [(float(np.cos(a)), float(np.sin(a))) for a in np.pi * np.arange(6) / 3]
    assert cut(placed(hexagon)).tolist() == [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]]


def test_each_polygon_of_many_is_as_if_alone(rng: np.random.Generator) -> None:
    shapes = [list(SHAPES.values())[index] for index in rng.integers(len(SHAPES), size=60)]
    shapes[3:3] = [SQUARE[:1], SQUARE[:2]]
    pieces = [placed(shape, rng) for shape in shapes]
    counts = np.array([len(piece) for piece in pieces])
    order = rng.permutation(int(counts.sum()))
    vertices = np.empty((len(order), 3))
    vertices[order] = np.concatenate(pieces)
    starts = np.cumsum(counts) - counts
    alone = [cut(piece) + start for piece, start in zip(pieces, starts, strict=True) if len(piece) > 2]
    assert np.array_equal(triangulate(vertices, order, counts), np.concatenate(alone))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_numbers_that_cannot_be_are_no_failure(value: float) -> None:
    for shape in (SQUARE, CHANNEL):
        points = placed(shape)
        points[1] = value
        assert len(cut(points)) <= len(shape) - 2
    assert len(cut(np.zeros((7, 3)))) <= 5


@pytest.mark.parametrize("count", [3, 4, 5, 6, 13])
def test_no_triangle_of_a_polygon_with_a_corner_that_is_not_finite_is_finite(count: int) -> None:
    """Otherwise what is left of it would depend on how it is cut."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    for spoilt in range(count):
        vertices = np.concatenate([ring, ring])
        vertices[spoilt, spoilt % 3] = np.inf if spoilt % 2 else np.nan
        cut = triangulate(vertices, np.arange(2 * count), np.array([count, count]))
        assert len(cut) == 2 * (count - 2)
        finite = np.isfinite(vertices[cut]).all(axis=(1, 2))
        assert finite.tolist() == [False] * (count - 2) + [True] * (count - 2)
