"""Each format, read by a reader that is not ours, says what pycocotools reads in the COCO file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pytest
import supervision
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from webdataset import tariterators  # type: ignore[import-untyped] # it has no annotations

from sim2coco.export.coco import Coco
from sim2coco.export.format import Format, write_formats
from sim2coco.export.imagefolder import ImageFolder
from sim2coco.export.voc import Voc
from sim2coco.export.webdataset import WebDataset
from sim2coco.export.yolo import Yolo
from sim2coco.store import LocalStore
from tests.export.masks import IDS, INFO, blobs, images_of

Mask = NDArray[np.uint8]
DEVKIT = Path("voc/VOCdevkit/VOC2012")
FEW = settings(max_examples=15, deadline=None, derandomize=True)
SETS = st.lists(IDS, min_size=1, max_size=4)


@dataclass(frozen=True)
class Truth:
    """An image as pycocotools reads it: box x0 y0 x1 y1, category from 0, and mask of each object."""

    boxes: NDArray[np.float64]
    categories: list[int]
    masks: list[Mask]


def truth(out: Path) -> dict[str, dict[str, Truth]]:
    """The images of each split by their names."""
    found: dict[str, dict[str, Truth]] = {}
    for file in sorted((out / "annotations").glob("instances_*.json")):
        coco = COCO(str(file))
        split = found.setdefault(file.stem.removeprefix("instances_"), {})
        for image in coco.loadImgs(coco.getImgIds()):
            labels = coco.loadAnns(coco.getAnnIds(image["id"]))
            boxes = np.array([label["bbox"] for label in labels], float).reshape(-1, 4)
            boxes[:, 2:] += boxes[:, :2]
            names = [coco.cats[label["category_id"]]["name"] for label in labels]
            masks = [coco.annToMask(label) for label in labels]
            split[image["file_name"]] = Truth(boxes, list(map(INFO.categories.index, names)), masks)
    return found


@contextmanager
def written(ids: list[NDArray[np.uint8]], *formats: Format) -> Iterator[Path]:
    """A folder with the images of random ids in COCO and other formats."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        write_formats([Coco(), *formats], LocalStore(out), INFO, images_of(ids, Path(folder) / "images"))
        yield out


def yolo(
    out: Path, split: str, *, masks: bool = False, obb: bool = False
) -> dict[str, supervision.Detections]:
    images, labels = (str(out / top / split) for top in ("images", "labels"))
    data = supervision.DetectionDataset.from_yolo(images, labels, str(out / "data.yaml"), masks, obb)
    assert data.classes == list(INFO.categories)
    return {Path(path).name: labels for path, _, labels in data}


def areas_of_masks(labels: supervision.Detections) -> NDArray[np.uint8]:
    return np.zeros((0, 1, 1), np.uint8) if labels.mask is None else np.asarray(labels.mask, np.uint8)


@FEW
@given(SETS)
def test_yolo_boxes(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, Yolo(task="detect")) as out:
        for split, images in truth(out).items():
            found = yolo(out, split)
            assert found.keys() == images.keys()
            for name, image in images.items():
                assert found[name].class_id is not None
                assert np.asarray(found[name].class_id).tolist() == image.categories
                assert np.allclose(found[name].xyxy, image.boxes, atol=1e-4)


@FEW
@given(SETS)
def test_yolo_masks(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, Yolo()) as out:
        for split, images in truth(out).items():
            found = yolo(out, split, masks=True)
            assert found.keys() == images.keys()
            for name, image in images.items():
                masks = areas_of_masks(found[name])
                assert np.asarray(found[name].class_id).tolist() == image.categories
                for mask, expected in zip(masks, image.masks, strict=True):
                    parts = cv2.connectedComponents(expected, connectivity=8)[0] - 1
                    assert (mask >= expected).all()
                    assert parts > 1 or np.array_equal(mask, expected)


@FEW
@given(SETS)
def test_yolo_masks_of_the_largest_parts_lie_inside(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, Yolo(split="largest")) as out:
        for split, images in truth(out).items():
            found = yolo(out, split, masks=True)
            for name, image in images.items():
                for mask, expected in zip(areas_of_masks(found[name]), image.masks, strict=True):
                    _, _, stats, _ = cv2.connectedComponentsWithStats(expected, connectivity=8)
                    assert (mask <= expected).all()
                    assert mask.sum() == stats[1:, cv2.CC_STAT_AREA].max()


@FEW
@given(SETS)
def test_yolo_boxes_at_any_angle(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, Yolo(task="obb")) as out:
        for split, images in truth(out).items():
            found = yolo(out, split, obb=True)
            for name, image in images.items():
                assert np.asarray(found[name].class_id).tolist() == image.categories
                boxes = found[name].data.get("xyxyxyxy", [])
                for box, mask in zip(np.asarray(boxes), image.masks, strict=True):
                    y, x = np.nonzero(mask)
                    hull = cv2.convexHull(np.asarray(box, np.float32))
                    for point in zip((x + 0.5).tolist(), (y + 0.5).tolist(), strict=True):
                        assert cv2.pointPolygonTest(hull, point, True) > 0.49


