"""Data sets of any tool are read as pycocotools reads them, whatever their layout, order and size."""

import json
import os
import re
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage, Licence, Skeleton
from sim2coco.datasets.reading import open_coco, open_dataset
from sim2coco.datasets.runs import open_run
from sim2coco.datasets.size import Size
from sim2coco.review.dataset import DataSet
from sim2coco.review.status import status
from tests.cocosets import HEIGHT, WIDTH, CocoFile, rectangle, small

LAYOUTS = {
    "as sim2coco": ("annotations/instances_train.json", "images/train", "train"),
    "as COCO 2017": ("annotations/instances_val2017.json", "val2017", "val2017"),
    "as Roboflow": ("valid/_annotations.coco.json", "valid", "valid"),
    "flat": ("_annotations.coco.json", ".", "train"),
    "labels beside a folder": ("labels.json", "data", "train"),
    "one folder of images": ("annotations/instances_val.json", "images", "val"),
}


Labels = dict[str, list[tuple[str, list[float], bool, bytes]]]
"""Category, box, crowd and mask of each label, by the name of the image."""


def expected(file: Path) -> Labels:
    """The labels as pycocotools reads them."""
    coco = COCO(str(file))
    return {
        image["file_name"]: [
            (
                coco.cats[label["category_id"]]["name"],
                label["bbox"],
                bool(label["iscrowd"]),
                coco.annToMask(label).tobytes(),
            )
            for label in coco.loadAnns(coco.getAnnIds(image["id"]))
        ]
        for image in coco.loadImgs(coco.getImgIds())
    }


def found(images: list[LabelledImage], names: tuple[str, ...]) -> Labels:
    """The same of labelled images."""
    return {
        image.name: [
            (names[label.category], list(label.bbox), label.crowd, mask(label.counts, image))
            for label in image.labels
        ]
        for image in images
    }


def mask(counts: str | None, image: LabelledImage) -> bytes:
    assert counts is not None
    return coco_mask.decode({"size": [image.height, image.width], "counts": counts.encode()}).tobytes()


