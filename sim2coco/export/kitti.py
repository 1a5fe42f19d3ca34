"""KITTI: 2-D boxes and, where poses are known, 3-D boxes, in `kitti/`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenes.shot import Camera
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Solid, Xywh
from sim2coco.export.boxes3d import corners
from sim2coco.export.format import Add, Format
from sim2coco.export.names import suffix
from sim2coco.storage import Store

NO_BOX = "-1 -1 -1 -1000 -1000 -1000 -10"
"""Placeholder for height, width, length, position and rotation of a label without a 3-D box."""
PARTLY, LARGELY = 0.1, 0.5
"""Smallest occluded fraction for each of KITTI's occlusion levels 1 and 2; level 3 means unknown."""
STEEP = 0.5
"""If the mesh's unit x axis has a shorter horizontal part than this, the z axis defines the box's heading."""
VELODYNE = "0 -1 0 0 0 0 -1 0 1 0 0 0"
"""Transform from a laser scanner's frame (x forward, z up, at the camera's position) to the camera frame."""


class Kitti(Format):
    """KITTI: for each image, a text file of 2-D and 3-D boxes and a text file of the camera, in `kitti/`."""

    kind: Literal["kitti"] = "kitti"

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes the files of each image, with the index of the image as their name.

        The indices of each split are listed in `ImageSets`.
        """
        ranks: dict[str, list[str]] = {split: [] for split in info.splits}
        names: list[str] = []
        words = _words(info.categories)

        def add(image: LabelledImage) -> None:
            rank = f"{len(names):06d}"
            names.append(f"{rank} {image.path}\n")
            ranks[image.split].append(f"{rank}\n")
            target.link(image.file, f"kitti/training/image_2/{rank}{suffix(image)}")
            target.put(f"kitti/training/label_2/{rank}.txt", _labels(image, words).encode(), sync=False)
            if image.camera is not None:
                calibration = _calibration(image.camera).encode()
                target.put(f"kitti/training/calib/{rank}.txt", calibration, sync=False)

        yield add
        for split, lines in ranks.items():
            if lines:
                target.put(f"kitti/ImageSets/{split}.txt", "".join(lines).encode())
        target.put("kitti/names.txt", "".join(names).encode())


def _words(categories: Sequence[str]) -> list[str]:
    """Returns a unique KITTI name for each category, without blanks and different from `DontCare`."""
    taken, words = {"DontCare"}, []
    for name in categories:
        word = free = "_".join(name.split()) or "_"
        number = 1
        while free in taken:
            number += 1
            free = f"{word}_{number}"
        taken.add(free)
        words.append(free)
    return words


def _labels(image: LabelledImage, words: Sequence[str]) -> str:
    """Formats the label file of an image: labels, then `DontCare` lines for crowds and unlabelled objects."""
    lines = [_line(words[label.category], label) for label in image.labels if not label.crowd]
    regions = [label.bbox for label in image.labels if label.crowd]
    regions += [ignored.bbox for ignored in image.ignored or ()]
    lines += [f"DontCare -1 -1 -10 {_edges(box)} {NO_BOX}" for box in regions]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, label: Label) -> str:
    """Formats a label as a line of a KITTI label file, without a line break."""
    truncation, occlusion = (_share(label, key) for key in ("truncation", "occlusion"))
    truncated = "-1" if truncation is None else f"{truncation:.2f}"
    occluded = 3 if occlusion is None else int(occlusion >= PARTLY) + int(occlusion >= LARGELY)
    box = None if label.solid is None else upright_box(label.solid)
    return (
        f"{name} {truncated} {occluded} {-10 if box is None else f'{box.alpha:.4f}'} {_edges(label.bbox)} "
        f"{NO_BOX if box is None else box.fields()}"
    )


def _share(label: Label, key: str) -> float | None:
    value = label.attributes.get(key)
    return float(value) if isinstance(value, int | float) else None


def _edges(box: Xywh) -> str:
    """Formats left, top, right and bottom of a 2-D box; integers are pixel edges, as KITTI readers expect."""
    x, y, width, height = box
    return f"{x:.2f} {y:.2f} {x + width:.2f} {y + height:.2f}"


@dataclass(frozen=True, slots=True)
class UprightBox:
    """A box in the camera frame that is rotated only about the y axis.

    Attributes:
        size_m: Height, width and length.
        bottom_m: Centre of the lower face.
        rotation_rad: Rotation about the y axis; at 0, the length is along the x axis.
    """

    size_m: tuple[float, float, float]
    bottom_m: tuple[float, float, float]
    rotation_rad: float

    @property
    def alpha(self) -> float:
        """The observation angle: the rotation relative to the ray from camera to box, from -π to π."""
        x, _, z = self.bottom_m
        return float(np.angle(np.exp(1j * (self.rotation_rad - np.arctan2(x, z)))))

    def fields(self) -> str:
        """Formats height, width, length, position and rotation for a line of a label file."""
        return " ".join(f"{value:.4f}" for value in (*self.size_m, *self.bottom_m, self.rotation_rad))


def upright_box(solid: Solid) -> UprightBox | None:
    """Encloses an object's 3-D box in a box that is rotated only about the camera's y axis.

    KITTI supports no other rotations. The returned box points in the same direction as the object. It equals
    the object's box if the object stands upright and the camera is level; otherwise it is larger. Returns
    None if the 3-D box is unknown, as in records of earlier versions.
    """
    if solid.box_m is None:
        return None
    turn = solid.pose.rotation()
    x_axis, z_axis = turn[:, 0], turn[:, 2]
    toward = x_axis if np.hypot(x_axis[0], x_axis[2]) >= STEEP else z_axis
    rotation_rad = float(np.arctan2(-toward[2], toward[0]))
    cos, sin = np.cos(rotation_rad), np.sin(rotation_rad)
    along = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    corners_m = solid.pose.apply(corners(solid)) @ along
    low, high = corners_m.min(axis=0), corners_m.max(axis=0)
    middle = (low + high) / 2
    middle[1] = high[1]
    length, height, width = (high - low).tolist()
    x, y, z = (along @ middle).tolist()
    return UprightBox((height, width, length), (x, y, z), rotation_rad)


def _calibration(camera: Camera) -> str:
    """Formats the content of a calibration file.

    In KITTI's projection matrices, integer coordinates are pixel centres. KITTI's files describe four
    cameras; here the camera of the image is written four times.
    """
    matrix = [
        *(camera.fx, 0.0, camera.cx - 0.5, 0.0),
        *(0.0, camera.fy, camera.cy - 0.5, 0.0),
        *(0.0, 0.0, 1.0, 0.0),
    ]
    values = " ".join(f"{value:.12e}" for value in matrix)
    lines = [f"P{number}: {values}" for number in range(4)]
    lines += [
        "R0_rect: 1 0 0 0 1 0 0 0 1",
        f"Tr_velo_to_cam: {VELODYNE}",
        "Tr_imu_to_velo: 1 0 0 0 0 1 0 0 0 0 1 0",
    ]
    return "".join(f"{line}\n" for line in lines)
