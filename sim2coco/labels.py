"""Encodes a labelled image for its record and files: masks as RLE, boxes, areas."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from scenes.cameras.camera import ImageSettings
from scenes.shot import Shot
from sim.boxes import Box, bounding_box
from sim.keypoints import around
from sim.sample import Instance, Keypoint, Measures, Sample
from sim.settled import Settled
from sim2coco.codec import encode
from sim2coco.extras import extra_files
from sim2coco.quality.judge import Verdict
from sim2coco.records import Annotation, Ignored, Picture, Xywh, picture_name, picture_path

KEYPOINT_DIGITS = 2
"""Decimal places of the coordinates of keypoints."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """An encoded image with its labels.

    Attributes:
        picture: Name, size, hashes, camera and annotations of the image, to be stored in the scene's record.
        files: A dict from file name in the data set to content. The first entry is the image file; others
            are files such as depth.
    """

    picture: Picture
    files: Mapping[str, bytes]

    @property
    def image(self) -> bytes:
        """The content of the image file."""
        return next(iter(self.files.values()))


def written(
    settings: ImageSettings,
    settled: Settled,
    shot: Shot,
    copy: int,
    sample: Sample,
    verdict: Verdict,
    categories: int,
) -> Written:
    """Encodes a labelled image and its annotations for a data set that has `categories` categories."""
    files = files_of(settings, settled, shot, copy, sample, set(verdict.dropped), categories)
    (image, digest), *others = ((name, sha256(content).hexdigest()) for name, content in files.items())
    height, width = sample.ids.shape
    annotations, ignored = [], []
    unseen = {
        (index, decal)
        for index, body in enumerate(settled.spec.bodies)
        for decal in ((None, *range(len(body.on_surface))) if body.labelled else ())
    }
    for instance, measures in zip(sample.instances, verdict.measures, strict=True):
        reason = verdict.dropped.get(instance.id)
        if measures.box_xyxy is not None:
            unseen.discard((instance.body, instance.decal))
        if reason is None:
            annotations.append(_annotation(sample, instance, measures))
        elif measures.box_xyxy is not None:
            box = xywh(measures.box_xyxy)
            ignored.append(
                Ignored(instance.category, instance.asset, box, reason, instance.body, instance.decal)
            )
    picture = Picture(
        name=PurePosixPath(image).name,
        copy=copy,
        width=width,
        height=height,
        sha256=digest,
        camera=sample.camera,
        annotations=tuple(annotations),
        ignored=tuple(ignored),
        other_files=dict(others),
        unseen=tuple(sorted(body for body, decal in unseen if decal is None)),
        unseen_decals=tuple(sorted((body, decal) for body, decal in unseen if decal is not None)),
    )
    return Written(picture, files)


def files_of(
    settings: ImageSettings,
    settled: Settled,
    shot: Shot,
    copy: int,
    sample: Sample,
    dropped: Collection[int] = (),
    categories: int = 1,
) -> dict[str, bytes]:
    """Encodes the files of an image.

    Returns a dict from file name in the data set to content; the first entry is the image file. Files such as
    depth are in other folders and have the same name as the image except for the suffix.

    Args:
        settings: The requested files and their formats.
        settled: The scene.
        shot: The shot.
        copy: 0, or the number of an augmented copy.
        sample: The labelled image.
        dropped: Ids of the instances without a label.
        categories: Number of categories of the data set.
    """
    split, key = settled.spec.split, (shot.scene, shot.view, shot.lighting, copy)
    files = {picture_path(split, picture_name(*key, settings.format)): encode(sample.image, settings)}
    for (folder, suffix), content in extra_files(settings, sample, dropped, categories):
        files[picture_path(split, picture_name(*key, suffix), folder)] = content
    return files


def _annotation(sample: Sample, instance: Instance, measures: Measures) -> Annotation:
    assert measures.box_xyxy is not None
    visible = sample.visible_mask(instance, measures.box_xyxy)
    counts, area, bbox = run_lengths(visible, measures.box_xyxy[:2], sample.ids.shape)
    amodal_counts, amodal_area, amodal_bbox = run_lengths(sample.amodal_mask(instance.id))
    rendered = sample.camera is not None
    return Annotation(
        instance=instance.id,
        body=instance.body,
        category=instance.category,
        asset=instance.asset,
        bbox=bbox,
        area=area,
        counts=counts,
        amodal_bbox=amodal_bbox,
        amodal_area=amodal_area,
        amodal_counts=amodal_counts,
        visible_fraction=round(measures.visible_fraction, 6),
        occlusion=round(measures.occlusion, 6),
        truncation=round(instance.truncation, 6),
        scale=instance.scale,
        pose=instance.pose if rendered and instance.on is None else None,
        whole_px=instance.whole_px if rendered else None,
        whole_bbox=xywh(instance.whole_xyxy) if rendered else None,
        outermost_m=instance.outermost_m if rendered and instance.on is None else None,
        box_m=instance.box_m if rendered else None,
        on=instance.on,
        decal=instance.decal,
        keypoints=_keypoints(sample, instance),
    )


def _keypoints(sample: Sample, instance: Instance) -> tuple[Keypoint, ...] | None:
    """Returns the keypoints of an instance, or None if it has none.

    A visible keypoint becomes hidden if dropout has erased the instance around it.
    """
    if instance.keypoints is None:
        return None
    return tuple(
        (
            round(x, KEYPOINT_DIGITS),
            round(y, KEYPOINT_DIGITS),
            seen if seen < 2 or (around(sample.ids, x, y) == instance.id).any() else 1,
        )
        for x, y, seen in instance.keypoints
    )


def run_lengths(
    mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0), shape: tuple[int, int] | None = None
) -> tuple[str, int, Xywh]:
    """Returns a mask as COCO's compressed RLE, its area in pixels, and its box x, y, width, height.

    Args:
        mask: (h, w), the mask, or any crop of it that contains all True pixels. A crop saves time, as most
            masks are small.
        corner: Position x, y of the crop in the image.
        shape: Height and width of the image; None if `mask` is not a crop.
    """
    height, width = shape or mask.shape
    x0, y0, x1, y1 = bounding_box(mask) or (0, 0, 0, 0)
    left, top, high = x0 + corner[0], y0 + corner[1], y1 - y0 + 2
    columns = np.zeros((x1 - x0, high), np.bool_)
    columns[:, 1:-1] = mask[y0:y1, x0:x1].T
    flat = columns.ravel()
    column, row = np.divmod(np.flatnonzero(flat[1:] != flat[:-1]), high)
    edges = (column + left) * height + row + top
    # Pixels that reach the end of one column and continue at the start of the next form a single run.
    same = np.flatnonzero(edges[1:] == edges[:-1])
    edges = np.delete(edges, np.concatenate([same, same + 1]))
    counts = np.diff(edges, prepend=0, append=height * width)
    if not counts[-1]:
        counts = counts[:-1]  # pycocotools also omits an empty last run
    rle = coco_mask.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)
    text = rle["counts"]
    assert isinstance(text, bytes)
    box = (left, top, left + x1 - x0, top + y1 - y0) if x1 else (0, 0, 0, 0)
    return text.decode("ascii"), int(counts[1::2].sum()), xywh(box)


def xywh(box: Box) -> Xywh:
    """Converts a box x0, y0, x1, y1 to x, y, width, height."""
    x0, y0, x1, y1 = box
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)