@pytest.mark.parametrize("opened", [open_run, DataSet, status], ids=["run", "records", "status"])
@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"num_images": 1}', b'{"num_images": "x"}', b"[]", b"\xff", None],
    ids=range(6),
)
def test_one_reader_refuses_what_is_no_run(
    tmp_path: Path, opened: Callable[[Path], object], content: bytes | None
) -> None:
    (tmp_path / "records").mkdir()
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(
        DataSetError, match=r"not a data set made by sim2coco generate \(it has no readable run\.json\)$"
    ):
        opened(tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("first", [0, 1, 70])
def test_is_read_as_pycocotools_reads_it(tmp_path: Path, layout: str, first: int) -> None:
    annotations, images, split = LAYOUTS[layout]
    small(first=first).write(tmp_path / annotations, tmp_path / images)
    data = open_dataset(tmp_path)
    read = list(data.images())
    assert found(read, data.info.categories) == expected(tmp_path / annotations)
    assert [image.name for image in read] == ["img0.png", "img1.png", "img2.png"]
    assert {image.split for image in read} == {split} == {*data.info.splits}
    assert all(image.file == tmp_path / images / image.name for image in read)
    assert data.sizes() == {split: Size(3, 9)}
    assert data.info.category_ids == (first, first + 1)


def test_names_with_folders_and_backslashes(tmp_path: Path) -> None:
    file = small()
    file.images[0]["file_name"], file.images[1]["file_name"] = "a/img.png", "b/img.png"
    file.write(tmp_path / "annotations/instances_train.json", tmp_path / "images")
    text = (tmp_path / "annotations/instances_train.json").read_text().replace("a/img.png", r"a\\img.png")
    (tmp_path / "annotations/instances_train.json").write_text(text)
    data = open_dataset(tmp_path)
    assert [image.file for image in data.images()][:2] == [
        tmp_path / "images/a/img.png",
        tmp_path / "images/b/img.png",
    ]
    assert data.find("a/img").name == "a/img.png"
    assert data.find("img2").name == "img2.png"
    with pytest.raises(DataSetError, match="2 images are called 'img': train/a/img"):
        data.find("img")
    with pytest.raises(DataSetError, match="no image 'im'"):
        data.find("im")


def test_what_people_add_is_carried(tmp_path: Path) -> None:
    file = small()
    file.images[0] |= {"license": 4, "date_captured": "2013", "tags": ["x"], "scene": 7}
    file.annotations[0] |= {"score": 0.5, "attributes": {"occluded": True, "deep": {"a": 1}}}
    file.categories[0] |= {"color": "#f00", "attributes": {"sku": 17}}
    file.write(tmp_path / "annotations/instances_train.json", tmp_path / "images/train")
    data = open_dataset(tmp_path)
    image = data.find("img0")
    assert (image.facts, image.scene) == ({"license": 1, "date_captured": "2013"}, 7)
    assert image.labels[0].attributes == {"score": 0.5, "occluded": True}
    assert data.info.attributes == ({"color": "#f00", "sku": 17}, {})
    assert data.info.licences == (Licence("CC BY 4.0", "https://example.org/by"),)
    assert data.info.about == {"description": "A small set", "year": 2024}
    assert data.info.supercategories == ("animal", "animal")


def test_keypoints(tmp_path: Path) -> None:
    file = small()
    file.categories[0] |= {"keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
    file.annotations[0] |= {"keypoints": [3, 4, 2, 0, 0, 0], "num_keypoints": 1}
    file.write(tmp_path / "annotations/instances_train.json", tmp_path / "images/train")
    data = open_dataset(tmp_path)
    assert data.info.skeletons == (Skeleton(("nose", "tail"), ((0, 1),)), None)
    label = data.find("img0").labels[0]
    assert (label.keypoints, label.attributes) == (((3, 4, 2), (0, 0, 0)), {})


def test_boxes_without_masks(tmp_path: Path) -> None:
    file = small()
    for label, missing in zip(file.annotations, (0, [], "absent"), strict=False):
        if missing == "absent":
            del label["segmentation"]
        else:
            label["segmentation"] = missing or None
    file.write(tmp_path / "annotations/instances_train.json", tmp_path / "images/train")
    masks = {label.counts for image in open_dataset(tmp_path).images() for label in image.labels}
    assert None in masks and len(masks) > 1


def test_splits_whose_ids_differ_share_categories_by_name(tmp_path: Path) -> None:
    small(("cat", "dog")).write(tmp_path / "train/_annotations.coco.json", tmp_path / "train")
    small(("dog", "cow"), first=0).write(tmp_path / "valid/_annotations.coco.json", tmp_path / "valid")
    data = open_dataset(tmp_path)
    assert data.info.splits == ("train", "valid")
    assert data.info.categories == ("cat", "dog", "cow")
    assert sorted(data.info.category_ids) == [1, 2, 3]
    names = {image.split: data.info.categories[image.labels[0].category] for image in data.images()}
    assert names == {"train": "cat", "valid": "dog"}
    with pytest.raises(DataSetError, match="add --split"):
        data.find("img0")
    assert data.find("img0", "valid").file == tmp_path / "valid/img0.png"


def test_two_categories_of_one_name_are_one(tmp_path: Path) -> None:
    """Roboflow lists the name of a project as a category, which may be that of a class."""
    file = small(("fish", "crab"))
    file.categories.insert(0, {"id": 0, "name": "fish", "supercategory": "none"})
    file.write(tmp_path / "train/_annotations.coco.json", tmp_path / "train")
    data = open_dataset(tmp_path)
    assert data.info.categories == ("fish", "crab")
    assert {label.category for image in data.images() for label in image.labels} == {0, 1}


def test_names_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "annotations/instances_train.json"
    small(("Käfer", "犬")).write(path, tmp_path / "images/train")
    path.write_text(json.dumps(json.loads(path.read_text()), ensure_ascii=False))
    data = open_dataset(tmp_path)
    assert data.info.categories == ("Käfer", "犬")
    assert len(list(data.images())) == 3


wrong: Any = 3
Change = Callable[[CocoFile], object]
INVALID: dict[str, tuple[Change, str]] = {
    "id of an image twice": (lambda f: f.images[1].update(id=1), "images: id 1 occurs twice"),
    "name of an image twice": (
        lambda f: f.images[1].update(file_name="img0.png"),
        "images: file_name 'img0.png' occurs twice",
    ),
    "id of an annotation twice": (lambda f: f.annotations[1].update(id=1), "annotations: id 1 occurs twice"),
    "no such image": (
        lambda f: f.annotations[0].update(image_id=9),
        "annotation 1: image_id 9 is not the id of",
    ),
    "no such category": (
        lambda f: f.annotations[0].update(category_id=9),
        "annotation 1: category_id 9 is not the",
    ),
    "image leaves the folder": (
        lambda f: f.images[0].update(file_name="../x.png"),
        r"images\[0\]: file_name is '../x",
    ),
    "absolute path": (
        lambda f: f.images[0].update(file_name="/etc/passwd"),
        "file_name is '/etc/passwd', must be a",
    ),
    "huge id": (lambda f: f.images[0].update(id=10**18), r"images\[0\]: id is a huge integer, must be"),
    "huge image": (
        lambda f: f.images[0].update(width=200_000),
        "width is 200000, must be an integer from 1 to 20000",
    ),
    "huge mask": (
        lambda f: f.annotations[0].update(segmentation={"size": [200_000] * 2, "counts": [4 * 10**10]}),
        "annotation 1: segmentation: size is",
    ),
    "huge coordinate": (
        lambda f: f.annotations[0].update(segmentation=[[1e30, 0, 0, 0, 1, 1]]),
        "annotation 1: segmentation: a polygon's coordinates must be finite and near the image",
    ),
    "malformed counts": (
        lambda f: f.annotations[0].update(segmentation={"size": [HEIGHT, WIDTH], "counts": "\x7f\x7f"}),
        "annotation 1: segmentation: counts",
    ),
    "empty mask": (
        lambda f: f.annotations[0].update(segmentation={"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH]}),
        "annotation 1: the mask is empty",
    ),
    "empty box": (
        lambda f: f.annotations[0].update(bbox=[1, 2, 0, 4]),
        r"annotation 1: bbox \[1, 2, 0, 4\] is empty",
    ),
    "no box": (lambda f: f.annotations[0].pop("bbox"), r"annotations\[0\]: bbox is missing"),
    "an annotation that is none": (
        lambda f: f.annotations.insert(0, wrong),
        r"annotations\[0\]: is 3, must be an object",
    ),
    "keypoints of another number": (
        lambda f: (
            f.categories[0].update(keypoints=["a", "b"]),
            f.annotations[0].update(keypoints=[1, 2, 2]),
        ),
        "annotation 1: keypoints must be 6 finite numbers",
    ),
    "skeleton": (
        lambda f: f.categories[0].update(keypoints=["a", "b"], skeleton=[[1, 3]]),
        "category 1: skeleton is",
    ),
    "nested mask": (
        lambda f: f.annotations[0].update(segmentation=json.loads("[" * 900 + "]" * 900)),
        "annotation",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_what_is_invalid_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    change, words = INVALID[case]
    file = small()
    file.write(tmp_path / "annotations/instances_train.json", tmp_path / "images/train")
    change(file)
    (tmp_path / "annotations/instances_train.json").write_text(json.dumps(vars(file)))
    with pytest.raises(DataSetError, match=words) as error:
        list(open_dataset(tmp_path).images())
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(f"; `sim2coco check {tmp_path}` lists all faults")
    assert check(tmp_path).faults or case in ("keypoints of another number", "skeleton")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "invalid JSON"),
        (b'{"images": [', "invalid JSON"),
        (b'{"images": [], "annotations": []}', "categories is missing or not a list"),
        (b'{"images": {}, "annotations": [], "categories": []}', "images is missing or not a list"),
        (b'{"images": [], "categories": []}', "annotations is missing or not a list"),
        (b'{"images": [], "annotations": [], "categories": [{"id": NaN, "name": "a"}]}', "it contains NaN"),
        (b'{"images": [], "annotations": [], "categories": [], "images": []}', "key 'images' occurs twice"),
        (b"\xff\xfe\x00", "invalid JSON"),
        (b"[" * 100_000, "is a list, must be an object"),
        (b'{"info": ' + b"[" * 100_000, "invalid JSON"),
        (b"[]", "is a list, must be an object"),
    ],
    ids=[
        "empty",
        "cut",
        "no categories",
        "object",
        "no annotations",
        "NaN",
        "twice",
        "bytes",
        "deep",
        "deep inside",
        "list",
    ],
)
def test_files_that_are_no_coco_files(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "labels.json").write_bytes(content)
    with pytest.raises(DataSetError, match=words):
        list(open_dataset(tmp_path).images())


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="no such folder"):
        open_dataset(tmp_path / "none")
    with pytest.raises(DataSetError, match="not a data set: it has no annotations"):
        open_dataset(tmp_path)
    os.mkfifo(tmp_path / "labels.json")
    with pytest.raises(DataSetError, match="missing, or not a regular file"):
        open_dataset(tmp_path)


def test_image_files_that_are_missing_or_none(tmp_path: Path) -> None:
    small().write(tmp_path / "annotations/instances_train.json", tmp_path / "images/train")
    (tmp_path / "images/train/img1.png").unlink()
    os.mkfifo(tmp_path / "images/train/img1.png")
    with pytest.raises(
        DataSetError, match=f"image file 'img1.png' does not exist in {tmp_path}/images/train"
    ):
        list(open_dataset(tmp_path).images())


def test_memory_does_not_grow_with_the_number_of_annotations(tmp_path: Path) -> None:
    peaks, sizes = [], []
    for many in (2500, 5000):
        file = small(images=100)
        owner = {"category_id": 1, "iscrowd": 0, **rectangle(3, 4, 10, 12)}
        file.annotations = [
            {"id": rank + 1, "image_id": rank * 7919 % 100 + 1, **owner} for rank in range(many)
        ]
        path = tmp_path / f"{many}/annotations/instances_train.json"
        file.write(path, tmp_path / f"{many}/images/train")
        del file
        tracemalloc.start()
        try:
            images = open_dataset(tmp_path / f"{many}").images()
            assert sum(len(image.labels) for image in images) == many
            peaks.append(tracemalloc.get_traced_memory()[1])
            sizes.append(path.stat().st_size)
        finally:
            tracemalloc.stop()
    assert peaks[1] - peaks[0] < 0.1 * (sizes[1] - sizes[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "data"
    recipe = Recipe.parse(
        {
            "seed": 5,
            "views": 2,
            "image": {"width": 64, "height": 64},
            "assets": {
                "categories": {
                    "nut": {"shape": "nut", "size_m": 0.06},
                    "box": {"shape": "box", "size_m": 0.08},
                }
            },
            "scene": {"kind": "drop", "num_objects": [1, 3]},
        }
    )
    generate(recipe, out, 8)
    return out


def test_a_run_is_read_from_its_records_and_from_its_coco_files_alike(run: Path) -> None:
    own, coco = open_dataset(run), open_coco(run)
    assert own.info.categories == coco.info.categories == ("nut", "box")
    assert own.info.amodal and coco.info.amodal
    assert own.sizes() == coco.sizes()
    for split in own.info.splits:
        for one, other in zip(own.images(split), coco.images(split), strict=True):
            assert (one.name, one.file, one.scene, one.facts) == (
                other.name,
                other.file,
                other.scene,
                other.facts,
            )
            assert one.ignored == other.ignored
            for label, same in zip(one.labels, other.labels, strict=True):
                assert (label.category, label.counts, label.amodal) == (
                    same.category,
                    same.counts,
                    same.amodal,
                )
                assert (label.bbox, label.area, label.attributes) == (same.bbox, same.area, same.attributes)
    assert any(label.solid is not None for image in own.images() for label in image.labels)
    assert own.find("s000000_v01").name == "s000000_v01.jpg"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"counts":"', '"counts":"oooooo'),
        (r'"category":\d', '"category":9'),
        ('"format":1', '"format":2'),
        ("^{", ""),
    ],
    ids=["mask", "category", "format", "cut"],
)
def test_an_edited_record_is_told(run: Path, tmp_path: Path, old: str, new: str) -> None:
    data = Path(shutil.copytree(run, tmp_path / "data"))
    for path in data.glob("records/*/*.json"):
        path.write_text(re.sub(old, new, path.read_text()))
    with pytest.raises(DataSetError, match="a record cannot be read") as error:
        list(open_dataset(data).images())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r'"name":"s(\d+_v\d+)\.jpg"', r'"name":"../../../s\1.jpg"'),
        (r'"name":"s(\d+_v\d+)\.jpg"', r'"name":"/s\1.jpg"'),
        (r'"split":"\w+"', '"split":"../.."'),
        (r'"split":"\w+"', '"split":"other"'),
        (r'"unseen":', '"other_files":{"../outside.png":"0"},"unseen":'),
        (r'"unseen":', '"other_files":{"/etc/passwd":"0"},"unseen":'),
    ],
    ids=["name above", "absolute name", "split above", "unknown split", "file above", "absolute file"],
)
def test_a_record_cannot_name_files_outside_the_data_set(
    run: Path, tmp_path: Path, old: str, new: str
) -> None:
    data = Path(shutil.copytree(run, tmp_path / "data"))
    for path in data.glob("records/*/*.json"):
        text, changes = re.subn(old, new, path.read_text())
        assert changes or '"status":"rejected"' in text
        path.write_text(text)
    (tmp_path / "outside.png").write_bytes(b"")
    with pytest.raises(DataSetError, match="a record cannot be read") as error:
        list(open_dataset(data).images())
    assert "missing" not in str(error.value)


def test_a_finished_data_set_is_read_after_an_interrupted_extension(run: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(run, tmp_path / "data"))
    names = [image.name for image in open_dataset(data).images()]
    last = max(data.glob("records/*/*.json"))
    shutil.copy(last, last.with_name(f"{int(last.stem) + 2:06d}.json"))  # the scene between is not done
    assert [image.name for image in open_dataset(data).images()] == names
