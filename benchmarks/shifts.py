"""Measures how far transforms that leave labels unchanged shift the image, using edges of known shapes.

python -m benchmarks.shifts

The image shows squares of three colours at irregular positions. After a transform, each edge is located in
each colour channel by fitting a step to the profile across the edge. The shift of a quarter of the image is
the median movement of its squares, or their median growth if that is larger. Thus a zoom counts like a
translation, and occlusion of some squares does not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from augment.allowed import DROPOUTS, PIXELS
from augment.settings import Pixels
from sim2coco.cli.config import settings_of
from sim2coco.seeding import rng_for

Floats = NDArray[np.float64]

SIZES_WH = ((512, 384), (333, 251))
DRAWS = 6
PITCH_PX, SIDE_PX, REACH_PX = 62, 28, 9
"""Mean distance of neighbouring squares, side of a square, and half the length of a profile of an edge."""
GROUND = (70, 95, 150)
COLORS = ((205, 190, 40), (190, 30, 60), (20, 215, 240))
MIN_CONTRAST = 20.0
"""Minimum contrast of an edge in grey levels; channels with less contrast are left out."""

STRONG: Mapping[str, dict[str, Any]] = {
    "AdditiveNoise": {
        "noise_type": "uniform",
        "spatial_mode": "per_pixel",
        "noise_params": {"ranges": [[-0.4, 0.4]]},
    },
    "AdvancedBlur": {"blur_limit": [21, 21], "sigma_x_limit": [5, 5], "noise_limit": [0.75, 1.25]},
    "AutoContrast": {"method": "pil"},
    "Blur": {"blur_limit": [15, 15]},
    "CLAHE": {"clip_limit": [40, 40], "tile_grid_size": [30, 30]},
    "CoarseDropout": {"num_holes_range": [6, 9], "fill": "inpaint_telea"},
    "ColorJitter": {"brightness": [0.4, 2.0], "contrast": [0.4, 2.0], "hue": [-0.5, 0.5]},
    "Defocus": {"radius": [8, 8], "alias_blur": [2.0, 2.0]},
    "Downscale": {"scale_range": [0.25, 0.25], "interpolation_pair": {"downscale": 3, "upscale": 2}},
    "Erasing": {"scale": [0.2, 0.3], "fill": "random"},
    "GaussNoise": {"std_range": [0.4, 0.4], "noise_scale_factor": 0.5},
    "GaussianBlur": {"sigma_limit": [6.0, 6.0]},
    "GridDropout": {"ratio": 0.4, "random_offset": True},
    "HueSaturationValue": {"hue_shift_limit": [-90, 90], "sat_shift_limit": [-100, 100]},
    "ISONoise": {"intensity": [1.0, 1.0], "color_shift": [0.5, 0.5]},
    "Illumination": {"mode": "corner", "intensity_range": [0.2, 0.2], "effect_type": "darken"},
    "ImageCompression": {"quality_range": [30, 30]},
    "MedianBlur": {"blur_limit": [15, 15]},
    "MotionBlur": {"blur_limit": [15, 15]},
    "MultiplicativeNoise": {"multiplier": [0.2, 2.5], "elementwise": True, "per_channel": True},
    "PixelDropout": {"dropout_prob": 0.5, "per_channel": True, "drop_value": None},
    "Posterize": {"num_bits": [1, 1]},
    "RGBShift": {"r_shift_limit": [-90, 90], "g_shift_limit": [-90, 90]},
    "RandomBrightnessContrast": {"brightness_limit": [-0.4, 0.4], "contrast_limit": [-0.5, 0.8]},
    "RandomGamma": {"gamma_limit": [30, 300]},
    "RandomGravel": {"number_of_patches": 20},
    "RandomRain": {"drop_length": 30, "drop_width": 2, "blur_value": 9, "slant_range": [-20, 20]},
    "RandomShadow": {"num_shadows_limit": [2, 4], "shadow_intensity_range": [0.8, 0.9]},
    "RandomSnow": {"method": "texture", "snow_point_range": [0.3, 0.5]},
    "RandomToneCurve": {"scale": 0.9, "per_channel": True},
    "RingingOvershoot": {"blur_limit": [21, 21], "cutoff": [0.3, 0.5]},
    "SaltAndPepper": {"amount": [0.3, 0.3]},
    "Sharpen": {"alpha": [0.5, 0.5], "lightness": [1.0, 1.0]},
    "Solarize": {"threshold_range": [0.2, 0.8]},
    "Spatter": {"mode": "mud"},
    "UnsharpMask": {"blur_limit": [21, 21], "alpha": [1.0, 1.0]},
}
"""By transform, arguments with a strong effect. No argument of any other transform could move an edge."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift of a transform in pixels: the mean over all images, and the shift of the worst image."""

    mean_px: float
    worst_px: float


