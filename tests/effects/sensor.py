"""Effects of the settings of the camera's sensor, as they are drawn, and in images of a grey scene."""

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np

from scenes.shot import Sensor
from tests.effects.effect import Effect, Relation, grows, same, shrinks
from tests.effects.made import Made
from tests.effects.pixels import rgb, sharpness

Measure = Callable[[Made], Any]
GREY = {
    "light.saturation": 0.0,
    "light.sky_saturation": 0.0,
    "light.warmth": 0.0,
    "scene.objects.saturation": 0.0,
    "scene.floor.saturation": 0.0,
    "scene.background.saturation": 0.0,
    "scene.floor.textured": 1.0,
    "scene.floor.textures": ["checker"],
    "scene.floor.tile": 1.0,
    "camera.elevation_deg": 40,
}
"""A scene without colours, on tiles."""


def of(value: Callable[[Sensor], Any]) -> Measure:
    """Measures the sensor of the first shot."""

    def measure(made: Made) -> Any:
        assert made.shot.sensor is not None
        return value(made.shot.sensor)

    return measure


def colours(made: Made) -> float:
    """How colourful the image is."""
    return float(np.ptp(rgb(made), axis=2).mean())


def corners(made: Made) -> float:
    """Brightness of the corners, relative to that of the middle."""
    grey = rgb(made).mean(axis=2)
    return float(np.mean([grey[y, x] for y in (0, -1) for x in (0, -1)]) / grey[20:28, 28:36].mean())


def grain(made: Made) -> float:
    """What a median filter removes: noise rather than edges."""
    grey = made.sample.image.mean(axis=2).astype(np.uint8)
    return float(np.abs(grey - cv2.medianBlur(grey, 3).astype(float)).mean())


def ratio(channels: tuple[int, int]) -> Measure:
    """Measures the brightness of one channel over that of another."""
    return lambda made: float(np.divide(*(rgb(made)[..., channel].mean() for channel in channels)))


def blocks(made: Made) -> float:
    """Steps of brightness from block to block of a JPEG, relative to those within blocks."""
    steps = np.abs(np.diff(rgb(made).mean(axis=2), axis=1))
    return float(steps[:, 7::8].mean() / steps.mean())


def levels(made: Made) -> int:
    """Number of different values in the image."""
    return len(np.unique(made.sample.image))


def effects(
    name: str, drawn: Measure, values: Any, image: tuple[Any, Measure, Relation], given: Mapping[str, Any]
) -> dict[str, tuple[Effect, ...]]:
    """The effects of a setting in each kind of camera, as it is drawn, and in images of one of them."""
    others = {f"camera.sensor.{key}": value for key, value in given.items()}
    return {
        f"camera.sensor.{name}": (
            Effect(values, drawn, same, others),
            Effect(image[0], image[1], image[2], {**GREY, **others}, ("shell",)),
        )
    }


ISO = {"iso": 400}
BAYER = {"bayer": ["rggb"]}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    **effects("vignetting", of(lambda it: it.vignetting), (0.5, 2), ((0, 1, 3), corners, shrinks), {}),
    **effects(
        "chromatic_aberration_px",
        of(lambda it: it.red_shift_px),
        (-2, 2),
        ((0, 2), colours, grows),
        {},
    ),
    **effects("iso", of(lambda it: it.iso), (100, 3200), ((0, 100, 6400), grain, grows), {}),
    **effects("full_well_e", of(lambda it: it.full_well_e), (500, 1e5), ((500, 1e5), grain, shrinks), ISO),
    **effects("read_noise_e", of(lambda it: it.read_noise_e), (0, 9), ((0, 100), grain, grows), ISO),
    **effects("bits", of(lambda it: it.bits), (8, 14), ((8, 14), levels, grows), BAYER),
    **effects(
        "bayer",
        of(lambda it: [it.bayer]),
        (["rggb"], ["gbrg"]),
        (([], ["rggb"]), colours, grows),
        {"vignetting": 0.1},
    ),
    **effects(
        "demosaicing",
        of(lambda it: it.demosaicing),
        ("edge_aware", "bilinear"),
        (("bilinear", "edge_aware"), sharpness, grows),
        BAYER,
    ),
    **effects(
        "white_balance_error",
        of(lambda it: it.white_balance[0] - 1),
        (-0.2, 0.2),
        ((-0.2, 0, 0.2), ratio((0, 2)), grows),
        {},
    ),
    **effects(
        "tint_error",
        of(lambda it: it.white_balance[1] - 1),
        (-0.2, 0.2),
        ((-0.2, 0, 0.2), ratio((1, 0)), grows),
        {},
    ),
    **effects("denoising", of(lambda it: it.denoising), (0.2, 1), ((0, 1), grain, shrinks), ISO),
    **effects("sharpening", of(lambda it: it.sharpening), (0.5, 2), ((0, 2), sharpness, grows), {}),
    **effects("jpeg_quality", of(lambda it: it.jpeg_quality), (20, 95), ((10, 95), blocks, shrinks), {}),
    "camera.sensor.readout": Effect(
        (0.5, 4),
        lambda made: made.shot.motion and made.shot.motion.readout,
        same,
        {"camera.motion_px": 3},
    ),
    "camera.sensor": Effect(
        ({"iso": 100}, None), lambda made: made.shot.sensor is None, lambda _, off: off == [False, True]
    ),
}
