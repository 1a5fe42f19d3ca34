"""Further files of images: they agree with the labels, follow augmentations, and are the same again."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pydantic import ValidationError

from scenes.cameras.camera import ImageSettings
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.codec import encode_exr, encode_normals
from sim2coco.records import picture_files
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from tests.extrasdata import EXTRA, TREE
from tests.run.test_depth import decoded


@pytest.fixture(scope="module")
def data(with_extras: Path) -> DataSet:
    """The data set with all further files; each image has a mirrored copy."""
    return DataSet(with_extras)


def planes(data: DataSet) -> list[dict[str, NDArray[Any]]]:
    """The pixels of all files of each image, by folder; EXR as bytes."""
    return [
        {
            name.partition("/")[0]: decoded(data.store.get(name))
            for name in picture_files(record.split, picture)
            if not name.endswith(".exr")
        }
        for record, _, picture in data.pictures()
    ]


def test_images_of_ids_are_the_masks_of_coco(data: DataSet) -> None:
    tree = json.loads(data.store.get("annotations/instances_train.json"))
    dropped = 0
    for image, found in zip(tree["images"], planes(data), strict=True):
        instances, categories = found["instance_ids"], found["semantic_ids"]
        assert instances.dtype == np.uint16
        assert categories.dtype == np.uint8
        labels = [label for label in tree["annotations"] if label["image_id"] == image["id"]]
        of_labels, of_categories = np.zeros_like(instances), np.zeros_like(categories)
        for label in labels:
            mask = coco_mask.decode(label["segmentation"]) > 0
            of_labels[mask], of_categories[mask] = label["attributes"]["instance"], label["category_id"]
        without = instances == 65535
        dropped += int(np.count_nonzero(without))
        assert np.array_equal(np.where(without, 0, instances), of_labels)
        assert np.array_equal(np.where(without, 0, categories), of_categories)
        assert np.array_equal(without, categories == 255)
        assert without.any() == bool(image["ignored"])
    assert dropped


@pytest.mark.parametrize("folder", ["instance_ids", "semantic_ids"])
def test_check_finds_a_pixel_that_was_changed(with_extras: Path, tmp_path: Path, folder: str) -> None:
    root = shutil.copytree(with_extras, tmp_path / "copy")
    file = sorted((root / folder / "train").iterdir())[0]
    pixels = decoded(file.read_bytes())
    row, column = np.argwhere((pixels > 0) & (pixels < 255))[0]
    pixels[row, column] = 0
    file.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    faults = [fault for fault in check(root).faults if fault.kind == "ids"]
    assert [fault.message for fault in faults] == ["1 px differ from the masks"]


def test_all_files_follow_an_augmentation(data: DataSet) -> None:
    """A copy is the mirror image; the x component of its normals is reversed."""
    every = planes(data)
    assert len(every) == 6
    for plain, copy in zip(every[::2], every[1::2], strict=True):
        for folder in ("depth", "sensor_depth", "semantic_ids"):
            assert plain[folder].any()
            assert np.array_equal(plain[folder][:, ::-1], copy[folder])
        before, after = (found["normals"][..., ::-1].astype(np.int64) for found in (plain, copy))
        mirrored = before[:, ::-1].copy()
        seen = mirrored.any(axis=2)
        mirrored[seen, 0] = 2 * 32768 - mirrored[seen, 0]
        assert np.array_equal(mirrored, after)


def test_files_are_the_same_when_rendered_again(data: DataSet) -> None:
    there, again = replay(data, "s000001_v00")
    assert len(there) == 1 + len(EXTRA)
    assert there == again


def test_measured_depth_is_near_the_exact_one_and_has_holes(data: DataSet) -> None:
    for found in planes(data):
        exact, measured = (found[name].astype(float) for name in ("depth", "sensor_depth"))
        both = (exact > 0) & (measured > 0)
        assert 0.4 < both.sum() / (exact > 0).sum() < 0.99
        assert np.median(np.abs(measured - exact)[both]) < 15


def test_exr_and_png_hold_the_same_depth(data: DataSet) -> None:
    OpenEXR = pytest.importorskip("OpenEXR", reason="needs the extra exr")  # noqa: N806 (name of the module)
    first = next(iter(data.store.list("depth_exr/train")))
    with OpenEXR.File(str(data.store.path(first))) as file:
        depth_m = file.channels()["Y"].pixels
    depth_mm = decoded(data.store.get(first.replace("depth_exr", "depth").replace(".exr", ".png")))
    assert depth_m.dtype == np.float32
    assert np.array_equal(np.rint(1000 * depth_m.astype(np.float64)), depth_mm)
    flat = np.full((4, 6), np.inf, np.float32)
    assert encode_exr(flat) == encode_exr(flat)


@pytest.mark.parametrize(("bits", "error_deg"), [(8, 0.4), (16, 0.002)])
def test_normals_are_decoded_by_the_formula_of_the_docs(
    bits: int, error_deg: float, rng: np.random.Generator
) -> None:
    vectors = rng.standard_normal((40, 50, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    vectors[0, 0], vectors[0, 1] = (0, 0, 0), (0, 0, -1)
    stored = cv2.cvtColor(decoded(encode_normals(vectors, bits)), cv2.COLOR_BGR2RGB).astype(float)
    assert not stored[0, 0].any()
    middle = 2 ** (bits - 1)
    found = (stored - middle) / (middle - 1)
    assert found[0, 1].tolist() == [0, 0, -1]
    found = found.reshape(-1, 3)[1:]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    sine = np.linalg.norm(np.cross(found, vectors.reshape(-1, 3)[1:]), axis=1)
    assert np.degrees(np.arcsin(sine)).max() < error_deg


def test_a_depth_sensor_without_its_file_is_refused_in_one_line() -> None:
    sensor = {"depth_sensor": {"kind": "stereo"}}
    with pytest.raises(ValidationError, match="add sensor_depth to extra"):
        ImageSettings.parse({**sensor, "extra": ["depth"]})
    assert ImageSettings.parse({**sensor, "extra": ["sensor_depth"]}).depth_sensor is not None


def test_exr_without_its_package_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.cameras.camera.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match="needs the package OpenEXR: pip install openexr"):
        ImageSettings.parse({"extra": ["depth_exr"]})


def test_files_and_records_are_as_before_without_further_files(tmp_path: Path) -> None:
    tree = {**TREE, "image": {"width": 64, "height": 48, "format": "png"}}
    data = DataSet(generate(Recipe.parse(tree), tmp_path / "data", 1).out)
    assert b"depth_sensor" not in data.store.get("records/000/000000.json")
    assert sorted({name.partition("/")[0] for name in data.store.list(".") if name.endswith(".png")}) == [
        "images"
    ]
