"""Boxes, and the grouping of bodies that are rendered in one call."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from scenes.assets.shapes import SHAPES, sphere
from sim.boxes import Box, clip, crop, overlap, size, union
from sim.render.raster.gbuffer import Silhouette
from sim.render.raster.groups import APART_PX, apart, groups
from sim.render.settings import Egl
from tests.rig import RENDERS, Rig, aimed, camera_at, catalogue_of, shot, sphere_depth, still

Array = NDArray[np.float64]


def blob(rng: np.random.Generator, at: Array, radius: float) -> Array:
    points = at + radius * rng.standard_normal((int(rng.integers(3, 30)), 2))
    return points[ConvexHull(points).vertices]


def covered(polygon: Array) -> NDArray[np.bool_]:
    """Whether the centre of each pixel of an image lies in a convex polygon."""
    y, x = np.mgrid[0:100, 0:100] + 0.5
    ahead = np.roll(polygon, -1, axis=0) - polygon
    sides = [ex * (y - py) - ey * (x - px) for (px, py), (ex, ey) in zip(polygon, ahead, strict=True)]
    return np.asarray(np.all(np.array(sides) >= 0, axis=0))


def test_separate_outlines_share_no_pixel_and_others_nearly_touch() -> None:
    rng = aimed(scene=0, view=0)
    counts = {True: 0, False: 0}
    for _ in range(300):
        first, second = (blob(rng, rng.uniform(20, 80, 2), rng.uniform(1, 12)) for _ in range(2))
        found = apart(first, second)
        assert apart(second, first) == found
        assert apart(first[::-1], second) == found
        if found:
            assert not (covered(first) & covered(second)).any()
        else:
            shift = second.mean(axis=0) - first.mean(axis=0)
            assert not apart(first + 0.05 * shift, second - 0.05 * shift)
        counts[found] += 1
    assert min(counts.values()) > 50
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    assert not apart(square, square + np.array([10 + 0.9 * APART_PX, 0]))
    assert apart(square, square + np.array([10 + 1.1 * APART_PX, 3]))


def test_groups_share_no_pixel_and_need_fewer_calls() -> None:
    def square(x: int, y: int, side: int) -> Box:
        return x, y, x + side, y + side

    def calls(box: Box) -> int:
        return -(-size(box)[0] // 100)

    boxes = dict(enumerate([square(0, 0, 20), square(10, 0, 20), square(50, 0, 10), square(150, 0, 10)]))
    points = {
        index: np.array([[x0, y0], [x1, y0], [x1, y1]], float) for index, (x0, y0, x1, y1) in boxes.items()
    }
    assert groups(boxes, points, calls) == [[0, 2], [1], [3]]
    assert groups(boxes, points, lambda box: 1) == [[0, 2, 3], [1]]
    assert groups({}, {}, calls) == []


def test_boxes() -> None:
    box = (-3, 2, 5, 9)
    assert clip(box, 4, 20) == (0, 2, 4, 9)
    assert clip(box, 4, 2) is None
    assert union([box, (0, 0, 1, 20)]) == (-3, 0, 5, 20)
    for beside, shared in (((4, 8, 9, 12), True), ((5, 2, 9, 9), False), ((-3, 9, 5, 12), False)):
        assert overlap(box, beside) == overlap(beside, box) == shared
    values = np.arange(56).reshape(7, 8)
    assert crop(values, box, (-2, 3, 0, 4)).tolist() == [[9, 10]]


@pytest.mark.parametrize("render", RENDERS)
@pytest.mark.parametrize("turned", [False, True])
def test_nearest_body_is_visible_in_any_order(rig: Callable[..., Rig], render: str, turned: bool) -> None:
    made = rig(catalogue_of({"sphere": sphere(0.3, 96)}), RENDERS[render])
    camera = camera_at((0, -2, 1), (0, 0, 0), 150)
    # Two spheres intersect, one is in front of both, and one is beside them.
    places = [(0, 0, 0), (0.25, 0.1, 0), (0.1, -0.4, 0.3), (-0.8, 0, 0)]
    order = places[::-1] if turned else places
    gbuffer = made.renderer.rasterise(still(*(made.body("sphere", at) for at in order)), shot(camera))
    depths = np.stack([sphere_depth(camera, at, 0.3) for at in order])
    expected = np.where(np.isfinite(depths.min(axis=0)), depths.argmin(axis=0), -1)
    assert np.count_nonzero(gbuffer.body != expected) < 0.01 * np.count_nonzero(expected >= 0)
    for index, (alone, depth) in enumerate(zip(gbuffer.silhouettes, depths, strict=True)):
        assert isinstance(alone, Silhouette)
        whole = np.isfinite(sphere_depth(camera, order[index], 0.3, alone.box))
        assert np.count_nonzero(alone.mask != whole) < 0.01 * np.count_nonzero(whole)
        assert np.count_nonzero(gbuffer.body == index) <= np.count_nonzero(np.isfinite(depth)) + 20


def test_opengl_is_called_once_for_all_separate_bodies(
    rig: Callable[..., Rig], egl: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(catalogue_of({"box": SHAPES["box"](0.1)}), Egl())
    camera = camera_at((0, -0.1, 2), (0, 0, 0), 150)
    drawn: list[tuple[int, int]] = []
    draw = type(made.renderer)._tile  # type: ignore[attr-defined]

    def counted(renderer: object, view: Array, matrix: Array, width: int, height: int) -> object:
        drawn.append((width, height))
        return draw(renderer, view, matrix, width, height)

    monkeypatch.setattr(type(made.renderer), "_tile", counted)
    for shift_m, calls in ((0.2, 1), (0.05, 2)):
        drawn.clear()
        bodies = [made.body("box", (shift_m * k, 0, 0)) for k in range(4)]
        made.renderer.rasterise(still(*bodies), shot(camera))
        assert len(drawn) == calls
