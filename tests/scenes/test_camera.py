from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.cameras.camera import CameraKind, Grid, ImageSettings, Shell, Viewpoints
from scenes.geometry import Vec3, look_at
from scenes.settings import Settings
from scenes.shot import Camera
from tests.refusals import assert_refused
from tests.rig import aimed

IMAGE = ImageSettings(width=200, height=100)
BOUNDS: tuple[Vec3, float] = ((0.3, -0.2, 0.1), 0.25)
STILL: dict[str, Any] = {"roll_deg": (0.0, 0.0), "look_at_jitter": (0.0, 0.0)}


def cameras(kind: CameraKind, count: int = 200, bounds: tuple[Vec3, float] = BOUNDS) -> list[Camera]:
    return [kind.aim(aimed(scene=3, view=view), view, IMAGE, bounds) for view in range(count)]


def directions(made: list[Camera]) -> NDArray[np.float64]:
    """Directions of the cameras from the centre of the objects: unit vectors (n, 3)."""
    offsets = np.array([camera.pose.position_m for camera in made]) - BOUNDS[0]
    return np.asarray(offsets / np.linalg.norm(offsets, axis=1, keepdims=True))


def test_shell_keeps_and_fills_its_ranges() -> None:
    made = cameras(Shell(elevation_deg=(10, 40), azimuth_deg=(30, 90)))
    towards = directions(made)
    elevation = np.degrees(np.arcsin(towards[:, 2]))
    azimuth = np.degrees(np.arctan2(towards[:, 1], towards[:, 0]))
    for values, (low, high) in ((elevation, (10, 40)), (azimuth, (30, 90))):
        assert low <= values.min() < low + 2
        assert high - 2 < values.max() <= high
    # Uniform over the sphere: half of the cameras are below the height that halves its area.
    middle = np.mean(np.sin(np.radians((10, 40))))
    assert np.mean(towards[:, 2] < middle) == pytest.approx(0.5, abs=0.1)


def test_null_suits_the_scene_and_numbers_take_precedence() -> None:
    front = Viewpoints(azimuth_deg=(-120.0, -60.0), elevation_deg=(0.0, 10.0))
    assert cameras(Shell()) == cameras(Shell(elevation_deg=(20, 75), azimuth_deg=(0, 360)))
    assert Shell().seeing(front) == Shell(elevation_deg=(0, 10), azimuth_deg=(-120, -60))
    own = Shell(elevation_deg=(-5, -5), azimuth_deg=(0, 0))
    assert own.seeing(front) == own
    assert Shell(azimuth_deg=(30, 40)).seeing(front) == Shell(elevation_deg=(0, 10), azimuth_deg=(30, 40))
    assert Grid().seeing(front) == Grid()


@pytest.mark.parametrize("fill", [0.5, 1.0, 2.0])
def test_fill_is_the_share_of_the_longer_side(fill: float) -> None:
    for camera in cameras(Shell(fill=(fill, fill), **STILL), 10):
        distance_m = np.linalg.norm(np.array(camera.pose.position_m) - BOUNDS[0])
        radius_px = camera.fy * np.tan(np.arcsin(BOUNDS[1] / distance_m))
        assert 2 * radius_px == pytest.approx(fill * IMAGE.width)


@pytest.mark.parametrize(("fx", "fy"), [(150.0, 150.0), (300.0, 90.0)])
def test_fill_counts_in_the_wider_of_the_two_angles_that_intrinsics_give(fx: float, fy: float) -> None:
    """The image has 200x100 pixels, so it spans 200 / fx along x and 100 / fy along y."""
    (camera,) = cameras(Shell(fx=(fx, fx), fy=(fy, fy), fill=(1.0, 1.0), **STILL), 1)
    distance_m = np.linalg.norm(np.array(camera.pose.position_m) - BOUNDS[0])
    radius = np.tan(np.arcsin(BOUNDS[1] / distance_m))
    assert 2 * radius == pytest.approx(max(IMAGE.width / fx, IMAGE.height / fy))


