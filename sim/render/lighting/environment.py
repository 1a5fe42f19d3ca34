"""Light from environment maps, which are also shown as the background."""

from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.geometry import vec3
from scenes.shot import Camera, Light
from sim.render.raster.planes import axis_component

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Relative luminance of linear red, green and blue (ITU-R BT.709)."""
SUN_PX, SKY_PX = 512, 128
"""Widths in pixels of two downsampled maps: one for detecting the sun, and one for sampling the sky."""
SUN_RAD, RING_RAD = np.radians(8.0), np.radians(16.0)
"""Angular radius of the sun with its glow, and outer radius of a ring around it.

The mean radiance of the ring is used as the radiance of the sky behind the sun.
"""
MIN_SINE = np.sin(np.radians(5.0))
"""Sine of the lowest elevation of the sun."""
MIN_SOFTNESS, MAX_SOFTNESS = 0.005, 0.2
"""Limits of the softness of the sun's shadows."""
NORMALS = np.array([step for step in product((-1.0, 0.0, 1.0), repeat=3) if any(step)])
"""Normals (26, 3), not normalised, at which the irradiance is fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class EnvironmentMap:
    """An equirectangular environment map before rotation; the centre of the image is the direction +x.

    Attributes:
        radiance: (h, w, 3) radiance at full resolution.
        whole: (64, 128, 3) downsampled radiance, with the sun.
        sky: (64, 128, 3) downsampled radiance without the sun.
        sun: (3,) unit vector towards the brightest spot.
        sun_rgb: (3,) irradiance from the sun alone on a surface that faces it.
        softness: Half width of the sun's penumbrae, divided by the distance to the occluder.
    """

    radiance: Floats
    whole: Floats
    sky: Floats
    sun: Array
    sun_rgb: Array
    softness: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnvironmentLight(Light):
    """A light whose sky is an environment map.

    Attributes:
        env_map: The environment map.
        raw: Luminance of the sky's irradiance on a level floor, in the units of the map.
        relative_radiance: (n,) radiance of the sky in each sampled direction, divided by the radiance of a
            uniform sky with the same irradiance on a level floor.
        coefficients: (9, 3) coefficients, for R, G and B, of a polynomial that gives the irradiance of a
            surface with a given normal, relative to the irradiance of a level floor.
    """

    env_map: EnvironmentMap
    raw: float
    relative_radiance: Floats
    coefficients: Floats

    def unoccluded_irradiance(self, normals: Floats) -> Floats:
        """Irradiance (3, m) of unoccluded surfaces with normals (3, m), relative to a level floor."""
        found = self.coefficients.T @ _harmonics(normals)
        return np.asarray(np.maximum(found, np.float32(0.01)), np.float32)

    def background(self, camera: Camera) -> Floats:
        """Linear image (H, W, 3) of the environment map, as seen by a camera.

        The exposure and white balance of the light are applied.
        """
        x, y, z = (axis_component(camera, axis).astype(np.float32) for axis in range(3))
        return self.radiance(x, y, z, int(2 * np.pi * camera.fx))

    def radiance(self, x: Floats, y: Floats, z: Floats, width_px: int) -> Floats:
        """Radiance (h, w, 3) in world directions x, y, z, (h, w) each, which need not be normalised.

        Args:
            x: Component along the world's x axis.
            y: Component along the y axis.
            z: Component along the z axis, up.
            width_px: A wider map is first downsampled to this width.
        """
        assert self.environment is not None
        image = self.env_map.radiance
        if width_px < image.shape[1]:
            size = max(width_px, 8), max(width_px // 2, 4)
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
        azimuth = np.arctan2(y, x) - np.float32(self.environment.turn_rad)
        height, width = image.shape[:2]
        u = (np.float32(0.5) - azimuth / np.float32(2 * np.pi)) % np.float32(1) * width - np.float32(0.5)
        v = (np.float32(0.5) - np.arctan2(z, np.hypot(x, y)) / np.float32(np.pi)) * height - np.float32(0.5)
        sampled = cv2.remap(image, u, np.clip(v, 0, height - 1), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        # The radiance of a white diffuse floor is its irradiance over pi.
        gain = np.pi * self.ambient / self.raw
        return np.asarray(sampled * (gain * np.array(self.white_balance)).astype(np.float32), np.float32)


def environment_map(radiance: Floats) -> EnvironmentMap:
    """Builds an environment map from radiance (h, w, 3), and separates the sun from the sky."""
    fine = _downsampled(radiance, SUN_PX)
    rays, area = _rays(fine.shape[0], fine.shape[1])
    light = fine.reshape(-1, 3).astype(np.float64)
    bright = np.where(rays[:, 2] > MIN_SINE, light @ LUMA, -1.0)
    away = np.arccos(np.clip(rays @ rays[bright.argmax()], -1, 1))
    inside, ring = away < SUN_RAD, (away >= SUN_RAD) & (away < RING_RAD)
    over = np.maximum(light[inside] - light[ring].mean(axis=0), 0)
    rgb = over * area[inside, None]
    strength = rgb @ LUMA
    middle = strength @ rays[inside] + 1e-9 * rays[bright.argmax()]
    middle /= np.linalg.norm(middle)
    # The centre of a bright window that reaches down to the floor may lie too low or below the horizon.
    middle[2] = max(middle[2], MIN_SINE)
    middle /= np.linalg.norm(middle)
    apart = np.arccos(np.clip(rays[inside] @ middle, -1, 1))
    # The radius of a disc is sqrt(2) times the RMS distance of its points to its centre.
    half = np.sqrt(2 * (strength @ apart**2) / max(strength.sum(), 1e-9))
    light[inside] -= over
    sky = _downsampled(light.reshape(fine.shape).astype(np.float32), SKY_PX)
    softness = float(np.clip(half, MIN_SOFTNESS, MAX_SOFTNESS))
    return EnvironmentMap(radiance, _downsampled(fine, SKY_PX), sky, middle, rgb.sum(axis=0), softness)


def environment_light(light: Light, env_map: EnvironmentMap, directions: Array) -> EnvironmentLight:
    """A light whose sky is an environment map sampled in evenly spread directions (n, 3).

    Like other lights, it is normalised: the irradiance of a level floor from sun and sky together is 1.
    """
    environment = light.environment
    assert environment is not None
    turn = _rotation_z(environment.turn_rad)
    sky = _sample_directions(env_map.sky if environment.sun else env_map.whole, directions @ turn)
    weight = 2 * np.pi / np.count_nonzero(directions[:, 2] > 0)
    floor = weight * np.maximum(directions[:, 2], 0) @ sky
    raw = max(float(floor @ LUMA), 1e-9)
    channels = np.pi * sky / np.maximum(floor, 1e-6 * raw)
    exact = weight / np.pi * np.maximum(_normalized(NORMALS) @ directions.T, 0) @ channels
    coefficients, *_ = np.linalg.lstsq(_harmonics(_normalized(NORMALS).T).T, exact, rcond=None)
    plain = {field.name: getattr(light, field.name) for field in fields(Light)}
    result = EnvironmentLight(
        **{**plain, "sky_rgb": vec3(floor / raw)},
        env_map=env_map,
        raw=raw,
        relative_radiance=(sky @ LUMA * np.pi / raw).astype(np.float32),
        coefficients=coefficients.astype(np.float32),
    )
    if not environment.sun:
        return result
    strength = float(env_map.sun_rgb @ LUMA)
    total = raw + strength * env_map.sun[2]
    return replace(
        result,
        direction=vec3(turn @ env_map.sun),
        color_rgb=vec3(env_map.sun_rgb / max(strength, 1e-9)),
        ambient=raw / total,
        diffuse=strength / total,
        softness=env_map.softness,
    )


def _sample_directions(sky: Floats, directions: Array) -> Array:
    """For each of n directions, the mean radiance (n, 3) of the pixels that are closest to this direction.

    Args:
        sky: (h, w, 3) radiance of an equirectangular map.
        directions: (n, 3) unit vectors.
    """
    rays, area = _rays(sky.shape[0], sky.shape[1])
    light = sky.reshape(-1, 3).astype(np.float64)
    if directions[:, 2].min() > 0:  # the floor blocks the light from below
        above = rays[:, 2] > 0
        rays, area, light = rays[above], area[above], light[above]
    nearness = rays @ directions.T
    part, count = nearness.argmax(axis=1), len(directions)
    sums = np.stack([np.bincount(part, area * values, count) for values in light.T], axis=1)
    weight = np.bincount(part, area, count)
    own = light[nearness.argmax(axis=0)]
    return np.where(weight[:, None] > 0, sums / np.maximum(weight, 1e-12)[:, None], own)


@cache
def _rays(height: int, width: int) -> tuple[Array, Array]:
    """Unit vectors (h * w, 3) to the pixels of an equirectangular map, and their solid angles (h * w,)."""
    up = np.pi * (0.5 - (np.arange(height) + 0.5) / height)[:, None]
    azimuth = 2 * np.pi * (0.5 - (np.arange(width) + 0.5) / width)
    shape = height, width
    flat = np.cos(up)
    rays = np.stack(
        [
            np.broadcast_to(part, shape)
            for part in (flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(up))
        ],
        axis=2,
    )
    edges = np.sin(np.pi * (0.5 - np.arange(height + 1) / height))
    rows = (edges[:-1] - edges[1:]) * 2 * np.pi / width
    return rays.reshape(-1, 3), np.repeat(rows, width)


def _downsampled(image: Floats, width: int) -> Floats:
    """The map downsampled to the given width; a map that is not wider is returned unchanged."""
    if image.shape[1] <= width:
        return image
    return np.asarray(cv2.resize(image, (width, width // 2), interpolation=cv2.INTER_AREA), np.float32)


def _harmonics(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    """Evaluates nine polynomials, a basis of the spherical harmonics up to order 2, at given normals.

    They suffice for the irradiance of diffuse surfaces (R. Ramamoorthi and P. Hanrahan, An efficient
    representation for irradiance environment maps, 2001).

    Args:
        normals: (3, m) unit normals.

    Returns:
        (9, m) values of the polynomials.
    """
    x, y, z = normals
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, z * z])


def _rotation_z(angle_rad: float) -> Array:
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _normalized(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
