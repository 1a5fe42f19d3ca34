"""Distortion is OpenCV's, has an inverse everywhere, and leaves what it cannot do to be refused."""

from typing import Any

import cv2
import numpy as np
import pytest

from scenes.cameras.camera import ImageSettings, Shell
from scenes.cameras.intrinsics import border_of
from scenes.cameras.overhead import Overhead
from scenes.distortion import Distortion, lens_for
from scenes.shot import Camera
from tests.rig import aimed

IMAGE = ImageSettings(width=200, height=100)
LENSES: dict[str, tuple[Any, tuple[float, ...]]] = {
    "barrel": ("brown", (-0.28, 0.09, 0.001, -0.0005, -0.01, 0.0, 0.0, 0.0)),
    "pincushion": ("brown", (0.12, 0.02, -0.001, 0.002, 0.0, 0.0, 0.0, 0.0)),
    "rational": ("brown", (0.4, 0.1, 0.0005, 0.001, 0.01, 0.7, 0.2, 0.02)),
    "fisheye": ("fisheye", (0.02, -0.01, 0.003, -0.0005)),
}


def border(half: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The border of an image, at depth 1, that extends to `half` on both sides."""
    ends = np.linspace(-half, half, 33)
    sides = [np.stack([ends, np.full(33, side)], axis=1) for side in (-0.75 * half, 0.75 * half)]
    sides += [np.stack([np.full(33, side), 0.75 * ends], axis=1) for side in (-half, half)]
    return np.concatenate(sides)


@pytest.mark.parametrize("name", LENSES)
def test_distortion_is_that_of_opencv_and_undistort_is_its_inverse(
    name: str, rng: np.random.Generator
) -> None:
    kind, numbers = LENSES[name]
    lens = lens_for(kind, numbers, border(0.6))
    assert not lens.folds
    shown = rng.uniform(-1, 1, (500, 2)) * (0.6, 0.45)
    points = lens.undistort(shown)
    assert np.hypot(*points.T).max() < lens.linear_beyond
    project = cv2.fisheye.projectPoints if kind == "fisheye" else cv2.projectPoints
    solid = np.concatenate([points, np.ones((500, 1))], axis=1)[:, None]
    expected, _ = project(solid, np.zeros(3), np.zeros(3), np.eye(3), np.array(numbers))
    np.testing.assert_allclose(shown, expected.reshape(-1, 2), atol=1e-12)
    far = rng.uniform(-5, 5, (500, 2))
    np.testing.assert_allclose(lens.undistort(lens.distort(far)), far, atol=1e-7)


def test_outside_the_image_distortion_is_linear_along_each_line_through_the_axis() -> None:
    lens = lens_for(*LENSES["barrel"], border(0.6))
    direction = np.array([0.6, -0.8])
    places = lens.distort(np.linspace(1.0, 4.0, 7)[:, None] * lens.linear_beyond * direction)
    steps = np.diff(places, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=1e-9)
    inside = lens.distort(np.array([[1 - 1e-6], [1.0]]) * lens.linear_beyond * direction)
    np.testing.assert_allclose(
        (inside[1] - inside[0]) / 1e-6, steps[0] / 0.5, rtol=1e-4, err_msg="the slope does not jump"
    )


@pytest.mark.parametrize(
    ("kind", "numbers", "half", "folds"),
    [
        # r (1 + k1 r²) rises up to r = 1 / √(-3 k1) = 0.8165, where it is 0.5443.
        ("brown", (-0.5, 0, 0, 0, 0, 0, 0, 0), 0.43, False),  # corner 0.5375
        ("brown", (-0.5, 0, 0, 0, 0, 0, 0, 0), 0.44, True),  # corner 0.55
        ("brown", (0, 0, 0.5, 0, 0, 0, 0, 0), 0.6, True),
        ("brown", (0, 0, 0, 0, 0, 3.0, 0, 0), 0.6, True),  # r / (1 + 3 r²) rises up to r = 0.577
        ("fisheye", (0.0, 0.0, 0.0, 0.0), 1.1, False),  # corner at 1.375 rad: 78.8 degrees
        ("fisheye", (0.0, 0.0, 0.0, 0.0), 1.13, True),  # 80.9 degrees
    ],
)
def test_a_lens_folds_if_two_points_are_shown_at_one_place(
    kind: Any, numbers: tuple[float, ...], half: float, folds: bool
) -> None:
    assert lens_for(kind, tuple(map(float, numbers)), border(half)).folds == folds


@pytest.mark.parametrize("fov_deg", [50.0, 90.0])
@pytest.mark.parametrize("name", ["barrel", "fisheye"])
def test_angle_of_view_counts_the_distortion(name: str, fov_deg: float) -> None:
    kind, numbers = LENSES[name]
    names = ("k1", "k2", "p1", "p2", "k3") if kind == "brown" else ("k1", "k2", "k3", "k4")
    given = {"kind": kind, **dict(zip(names, numbers, strict=False)), "p1": 0.0, "p2": 0.0}
    tree = {"kind": "shell", "fov_deg": fov_deg, "distortion": given}
    camera = seen(Shell.parse(tree))
    assert camera.distortion is not None
    edge = camera.distortion.undistort(np.array([100 / camera.fx, 0.0]))
    assert 2 * np.degrees(np.arctan(edge[0])) == pytest.approx(fov_deg)
    assert not camera.distortion.folds
    same = seen(Shell.parse({**tree, "fx": camera.fx, "fy": camera.fy}))
    np.testing.assert_allclose(same.pose.position_m, camera.pose.position_m, atol=1e-9)


def seen(kind: Shell, view: int = 0) -> Camera:
    drawn = kind.drawn(aimed(1, view))
    return drawn.distorted(drawn.aim(aimed(0, view), view, IMAGE, ((0.0, 0.0, 0.0), 0.2)))


def test_each_coefficient_has_a_draw_of_its_own_and_none_moves_the_camera() -> None:
    ranges = {
        name: [-0.01 * place, 0.01 * place] for place, name in enumerate(("k1", "k2", "p1", "p2", "k3"), 1)
    }
    made = [
        seen(Shell.parse({"kind": "shell", "distortion": {"kind": "brown", **ranges}}), i) for i in range(40)
    ]
    lenses = [camera.distortion for camera in made]
    numbers = np.array([lens.coefficients[:5] for lens in lenses if isinstance(lens, Distortion)])
    assert numbers.shape == (40, 5)
    shares = numbers / (0.01 * np.arange(1, 6))
    assert (np.abs(shares) <= 1).all()
    assert np.abs(shares).max(axis=0).min() > 0.8
    assert np.abs(np.corrcoef(shares.T) - np.eye(5)).max() < 0.5
    plain = [seen(Shell.parse({"kind": "shell"}), i) for i in range(40)]
    assert [camera.pose for camera in plain] == [camera.pose for camera in made]


def test_the_border_of_an_image_is_that_of_its_pixels() -> None:
    camera = Camera(200, 100, 50.0, 25.0, 90.0, 40.0, seen(Shell()).pose)
    points = border_of(camera)
    np.testing.assert_allclose(points.min(axis=0), (-90 / 50, -40 / 25))
    np.testing.assert_allclose(points.max(axis=0), (110 / 50, 60 / 25))


@pytest.mark.parametrize("others", [{}, {"altitude_m": 50.0}], ids=["fov_deg", "altitude_m"])
def test_the_ground_sample_distance_holds_in_the_middle_of_a_distorted_image(
    others: dict[str, float],
) -> None:
    lens = {"kind": "brown", "k1": -0.2}
    kind = Overhead.parse({"kind": "overhead", "gsd_m": 0.1, "distortion": lens, **others}).drawn(aimed(1, 0))
    camera = kind.distorted(kind.aim(aimed(0, 0), 0, IMAGE, ((0.0, 0.0, 0.0), 0.2)))
    pixels, _ = camera.project(np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]]))
    assert np.linalg.norm(pixels[1] - pixels[0]) == pytest.approx(1, abs=1e-4)