def test_distance_may_be_given() -> None:
    made = cameras(Shell(distance_m=(1.0, 1.5)), 50)
    distances = [np.linalg.norm(np.array(camera.pose.position_m) - BOUNDS[0]) for camera in made]
    assert 1.0 <= min(distances) < 1.1
    assert 1.4 < max(distances) <= 1.5


def test_camera_looks_at_the_middle_upright() -> None:
    for camera in cameras(Shell(**STILL), 20) + cameras(Grid(**STILL), 24):
        pixels, depth_m = camera.project(np.array([BOUNDS[0], np.add(BOUNDS[0], (0, 0, 0.01))]))
        np.testing.assert_allclose(pixels[0], (100, 50), atol=1e-6)
        assert (depth_m > 0).all()
        assert pixels[1, 0] == pytest.approx(100, abs=1e-6)
        assert pixels[1, 1] < 50  # up is up


def test_jitter_moves_the_aim_by_at_most_its_share() -> None:
    made = cameras(Shell(look_at_jitter=(0.5, 0.5)))
    beside = []
    for camera in made:
        offset = np.array(BOUNDS[0]) - np.array(camera.pose.position_m)
        forward = camera.pose.rotation()[:, 2]
        beside.append(np.linalg.norm(offset - forward * (offset @ forward)))
    assert max(beside) <= 0.5 * BOUNDS[1] * 1.05
    assert max(beside) > 0.45 * BOUNDS[1]


def test_roll_turns_the_picture() -> None:
    made = cameras(Shell(roll_deg=(15, 15), look_at_jitter=(0, 0)), 5)
    for camera in made:
        pixels, _ = camera.project(np.array([BOUNDS[0], np.add(BOUNDS[0], (0, 0, 0.001))]))
        up = pixels[1] - pixels[0]
        assert abs(np.degrees(np.arctan2(up[0], -up[1]))) == pytest.approx(15, abs=0.5)


def test_field_of_view_is_that_of_the_longer_side() -> None:
    (camera,) = cameras(Shell(fov_deg=(60, 60)), 1)
    assert 2 * np.degrees(np.arctan(100 / camera.fx)) == pytest.approx(60)
    assert (camera.fx, camera.cx, camera.cy) == (camera.fy, 100, 50)


def test_intrinsics_may_be_given() -> None:
    given = Shell.parse({"kind": "shell", "fx": 210.5, "fy": 190.25, "cx": 3.5, "cy": -7.0})
    (camera,) = cameras(given.drawn(aimed(0, 0)), 1)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (210.5, 190.25, 3.5, -7.0)


def test_intrinsics_are_drawn_from_their_ranges_and_pixels_stay_square() -> None:
    ranges: dict[str, Any] = {
        "fx": (600.0, 700.0),
        "fy": (600.0, 700.0),
        "cx": (90.0, 110.0),
        "cy": (45.0, 55.0),
    }
    kinds = [Shell(**ranges, **STILL).drawn(aimed(0, view)) for view in range(100)]
    made = [kind.aim(aimed(0, view), view, IMAGE, BOUNDS) for view, kind in enumerate(kinds)]
    assert all(camera.fx == camera.fy for camera in made)
    for name, (low, high) in ranges.items():
        values = [getattr(camera, name) for camera in made]
        assert low <= min(values) < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < max(values) <= high
    assert abs(np.corrcoef([camera.cx for camera in made], [camera.fx for camera in made])[0, 1]) < 0.3


def test_ranges_of_pixels_change_no_other_draw() -> None:
    drawn = Shell(cx=(0.0, 50.0), cy=(1.0, 2.0)).drawn(aimed(1, 2)).aim(aimed(0, 0), 0, IMAGE, BOUNDS)
    (plain,) = cameras(Shell(), 1, BOUNDS)
    assert drawn.fx == Shell().aim(aimed(0, 0), 0, IMAGE, BOUNDS).fx
    assert plain.pose != drawn.pose  # another scene
    assert drawn.pose == Shell().aim(aimed(0, 0), 0, IMAGE, BOUNDS).pose


