"""Exposure and white balance of the camera."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Vec3
from scenes.shot import Light

Floats = NDArray[np.float32]

WHITE_AT = 0.8
"""Value of a white sheet on the unoccluded floor after metering; 1 is white in the picture."""
METERED, METERING, GAINS = 0.25, 0.4, (0.6, 1.8)
"""Mean that automatic exposure aims at, the share of the way (in stops) that it goes, and its limits."""
METER_PX = 8
"""The meter reads every eighth row and column."""


def metered(light: Light) -> Light:
    """The light as the camera records it, metered on an unoccluded floor, at its white balance."""
    level = light.ambient + sum(sun.diffuse * sun.direction[2] for sun in light.suns)
    gain = WHITE_AT * 2**light.exposure_ev / max(level, 1e-3)

    def balanced(color: Vec3) -> Vec3:
        red, green, blue = light.white_balance
        return color[0] * red, color[1] * green, color[2] * blue

    lamps = (
        replace(lamp, diffuse=lamp.diffuse * gain, color_rgb=balanced(lamp.color_rgb)) for lamp in light.lamps
    )
    return replace(
        light,
        ambient=light.ambient * gain,
        diffuse=light.diffuse * gain,
        color_rgb=balanced(light.color_rgb),
        sky_rgb=balanced(light.sky_rgb),
        lamps=tuple(lamps),
    )


def exposure_gain(picture: Floats) -> float:
    """The gain of automatic exposure for a linear picture (H, W, 3): above 1 if it is darker than most."""
    level = float(picture[::METER_PX, ::METER_PX, 1].mean())
    return float(np.clip((METERED / max(level, 1e-3)) ** METERING, *GAINS))
