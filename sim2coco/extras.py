"""Further files of an image: depth, simulated sensor depth, normals, instance ids and semantic ids."""

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from scenes.cameras.camera import Extra, ImageSettings
from sim.boxes import boxes_of, slices
from sim.sample import Sample
from sim2coco.codec import encode_depth, encode_exr, encode_ids, encode_normals

MOST_8_BIT = 254
"""Largest category id in 8-bit images."""
WITHOUT_LABEL_8, WITHOUT_LABEL_16 = 255, 65535
"""Ignore index for objects without a label: in 8-bit images, and in 16-bit images."""


def extra_files(
    settings: ImageSettings, sample: Sample, dropped: Collection[int], categories: int
) -> Iterator[tuple[tuple[Extra, str], bytes]]:
    """Yields ((folder, suffix), content) for each further file that the settings request for an image.

    Args:
        settings: The requested files and their formats.
        sample: The labelled image.
        dropped: Ids of the instances without a label.
        categories: Number of categories of the data set.
    """
    for name in settings.extra:
        yield (
            (name, "exr" if name == "depth_exr" else "png"),
            _content(name, settings, sample, dropped, categories),
        )


def _content(
    name: Extra, settings: ImageSettings, sample: Sample, dropped: Collection[int], categories: int
) -> bytes:
    if name == "depth":
        return encode_depth(sample.depth_m, settings.depth_scale_mm)
    if name == "depth_exr":
        return encode_exr(sample.depth_m)
    if name == "instance_ids":
        return encode_ids(instance_ids(sample, dropped))
    if name == "semantic_ids":
        return encode_ids(semantic_ids(sample, dropped, categories))
    if name == "normals":
        assert sample.normals is not None
        return encode_normals(sample.normals, settings.normal_bits)
    assert sample.sensor_depth_m is not None
    return encode_depth(sample.sensor_depth_m, settings.depth_scale_mm)


def instance_ids(sample: Sample, dropped: Collection[int]) -> NDArray[np.uint16]:
    """Id of the visible instance per pixel (H, W): 0 for none, 65535 for an instance without a label."""
    numbers = [instance.id for instance in sample.instances]
    return _looked_up(sample, numbers, dropped, WITHOUT_LABEL_16)


def semantic_ids(
    sample: Sample, dropped: Collection[int], categories: int
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """COCO category id per pixel (H, W): 0 for none, and the largest value for objects without a label.

    Pixels of a defect have the id of the defect; if the defect has no label, they have the id of the object
    it is on.

    The dtype is uint8 (largest value 255), or uint16 (65535) for more than `MOST_8_BIT` categories.
    """
    numbers = [instance.category + 1 for instance in sample.instances]
    without_label = WITHOUT_LABEL_16 if categories > MOST_8_BIT else WITHOUT_LABEL_8
    ids, boxes = _looked_up(sample, numbers, dropped, without_label), boxes_of(sample.ids, len(numbers))
    for instance in sample.instances:
        box = None if instance.on is None or instance.id in dropped else boxes[instance.on - 1]
        if box is not None:
            ids[slices(box)][sample.visible_mask(instance, box)] = instance.category + 1
    return ids if categories > MOST_8_BIT else ids.astype(np.uint8)


def _looked_up(
    sample: Sample, numbers: list[int], dropped: Collection[int], without_label: int
) -> NDArray[np.uint16]:
    table = np.array([0, *numbers], np.uint16)
    table[list(dropped)] = without_label
    return table[sample.ids]
