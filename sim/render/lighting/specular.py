"""Highlights: the sun's and the sky's reflection in a surface."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from sim.render.lighting.normals import unit

Floats = NDArray[np.float32]

STRAIGHT = np.float32(0.04)
"""Light that plastic, paint or wood reflects straight back (Schlick 1994)."""
BRIGHTEST = np.float32(60)
"""Over this, a highlight is white anyway."""


def specular_light(
    light: Light,
    eye_m: Floats,
    points_m: Floats,
    normal: Floats,
    direct: Floats,
    around: Floats,
    roughness: Floats,
) -> Floats:
    """Light (3, n) reflected towards the eye: Blinn's highlight of the sun, and the sky at the rim.

    Args:
        light: Sun and sky.
        eye_m: (3,).
        points_m: (3, n).
        normal: (3, n).
        direct: (n,) light from the sun.
        around: (3, n) light from all around.
        roughness: (n,) 0 mirrors, 1 is dull.
    """
    view = unit(eye_m[:, None] - points_m)
    half = unit(view + np.array(light.direction, np.float32)[:, None])
    width = np.maximum(roughness, np.float32(0.08)) ** 4
    power = 2 / width - 2
    cosine = np.clip((normal * half).sum(axis=0), 0, 1)
    facing = np.clip((normal * view).sum(axis=0), 0, 1)
    # Powers by exp and log: NumPy's own takes ten times as long.
    lobe = np.minimum((power + 8) / 8, BRIGHTEST) * np.exp(power * np.log(np.maximum(cosine, 1e-6)))
    aside = (1 - facing) * (1 - facing)
    rim = STRAIGHT + (1 - STRAIGHT) * aside * aside * (1 - facing)
    sun = (light.specular * light.diffuse * np.array(light.color_rgb)).astype(np.float32)
    bright = STRAIGHT * 4 * lobe * direct
    sky = rim * (1 - roughness) * np.float32(2 * light.specular)
    return np.asarray(sun[:, None] * bright + around * sky, np.float32)
