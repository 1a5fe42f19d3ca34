"""Random defects and prints on the surfaces of objects, each with its own label."""

import colorsys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator, model_validator

from scenes.assets.images import IMAGE, ImageFile, Texture, checked_folder
from scenes.decal import FACING, Decal, DecalKind
from scenes.geometry import Pose, Vec3, quaternion, vec3
from scenes.settings import (
    IntRange,
    Positive,
    Range,
    Settings,
    Share,
    ShareRange,
    Streams,
    uniform,
    uniform_int,
    within,
)
from scenes.spec import Body, SceneSpec

Array = NDArray[np.float64]

STREAM = "defects"
DEPTH_SHARE = 0.5
"""Depth limit of a decal, as a fraction of its longer side."""
SAMPLES = 3000
"""Number of random surface points per body with which candidate positions for decals are compared."""
PLACES = 8
"""Number of candidate positions for each decal."""
ENOUGH = 0.85
"""The first candidate position with at least this fraction of the decal on the surface is accepted."""
MIN_CONTRAST = 0.15
"""Smallest difference in brightness between a mark and its body, if the body has a known colour."""
DARK, LIGHT = 0.08, 0.85
"""Brightness values (V of HSV) that replace a mark's sampled brightness if it is too close to the body's."""

PROPORTIONS: Mapping[DecalKind, tuple[float, float]] = {
    "scratch": (0.15, 0.3),
    "dent": (0.7, 1.0),
    "stain": (0.6, 1.0),
    "crack": (0.3, 0.6),
    "image": (1.0, 1.0),
}
"""Range of height / width of each kind of decal; images keep their own aspect ratio."""
COLORS: Mapping[DecalKind, tuple[tuple[float, float], ...]] = {
    "scratch": ((0.05, 0.15), (0.0, 0.1), (0.85, 1.0)),
    "dent": ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "stain": ((0.02, 0.12), (0.3, 0.8), (0.1, 0.4)),
    "crack": ((0.0, 0.1), (0.0, 0.3), (0.02, 0.12)),
    "image": ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
}
"""Ranges of hue, saturation and brightness of each kind of mark."""


class DefectSettings(Settings):
    """One category of defects or prints on the surfaces of objects."""

    kind: DecalKind
    """Type: scratch, dent, stain, crack, or image (an image from the folder `images`)."""
    share: Share = 0.5
    """Fraction of objects that have defects of this category."""
    number: Annotated[IntRange, within(1, 50)] = (1, 2)
    """Number of these defects on each object that has any."""
    size: Annotated[Range, within(0.001, 1.0)] = (0.2, 0.5)
    """Length, as a fraction of the longest side of the object."""
    size_mm: Positive | None = None
    """Length in millimetres, in place of size."""
    on: tuple[str, ...] = ()
    """Categories of the objects that may have it, such as [mug]; all if empty."""
    strength: ShareRange = (0.6, 1.0)
    """Opacity of a mark, or depth of a dent, 0 to 1; images use their alpha channel instead."""
    hue: ShareRange | None = None
    """Hue of the mark; null uses the default of its kind; not used for dents and images."""
    saturation: ShareRange | None = None
    """Saturation of the mark; null uses the default of its kind; not used for dents and images."""
    value: ShareRange | None = None
    """Brightness of the mark; null uses the default of its kind, adjusted to contrast with the object."""
    images: str | None = None
    """Folder of images for the kind `image`; pixels with alpha below 0.5 are not labelled."""
    supercategory: str = "defect"
    """COCO's supercategory."""

    _has_images = field_validator("images")(checked_folder)

    @model_validator(mode="after")
    def _images_of_images(self) -> "DefectSettings":
        if (self.kind == "image") != (self.images is not None):
            wanted = (
                "the kind image needs a folder of images"
                if self.images is None
                else (f"images can be set only for the kind image, not for {self.kind}")
            )
            raise ValueError(wanted)
        return self


@dataclass(frozen=True, slots=True)
class DefectCategory:
    """A defect category: its index among all categories, its settings, and its image files."""

    index: int
    settings: DefectSettings
    images: Sequence[ImageFile]


