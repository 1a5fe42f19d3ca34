"""Measures labels: size, visibility, and the viewpoint of the camera relative to the object."""

from math import asin, atan2, degrees

import numpy as np

from sim2coco.datasets.labelled import Label, LabelledImage, Solid
from sim2coco.statistics.measures import ObjectMeasures


def measure_labels(image: LabelledImage) -> tuple[ObjectMeasures, ...]:
    """Returns the measures of each label of an image, in the order of the labels."""
    return tuple(_measured(label) for label in image.labels)


def _measured(label: Label) -> ObjectMeasures:
    azimuth_deg, elevation_deg, distance_m = _viewpoint(label.solid)
    occlusion, truncation = _occlusion(label), _share(label, "truncation")
    return ObjectMeasures(
        label.category,
        label.bbox,
        label.area,
        _visible_fraction(label, occlusion, truncation),
        truncation,
        occlusion,
        azimuth_deg,
        elevation_deg,
        distance_m,
        label.crowd,
    )


def _share(label: Label, name: str) -> float | None:
    """The value of an attribute if it is a number from 0 to 1; otherwise None."""
    value = label.attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _occlusion(label: Label) -> float | None:
    stated = _share(label, "occlusion")
    if stated is not None or label.amodal is None or not label.amodal.area:
        return stated
    return float(np.clip(1 - label.area / label.amodal.area, 0, 1))


def _visible_fraction(label: Label, occlusion: float | None, truncation: float | None) -> float | None:
    stated = _share(label, "visible_fraction")
    if stated is not None or occlusion is None or truncation is None:
        return stated
    return (1 - occlusion) * (1 - truncation)


def _viewpoint(solid: Solid | None) -> tuple[float, float, float] | tuple[None, None, None]:
    """Computes where the camera is in the frame of an object.

    Returns:
        Azimuth in degrees, elevation in degrees, and distance in metres; all are None if `solid` is None.
    """
    if solid is None:
        return None, None, None
    x, y, z = map(float, solid.pose.apply_inverse(np.zeros((1, 3)))[0])
    distance_m = float(np.sqrt(x * x + y * y + z * z))
    if not distance_m:
        return 0.0, 0.0, 0.0
    return degrees(atan2(y, x)), degrees(asin(max(-1.0, min(1.0, z / distance_m)))), distance_m
