"""Exposure and white balance of the camera."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Vec3
from scenes.shot import Light

Floats = NDArray[np.float32]

WHITE_AT = 0.8
"""Linear value of a white sheet on the unoccluded floor after metering; 1 is white in the image."""
METERED, METERING, GAINS = 0.25, 0.4, (0.6, 1.8)
"""Target mean of the linear image for automatic exposure, the fraction of the correction (in stops) that is
applied, and the limits of the gain."""
METER_PX = 8
"""Automatic exposure uses every `METER_PX`-th row and column."""


def metered(light: Light) -> Light:
    """The light scaled by white balance and exposure; the exposure is metered on an unoccluded floor."""
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


def exposure_gain(image: Floats) -> float:
    """Gain of automatic exposure for a linear image (H, W, 3); above 1 for a dark image."""
    level = float(image[::METER_PX, ::METER_PX, 1].mean())
    return float(np.clip((METERED / max(level, 1e-3)) ** METERING, *GAINS))
