"""Simulates a depth camera: adds noise, quantisation steps and holes to the exact depth.

Depth z is computed from the disparity d = f·b/z between two viewpoints with the baseline b, so a disparity
error e causes a depth error of e·z²/(f·b). A point that only one of the two viewpoints sees has no depth.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, DepthSensor
from sim.render.raster.rays import pixel_rays

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

HIDDEN_PX = 1.0
"""A point hides another point at the same position in the second image if its disparity is larger by this."""
GRAZING_SPREAD_DEG, DARK_SPREAD = 4.0, 0.3
"""Standard deviations of the angle limit, and of the brightness limit (relative), which make holes ragged."""


def measured_depth(
    sensor: DepthSensor, camera: Camera, depth_m: Floats, normals: Floats, image: NDArray[np.uint8]
) -> Floats:
    """The depth (H, W) in metres that a sensor measures; infinite where it measures none.

    Args:
        sensor: The sensor, with the seed of its noise.
        camera: The camera, at the pose of the sensor.
        depth_m: (H, W) exact depth; infinite for the background.
        normals: (H, W, 3) normals in the camera frame; 0 for the background.
        image: (H, W, 3) the image of the camera.
    """
    rng = np.random.Generator(np.random.PCG64(sensor.seed))
    disparity = np.float32(camera.fx * sensor.baseline_m) / depth_m
    measured = _ragged(disparity, sensor, rng)
    seen = (measured > 0) & ~_hidden(disparity)
    seen &= ~_grazing(sensor, camera, normals, rng) & ~_too_dark(sensor, image, rng)
    seen &= rng.random(depth_m.shape) >= sensor.missing
    measured = measured + np.float32(sensor.noise_px) * _noise(rng, depth_m.shape, sensor.window_px)
    if sensor.step_px:
        measured = np.rint(measured / np.float32(sensor.step_px)) * np.float32(sensor.step_px)
    with np.errstate(divide="ignore"):
        found_m = np.float32(camera.fx * sensor.baseline_m) / np.maximum(measured, 0)
    seen &= (found_m >= sensor.near_m) & (found_m <= sensor.far_m)
    return np.where(seen, found_m, np.float32(np.inf)).astype(np.float32)


def _ragged(disparity: Floats, sensor: DepthSensor, rng: np.random.Generator) -> Floats:
    """The disparity (H, W) with ragged edges: each value is read from a nearby pixel at a random offset."""
    rows, columns = np.indices(disparity.shape, np.float32)
    across, down = (
        np.float32(sensor.edge_px) * _noise(rng, disparity.shape, sensor.window_px) for _ in range(2)
    )
    moved = cv2.remap(
        disparity, columns + across, rows + down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], width_px: int) -> Floats:
    """Gaussian noise of standard deviation 1 that is correlated over neighbourhoods of a given width."""
    noise = rng.standard_normal(shape, np.float32)
    if width_px < 2:
        return noise
    sigma = width_px / 4
    kernel = cv2.getGaussianKernel(2 * width_px + 1, sigma)
    # The variance of a weighted sum of independent values is the sum of the squared weights.
    scale = np.float32(1 / (kernel**2).sum())
    smooth = cv2.sepFilter2D(noise, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(smooth * scale, np.float32)


def _hidden(disparity: Floats) -> Mask:
    """Mask (H, W) of the points that the second viewpoint does not see: occluded, or outside its image.

    The second viewpoint is to the right, so in its image a point lies further left by its disparity. Where
    several points coincide, the one with the largest disparity is in front.
    """
    height, width = disparity.shape
    place = np.arange(width, dtype=np.float32) - disparity
    left = np.floor(place).astype(np.int64)
    outside = (place < 0) & (disparity > 0)
    front = np.zeros((height, width + 2), np.float32)
    rows = np.broadcast_to(np.arange(height)[:, None], left.shape)
    for column in (left, left + 1):
        np.maximum.at(front, (rows, np.clip(column, -1, width) + 1), disparity)
    front[:, 0] = front[:, -1] = 0
    nearest = np.clip(np.rint(place).astype(np.int64), -1, width) + 1
    before = np.take_along_axis(front, nearest, axis=1)
    return np.asarray(outside | (before > disparity + np.float32(HIDDEN_PX)))


def _grazing(sensor: DepthSensor, camera: Camera, normals: Floats, rng: np.random.Generator) -> Mask:
    """Mask (H, W) of the pixels whose surface is seen at too small an angle."""
    height, width = normals.shape[:2]
    x = ((np.arange(width) + 0.5 - camera.cx) / camera.fx).astype(np.float32)
    y = ((np.arange(height) + 0.5 - camera.cy) / camera.fy).astype(np.float32)[:, None]
    if camera.distortion is not None:
        x, y = np.moveaxis(pixel_rays(camera).astype(np.float32), 2, 0)
    facing = -(normals[..., 0] * x + normals[..., 1] * y + normals[..., 2]) / np.sqrt(x * x + y * y + 1)
    angle = np.degrees(np.arccos(np.clip(facing, 0, 1)))
    limit = sensor.grazing_deg + GRAZING_SPREAD_DEG * _noise(rng, angle.shape, sensor.window_px)
    return np.asarray(angle > limit)


def _too_dark(sensor: DepthSensor, image: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    """Mask (H, W) of the pixels that are too dark, or whose window has too little contrast to be matched."""
    light = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)
    width_px = sensor.window_px
    mean, square = (cv2.blur(values, (width_px, width_px)) for values in (light, light * light))
    limit = sensor.dark * (1 + DARK_SPREAD * _noise(rng, light.shape, width_px))
    contrast = np.sqrt(np.maximum(square - mean * mean, 0))
    return np.asarray((mean < limit) | (contrast < sensor.contrast))
