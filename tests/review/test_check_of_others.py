"""`check` on data sets of other tools: common layouts are read, one fault has no sequels."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from sim2coco.check import CheckError, check
from sim2coco.store import LocalStore

WIDTH, HEIGHT = 64, 48
OUTLINE = [10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0]


def encoded(kind: str = "JPEG") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 30)).save(buffer, kind)
    return buffer.getvalue()


def label(identity: int = 1, image: int = 1, category: int = 1, **more: Any) -> dict[str, Any]:
    square = {"bbox": [10, 10, 20, 20], "area": 400, "segmentation": [OUTLINE], "iscrowd": 0}
    return {"id": identity, "image_id": image, "category_id": category, **square, **more}


def coco(*names: str, first: int = 1, category: int = 1) -> dict[str, Any]:
    """A data set of one object in each image; ids from `first`."""
    size = {"width": WIDTH, "height": HEIGHT}
    return {
        "images": [{"id": first + rank, "file_name": name, **size} for rank, name in enumerate(names)],
        "annotations": [label(first + rank, first + rank, category) for rank in range(len(names))],
        "categories": [{"id": category, "name": "nut"}],
    }


def write(root: Path, trees: dict[str, Any], files: dict[str, bytes]) -> Path:
    contents = {**{name: json.dumps(tree).encode() for name, tree in trees.items()}, **files}
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


JPEG = encoded()
AT = "annotations/instances_{}.json"

# name: (annotation files, image files)
READ: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {
    "official": ({AT.format("val2017"): coco("a.jpg")}, {"val2017/a.jpg": JPEG}),
    "official, two": (
        {AT.format("train2017"): coco("a.jpg"), AT.format("val2017"): coco("a.jpg")},
        {"train2017/a.jpg": JPEG, "val2017/a.jpg": JPEG},
    ),
    "official, with other files": (
        {AT.format("val2017"): coco("a.jpg"), "annotations/captions_val2017.json": {"info": {}}},
        {"val2017/a.jpg": JPEG, "test2017/b.jpg": JPEG, "val2017/unlabelled.jpg": JPEG},
    ),
    "folder without the year": ({AT.format("val2017"): coco("a.jpg")}, {"images/val/a.jpg": JPEG}),
    "right in images": ({AT.format("default"): coco("a.jpg")}, {"images/a.jpg": JPEG}),
    "several files, one folder": (
        {AT.format("train"): coco("a.jpg"), AT.format("val"): coco("b.jpg")},
        {"images/a.jpg": JPEG, "images/b.jpg": JPEG},
    ),
    "names with folders": (
        {AT.format("train"): coco("cam1/a.jpg", "cam2/a.jpg")},
        {"images/train/cam1/a.jpg": JPEG, "images/train/cam2/a.jpg": JPEG},
    ),
    "names from the top": ({AT.format("train"): coco("images/train/a.jpg")}, {"images/train/a.jpg": JPEG}),
    "names with the split": ({AT.format("train"): coco("train/a.jpg")}, {"images/train/a.jpg": JPEG}),
    "backslashes": ({AT.format("train"): coco("cam1\\a.jpg")}, {"images/train/cam1/a.jpg": JPEG}),
    "plain names of files": (
        {"annotations/train.json": coco("a.jpg"), "annotations/val.json": coco("b.jpg")},
        {"train/a.jpg": JPEG, "val/b.jpg": JPEG},
    ),
    "annotations beside images": (
        {"train/_annotations.coco.json": coco("a.jpg"), "valid/_annotations.coco.json": coco("a.jpg")},
        {"train/a.jpg": JPEG, "valid/a.jpg": JPEG},
    ),
    "labels and data": ({"labels.json": coco("a.jpg")}, {"data/a.jpg": JPEG}),
    "result and images": ({"result.json": coco("images\\1/a.jpg")}, {"images/1/a.jpg": JPEG}),
    "ids from 0": ({AT.format("train"): coco("a.jpg", first=0, category=0)}, {"images/train/a.jpg": JPEG}),
    "ids with gaps": ({AT.format("train"): coco("a.jpg", first=70, category=90)}, {"train/a.jpg": JPEG}),
    "upper-case suffix": ({AT.format("train"): coco("A.JPG")}, {"images/train/A.JPG": JPEG}),
    **{
        kind: (
            {AT.format("train"): coco(f"a.{kind}")},
            {f"images/train/a.{kind}": encoded(kind.upper())},
        )
        for kind in ("webp", "bmp", "tiff", "gif", "png")
    },
    "a PNG named jpg": ({AT.format("train"): coco("a.jpg")}, {"images/train/a.jpg": encoded("PNG")}),
    "files of file managers": (
        {AT.format("train"): coco("a.jpg")},
        {
            "images/train/a.jpg": JPEG,
            ".DS_Store": b"\0\1",
            "images/.DS_Store": b"\0\1",
            "images/train/Thumbs.db": b"\0\1",
            "images/train/desktop.ini": b"[x]",
            "images/train/._a.jpg": b"\0\1",
            "annotations/._instances_train.json": b"\0\1",
        },
    ),
    "categories of one split only": (
        {
            AT.format("train"): {
                **coco("a.jpg"),
                "categories": [{"id": 2, "name": "pin"}, {"id": 1, "name": "nut"}],
            },
            AT.format("val"): coco("a.jpg"),
        },
        {"images/train/a.jpg": JPEG, "images/val/a.jpg": JPEG},
    ),
}


@pytest.mark.parametrize("name", READ)
def test_common_layouts_are_read(tmp_path: Path, name: str) -> None:
    trees, files = READ[name]
    report = check(write(tmp_path, trees, files))
    assert report.faults == ()
    assert report.images == sum(len(tree["images"]) for tree in trees.values() if "images" in tree)
    assert bool(report.notes) == (name in ("ids from 0", "categories of one split only"))


def test_all_kinds_of_masks_are_read(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[10:30, 10:30] = 1
    packed = coco_mask.encode(mask)["counts"].decode()
    plain = [10 * HEIGHT + 10, *[20, HEIGHT - 20] * 19, 20, HEIGHT * WIDTH - 29 * HEIGHT - 30]
    size = [HEIGHT, WIDTH]
    tree = coco("a.jpg")
    tree["annotations"] = [
        label(1, segmentation=[OUTLINE]),
        label(2, segmentation={"size": size, "counts": packed}),
        label(3, segmentation={"size": size, "counts": plain}, iscrowd=1),
        label(4, segmentation=[]),
        {key: value for key, value in label(5).items() if key != "segmentation"},
    ]
    report = check(write(tmp_path, {AT.format("train"): tree}, {"images/train/a.jpg": JPEG}))
    assert report.faults == ()
    assert report.annotations == 5


Change = Callable[[dict[str, Any]], object]


def named(name: str) -> Change:
    """The first image gets another name."""
    return lambda tree: tree["images"][0].update(file_name=name)


# name: (change to a valid file, the beginning of the only fault)
ONCE: dict[str, tuple[Change, str]] = {
    "absolute": (named("/srv/a.jpg"), "images[0]: file_name is '/srv/a.jpg', must be a relative path, "),
    "drive": (named("C:\\a.jpg"), "images[0]: file_name is 'C:\\\\a.jpg', must be a relative path"),
    "upwards": (named("../a.jpg"), "images[0]: file_name is '../a.jpg', must be a relative path"),
    "upwards by backslash": (named("x\\..\\..\\a.jpg"), "images[0]: file_name is"),
    "no name": (lambda t: t["images"][0].pop("file_name"), "images[0]: file_name is missing"),
    "no width": (lambda t: t["images"][0].pop("width"), "images[0]: width is missing"),
    "category without a name": (lambda t: t["categories"][0].pop("name"), "categories[0]: name is missing"),
    "no such image": (
        lambda t: t["annotations"][0].update(image_id=9),
        "annotation 1: image_id 9 is not the id of an entry of this file",
    ),
    "no such category": (
        lambda t: t["annotations"][0].update(category_id=7),
        "annotation 1: category_id 7 is not",
    ),
}


@pytest.mark.parametrize("name", ONCE)
def test_one_fault_has_no_sequels(tmp_path: Path, name: str) -> None:
    change, told = ONCE[name]
    tree = coco("a.jpg", "b.jpg")
    change(tree)
    files = {"images/train/a.jpg": JPEG, "images/train/b.jpg": JPEG}
    (fault,) = check(write(tmp_path, {AT.format("train"): tree}, files)).faults
    assert str(fault).startswith(f"{AT.format('train')}: {told}")


def test_images_that_are_nowhere_are_one_line(tmp_path: Path) -> None:
    tree = coco(*(f"{number}.jpg" for number in range(9)))
    (fault,) = check(write(tmp_path, {AT.format("train"): tree}, {"pictures/0.jpg": JPEG})).faults
    assert str(fault) == (
        f"{AT.format('train')}: images: none of its 9 images is in images/train/, train/ or images/"
    )


def test_a_name_in_other_case_is_told(tmp_path: Path) -> None:
    files = {"images/train/a.JPG": JPEG, "images/train/b.jpg": JPEG}
    (fault,) = check(write(tmp_path, {AT.format("train"): coco("a.jpg", "b.jpg")}, files)).faults
    assert str(fault) == "images/train/a.jpg: missing: image 1 has no file; there is a.JPG"


@pytest.mark.parametrize(
    "files", [{"images/a.jpg": JPEG}, {"annotations/captions_val.json": b"{}"}, {"notes.json": b"{}"}]
)
def test_a_folder_in_no_known_layout_says_which_are_read(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(CheckError) as caught:
        check(write(tmp_path, {}, files))
    assert "annotations/instances_<split>.json, with images in images/<split>/" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_very_long_name_is_a_missing_file(tmp_path: Path) -> None:
    tree = coco("a.jpg", f"{'x' * 300}.jpg")
    (fault,) = check(write(tmp_path, {AT.format("train"): tree}, {"images/train/a.jpg": JPEG})).faults
    assert "missing: image 2 has no file" in str(fault)


def test_a_run_is_not_disturbed_by_files_of_file_managers(tmp_path: Path) -> None:
    write(
        tmp_path,
        {},
        {".DS_Store": b"", "records/000/Thumbs.db": b"", "images/._a.jpg": b"", "images/a.jpg": b""},
    )
    assert list(LocalStore(tmp_path).list(".")) == ["images/a.jpg"]
