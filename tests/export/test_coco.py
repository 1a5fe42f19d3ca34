"""COCO files of every style give the same masks, boxes and categories to readers that are not ours."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faster_coco_eval
import numpy as np
import pytest
import supervision
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from sim2coco.check import check
from sim2coco.datasets.labelled import DatasetInfo, IgnoredObject, Skeleton
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format
from sim2coco.export.panoptic import Panoptic
from sim2coco.export.roboflow import Roboflow
from tests.labelledimages import INFO, image_of, write

SIZES = st.tuples(st.integers(1, 14), st.integers(1, 14))
MAPS = SIZES.flatmap(lambda size: arrays(np.uint8, size, elements=st.integers(0, 4)))
STYLES = {
    "compressed": Coco(),
    "uncompressed": Coco(rle="uncompressed"),
    "polygons": Coco(segmentation="polygons"),
}
HOLED = np.zeros((40, 60), np.uint8)
HOLED[2:20, 3:30] = 1
HOLED[6:10, 8:12] = HOLED[12:16, 15:25] = 0
HOLED[13:15, 17:20] = 2
HOLED[30:39, 50:60] = HOLED[28, 2:40] = 3
HOLED[39, 0] = 4


def masks_of(coco: Any, image_id: int = 1) -> dict[int, NDArray[np.uint8]]:
    """The masks of an image in a reader like pycocotools, by what `instance` says."""
    found = coco.loadAnns(coco.getAnnIds([image_id]))
    return {entry["attributes"]["instance"]: np.asarray(coco.annToMask(entry)) for entry in found}


def panoptic(root: Path) -> tuple[list[dict[str, Any]], NDArray[np.int64]]:
    """The segments of the only image of a panoptic file, and the segment of each pixel."""
    tree = json.loads((root / "panoptic" / "panoptic_train.json").read_text())
    (annotation,) = tree["annotations"]
    colors = np.array(Image.open(root / "panoptic" / "panoptic_train" / annotation["file_name"]), np.int64)
    return annotation["segments_info"], colors @ np.array([1, 256, 65536])


def assert_same(found: dict[int, NDArray[np.uint8]], ids: NDArray[np.uint8]) -> None:
    assert found.keys() == set(ids[ids > 0].tolist())
    for number, mask in found.items():
        assert np.array_equal(mask, ids == number)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(MAPS)
def test_any_id_map_comes_back_from_every_coco_format(ids: NDArray[np.uint8]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        image = image_of(ids, root / "source")
        for style, coco in STYLES.items():
            write([coco], [image], root / style)
            path = root / style / "annotations" / "instances_train.json"
            assert_same(masks_of(COCO(str(path))), ids)
            assert_same(masks_of(faster_coco_eval.COCO(str(path))), ids)
        write([Roboflow(), Panoptic()], [image], root)
        assert_same(masks_of(COCO(str(root / "roboflow" / "train" / "_annotations.coco.json"))), ids)
        segments, segment_ids = panoptic(root)
        for number, segment in zip(np.unique(ids[ids > 0]).tolist(), segments, strict=False):
            assert np.array_equal(segment_ids == segment["id"], ids == number)


@pytest.mark.parametrize("style", STYLES)
def test_a_format_passes_our_check_and_has_all_entries(style: str, tmp_path: Path) -> None:
    images = [image_of(HOLED, tmp_path / "source", "sub/a.png")]
    images.append(image_of(HOLED.T, tmp_path / "source", "b.png", "val"))
    write([STYLES[style]], images, tmp_path / "data")
    report = check(tmp_path / "data")
    assert (report.faults, report.images, report.annotations) == ((), 2, 8)
    coco = COCO(str(tmp_path / "data" / "annotations" / "instances_train.json"))
    assert coco.loadCats(coco.getCatIds()) == [
        {"id": 1, "name": "cup", "supercategory": "thing"},
        {"id": 2, "name": "small gear", "supercategory": "part"},
        {"id": 3, "name": "nut", "supercategory": "part"},
    ]
    assert [(entry["category_id"], entry["bbox"]) for entry in coco.dataset["annotations"]] == [
        (label.category + 1, list(label.bbox)) for label in images[0].labels
    ]
    assert (tmp_path / "data" / "images" / "train" / "sub" / "a.png").samefile(images[0].file)


@pytest.mark.parametrize("style", ["compressed", "uncompressed"])
def test_supervision_reads_run_lengths(style: str, tmp_path: Path) -> None:
    write([STYLES[style]], [image_of(HOLED, tmp_path / "source")], tmp_path)
    assert_same(dict(zip((1, 2, 3, 4), supervised(tmp_path), strict=True)), HOLED)


def test_supervision_draws_polygons_with_their_lower_and_right_edges(tmp_path: Path) -> None:
    write([STYLES["polygons"]], [image_of(HOLED, tmp_path / "source")], tmp_path)
    for number, mask in enumerate(supervised(tmp_path), 1):
        exact = number == HOLED
        assert mask[exact].all()
        assert np.count_nonzero(mask) > np.count_nonzero(exact)


def supervised(root: Path) -> NDArray[np.uint8]:
    """The masks (n, H, W) of the only image, as supervision reads them."""
    annotations = str(root / "annotations" / "instances_train.json")
    data = supervision.DetectionDataset.from_coco(
        str(root / "images" / "train"), annotations, force_masks=True
    )
    ((_, _, found),) = list(data)
    assert data.classes == list(INFO.categories)
    assert found.mask is not None
    return np.asarray(found.mask, np.uint8)


def test_panoptic_has_void_where_an_object_has_no_label(tmp_path: Path) -> None:
    ids = np.zeros((20, 30), np.uint8)
    ids[2:8, 2:8] = 2
    image = replace(
        image_of(ids, tmp_path / "source"), ignored=(IgnoredObject(1, (6.0, 6.0, 10.0, 4.0), "too_small"),)
    )
    write([Panoptic()], [image], tmp_path)
    segments, segment_ids = panoptic(tmp_path)
    expected = np.full(ids.shape, 2)
    expected[6:10, 6:16] = 0
    expected[2:8, 2:8] = 1
    assert np.array_equal(segment_ids, expected)
    assert segments == [
        {"id": 1, "category_id": 3, "iscrowd": 0, "area": 36, "bbox": [2, 2, 6, 6]},
        {"id": 2, "category_id": 4, "iscrowd": 0, "area": 600 - 36 - 36, "bbox": [0, 0, 30, 20]},
    ]
    tree = json.loads((tmp_path / "panoptic" / "panoptic_train.json").read_text())
    assert [(entry["name"], entry["isthing"]) for entry in tree["categories"]] == [
        ("cup", 1),
        ("small gear", 1),
        ("nut", 1),
        ("background", 0),
    ]


def test_where_masks_overlap_the_smaller_is_on_top(tmp_path: Path) -> None:
    small, large = np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)
    small[2:4, 2:4], large[1:6, 1:6] = 1, 2
    image = image_of(small, tmp_path / "source")
    image = replace(image, labels=(*image.labels, *image_of(large, tmp_path / "source").labels))
    write([Panoptic()], [image], tmp_path)
    segments, segment_ids = panoptic(tmp_path)
    assert [(segment["id"], segment["area"]) for segment in segments] == [(1, 4), (2, 21), (3, 39)]
    assert segment_ids[2, 2] == 1


def test_images_that_differ_in_their_suffix_have_files_of_their_own(tmp_path: Path) -> None:
    maps = {"a.png": HOLED, "a.jpg": HOLED.T}
    write([Panoptic()], [image_of(ids, tmp_path / "source", name) for name, ids in maps.items()], tmp_path)
    root = tmp_path / "panoptic"
    names = [
        annotation["file_name"]
        for annotation in json.loads((root / "panoptic_train.json").read_text())["annotations"]
    ]
    shapes = [np.array(Image.open(root / "panoptic_train" / name)).shape for name in names]
    assert shapes == [(40, 60, 3), (60, 40, 3)]


def test_panoptic_needs_masks(tmp_path: Path) -> None:
    image = image_of(HOLED, tmp_path / "source")
    image = replace(image, labels=(replace(image.labels[0], counts=None),))
    with pytest.raises(ValueError, match=r"panoptic: images/train/a\.png has a label without a mask"):
        write([Panoptic()], [image], tmp_path / "data")


def test_keypoints_crowds_and_boxes_are_carried(tmp_path: Path) -> None:
    skeleton = Skeleton(("head", "foot", "tail"), ((0, 1), (1, 2)))
    info = DatasetInfo(
        *(INFO.splits, INFO.categories, INFO.supercategories),
        category_ids=(7, 3, 12),
        attributes=({}, {"sku": 17}, {}),
        skeletons=(None, skeleton, None),
    )
    image = image_of(HOLED, tmp_path / "source")
    first, second, third, _ = image.labels
    labels = (
        replace(first, keypoints=((3.5, 4.0, 2), (8, 9, 1), (0, 0, 0))),
        replace(second, crowd=True),
        replace(third, counts=None, attributes={}),
    )
    write([Coco(segmentation="polygons")], [replace(image, labels=labels)], tmp_path, info)
    coco = COCO(str(tmp_path / "annotations" / "instances_train.json"))
    assert not (tmp_path / "annotations" / "amodal_train.json").exists()
    assert [entry["id"] for entry in coco.dataset["categories"]] == [7, 3, 12]
    gear = coco.cats[3]
    assert (gear["keypoints"], gear["skeleton"]) == (["head", "foot", "tail"], [[1, 2], [2, 3]])
    assert gear["attributes"] == {"sku": 17}
    one, two, three = coco.dataset["annotations"]
    assert (one["keypoints"], one["num_keypoints"]) == ([3.5, 4.0, 2, 8, 9, 1, 0, 0, 0], 2)
    assert (two["iscrowd"], type(two["segmentation"]["counts"])) == (1, list)
    assert np.array_equal(coco.annToMask(two), HOLED == 2)
    assert three["segmentation"] == []
    assert "attributes" not in three


@pytest.mark.parametrize("format", [Roboflow()], ids=["roboflow"])
def test_splits_that_would_share_a_folder_are_refused(format: Format, tmp_path: Path) -> None:
    info = replace(INFO, splits=("val", "valid"))
    with pytest.raises(ValueError, match="two of the splits val, valid would be named valid"):
        write([format], [], tmp_path, info)
