"""The wide pinhole camera that renders the scene before the distortion of a lens is applied."""

from dataclasses import replace

import numpy as np

from scenes.cameras.intrinsics import COEFFICIENTS, Intrinsics, border_of, single
from scenes.distortion import MAX_ANGLE_DEG
from scenes.shot import Camera

MARGIN_PX = 4
"""Pixels around the image that interpolation may need."""
MAX_SCALE = 2.0
"""Maximum number of pixels of the wide image, along a line, per pixel of the distorted image."""
MAX_SIDE_PX = 8192
"""Maximum width and height of the wide image."""


def wide_camera(camera: Camera) -> Camera:
    """Returns a pinhole camera whose view contains the view of a distorted camera.

    Its resolution is high enough for the part of the image that the lens enlarges most, by at most
    `MAX_SCALE`. All other parts get more pixels than they need.

    Args:
        camera: A camera whose distortion does not fold: no point is visible twice in its image.
    """
    assert camera.distortion is not None
    outline = camera.distortion.undistort(border_of(camera))
    inside = np.linspace(0, 1, 17)[:, None, None] * outline
    scale = float(np.clip(camera.distortion.stretch(inside)[1].max(), 1.0, MAX_SCALE))
    focal_px = np.array([camera.fx, camera.fy]) * scale
    low, high = outline.min(axis=0) * focal_px - MARGIN_PX, outline.max(axis=0) * focal_px + MARGIN_PX
    width, height = np.ceil(high - low).astype(int).tolist()
    return replace(
        camera,
        width=width,
        height=height,
        fx=float(focal_px[0]),
        fy=float(focal_px[1]),
        cx=-float(low[0]),
        cy=-float(low[1]),
        distortion=None,
    )


def check_lens(intrinsics: Intrinsics, width: int, height: int) -> None:
    """Checks the lens for each combination of the smallest and largest values of its coefficients.

    Args:
        intrinsics: The settings of the camera, with distortion.
        width: Width of the image in pixels.
        height: Height of the image in pixels.

    Raises:
        ValueError: The image shows a point twice, or the field of view is too wide for one pinhole camera.
    """
    for ends, camera in intrinsics.extremes(width, height):
        numbers = {name: single(getattr(ends.distortion, name)) for name in COEFFICIENTS}
        told = " ".join(f"{name}={number:g}" for name, number in numbers.items() if number)
        lens = f"camera.distortion: {ends.distortion.kind} with {told or 'all coefficients 0'}"
        assert camera.distortion is not None
        if camera.distortion.folds:
            raise ValueError(
                f"{lens} shows some points twice, or points more than {MAX_ANGLE_DEG:g} degrees "
                f"from its axis; use smaller coefficients, or {intrinsics.narrowed_by}"
            )
        wide = wide_camera(camera)
        if max(wide.width, wide.height) > MAX_SIDE_PX:
            raise ValueError(
                f"{lens} needs a pinhole image of {wide.width}x{wide.height} px; the maximum "
                f"is {MAX_SIDE_PX}; use a smaller image, or {intrinsics.narrowed_by}"
            )