def cases(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (name, arguments) to measure: defaults, arguments in `conf/augment`, and strong arguments."""
    yield "default", {}
    for choice in ("light", "strong"):
        for transform in settings_of("augment", choice)["pixels"].values():
            if transform["name"] == name:
                yield f"augment={choice}", {k: v for k, v in transform.items() if k not in ("name", "p")}
    if name in STRONG:
        yield "strong", STRONG[name]


def shift_of(name: str, arguments: Mapping[str, Any]) -> Shift:
    """Measures the shift of the transform `name` with the given arguments, for all sizes of `SIZES_WH`."""
    transform = Pixels.parse({"name": name, "p": 1.0, **arguments}).build()
    found = []
    for size_wh in SIZES_WH:
        image, corners = picture(*size_wh)
        for draw in range(DRAWS):
            transform.set_random_seed(draw)
            after = transform(image=image, mask=np.ones(image.shape[:2], np.uint8))["image"]
            found.append(movement(after, corners))
    return Shift(float(np.nanmean(found)), float(np.nanmax(found)))


def picture(width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """An image (H, W, 3) of squares, and their upper left corners (n, 2), x and y in pixels."""
    image = np.full((height, width, 3), GROUND, np.uint8)
    rng = rng_for(0, scene=0, stream="augment")
    last = SIDE_PX + REACH_PX + 8
    places = [
        (x, y)
        for y in range(REACH_PX, height - last, PITCH_PX)
        for x in range(REACH_PX, width - last, PITCH_PX)
    ]
    corners = np.array(places) + rng.integers(9, size=(len(places), 2))
    for rank, (x, y) in enumerate(corners):
        image[y : y + SIDE_PX, x : x + SIDE_PX] = COLORS[rank % len(COLORS)]
    return image, corners


def movement(after: NDArray[np.uint8], corners: NDArray[np.int64]) -> float:
    """The shift in pixels, averaged over the four quarters and the channels; NaN if no edge is found.

    Args:
        after: The transformed image, (H, W, 3).
        corners: The upper left corners of the squares before the transform, (n, 2).
    """
    edges_px = np.array([_edges(after, x, y) for x, y in corners])
    right, lower = (corners + SIDE_PX / 2 > np.array(after.shape[1::-1]) / 2).T
    quarters = [edges_px[(right == one) & (lower == two)] for one in (0, 1) for two in (0, 1)]
    found = np.array([_shift(quarter[..., channel]) for quarter in quarters for channel in range(3)])
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def _shift(edges_px: Floats) -> float:
    """The median movement of squares in pixels, or their median growth if that is larger.

    Args:
        edges_px: (n, 4), movement of the left, right, upper and lower edges; NaN if unknown.
    """
    outwards = edges_px * [-1, 1, -1, 1]
    x, y, growth = (_median(values) for values in (edges_px[:, :2], edges_px[:, 2:], outwards))
    return max(float(np.hypot(x, y)), abs(growth))


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _edges(image: NDArray[np.uint8], x: int, y: int) -> Floats:
    """The movement (4, 3) of the left, right, upper and lower edge of a square in each channel, in pixels."""
    around = image[y - REACH_PX : y + SIDE_PX + REACH_PX, x - REACH_PX : x + SIDE_PX + REACH_PX].astype(float)
    inner = slice(REACH_PX + 6, REACH_PX + SIDE_PX - 6)
    across, down = around[inner].mean(axis=0), around[:, inner].mean(axis=1)
    first, second = slice(0, 2 * REACH_PX), slice(SIDE_PX, SIDE_PX + 2 * REACH_PX)
    return step_px(np.array([across[first], across[second], down[first], down[second]]).swapaxes(1, 2))


def step_px(profiles: Floats) -> Floats:
    """Positions (...) of steps relative to the middle of their profiles (..., n); NaN without a step.

    The step is the two-level function that explains most of the variance; a parabola refines its position.
    """
    count = profiles.shape[-1]
    before = np.arange(1, count)
    total = profiles.sum(axis=-1, keepdims=True)
    excess = profiles.cumsum(axis=-1)[..., :-1] - before / count * total
    explained = excess**2 * count / (before * (count - before))
    best = np.clip(explained.argmax(axis=-1), 1, count - 3)[..., None]
    left, top, right = (np.take_along_axis(explained, best + place, -1)[..., 0] for place in (-1, 0, 1))
    bend = np.minimum(left - 2 * top + right, -1e-9)
    variance = ((profiles - total / count) ** 2).sum(axis=-1)
    is_step = (top > variance / 2) & (variance > count * (MIN_CONTRAST / 2) ** 2)
    return np.where(is_step, best[..., 0] + 1 + (left - right) / bend / 2 - count / 2, np.nan)


def table() -> str:
    """The measured shifts of all transforms that change no label, as a Markdown table."""
    lines = ["| transform | arguments | mean, px | worst image, px |", "|---|---|---|---|"]
    for name in sorted(PIXELS):
        for case, arguments in cases(name):
            shift = shift_of(name, arguments)
            told = case + ", ids cleared" * (name in DROPOUTS)
            lines.append(f"| {name} | {told} | {shift.mean_px:.2f} | {shift.worst_px:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    Console(highlight=False, soft_wrap=True).print(table())
