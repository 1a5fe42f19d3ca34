"""Raw values of a sensor: electrons, their noise, and their conversion to integers.

This is the linear model of the EMVA 1288 standard (https://www.emva.org/standards-technology/emva-1288/):
the electrons of a pixel have a Poisson distribution, reading adds Gaussian noise, and the sum is multiplied
by a gain and rounded.
"""

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Vec3
from scenes.shot import BASE_ISO, Sensor
from sim.render.sensor.mosaic import demosaiced, mosaic

Floats = NDArray[np.float32]
Raw = NDArray[np.uint16]

SATURATION = 2.0
"""Linear value that fills a pixel: one stop above a white surface, three and a half above mid-grey (18 %)."""
FILTERED: Vec3 = (1 / 2.0, 1.0, 1 / 1.6)
"""Sensitivity to red, green and blue behind colour filters, relative to green: usual values for daylight."""
BLACK_SHARE = 16
"""The range of raw values divided by the black level; noise is not clipped at the black level."""


def measured(light: Floats, sensor: Sensor) -> Floats:
    """The linear image (H, W, 3) as the sensor measures it, with neutral white balance.

    Args:
        light: (H, W, 3) linear image; 1 is a white surface. It is clipped at `SATURATION`.
        sensor: The sensor.
    """
    if sensor.bayer is None:
        values, sensitivity = raw_values(light, sensor).astype(np.float32), (1.0, 1.0, 1.0)
    else:
        sensitivity = FILTERED
        filtered = mosaic(light * np.array(sensitivity, np.float32), sensor.bayer)
        # With 16 bits, the means of neighbours keep their fractions.
        steps = raw_values(filtered, sensor) << np.uint16(16 - sensor.bits)
        values = demosaiced(steps, sensor.bayer, sensor.demosaicing).astype(np.float32)
        values *= np.float32(2.0 ** (sensor.bits - 16))
    values -= np.float32(black_level(sensor))
    values *= np.array(SATURATION / _range(sensor) / np.array(sensitivity), np.float32)
    return np.minimum(values, np.float32(SATURATION))


def raw_values(light: Floats, sensor: Sensor) -> Raw:
    """Raw values of pixels, from 0 to 2^bits - 1, as an array with the shape of `light`.

    Args:
        light: Linear light; a pixel is full at `SATURATION`.
        sensor: The sensor.
    """
    gain = gain_per_electron(sensor)
    electrons = light * np.float64(_range(sensor) / SATURATION / gain)
    if sensor.iso:
        rng = np.random.Generator(np.random.PCG64(sensor.noise_seed))
        electrons = rng.poisson(electrons) + sensor.read_noise_e * rng.standard_normal(light.shape)
    steps = np.rint(electrons * gain + black_level(sensor))
    return np.clip(steps, 0, (1 << sensor.bits) - 1).astype(np.uint16)


def gain_per_electron(sensor: Sensor) -> float:
    """Increase of the raw value per electron.

    At `BASE_ISO`, a full well gives the highest raw value. At twice the ISO, half as many electrons give the
    same raw value.
    """
    return _range(sensor) / (sensor.full_well_e * BASE_ISO / (sensor.iso or BASE_ISO))


def black_level(sensor: Sensor) -> int:
    """Black level: the raw value without light."""
    return (1 << sensor.bits) // BLACK_SHARE


def _range(sensor: Sensor) -> int:
    """Number of raw values above the black level."""
    return (1 << sensor.bits) - 1 - black_level(sensor)