def with_defects(
    spec: SceneSpec,
    defects: Sequence[DefectCategory],
    categories: Sequence[str],
    streams: Streams,
    corners_of: Callable[[str], Array],
    sides: Callable[[Texture], tuple[int, int]],
) -> SceneSpec:
    """Returns the scene with sampled defects on its objects.

    Each defect of each object has its own random generator. The defects are therefore independent of each
    other, except that the defects of one object avoid overlapping.

    Args:
        spec: The scene, which is not changed.
        defects: The defect categories.
        categories: Names of the object categories.
        streams: Returns the random generator for a name and a body index.
        corners_of: Returns the triangle corners (n, 3, 3) of an asset, in metres.
        sides: Returns the width and height of an image file in pixels.
    """
    if not defects:
        return spec
    bodies, objects = list(spec.bodies), 0
    for index, body in enumerate(spec.bodies):
        if body.category is None:
            continue
        rngs = streams(STREAM, body=objects).spawn(len(defects))
        objects += 1
        own = categories[body.category]
        wanted = [pair for pair in zip(defects, rngs, strict=True) if own in (pair[0].settings.on or (own,))]
        decals = _decals(body, wanted, corners_of, sides)
        if decals:
            bodies[index] = replace(body, decals=decals)
    return replace(spec, bodies=tuple(bodies))


def _decals(
    body: Body,
    wanted: Sequence[tuple[DefectCategory, np.random.Generator]],
    corners_of: Callable[[str], Array],
    sides: Callable[[Texture], tuple[int, int]],
) -> tuple[Decal, ...]:
    surface: _Surface | None = None
    decals: list[Decal] = []
    for category, rng in wanted:
        settings = category.settings
        has_any, number = rng.random() < settings.share, uniform_int(rng, settings.number)
        for own in rng.spawn(number) if has_any else ():
            surface = surface or _Surface(corners_of(body.asset) * np.array(body.axes))
            drawn = _unplaced(category, body, surface.longest_m, own, sides)
            decals.append(replace(drawn, frame=surface.place(drawn, decals, own)))
    return tuple(decals)


def _unplaced(
    category: DefectCategory,
    body: Body,
    longest_m: float,
    rng: np.random.Generator,
    sides: Callable[[Texture], tuple[int, int]],
) -> Decal:
    """Samples all properties of a decal except `frame`, which is the identity."""
    settings, kind = category.settings, category.settings.kind
    length_m = longest_m * uniform(rng, settings.size)
    if settings.size_mm is not None:
        length_m = uniform(rng, settings.size_mm) / 1000
    proportion, which = uniform(rng, PROPORTIONS[kind]), rng.random()
    width_m, height_m, picture = length_m, proportion * length_m, None
    if kind == "image":
        file = category.images[int(which * len(category.images))]
        picture = Texture(IMAGE, file.index, file.key)
        width, height = sides(picture)
        width_m, height_m = (length_m * side / max(width, height) for side in (width, height))
    return Decal(
        category=category.index,
        kind=kind,
        frame=Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)),
        size_m=(width_m, height_m),
        depth_m=DEPTH_SHARE * length_m,
        color_rgb=_color(settings, body, rng),
        strength=uniform(rng, settings.strength),
        seed=int(rng.integers(2**31)),
        picture=picture,
    )


def _color(settings: DefectSettings, body: Body, rng: np.random.Generator) -> Vec3:
    """Samples the colour of a mark on a body.

    The mark contrasts enough with the body, unless `settings.value` states the brightness of the mark.
    """
    given = settings.hue, settings.saturation, settings.value
    ranges = [own or usual for own, usual in zip(given, COLORS[settings.kind], strict=True)]
    hue, saturation, value = (uniform(rng, bounds) for bounds in ranges)
    color: Vec3 = colorsys.hsv_to_rgb(hue, saturation, value)
    own = body.look.color_rgb
    if own is None or settings.value is not None:
        return color
    apart = _brightness(color) - _brightness(own)
    if abs(apart) >= MIN_CONTRAST:
        return color
    return colorsys.hsv_to_rgb(hue, saturation, DARK if _brightness(own) > DARK + MIN_CONTRAST else LIGHT)


