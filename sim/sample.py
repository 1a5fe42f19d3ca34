"""A labelled image: its instances, and the measurements of their masks."""

from dataclasses import dataclass
from itertools import takewhile

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose, Scale, Vec3
from scenes.shot import Camera
from sim.boxes import Box, bounding_box, boxes_of, slices, tight_box

Mask = NDArray[np.bool_]
Keypoint = tuple[float, float, int]
"""x and y in pixels, and visibility: 0 outside the image, 1 hidden, 2 visible."""

MAX_COUNTED_PX = 1 << 24
"""Maximum number of pixels that are counted in one OpenCV call."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The properties of one labelled object that cannot be computed from its masks.

    Attributes:
        id: Instance id, from 1. `Sample.ids` has this value where the instance is visible; the id also
            selects the bit in `Sample.amodal`.
        body: Index into the scene's bodies.
        category: Index into the category list, from 0.
        asset: Name of the asset.
        pose: Pose of the mesh frame in the camera frame (OpenCV axes).
        scale: Scale factor of the mesh.
        whole_px: Area in pixels of the unoccluded object on an unbounded image.
        whole_xyxy: Bounding box of the unoccluded object in pixel edges, not clipped to the image.
        truncation: Fraction of the object outside the image: 1 - (amodal area in the image) / `whole_px`.
        outermost_m: The mesh points that project farthest to the left, right, top and bottom, in the mesh
            frame, before scaling; empty if unknown. They are computed from the mesh, whereas `whole_xyxy` is
            computed from pixels.
        box_m: Minimum and maximum corners of the mesh's axis-aligned bounding box in the mesh frame, before
            scaling; None if unknown.
        on: Id of the object on whose surface a decal or region lies; None for objects. Decals and regions
            have the object's `pose` and `scale`; `whole_px` is their area if only the object is rendered.
        decal: Index into `Body.on_surface`; None for objects.
        keypoints: (x, y, visibility) of each keypoint of the category, with x and y in pixels. The visibility
            is 0 outside the image, 1 if hidden, and 2 if visible. None if the category has no keypoints.
    """

    id: int
    body: int
    category: int
    asset: str
    pose: Pose
    scale: Scale
    whole_px: int
    whole_xyxy: Box
    truncation: float
    outermost_m: tuple[Vec3, ...] = ()
    box_m: tuple[Vec3, Vec3] | None = None
    on: int | None = None
    decal: int | None = None
    keypoints: tuple[Keypoint, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A labelled image.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        ids: (H, W) uint8 or uint16, id of the object visible in each pixel; 0 where no object is visible.
            `visible_mask` computes the visible part of a decal from `ids` and `amodal`.
        amodal: (H, W, P) uint8 bit planes: bit (id - 1) % 8 of plane (id - 1) // 8 is set in every pixel that
            the instance covers, occluded or not.
        depth_m: (H, W) float32, depth in metres; infinite for the background.
        camera: The camera; None after an augmentation that moves pixels.
        instances: The instances in the order of their ids: objects first, then the decals on them.
        normals: (H, W, 3) float32, unit normals of the visible surfaces in the camera frame (OpenCV axes); 0
            for the background. None unless requested.
        sensor_depth_m: (H, W) float32, depth in metres as a depth camera measures it; infinite where it
            measures none. None unless requested.
    """

    image: NDArray[np.uint8]
    ids: NDArray[np.uint8] | NDArray[np.uint16]
    amodal: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    camera: Camera | None
    instances: tuple[Instance, ...]
    normals: NDArray[np.float32] | None = None
    sensor_depth_m: NDArray[np.float32] | None = None

    def amodal_mask(self, instance: int) -> Mask:
        """Amodal mask (H, W) of an instance: True in every pixel that it covers, occluded or not.

        Args:
            instance: Instance id, from 1.
        """
        return _bit(self.amodal, instance)

    def visible_mask(self, instance: Instance, box: Box) -> Mask:
        """Visible mask (h, w) of an instance in a box of the image.

        A decal is visible in the pixels of its amodal mask that show its object, except where a later decal
        of the object covers it.
        """
        part = slices(box)
        if instance.on is None:
            return np.asarray(self.ids[part] == instance.id)
        bits = self.amodal[part]
        mask = (self.ids[part] == instance.on) & _bit(bits, instance.id)
        # The decals of an object are consecutive.
        for other in takewhile(lambda other: other.on == instance.on, self.instances[instance.id :]):
            mask &= ~_bit(bits, other.id)
        return np.asarray(mask)


def _bit(planes: NDArray[np.uint8], instance: int) -> Mask:
    """The mask (h, w) of an instance in bit planes (h, w, P)."""
    plane, bit = divmod(instance - 1, 8)
    return np.asarray((planes[..., plane] & np.uint8(1 << bit)) > 0)


@dataclass(frozen=True, slots=True)
class Measures:
    """Measurements of the masks of one instance, in pixels of the image.

    Attributes:
        visible_px: Area of the visible mask.
        amodal_px: Area of the amodal mask inside the image.
        box_xyxy: Bounding box of the visible mask in pixel edges; None if nothing is visible.
        occlusion: Fraction of the amodal mask inside the image that is occluded; 1 if that mask is empty.
        visible_fraction: Fraction of the whole object, including parts outside the image, that is visible.
    """

    visible_px: int
    amodal_px: int
    box_xyxy: Box | None
    occlusion: float
    visible_fraction: float


def measure(sample: Sample) -> list[Measures]:
    """Measures the masks of every instance, in the order of `sample.instances`."""
    number = len(sample.instances)
    visible = _counts(sample.ids, number + 1)
    boxes = boxes_of(sample.ids, number)
    amodal = _bit_counts(sample.amodal)
    measures = []
    for instance in sample.instances:
        amodal_px, visible_px = int(amodal[instance.id - 1]), int(visible[instance.id])
        box = boxes[(instance.on or instance.id) - 1]
        if instance.on is not None and box is not None:
            mask = sample.visible_mask(instance, box)
            visible_px = int(np.count_nonzero(mask))
            box = tight_box(box, mask) if visible_px else None
        occlusion = 1.0 - visible_px / amodal_px if amodal_px else 1.0
        fraction = (1.0 - occlusion) * (1.0 - instance.truncation)
        measures.append(Measures(visible_px, amodal_px, box, occlusion, fraction))
    return measures


def _bit_counts(planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Number of pixels in which each bit is set, (8 P,), for bit planes (H, W, P)."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    return np.asarray(np.concatenate([_counts(plane, 256) @ bits for plane in np.moveaxis(planes, 2, 0)]))


def _counts(values: NDArray[np.uint8] | NDArray[np.uint16], number: int) -> NDArray[np.int64]:
    """Number of pixels of each value from 0 to `number` - 1 in a mostly zero image.

    `cv2.calcHist` takes a tenth of the time of `np.bincount`, but counts in single precision, which is exact
    only up to 2^24 pixels.
    """
    x0, y0, x1, y1 = bounding_box(values) or (0, 0, 1, 1)
    rows = MAX_COUNTED_PX // values.shape[1]
    counts = np.zeros(number, np.int64)
    for top in range(y0, y1, rows):
        strip: cv2.typing.MatLike = np.ascontiguousarray(values[top : min(top + rows, y1), x0:x1])
        counts += cv2.calcHist([strip], [0], None, [number], [0, number]).ravel().astype(np.int64)
    counts[0] += values.size - (x1 - x0) * (y1 - y0)
    return counts


def num_planes(instances: int) -> int:
    """Number of bit planes in `Sample.amodal` for the given number of instances.

    The number is never two, because OpenCV 5.0 warps two-channel images differently (docs/decisions/0005).
    """
    planes = max(1, -(-instances // 8))
    return 3 if planes == 2 else planes
