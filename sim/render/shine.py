"""Highlights: the sun's and the sky's reflection in a surface."""

import numpy as np
from numpy.typing import NDArray

from scenes.spec import Light

Floats = NDArray[np.float32]

STRAIGHT = np.float32(0.04)
"""Light that plastic, paint or wood reflects straight back (Schlick 1994)."""


def shine(
    light: Light,
    eye_m: Floats,
    points_m: Floats,
    normal: Floats,
    reached: Floats,
    around: Floats,
    roughness: Floats,
) -> Floats:
    """Light (3, n) reflected towards the eye: Blinn's highlight of the sun, and the sky at the rim.

    Args:
        light: Sun and sky.
        eye_m: (3,).
        points_m: (3, n).
        normal: (3, n).
        reached: (n,) how much of the sun arrives.
        around: (3, n) light from all around.
        roughness: (n,) 0 mirrors, 1 is dull.
    """
    view = _unit(eye_m[:, None] - points_m)
    half = _unit(view + np.array(light.direction, np.float32)[:, None])
    width = np.maximum(roughness, np.float32(0.08)) ** 4
    power = 2 / width - 2
    cosine = np.clip((normal * half).sum(axis=0), 0, 1)
    facing = np.clip((normal * view).sum(axis=0), 0, 1)
    lobe = np.minimum((power + 8) / 8, np.float32(60)) * cosine**power
    rim = STRAIGHT + (1 - STRAIGHT) * (1 - facing) ** 5
    sun = (light.specular * light.diffuse * np.array(light.color_rgb)).astype(np.float32)
    incoming = np.maximum(np.array(light.direction, np.float32) @ normal, 0)
    bright = STRAIGHT * 4 * lobe * incoming * reached
    sky = rim * (1 - roughness) * np.float32(2 * light.specular)
    return np.asarray(sun[:, None] * bright + around * sky, np.float32)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.sqrt((vectors**2).sum(axis=0)), np.float32(1e-9)), np.float32)
