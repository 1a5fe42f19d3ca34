"""What the choices of conf/ are to do as a whole, beyond what each of their settings does."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scenes.geometry import Pose
from scenes.shot import Shot
from tests.effects.made import Made
from tests.effects.starting import UNIT_M

Check = Callable[[Made], bool]
Ranges = Mapping[str, tuple[float, float]]
VIEWS = 12
NIGHT = {"light.exposure_ev": -4.0, "light.diffuse": 0.1, "light.ambient": 0.05}


def _eye(shot: Shot) -> Pose:
    return shot.camera.pose


def width_deg(shot: Shot) -> float:
    """Horizontal angle of view."""
    camera = shot.camera
    ends = camera.rays(np.array([[0.0, camera.cy], [float(camera.width), camera.cy]]))[:, 0]
    return float(np.degrees(np.ptp(np.arctan(ends))))


def bend(shot: Shot) -> float:
    """How much more the outer half of the image's width shows than a pinhole's would, as a share."""
    camera = shot.camera
    inner, outer = camera.rays(np.array([[camera.cx * 1.5, camera.cy], [camera.cx * 2, camera.cy]]))[:, 0]
    return float(outer / inner / 2 - 1)


def down_deg(shot: Shot) -> float:
    """How far below the horizon the camera looks."""
    return float(np.degrees(np.arcsin(-_eye(shot).rotation()[2, 2])))


def noise(shot: Shot) -> float:
    """Noise of a raw pixel at half of the brightest grey, as a share of it."""
    sensor = shot.sensor
    if sensor is None or not sensor.iso:
        return 0.0
    electrons = sensor.full_well_e * 100 / sensor.iso / 2
    return float(np.sqrt(electrons + sensor.read_noise_e**2) / electrons)


def jpeg(shot: Shot) -> float:
    """Quality of the camera's own JPEG; 100 without."""
    return 100.0 if shot.sensor is None or shot.sensor.jpeg_quality is None else shot.sensor.jpeg_quality


def blur_px(shot: Shot) -> float:
    """1 if the camera moves while it exposes."""
    return float(shot.motion is not None)


def sun_deg(shot: Shot) -> float:
    """Elevation of the sun."""
    return float(np.degrees(np.arcsin(shot.light.direction[2])))


def warmth(shot: Shot) -> float:
    """Red over blue of the sun."""
    return shot.light.color_rgb[0] / shot.light.color_rgb[2]


def lamps(shot: Shot) -> float:
    """Lamps beside the sun."""
    return float(len(shot.light.lamps))


def penumbra(shot: Shot) -> float:
    """Half width of a shadow's penumbra at a distance of 1."""
    return shot.light.softness


MEASURES: dict[str, Callable[[Shot], float]] = {
    measure.__name__: measure
    for measure in (width_deg, bend, down_deg, noise, jpeg, blur_px, sun_deg, warmth, lamps, penumbra)
}
SHOTS: dict[str, Ranges] = {
    "camera=webcam": {"width_deg": (45, 75), "bend": (-0.05, 0.05), "noise": (0.015, 0.08), "jpeg": (50, 88)},
    "camera=phone": {"width_deg": (60, 75), "bend": (-0.03, 0.03), "noise": (0.01, 0.05), "jpeg": (85, 97)},
    "camera=industrial": {
        "width_deg": (18, 58),
        "noise": (0.01, 0.035),
        "jpeg": (100, 100),
        "blur_px": (0, 0),
    },
    "camera=action": {"width_deg": (100, 125), "bend": (0.15, 1.5), "jpeg": (65, 92)},
    "camera=drone": {"width_deg": (60, 76), "down_deg": (69, 91), "noise": (0.008, 0.03)},
    "camera=overhead": {"down_deg": (89, 91), "noise": (0, 0)},
    "camera=shell": {"bend": (-1e-9, 1e-9), "down_deg": (5, 91), "noise": (0, 0)},
    "light=day": {"sun_deg": (30, 80), "warmth": (0.8, 1.25), "lamps": (0, 0), "penumbra": (0, 0.09)},
    "light=dusk": {"sun_deg": (5, 26), "warmth": (1.15, 2.5), "lamps": (0, 0)},
    "light=studio": {"sun_deg": (30, 62), "lamps": (1, 2), "penumbra": (0.07, 0.25)},
}
"""Least and most of what is measured in each of some shots."""


def _eyes_m(made: Made) -> Any:
    return np.array([_eye(shot).position_m for shot in made.shots(VIEWS)])