def test_grid_goes_round_ring_by_ring() -> None:
    kind = Grid(heights_m=(0.2, 0.4), ring_m=0.5, num_azimuths=4)
    made = cameras(kind, 9)
    offsets = np.array([camera.pose.position_m for camera in made]) - BOUNDS[0]
    np.testing.assert_allclose(offsets[:4, :2], [(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)], atol=1e-12)
    np.testing.assert_allclose(offsets[:, 2], [0.2] * 4 + [0.4] * 4 + [0.2])


def test_views_have_draws_of_their_own() -> None:
    many, few = cameras(Shell(), 6), cameras(Shell(), 3)
    assert many[:3] == few
    assert len({camera.pose for camera in many}) == 6


@pytest.mark.parametrize("height", [0.5, -0.5])
def test_looking_straight_up_or_down_is_a_rotation(height: float) -> None:
    turn = look_at(np.array([0.0, 0.0, height]), np.zeros(3), 0.3)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(turn[:, 2], (0, 0, -np.sign(height)), atol=1e-12)


def test_project_is_the_inverse_of_the_ray(rng: np.random.Generator) -> None:
    camera = replace(cameras(Shell(), 1)[0], fx=111.0, cx=17.5)
    pixels, depth_m = rng.uniform(-50, 250, (20, 2)), rng.uniform(0.1, 3, 20)
    local = np.column_stack([(pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy), np.ones(20)])
    found, found_m = camera.project(camera.pose.apply(local * depth_m[:, None]))
    np.testing.assert_allclose(found, pixels, atol=1e-9)
    np.testing.assert_allclose(found_m, depth_m)


@pytest.mark.parametrize(
    ("kind", "tree", "where", "why"),
    [
        (Shell, {"fov_deg": 130}, "fov_deg", "between 5 and 120"),
        (Shell, {"fov_deg": [60, 50]}, "fov_deg", "low 60.0 is above high 50.0"),
        (Shell, {"fx": 100}, "", "give both fx and fy, or neither"),
        (Shell, {"fx": 0, "fy": 1}, "fx", "at least 1e-06"),
        (Shell, {"fx": 1, "fy": 0}, "fy", "at least 1e-06"),
        (Shell, {"fill": 0}, "fill", "between 0.05 and 10"),
        (Shell, {"elevation_deg": 91}, "elevation_deg", "between -90 and 90"),
        (Shell, {"look_at_jitter": -0.1}, "look_at_jitter", "between 0 and 1"),
        (Shell, {"distance": 1}, "distance", "Extra inputs"),
        (Shell, {"distance_m": 0}, "distance_m", "at least 1e-06"),
        (Shell, {"azimuth_deg": float("inf")}, "azimuth_deg", "finite"),
        (Shell, {"aperture_mm": -1}, "aperture_mm", "at least 0"),
        (Shell, {"motion_px": 65}, "motion_px", "between 0 and 64"),
        (Grid, {"heights_m": []}, "", "heights_m: give at least one height"),
        (Grid, {"ring_m": 0}, "ring_m", "greater than 0"),
        (Grid, {"num_azimuths": 0}, "num_azimuths", "greater than or equal to 1"),
        (ImageSettings, {"width": 15}, "width", "greater than or equal to 16"),
        (ImageSettings, {"height": 8193}, "height", "less than or equal to 8192"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(kind: type[Settings], tree: object, where: str, why: str) -> None:
    assert_refused(kind, tree, where, why)


@pytest.mark.parametrize("size", [(100, 75), (333, 111), (64, 512)])
def test_the_size_of_the_image_moves_no_camera(size: tuple[int, int]) -> None:
    width, height = size
    for view in range(20):
        poses = [
            Shell().aim(aimed(0, view), view, image, ((0.1, 0.2, 0.05), 0.3)).pose
            for image in (IMAGE, ImageSettings(width=width, height=height))
        ]
        assert poses[0] == poses[1]
