"""Effects of the settings of cameras: where they are, what they are aimed at, and their intrinsics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scenes.geometry import Array
from scenes.shot import Camera
from sim2coco.pipeline import bounds
from tests.effects.effect import Effect, Values, about, gives, same, shrinks
from tests.effects.files import CALIBRATION
from tests.effects.made import Made
from tests.effects.pixels import sharpness

WIDTH = 64
"""Longer side of an image in pixels."""
AIMED = {"camera.look_at_jitter": 0.0, "camera.roll_deg": 0.0}
Measure = Callable[[Made], Any]


def of_camera(value: Callable[[Camera], float]) -> Measure:
    return lambda made: value(made.shot.camera)


def away(made: Made, view: int = 0) -> Array:
    """Position (3,) of the camera of a view relative to the centre of the objects, in metres."""
    position = made.seen(view).camera.pose.position_m
    return np.asarray(np.array(position) - np.array(bounds(made.context, made.settled)[0]))


def radius_m(made: Made) -> float:
    return bounds(made.context, made.settled)[1]


def azimuth_deg(made: Made, view: int = 0) -> float:
    """Direction from the objects to the camera of a view."""
    x, y, _ = away(made, view)
    return round(float(np.degrees(np.arctan2(y, x))) % 360, 4)


def azimuths_deg(made: Made, views: int) -> list[float]:
    return sorted({azimuth_deg(made, view) for view in range(views)})


def elevation_deg(made: Made) -> float:
    offset = away(made)
    return float(np.degrees(np.arcsin(offset[2] / np.linalg.norm(offset))))


def distance_m(made: Made) -> float:
    return float(np.linalg.norm(away(made)))


def beside_m(made: Made) -> float:
    """Horizontal distance of the camera from the objects."""
    return float(np.hypot(*away(made)[:2]))


def fov_deg(camera: Camera) -> float:
    return float(np.degrees(2 * np.arctan(camera.width / 2 / camera.fx)))


def fill(made: Made) -> float:
    """Diameter of the sphere around the objects in the image, over the longer side."""
    half = np.arcsin(radius_m(made) / distance_m(made))
    return float(2 * made.shot.camera.fx * np.tan(half) / WIDTH)


def roll_deg(up: Array) -> Measure:
    """Measures how far the camera is turned clockwise from upright, if `up` (3,) is up in the image."""

    def measure(made: Made) -> float:
        x, y, _ = made.shot.camera.pose.rotation().T @ up
        return float(np.degrees(np.arctan2(-x, -y)))

    return measure


def miss(made: Made) -> float:
    """Distance of the centre of the objects from the optical axis, over the radius of the objects."""
    axis, offset = made.shot.camera.pose.rotation()[:, 2], away(made)
    if made.recipe.camera.kind == "overhead":  # it is aimed at the floor below
        offset = offset * (1, 1, 0)
    return float(np.linalg.norm(np.cross(axis, offset)) / radius_m(made))


def _up_to(values: Values, measured: Values) -> bool:
    """The first measurement is 0; the second is not, and is at most the value."""
    none, some = measured
    return bool(none < 1e-6 < 0.01 < some <= values[1])


def up_deg(made: Made) -> float:
    """Direction that is up in the image of a camera that looks down."""
    x, y, _ = -made.shot.camera.pose.rotation()[:, 1]
    return float(np.degrees(np.arctan2(y, x))) % 360


def tilt_deg(camera: Camera) -> float:
    x, y, z = camera.pose.rotation()[:, 2]
    return float(np.degrees(np.arctan2(np.hypot(x, y), -z)))


def altitude_m(camera: Camera) -> float:
    return camera.pose.position_m[2]


def gsd_m(camera: Camera) -> float:
    """Metres of floor for each pixel below the camera."""
    return altitude_m(camera) / camera.fx


def aperture_mm(made: Made) -> float:
    return 1000 * made.shot.lens.aperture_m if made.shot.lens else 0.0


def focus(made: Made) -> float:
    """Depth in focus: 0 is the near end of the objects, 1 is the far end."""
    assert made.shot.lens is not None
    depth_m = float(made.shot.camera.project(np.array([bounds(made.context, made.settled)[0]]))[1][0])
    return (made.shot.lens.focus_m - depth_m) / (2 * radius_m(made)) + 0.5


def motion_px(made: Made) -> float:
    """How far the centre of the objects moves in the image during the exposure."""
    shot = made.shot
    if shot.motion is None:
        return 0.0
    depth_m = float(shot.camera.project(np.array([bounds(made.context, made.settled)[0]]))[1][0])
    x, y, _ = shot.motion.shift_m
    turn_x, turn_y, _ = shot.motion.turn_rad
    return float(shot.camera.fx * np.hypot(x / depth_m + turn_y, y / depth_m - turn_x))


def intrinsics(made: Made) -> tuple[float, ...]:
    camera = made.shot.camera
    assert camera.distortion is not None
    return camera.fx, camera.fy, camera.cx, camera.cy, camera.distortion.coefficients[0]


TILES = {"scene.floor.textured": 1.0, "scene.floor.textures": ["checker"]}
GRID = {**AIMED, "camera.heights_m": [0.5]}
DOWN = {**AIMED, "camera.tilt_deg": 0.0}
UP, Y = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
LEVEL, ORBITING = ("grid", "handheld", "orbit", "shell"), ("orbit", "shell")
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "camera.fov_deg": Effect((20, 90), of_camera(fov_deg), same),
    "camera.fx": Effect((50, 100), of_camera(lambda camera: camera.fx), same, {"camera.fy": 70}),
    "camera.fy": Effect((50, 100), of_camera(lambda camera: camera.fy), same, {"camera.fx": 70}),
    "camera.cx": Effect((25, 40), of_camera(lambda camera: camera.cx), same),
    "camera.cy": Effect((20, 30), of_camera(lambda camera: camera.cy), same),
    "camera.calibration": Effect((CALIBRATION,), intrinsics, gives((80, 81, 30, 25, -0.05))),
    "camera.roll_deg": (
        Effect((-20, 0, 30), roll_deg(UP), same, kinds=LEVEL),
        Effect((-20, 0, 30), roll_deg(Y), same, {"camera.azimuth_deg": 90}, ("overhead",)),
    ),
    "camera.look_at_jitter": Effect((0.0, 1.0), miss, _up_to),
    "camera.aperture_mm": (
        Effect((0, 5), aperture_mm, same),
        Effect((0, 50), sharpness, shrinks, {**TILES, "camera.focus": 0}, ("shell",)),
    ),
    "camera.focus": Effect((0.0, 0.25, 1.0), focus, same, {"camera.aperture_mm": 2}),
    "camera.motion_px": (
        Effect((0, 2, 9), motion_px, same),
        Effect((0, 6), sharpness, shrinks, TILES, ("shell",)),
    ),
    "camera.heights_m": Effect(
        ([0.4], [0.2, 0.7]),
        lambda made: sorted({round(float(away(made, view)[2]), 6) for view in range(8)}),
        same,
        {"camera.num_azimuths": 4},
    ),
    "camera.ring_m": Effect((0.5, 2), beside_m, same),
    "camera.num_azimuths [grid]": Effect((4, 9), lambda made: len(azimuths_deg(made, 20)), same, GRID),
    "camera.num_azimuths [orbit]": Effect((4, 9), lambda made: len(azimuths_deg(made, 20)), same),
    "camera.height_m": Effect((1.1, 1.7), of_camera(lambda camera: camera.pose.position_m[2]), same),
    "camera.azimuth_deg [handheld]": Effect((30, 200), azimuth_deg, same),
    "camera.azimuth_deg [shell]": Effect((30, 200), azimuth_deg, same),
    "camera.azimuth_deg [orbit]": Effect(
        ([10, 50], [100, 200]), lambda made: azimuths_deg(made, 5)[::4], same, {"camera.num_azimuths": 5}
    ),
    "camera.azimuth_deg [overhead]": Effect((10, 200), up_deg, same, DOWN),
    "camera.fill [shell]": Effect((0.3, 1.0), fill, same),
    "camera.fill [orbit]": Effect((0.3, 1.0), fill, same),
    "camera.fill [handheld]": Effect((0.05, 0.2), fill, about(0.1), {"camera.height_m": 0.3}),
    "camera.fill [overhead]": Effect(
        (0.5, 1.0),
        lambda made: 2 * radius_m(made) * made.shot.camera.fx / distance_m(made) / WIDTH,
        same,
        DOWN,
    ),
    "camera.distance_m": (
        Effect((1, 3), distance_m, same, kinds=ORBITING),
        Effect((1, 3), beside_m, same, kinds=("handheld",)),
    ),
    "camera.elevation_deg": Effect((10, 70), elevation_deg, same),
    "camera.altitude_m": Effect((2, 50), of_camera(altitude_m), same),
    "camera.gsd_m": (
        Effect((0.01, 0.5), of_camera(gsd_m), same, DOWN),
        Effect((0.01, 0.5), of_camera(gsd_m), same, {**DOWN, "camera.altitude_m": 20}),
    ),
    "camera.extent_m": Effect((2, 9), of_camera(lambda camera: WIDTH * gsd_m(camera)), same, DOWN),
    "camera.tilt_deg": Effect((0, 25), of_camera(tilt_deg), same),
}
