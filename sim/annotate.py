"""Exact labels: ids, amodal masks, and what can be measured from them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from scenes.geometry import Pose, Scale
from scenes.shot import Camera, Shot
from sim.boxes import Box, bounding, over, within
from sim.meshfiles import MeshFiles
from sim.render.compose import Frame
from sim.render.raster.gbuffer import GBuffer
from sim.settle import Settled

Mask = NDArray[np.bool_]

COUNTED_PX = 1 << 24
"""Pixels that are counted at once."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What no mask in the frame can tell of one labelled object.

    Attributes:
        id: Its number in `ids` and its bit in `amodal`, from 1.
        body: Index into the scene's bodies.
        category: Place in the category list, from 0.
        asset: Name of the asset.
        pose: Of the mesh frame, in the camera's frame (OpenCV axes).
        scale: Factor on the mesh.
        whole_px: Pixels of the object alone on an unbounded image.
        whole_xyxy: The pixel edges of those, unclipped.
        truncation: Share of the object that lies outside the image: 1 - in-frame amodal / whole.
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


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A labelled picture.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        ids: (H, W) uint8 or uint16, the instance seen in each pixel; 0 = none.
        amodal: (H, W, P) uint8 bit planes: bit (id - 1) % 8 of plane (id - 1) // 8 is set where the instance
            is, hidden or not.
        depth_m: (H, W) float32; infinite = none.
        camera: The camera, or None once an augmentation has moved pixels.
        instances: In the order of their ids.
    """

    image: NDArray[np.uint8]
    ids: NDArray[np.uint8] | NDArray[np.uint16]
    amodal: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    camera: Camera | None
    instances: tuple[Instance, ...]

    def amodal_mask(self, instance: int) -> Mask:
        """Where an instance is, hidden or not: (H, W)."""
        plane, bit = divmod(instance - 1, 8)
        return np.asarray((self.amodal[..., plane] & np.uint8(1 << bit)) > 0)


@dataclass(frozen=True, slots=True)
class Measures:
    """What the masks of a sample tell of one instance, in pixels of the picture.

    Attributes:
        visible_px: Area of its visible mask.
        amodal_px: Area of its amodal mask inside the image.
        box_xyxy: Pixel edges of the visible mask; None where nothing is visible.
        occlusion: Share of its in-frame amodal mask that something hides.
        visible_fraction: Share of the whole object that is visible.
    """

    visible_px: int
    amodal_px: int
    box_xyxy: Box | None
    occlusion: float
    visible_fraction: float


def measure(sample: Sample) -> list[Measures]:
    """The measures of every instance, in order."""
    number = len(sample.instances)
    visible = _counts(sample.ids, number + 1)
    x, y, *edges = bounding(sample.ids) or (0, 0, 1, 1)
    boxes = find_objects(sample.ids[y : edges[1], x : edges[0]], max_label=max(number, 1))
    amodal = _bit_counts(sample.amodal)
    measures = []
    for instance in sample.instances:
        amodal_px, visible_px = int(amodal[instance.id - 1]), int(visible[instance.id])
        found = boxes[instance.id - 1]
        box = None if found is None else _moved(found, x, y)
        occlusion = 1.0 - visible_px / amodal_px if amodal_px else 1.0
        fraction = (1.0 - occlusion) * (1.0 - instance.truncation)
        measures.append(Measures(visible_px, amodal_px, box, occlusion, fraction))
    return measures


def _moved(found: tuple[slice, ...], x: int, y: int) -> Box:
    rows, columns = found
    return columns.start + x, rows.start + y, columns.stop + x, rows.stop + y


def _bit_counts(planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each bit is set, (8 P,), in one pass over each plane (H, W, P)."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    return np.asarray(np.concatenate([_counts(plane, 256) @ bits for plane in np.moveaxis(planes, 2, 0)]))


def _counts(values: NDArray[np.uint8] | NDArray[np.uint16], number: int) -> NDArray[np.int64]:
    """How often each of the values below a number comes up in an image, most of which is 0.

    OpenCV takes a tenth of the time of `bincount`, but gives single precision: exact up to 2^24 pixels.
    """
    x0, y0, x1, y1 = bounding(values) or (0, 0, 1, 1)
    rows = COUNTED_PX // values.shape[1]
    counts = np.zeros(number, np.int64)
    for top in range(y0, y1, rows):
        strip: cv2.typing.MatLike = np.ascontiguousarray(values[top : min(top + rows, y1), x0:x1])
        counts += cv2.calcHist([strip], [0], None, [number], [0, number]).ravel().astype(np.int64)
    counts[0] += values.size - (x1 - x0) * (y1 - y0)
    return counts


def annotate(files: MeshFiles, settled: Settled, shot: Shot, gbuffer: GBuffer, frame: Frame) -> Sample:
    """The labels of one picture: each labelled body of which a pixel lies in the frame, hidden or not."""
    camera = shot.camera
    instances: list[Instance] = []
    amodal: list[tuple[Box, Mask]] = []
    for index, (body, alone) in enumerate(zip(settled.spec.bodies, gbuffer.alone, strict=True)):
        if not body.labelled or alone is None:
            continue
        inside = within(alone.box, camera.width, camera.height)
        assert inside is not None
        seen = over(alone.mask, alone.box, inside)
        seen_px = int(np.count_nonzero(seen))
        if not seen_px:
            continue
        whole_px = int(np.count_nonzero(alone.mask))
        truncation = 1.0 - seen_px / whole_px
        pose = body.pose.inside(camera.pose)
        number, name = len(instances) + 1, files.assets[body.asset].name
        whole = _tight(alone.box, alone.mask)
        assert body.category is not None
        instances.append(
            Instance(number, index, body.category, name, pose, body.scale, whole_px, whole, truncation)
        )
        amodal.append((inside, seen))
    return Sample(
        image=frame.image,
        ids=_ids(frame, instances, len(settled.spec.bodies)),
        amodal=_planes(amodal, (camera.height, camera.width)),
        depth_m=frame.depth_m,
        camera=camera,
        instances=tuple(instances),
    )


def _tight(box: Box, mask: Mask) -> Box:
    """The pixel edges of a mask that lies over a box."""
    found = bounding(mask)
    assert found is not None
    x0, y0 = box[:2]
    return x0 + found[0], y0 + found[1], x0 + found[2], y0 + found[3]


def _ids(frame: Frame, instances: list[Instance], bodies: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Bodies as instance ids; distractors, furniture and the floor are 0."""
    table = np.zeros(bodies + 1, np.uint16)
    for instance in instances:
        table[instance.body] = instance.id
    return table[frame.body] if len(instances) > 255 else table.astype(np.uint8)[frame.body]


def num_planes(instances: int) -> int:
    """How many bit planes hold some instances: never two, which OpenCV warps differently (see decision 5)."""
    planes = max(1, -(-instances // 8))
    return 3 if planes == 2 else planes


def _planes(masks: list[tuple[Box, Mask]], shape: tuple[int, int]) -> NDArray[np.uint8]:
    # Each plane is contiguous: they are read one by one.
    planes = np.moveaxis(np.zeros((num_planes(len(masks)), *shape), np.uint8), 0, 2)
    for index, ((x0, y0, x1, y1), mask) in enumerate(masks):
        plane, bit = divmod(index, 8)
        planes[y0:y1, x0:x1, plane] |= mask.astype(np.uint8) << np.uint8(bit)
    return planes