def _brightness(color: Vec3) -> float:
    return 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]


class _Surface:
    """The surface of a body, on which decals are placed.

    Args:
        corners_m: (n, 3, 3) triangle corners relative to the body's pose, after scaling.
    """

    def __init__(self, corners_m: Array) -> None:
        cross = np.cross(corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0])
        twice_m2 = np.linalg.norm(cross, axis=1)
        self._corners_m = corners_m
        self._normals = cross / np.maximum(twice_m2, 1e-30)[:, None]
        self._upto_m2 = np.cumsum(twice_m2) / 2
        self._points_m: Array | None = None
        self.longest_m = float(np.ptp(corners_m.reshape(-1, 3), axis=0).max())

    def place(self, decal: Decal, others: Sequence[Decal], rng: np.random.Generator) -> Pose:
        """Returns the frame of a decal: the first random candidate that fits well, or else the best one.

        Args:
            decal: The decal.
            others: Decals that the new decal should not overlap.
            rng: Random generator for this decal; always consumes the same number of random numbers.
        """
        points_m, normals = self._random(rng, PLACES)
        turns, best = rng.random(PLACES) * 2 * np.pi, (-1.0, 0)
        cloud = self._random(rng, SAMPLES)
        frames = [_frame(*place) for place in zip(points_m, normals, turns, strict=True)]
        for index, frame in enumerate(frames):
            fit = 0.0 if _too_near(frame, decal, others) else self._covered(frame, decal, *cloud)
            best = max(best, (fit, -index))
            if fit >= ENOUGH:
                break
        return frames[-best[1]]

    def _random(self, rng: np.random.Generator, number: int) -> tuple[Array, Array]:
        """Samples points (number, 3) uniformly over the surface; returns the points and their normals."""
        picks, first, second = rng.random((3, number))
        face = np.searchsorted(self._upto_m2, picks * self._upto_m2[-1], "right")
        face = np.minimum(face, len(self._upto_m2) - 1)
        root = np.sqrt(first)
        weights = np.stack([1 - root, root * (1 - second), root * second], axis=1)
        return np.einsum("nk,nkd->nd", weights, self._corners_m[face]), self._normals[face]

    def _covered(self, frame: Pose, decal: Decal, points_m: Array, normals: Array) -> float:
        """Estimates the fraction of a decal's area that lies on the surface.

        Args:
            frame: The frame of the decal.
            decal: The decal.
            points_m: (n, 3) random points on the surface.
            normals: (n, 3) surface normals at these points.
        """
        local, facing = frame.apply_inverse(points_m), normals @ frame.rotation()[:, 2]
        width_m, height_m = decal.size_m
        inside = (np.abs(local) <= (width_m / 2, height_m / 2, decal.depth_m)).all(axis=1) & (facing > FACING)
        seen_m2 = facing[inside].sum() * self._upto_m2[-1] / len(points_m)
        return float(seen_m2 / (width_m * height_m))


def _frame(point_m: Array, normal: Array, turn_rad: float) -> Pose:
    """The decal frame at a surface point: z is the normal; x and y are rotated about it by `turn_rad`."""
    aside = np.cross(normal, np.eye(3)[int(np.abs(normal).argmin())])
    aside /= np.linalg.norm(aside)
    x = np.cos(turn_rad) * aside + np.sin(turn_rad) * np.cross(normal, aside)
    return Pose(vec3(point_m), quaternion(np.column_stack([x, np.cross(normal, x), normal])))


def _too_near(frame: Pose, decal: Decal, others: Sequence[Decal]) -> bool:
    """Whether a decal at `frame` is too near to one of `others`: their bounding circles overlap."""
    at_m = np.array(frame.position_m)
    return any(
        np.linalg.norm(at_m - other.frame.position_m) < (decal.length_m + other.length_m) / 2
        for other in others
    )