@pytest.mark.parametrize("first_pixel", [1, 0])
def test_voc_boxes(first_pixel: int, rng: np.random.Generator) -> None:
    shift = [1 - first_pixel] * 2 + [0, 0]  # supervision subtracts 1 from xmin and ymin, as the devkit wants
    ids = [mask * rng.integers(1, 4, mask.shape).astype(np.uint8) for mask in blobs(rng, 20)]
    with written(ids, Voc.parse({"kind": "voc", "first_pixel": first_pixel})) as out:
        folder = out / DEVKIT
        found = supervision.DetectionDataset.from_pascal_voc(
            str(folder / "JPEGImages"), str(folder / "Annotations")
        )
        by_name = {Path(path).name: labels for path, _, labels in found}
        listed = {}
        for split, images in truth(out).items():
            listed[split] = (folder / "ImageSets/Main" / f"{split}.txt").read_text().split()
            assert [f"{name}.png" for name in listed[split]] == list(images)
            for name, image in images.items():
                labels = by_name.pop(name)
                names = [found.classes[number] for number in np.asarray(labels.class_id).tolist()]
                assert names == [INFO.categories[number] for number in image.categories]
                assert np.array_equal(np.add(labels.xyxy, shift), image.boxes)
        assert not by_name


@FEW
@given(SETS)
def test_voc_masks(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, Voc(masks=True)) as out:
        for split, images in truth(out).items():
            listed = (out / DEVKIT / "ImageSets/Segmentation" / f"{split}.txt").read_text().split()
            assert [f"{name}.png" for name in listed] == list(images)
            for name, image in images.items():
                objects, classes = (
                    np.asarray(Image.open(out / DEVKIT / f"Segmentation{folder}" / name))
                    for folder in ("Object", "Class")
                )
                assert sorted(np.unique(objects[objects > 0])) == [*range(1, len(image.masks) + 1)]
                for number, (mask, category) in enumerate(zip(image.masks, image.categories, strict=True), 1):
                    assert np.array_equal(objects == number, mask)
                    assert (classes[mask > 0] == category + 1).all()
                assert np.array_equal(classes > 0, objects > 0)


@FEW
@given(SETS, st.integers(1, 3))
def test_webdataset(ids: list[NDArray[np.uint8]], shard_images: int) -> None:
    with written(ids, WebDataset(shard_images=shard_images)) as out:
        for split, images in truth(out).items():
            shards = sorted((out / "webdataset").glob(f"{split}-*.tar"))
            assert len(shards) == -(-len(images) // shard_images)
            samples = list(chain.from_iterable(map(samples_of, shards)))
            rows = [json.loads(sample["json"]) for sample in samples]
            assert [row["file_name"] for row in rows] == list(images)
            for sample, row, image in zip(samples, rows, images.values(), strict=True):
                assert f"{sample['__key__']}.png" == row["file_name"]
                assert Image.open(BytesIO(sample["png"])).size == (row["width"], row["height"])
                check_objects(row["annotations"], image)


def samples_of(shard: Path) -> list[dict[str, Any]]:
    """The samples of a tar file, as webdataset groups its files."""
    with shard.open("rb") as file:
        files = tariterators.tar_file_expander([{"url": shard.name, "stream": file}])
        return list(tariterators.group_by_keys(files))


def check_objects(objects: list[dict[str, Any]], image: Truth) -> None:
    """Compares boxes, categories and masks of objects with COCO's names for them."""
    assert [entry["category"] for entry in objects] == [INFO.categories[index] for index in image.categories]
    assert [entry["category_id"] for entry in objects] == [index + 1 for index in image.categories]
    for entry, box, mask in zip(objects, image.boxes, image.masks, strict=True):
        x, y, width, height = entry["bbox"]
        assert [x, y, x + width, y + height] == box.tolist()
        assert entry["area"] == mask.sum()
        assert np.array_equal(coco_mask.decode(entry["segmentation"]), mask)


@FEW
@given(SETS)
def test_imagefolder(ids: list[NDArray[np.uint8]]) -> None:
    with written(ids, ImageFolder()) as out:
        for split, images in truth(out).items():
            folder = out / "imagefolder" / split
            if not any(image.masks for image in images.values()):
                assert not (folder / "metadata.jsonl").exists()
                continue
            rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
            assert [row["file_name"] for row in rows] == list(images)
            for row, image in zip(rows, images.values(), strict=True):
                assert (folder / row["file_name"]).is_file()
                columns = row["objects"]
                check_objects(
                    [
                        dict(zip(columns, values, strict=True))
                        for values in zip(*columns.values(), strict=True)
                    ],
                    image,
                )
            numbers = [number for row in rows for number in row["objects"]["id"]]
            assert numbers == [*range(1, len(numbers) + 1)]
