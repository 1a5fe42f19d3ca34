"""Specular reflection of the sun, and of sky and floor."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from sim.render.lighting.normals import unit

Floats = NDArray[np.float32]

NORMAL_REFLECTANCE = np.float32(0.04)
"""Fresnel reflectance of plastic, paint or wood at normal incidence (Schlick 1994)."""
MAX_LOBE = np.float32(60)
"""Upper limit of a highlight; above it the image is white in any case."""


def specular_light(
    light: Light,
    eye_m: Floats,
    points_m: Floats,
    normal: Floats,
    direct: Floats,
    indirect: Floats,
    roughness: Floats,
) -> Floats:
    """Specularly reflected light (3, n): a Blinn-Phong highlight, and a Fresnel reflection of sky and floor.

    Args:
        light: The light. Its sun, and its strength `specular`, are used.
        eye_m: (3,) position of the camera.
        points_m: (3, n) world points.
        normal: (3, n) unit normals.
        direct: (n,) irradiance from the sun, relative to a surface that faces it.
        indirect: (3, n) irradiance from sky and floor.
        roughness: (n,) roughness of the surface: 0 is a mirror, 1 is matte.
    """
    view = unit(eye_m[:, None] - points_m)
    half = unit(view + np.array(light.direction, np.float32)[:, None])
    width = np.maximum(roughness, np.float32(0.08)) ** 4
    power = 2 / width - 2
    cosine = np.clip((normal * half).sum(axis=0), 0, 1)
    facing = np.clip((normal * view).sum(axis=0), 0, 1)
    # NumPy's `power` takes ten times as long as exp and log.
    lobe = np.minimum((power + 8) / 8, MAX_LOBE) * np.exp(power * np.log(np.maximum(cosine, 1e-6)))
    grazing = (1 - facing) * (1 - facing)
    fresnel = NORMAL_REFLECTANCE + (1 - NORMAL_REFLECTANCE) * grazing * grazing * (1 - facing)
    sun = (light.specular * light.diffuse * np.array(light.color_rgb)).astype(np.float32)
    highlight = NORMAL_REFLECTANCE * 4 * lobe * direct
    sky = fresnel * (1 - roughness) * np.float32(2 * light.specular)
    return np.asarray(sun[:, None] * highlight + indirect * sky, np.float32)
