"""The mirror image in a glossy floor: its camera, its blur, and its strength."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose
from scenes.shot import Camera, Light
from scenes.spec import Surface
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.relief import Relief
from sim.render.lighting.sky import sky_irradiance, sky_radiance
from sim.render.lighting.specular import NORMAL_REFLECTANCE
from sim.render.raster.planes import axis_component

Floats = NDArray[np.float32]

STEP_PX = 2
"""Reflections in the floor are rendered at half the resolution of the image."""
GLOSSY, MATTE = 0.3, 0.45
"""Roughness up to which non-metal floors reflect fully, and roughness from which they do not reflect."""
LOBE = 0.7
"""Standard deviation of the angle by which a reflected ray is scattered, divided by roughness²."""
SKY_STEP = 8
"""The sky is evaluated at every eighth row and column of the reflection, and interpolated."""
MAX_SIGMA_PX = 32.0
"""Maximum standard deviation of the blur in pixels of the reflection."""
MIN_SQUEEZE = 0.35
"""Minimum ratio of the blur's widths across and along the viewing direction."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Reflection properties of a floor.

    Attributes:
        roughness: 0 is a mirror, 1 is matte.
        metallic: Whether the floor is bare metal, which tints its reflections.
        strength: Reflectance relative to a smooth surface.
    """

    roughness: float
    metallic: bool
    strength: float


def finish_of(surface: Surface, relief: Relief | None, light: Light) -> Finish | None:
    """Reflection properties of a floor in the light of a shot; None if it is matte."""
    material = None if relief is None else relief.material
    roughness = material.roughness if surface.roughness is None and material else surface.roughness
    if roughness is None:
        return None
    metallic = material is not None and material.metallic
    gloss = 1.0 if metallic else min((MATTE - roughness) / (MATTE - GLOSSY), 1.0) * 2 * light.specular
    return Finish(roughness, metallic, gloss) if gloss > 0 else None


def mirrored_camera(camera: Camera) -> Camera:
    """Returns a camera below the floor. Its image, flipped horizontally, is the mirror image in the floor.

    It has half the resolution of the given camera.
    """
    x, y, z, w = camera.pose.quat_xyzw
    right, ahead, up = camera.pose.position_m
    width, height = (-(-side // STEP_PX) for side in (camera.width, camera.height))
    return replace(
        camera,
        width=width,
        height=height,
        fx=camera.fx / STEP_PX,
        fy=camera.fy / STEP_PX,
        cx=width - camera.cx / STEP_PX,
        cy=camera.cy / STEP_PX,
        # Mirrored at the floor, then rotated by 180 degrees about its own y axis, which flips the image.
        pose=Pose((right, ahead, -up), (-z, w, -x, y)),
    )


def surroundings(camera: Camera, light: Light) -> Floats:
    """Radiance (H, W, 3) of the sky or the environment map in the direction of each pixel."""
    if isinstance(light, EnvironmentLight):
        return light.background(camera)
    rays = np.stack([axis_component(camera, axis)[::SKY_STEP, ::SKY_STEP] for axis in range(3)], axis=-1)
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    level = sky_radiance(light, rays.reshape(-1, 3)).reshape(rays.shape[:2])
    wide = cv2.resize(np.maximum(level, np.float32(0)), (camera.width, camera.height))
    return np.asarray(wide[..., None] * sky_irradiance(light), np.float32)


def scattered(
    mirror: Floats, floor_m: Floats, behind_m: Floats, focal_px: float, roughness: float, cosine: float
) -> Floats:
    """The mirror image (h, w, 3) in a rough floor: bodies farther from the floor are blurred more.

    Args:
        mirror: (h, w, 3) the image in a smooth floor.
        floor_m: (h, w) depth of the floor.
        behind_m: (h, w) depth of the mirrored surfaces, measured along the reflected rays.
        focal_px: Focal length in pixels of the mirror image.
        roughness: Roughness of the floor.
        cosine: Mean cosine of the angle between the rays and the normal of the floor.
    """
    widest = min(LOBE * roughness**2 * focal_px, MAX_SIGMA_PX)
    share = np.clip(1 - floor_m / np.maximum(behind_m, np.float32(1e-9)), 0, 1).astype(np.float32)
    reach = 2 * int(min(2 * widest, 12)) + 1
    # The background beside a body near the floor must not be blurred over the body.
    share = np.asarray(
        cv2.blur(cv2.erode(share, np.ones((reach, reach), np.uint8)), (reach, reach)), np.float32
    )
    return _blurred(mirror, share * np.float32(widest), max(cosine, MIN_SQUEEZE))


def _blurred(image: Floats, sigma_px: Floats, squeeze: float) -> Floats:
    """Blurs each pixel of an image (h, w, 3) with its own standard deviation, `sigma_px` (h, w).

    In x, the standard deviation is multiplied by `squeeze`. The whole image is blurred by 0, 1, 2, 4 ... px,
    and each pixel is interpolated between the two results closest to its standard deviation.
    """
    level = np.where(sigma_px < 1, sigma_px, 1 + np.log2(np.maximum(sigma_px, 1))).astype(np.float32)
    total = np.zeros_like(image)
    for index in range(int(np.ceil(level.max())) + 1):
        weight = np.maximum(1 - np.abs(level - np.float32(index)), np.float32(0))
        if weight.any():
            soft = image if index == 0 else _gaussian(image, 2.0 ** (index - 1), squeeze)
            total += soft * weight[..., None]
    return total


def _gaussian(image: Floats, sigma_px: float, squeeze: float) -> Floats:
    """Blurs an image (h, w, 3) with the standard deviation `sigma_px`, in x multiplied by `squeeze`.

    Wide blurs are computed at a lower resolution.
    """
    height, width = image.shape[:2]
    factor = max(int(sigma_px / 4), 1)
    small = cv2.resize(image, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA)
    sigma = sigma_px / factor
    soft = cv2.GaussianBlur(small, (0, 0), sigmaX=sigma * squeeze, sigmaY=sigma)
    return np.asarray(cv2.resize(soft, (width, height)), np.float32)


def fresnel(cosine: Floats) -> Floats:
    """Reflectance of a smooth dielectric, from the cosine of the angle of incidence (Schlick 1994)."""
    grazing = 1 - np.clip(cosine, 0, 1)
    rest = grazing * grazing
    return np.asarray(NORMAL_REFLECTANCE + (1 - NORMAL_REFLECTANCE) * rest * rest * grazing, np.float32)