def all_round(made: Made) -> bool:
    """From many sides, heights and distances."""
    x, y, _ = _eyes_m(made).T
    sides = set((np.degrees(np.arctan2(y, x)) // 60).tolist())
    return len(sides) >= 4 and float(np.std([down_deg(shot) for shot in made.shots(VIEWS)])) > 5


def turning(made: Made) -> bool:
    """Once round in equal steps, at one height."""
    eyes_m = _eyes_m(made)
    steps_m = np.linalg.norm(np.roll(eyes_m, 1, axis=0) - eyes_m, axis=1)
    return bool(np.ptp(steps_m) < 0.01 * steps_m.mean() and np.ptp(eyes_m[:, 2]) < 1e-6)


def on_a_grid(made: Made) -> bool:
    """From eight directions, and after these from the same ones, higher up."""
    x, y, z = _eyes_m(made).T
    angles = np.arctan2(y, x)
    return bool(np.allclose(angles[8:], angles[:4]) and (z[8:] > z[:4]).all())


def held_by_a_person(made: Made) -> bool:
    """From the height of the eyes or hands of a person who stands."""
    heights_m = _eyes_m(made)[:, 2]
    return bool((heights_m > 1.0).all() and (heights_m < 2.0).all())


def under_a(*skies: str) -> Check:
    """An environment map of one of these kinds, and another one for other views."""

    def check(made: Made) -> bool:
        maps = [shot.light.environment for shot in made.shots(VIEWS)]
        sources = {one.source for one in maps if one is not None}
        kinds = {source.partition(":")[0] for source in sources}
        return None not in maps and kinds == set(skies) and len(sources) > VIEWS // 2

    return check


def rejects_darkness(made: Made) -> bool:
    ((images, reasons),) = made.other(NIGHT).outcomes
    return not images and bool({"too_dark", "low_contrast"} & set(reasons))


def keeps_darkness(made: Made) -> bool:
    ((images, reasons),) = made.other(NIGHT).outcomes
    return len(images) == 1 and not reasons


def augmented(least_px: float, most_px: float) -> Check:
    """How far labels are moved in the mean of 12 augmentations."""

    def check(made: Made) -> bool:
        moved = []
        for seed in range(VIEWS):
            rng = np.random.Generator(np.random.PCG64(seed))
            ids = made.context.augmenter.augment(made.sample, rng).ids
            moved.append(np.mean((ids > 0) != (made.sample.ids[:, ::-1] > 0)))
            moved[-1] = min(moved[-1], np.mean((ids > 0) != (made.sample.ids > 0)))
        return least_px <= 100 * float(np.mean(moved)) <= most_px

    return check


def settles_in(kind: str) -> Check:
    """Whether the first scene is what its kind says."""
    return lambda made: KINDS[kind](made)


def _heights_m(made: Made) -> Any:
    return np.array([body.pose.position_m[2] for body in made.settled.spec.bodies if body.labelled])


KINDS: dict[str, Check] = {
    "bin": lambda made: bool(made.spec.physics and made.spec.physics.region and made.spec.physics.pile),
    "clutter": lambda made: bool(made.spec.physics and made.spec.physics.pile and not made.furniture),
    "conveyor": lambda made: len(made.furniture) >= 3 and made.recipe.scene.viewpoints.elevation_deg[0] >= 60,
    "drop": lambda made: bool((_heights_m(made) < UNIT_M).all()) and made.settled.seconds > 0,
    "floating": lambda made: made.spec.physics is None and float(np.ptp(_heights_m(made))) > 0,
    "scatter": lambda made: made.spec.physics is None and bool((_heights_m(made) <= UNIT_M).all()),
    "shelf": lambda made: bool((_heights_m(made) > UNIT_M).all()) and len(made.furniture) >= 6,
    "tabletop": lambda made: bool((_heights_m(made) > 3 * UNIT_M).all()),
}
WHOLE: dict[str, Check] = {
    "camera=shell": all_round,
    "camera=orbit": turning,
    "camera=grid": on_a_grid,
    "camera=handheld": held_by_a_person,
    "light=outdoors": under_a("clear", "overcast"),
    "light=room": under_a("room"),
    "quality=default": rejects_darkness,
    "quality=none": keeps_darkness,
    "augment=none": lambda made: (
        made.context.augmenter.augment(made.sample, np.random.Generator(np.random.PCG64(1))) is made.sample
    ),
    "augment=light": augmented(0.05, 8.0),
    "augment=strong": augmented(1.0, 40.0),
    **{f"scene={kind}": settles_in(kind) for kind in KINDS},
}
