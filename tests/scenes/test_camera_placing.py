"""Cameras above the ground, on a circle, and held by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.cameras.camera import CameraKind, ImageSettings, Viewpoints
from scenes.cameras.handheld import Handheld
from scenes.cameras.orbit import Orbit
from scenes.cameras.overhead import Overhead
from scenes.geometry import Vec3
from scenes.settings import Settings
from scenes.shot import Camera
from scenes.spec import RejectedDraw
from sim.render.raster.wide import check_lens
from sim2coco.seeding import rng_for
from tests.refusals import assert_refused
from tests.rig import aimed

Array = NDArray[np.float64]
IMAGE = ImageSettings(width=400, height=300)
BOUNDS: tuple[Vec3, float] = ((3.0, -2.0, 4.0), 25.0)


def cameras(kind: CameraKind, count: int = 60, bounds: tuple[Vec3, float] = BOUNDS) -> list[Camera]:
    return [kind.aim(aimed(scene=3, view=view), view, IMAGE, bounds) for view in range(count)]


def on_ground(camera: Camera, points_m: Sequence[tuple[float, float]] | Array) -> Array:
    """Pixel coordinates (n, 2) of points x, y on the ground."""
    return camera.project(np.column_stack([points_m, np.zeros(len(points_m))]))[0]


def test_each_pixel_shows_gsd_m_of_the_ground_at_every_altitude() -> None:
    made = cameras(Overhead(altitude_m=(100, 400), gsd_m=(0.1, 0.1)))
    heights_m = [camera.pose.position_m[2] for camera in made]
    assert 100 <= min(heights_m) < 110
    assert 390 < max(heights_m) <= 400
    for camera in made:
        places = on_ground(camera, [(-12.0, 7.0), (-12.1, 7.0), (8.0, 7.0), (-12.0, -3.0)])
        lengths_px = np.linalg.norm(places[1:] - places[0], axis=1)
        np.testing.assert_allclose(lengths_px, [1, 200, 100], rtol=1e-9)
        np.testing.assert_allclose(on_ground(camera, [(0.0, 0.0)]), [(200, 150)], atol=1e-9)


def test_extent_is_that_of_the_longer_side() -> None:
    for camera in cameras(Overhead(altitude_m=(20, 90), extent_m=(40, 40), azimuth_deg=(90, 90)), 10):
        corners = on_ground(camera, [(-20.0, 15.0), (20.0, 15.0), (20.0, -15.0)])
        np.testing.assert_allclose(corners, [(0, 0), (400, 0), (400, 300)], atol=1e-9)


@pytest.mark.parametrize(
    "lens", [{"fov_deg": (50, 50)}, {"fx": (700, 700), "fy": (700, 700)}], ids=["fov", "fx"]
)
def test_lens_and_ground_determine_the_altitude(lens: dict[str, Any]) -> None:
    for camera in cameras(Overhead(gsd_m=(0.02, 0.05), **lens), 10):
        gsd_m = 1 / np.linalg.norm(np.diff(on_ground(camera, [(0.0, 0.0), (1.0, 0.0)]), axis=0))
        assert 0.02 <= gsd_m <= 0.05
        assert camera.pose.position_m[2] == pytest.approx(gsd_m * camera.fx)


def test_a_tilted_camera_aims_at_the_ground() -> None:
    """Across the tilt the ground sample distance is as given, along it `1 / cos(tilt)` times as much."""
    kind = Overhead(altitude_m=(80, 120), gsd_m=(0.1, 0.1), tilt_deg=(40, 40), azimuth_deg=(90, 90))
    for camera in cameras(kind, 10):
        assert 80 <= camera.pose.position_m[2] <= 120
        assert camera.pose.rotation()[2, 2] == pytest.approx(-np.cos(np.radians(40)))
        here, across, along = on_ground(camera, [(0.0, 0.0), (0.001, 0.0), (0.0, 0.001)])
        np.testing.assert_allclose(here, (200, 150), atol=1e-9)
        np.testing.assert_allclose(
            (across - here, here - along),
            [(0.01, 0), (0, 0.01 * np.cos(np.radians(40)))],
            rtol=1e-4,
            atol=1e-9,
        )


def test_up_in_the_image_is_the_azimuth() -> None:
    """Straight down, too: there is no jump between small and larger tilts."""
    for tilt in (0.0, 0.5, 5.0):
        for camera in cameras(Overhead(altitude_m=(50, 50), tilt_deg=(tilt, tilt), azimuth_deg=(30, 30)), 3):
            here, ahead = on_ground(camera, [(0.0, 0.0), (np.cos(np.radians(30)), np.sin(np.radians(30)))])
            assert abs(ahead[0] - here[0]) < 1e-9
            assert ahead[1] < here[1]


@pytest.mark.parametrize("tilt", [0, 30])
def test_without_altitude_and_ground_the_objects_fill_the_image(tilt: float) -> None:
    """They may be high above the ground, on a table."""
    across = (25.0 * np.sin(np.radians(40)), -25.0 * np.cos(np.radians(40)), 0.0)
    for camera in cameras(Overhead(fill=(0.5, 0.5), tilt_deg=(tilt, tilt), azimuth_deg=(40, 40)), 5):
        (here, beside), _ = camera.project(np.array([BOUNDS[0], np.add(BOUNDS[0], across)]))
        np.testing.assert_allclose(here, (200, 150), atol=1e-9)
        assert np.linalg.norm(beside - here) == pytest.approx(100)


@pytest.mark.parametrize("tilt", [0.0, 35.0])
def test_the_ground_seen_is_that_of_the_corners(tilt: float) -> None:
    kind = Overhead(altitude_m=(60, 200), gsd_m=(0.05, 0.2), tilt_deg=(0, tilt))
    assert kind.over_ground
    for view, camera in enumerate(cameras(kind, 10)):
        corners = kind.ground_seen(aimed(scene=3, view=view), view, IMAGE)
        np.testing.assert_allclose(
            on_ground(camera, corners), [(0, 0), (400, 0), (400, 300), (0, 300)], atol=1e-7
        )


BARREL = {"kind": "brown", "k1": -0.2}


@pytest.mark.parametrize("ground", [{"extent_m": 60.0}, {"gsd_m": 0.15}], ids=["extent", "gsd"])
def test_a_lens_that_folds_at_the_altitude_is_refused(ground: dict[str, float]) -> None:
    """At 60 m of ground seen from 10 m, the angle of view is 143 degrees, whatever `fov_deg` is."""
    tree = {"altitude_m": 10.0, **ground, "distortion": BARREL}
    kind = Overhead.parse(tree)
    with pytest.raises(ValueError, match=r"shows some points twice.*a larger camera\.altitude_m"):
        check_lens(kind, IMAGE.width, IMAGE.height)
    drawn = kind.drawn(aimed(scene=3, view=0))
    with pytest.raises(RejectedDraw, match="lens_folds"):
        drawn.ground_seen(aimed(scene=3, view=0), 0, IMAGE)
    check_lens(Overhead.parse({**tree, "altitude_m": 60.0}), IMAGE.width, IMAGE.height)


def test_extent_counts_the_distortion() -> None:
    kind = Overhead.parse({"altitude_m": 60.0, "extent_m": 60.0, "azimuth_deg": 90, "distortion": BARREL})
    drawn = kind.drawn(aimed(scene=3, view=0))
    for camera in cameras(drawn, 5):
        seen = on_ground(drawn.distorted(camera), [(-30.0, 0.0), (30.0, 0.0)])
        np.testing.assert_allclose(seen, [(0, 150), (400, 150)], atol=1e-6)


@pytest.mark.parametrize(
    "kind", [Overhead(), Overhead(altitude_m=(9, 9), look_at_jitter=(0, 1)), Orbit()], ids=str
)
def test_what_depends_on_the_objects_is_not_known_before(kind: CameraKind) -> None:
    assert not kind.over_ground


def test_an_orbit_goes_round_the_objects_in_even_steps() -> None:
    many = []
    for scene in range(8):
        kind = Orbit(num_azimuths=6).of_scene(rng_for(7, scene=scene, stream="orbit"))
        offsets = np.array([camera.pose.position_m for camera in cameras(kind, 7)]) - BOUNDS[0]
        assert len({camera.fx for camera in cameras(kind, 7)}) == 1
        np.testing.assert_allclose(offsets[6], offsets[0])
        angles = np.degrees(np.arctan2(offsets[:, 1], offsets[:, 0]))
        np.testing.assert_allclose(np.diff(angles) % 360, 60)
        np.testing.assert_allclose(offsets[:, 2], offsets[0, 2])
        many.append((offsets[0, 2], angles[0]))
    assert len(set(many)) == 8


def test_an_orbit_before_a_shelf_is_an_arc() -> None:
    front = Viewpoints(azimuth_deg=(240, 300), elevation_deg=(5, 5))
    kind = Orbit(num_azimuths=4).seeing(front).of_scene(rng_for(7, scene=0, stream="orbit"))
    offsets = np.array([camera.pose.position_m for camera in cameras(kind, 5)]) - BOUNDS[0]
    angles = np.degrees(np.arctan2(offsets[:, 1], offsets[:, 0])) % 360
    np.testing.assert_allclose(angles, [240, 260, 280, 300, 240])
    assert Handheld().seeing(front).azimuth_deg == (240, 300)


def test_a_hand_holds_the_camera_at_the_height_of_an_eye() -> None:
    made = cameras(Handheld())
    heights_m = [camera.pose.position_m[2] for camera in made]
    assert 1.1 <= min(heights_m) < 1.15
    assert 1.75 < max(heights_m) <= 1.8
    rolls = [np.degrees(np.arcsin(camera.pose.rotation()[2, 0])) for camera in made]
    assert 3 < np.abs(rolls).max() <= 5
    # The wood is 50 m wide, so it is seen from outside.
    away_m = [np.hypot(*(np.array(camera.pose.position_m) - BOUNDS[0])[:2]) for camera in made]
    assert min(away_m) > 25
    # A pile of 0.2 m on the floor is looked down at, but never from straight above.
    for camera in cameras(Handheld(), 20, ((0.0, 0.0, 0.05), 0.2)):
        aside_m = np.hypot(*camera.pose.position_m[:2])
        assert 0.3 * camera.pose.position_m[2] <= aside_m * (1 + 1e-9) < 2


def test_a_hand_may_be_at_a_given_distance() -> None:
    for camera in cameras(Handheld(distance_m=(7, 9)), 10):
        assert 7 <= np.hypot(*(np.array(camera.pose.position_m) - BOUNDS[0])[:2]) <= 9


@pytest.mark.parametrize(
    ("kind", "tree", "where", "why"),
    [
        (Overhead, {"gsd_m": 0.1, "extent_m": 40}, "", "give gsd_m or extent_m, not both"),
        (Overhead, {"gsd_m": 0.1, "altitude_m": 9, "fx": 9, "fy": 9}, "", "remove fx and fy"),
        (Overhead, {"altitude_m": 0}, "altitude_m", "at least 1e-06"),
        (Overhead, {"tilt_deg": 61}, "tilt_deg", "between 0 and 60"),
        (Orbit, {"num_azimuths": 0}, "num_azimuths", "greater than or equal to 1"),
        (Handheld, {"height_m": -1}, "height_m", "at least 1e-06"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused(kind: type[Settings], tree: object, where: str, why: str) -> None:
    assert_refused(kind, tree, where, why)
