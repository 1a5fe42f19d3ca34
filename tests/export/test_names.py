"""Names of images: each image has labels of its own in every format, also where readers go by its stem."""

import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.coco import Coco
from sim2coco.export.format import Format, write_formats
from sim2coco.export.kitti import Kitti
from sim2coco.export.panoptic import Panoptic
from sim2coco.export.voc import Voc
from sim2coco.export.webdataset import WebDataset
from sim2coco.export.yolo import Yolo
from sim2coco.store import LocalStore
from tests.cocosets import small
from tests.export.masks import INFO, images_of

ALIKE = ("a.jpg", "a.png", "A.webp", "a_2.png", "b/a.jpg", "b/a.png", "images/a.jpg", "a.b.png", "a_b.png")
"""Names that some reader takes for those of one image."""


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    """An image of each name; image n has n + 1 labels of one pixel."""
    made = []
    for number, name in enumerate(ALIKE):
        ids = np.zeros((4, 20), np.uint8)
        ids[1, 1 : 2 * number + 2 : 2] = np.arange(1, number + 2)
        made.append(replace(images_of([ids], tmp_path / "made")[0], name=name))
    return made


def label_file(image: Path) -> Path:
    """Where Ultralytics looks for the labels of an image: the last folder `images` becomes `labels`."""
    before, _, after = str(image).rpartition("/images/")
    return Path(f"{before}/labels/{after}").with_suffix(".txt")


@pytest.mark.parametrize("others", [(Coco(),), (Panoptic(),), (Panoptic(), Coco())], ids=len)
def test_formats_that_share_image_files_agree_about_names(
    images: Sequence[LabelledImage], tmp_path: Path, others: tuple[Format, ...]
) -> None:
    write_formats((*others, Yolo()), LocalStore(tmp_path / "out"), INFO, images)
    files = sorted(path for path in (tmp_path / "out/images/train").rglob("*") if path.is_file())
    rows = [len(label_file(file).read_text().splitlines()) for file in files]
    assert sorted(rows) == list(range(1, len(images) + 1))
    for place in ("annotations/instances_train.json", "panoptic/panoptic_train.json"):
        if (tmp_path / "out" / place).exists():
            tree = json.loads((tmp_path / "out" / place).read_text())
            listed = {
                entry["id"]: tmp_path / "out/images/train" / entry["file_name"] for entry in tree["images"]
            }
            labels = dict.fromkeys(listed, 0)
            for entry in tree["annotations"]:
                labels[entry["image_id"]] += len(entry.get("segments_info", [()])) - ("file_name" in entry)
            assert {listed[number]: found for number, found in labels.items()} == dict(
                zip(files, rows, strict=True)
            )
            for entry in tree["annotations"]:
                name = entry.get("file_name", "")
                assert not name or listed[entry["image_id"]].with_suffix(".png").match(f"images/train/{name}")


def test_names_are_unique_on_any_disk_and_in_archives(images: list[LabelledImage], tmp_path: Path) -> None:
    write_formats((Voc(), WebDataset()), LocalStore(tmp_path / "out"), INFO, images)
    stems = [path.stem for path in (tmp_path / "out").rglob("*.xml")]
    with tarfile.open(tmp_path / "out/webdataset/train-000000.tar") as tar:
        keys = [name.partition(".")[0] for name in tar.getnames()]
    for names in (stems, keys[::2]):
        assert len({name.casefold() for name in names}) == len(images)
    assert keys[::2] == keys[1::2]


@pytest.mark.parametrize(
    "format", [Yolo(), Voc(), WebDataset(), Kitti(), Panoptic()], ids=lambda one: one.kind
)
def test_images_without_a_suffix_are_refused(
    images: list[LabelledImage], tmp_path: Path, format: Format
) -> None:
    nameless = replace(images[0], name="000017")
    with pytest.raises(DataSetError, match=r"^images/train/000017: has no suffix"):
        write_formats((format,), LocalStore(tmp_path / "out"), INFO, [nameless])


@pytest.mark.parametrize(
    ("annotations", "folder"),
    [
        ("_annotations.coco.json", "."),
        ("annotations.json", "images"),
        ("annotations/instances_default.json", "images/default"),
        ("labels.json", "data"),
        ("result.json", "images"),
        ("images/_annotations.coco.json", "images"),
    ],
)
def test_the_one_split_of_a_data_set_without_splits_is_train(
    tmp_path: Path, annotations: str, folder: str
) -> None:
    small().write(tmp_path / "data" / annotations, tmp_path / "data" / folder)
    data = open_dataset(tmp_path / "data")
    assert data.info.splits == ("train",)
    write_formats((Coco(),), LocalStore(tmp_path / "new"), data.info, data.images())
    assert [path.name for path in (tmp_path / "new/images/train").iterdir()]
    assert open_dataset(tmp_path / "new").sizes() == data.sizes()


def test_of_several_files_none_is_lost(tmp_path: Path) -> None:
    for split in ("", "all", "train"):
        place = tmp_path / f"annotations/instances_{split}.json"
        small(prefix=split).write(place, tmp_path / "images")
    assert set(open_dataset(tmp_path).info.splits) == {"unnamed", "all", "train"}
