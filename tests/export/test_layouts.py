"""Where formats put their files, in runs and elsewhere, and what they do with other people's labels."""

import logging
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from scenes.assets.loading import load_catalogue
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.cli.scalars import parsed
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage
from sim2coco.datasets.own import dataset_info, labelled_images
from sim2coco.export.format import Format, write_formats
from sim2coco.export.imagefolder import ImageFolder
from sim2coco.export.settings import Export
from sim2coco.export.voc import Voc
from sim2coco.export.webdataset import WebDataset
from sim2coco.export.yolo import Yolo, data_yaml
from sim2coco.messages import ConfigError, build
from sim2coco.store import LocalStore
from tests.commandline import tree
from tests.export.masks import INFO, images_of, label_of

FORMATS = (Yolo(), Voc(masks=True), WebDataset(shard_images=3), ImageFolder())
RECIPE = Recipe.parse(
    {
        "seed": 5,
        "views": 2,
        "image": {"width": 64, "height": 64},
        "assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.06}}},
        "scene": {"kind": "drop", "num_objects": [1, 3]},
    }
)
SQUARE = np.pad(np.ones((4, 5), np.uint8), 3)
DEVKIT = "voc/VOCdevkit/VOC2012"


def members(shard: Path) -> list[str]:
    with tarfile.open(shard) as tar:
        return tar.getnames()


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    """An image of 11 x 10 px with a label."""
    return images_of([SQUARE], tmp_path / "made")[0]


def export(images: Sequence[LabelledImage], target: Path, *formats: Format, info: DatasetInfo = INFO) -> Path:
    write_formats(formats, LocalStore(target), info, images)
    return target


def test_a_run_and_an_export_write_the_same_files(tmp_path: Path) -> None:
    out, store = tmp_path / "run", LocalStore(tmp_path / "run")
    result = generate(RECIPE, out, 8, formats=FORMATS)
    assert not check(out).faults
    info = dataset_info(RECIPE.split.shares, load_catalogue(RECIPE.assets))
    exported = tree(
        export(list(labelled_images(store, info, result.scenes, 8)), tmp_path / "export", *FORMATS, info=info)
    )
    made = tree(out)
    assert exported == {name: made[name] for name in exported}
    assert (made.keys() - exported.keys()).isdisjoint(
        name for name in made if "/" in name and name in exported
    )
    assert {name.partition("/")[0] for name in exported} == {
        "data.yaml",
        "images",
        "imagefolder",
        "labels",
        "voc",
        "webdataset",
    }
    generate(RECIPE, out, 12)
    shards = [name for name in tree(out) if name.endswith(".tar")]
    assert sum(len(members(out / shard)) for shard in shards) == 24
    assert not check(out).faults


def test_images_are_linked_never_written_again(image: LabelledImage, tmp_path: Path) -> None:
    out = export([image], tmp_path / "out", *FORMATS)
    for name in ("images/train/i0.png", f"{DEVKIT}/JPEGImages/i0.png", "imagefolder/train/i0.png"):
        assert (out / name).samefile(image.file)


def test_tar_files_of_a_larger_data_set_are_deleted(image: LabelledImage, tmp_path: Path) -> None:
    images = [replace(image, name=f"i{number}.png") for number in range(4)]
    shards = WebDataset(shard_images=1)
    export(images, tmp_path / "out", shards)
    export(images[:2], tmp_path / "out", shards)
    assert sorted(tree(tmp_path / "out")) == ["webdataset/train-000000.tar", "webdataset/train-000001.tar"]


@pytest.mark.parametrize("changed", ["time", "folder"])
def test_tar_files_depend_on_content_alone(image: LabelledImage, tmp_path: Path, changed: str) -> None:
    first = export([image], tmp_path / "first", WebDataset())
    if changed == "time":
        image.file.touch()
    else:
        (tmp_path / "other").mkdir()
        image = replace(image, file=image.file.rename(tmp_path / "other" / "name.png"))
    assert tree(export([image], tmp_path / "second", WebDataset())) == tree(first)


def test_names_that_collide_without_folder_or_suffix_are_kept_apart(
    image: LabelledImage, tmp_path: Path
) -> None:
    names = ["a/1.png", "b/1.png", "a_1.png", "a/1.v2.png", "a/1.PNG", "images/1.png"]
    images = [replace(image, name=name) for name in names]
    images.append(replace(image, name="a/1.png", split="val"))
    out = export(images, tmp_path / "out", *FORMATS)
    labels = [name for name in tree(out) if name.startswith("labels/")]
    assert len(labels) == 7
    for label in labels:
        # What Ultralytics makes of the path of an image.
        stem = label.removeprefix("labels/").removesuffix(".txt")
        (found,) = [file for file in (out / "images" / stem).parent.iterdir() if file.stem == Path(stem).name]
        assert "/labels/".join(f"/x/{found.relative_to(out)}".rsplit("/images/", 1)).startswith("/x/labels/")
    assert len(list((out / DEVKIT / "Annotations").iterdir())) == 7
    keys = [name for tar in out.rglob("*.tar") for name in members(tar)]
    assert len({key.partition(".")[0] for key in keys}) == 7
    assert len(set(keys)) == 14


def test_a_box_without_a_mask_becomes_its_rectangle(image: LabelledImage, tmp_path: Path) -> None:
    boxed = replace(image, labels=(Label(1, (3.0, 3.0, 5.0, 4.0), 20, None), *image.labels))
    out = export([boxed], tmp_path / "out", *FORMATS)
    first, second = (out / "labels/train/i0.txt").read_text().splitlines()
    assert first.split()[1:] == second.split()[1:]
    assert not (out / DEVKIT / "SegmentationObject").exists()


def test_crowds_are_left_out_of_yolo_and_difficult_in_voc(
    image: LabelledImage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = replace(image, labels=(replace(image.labels[0], crowd=True),))
    with caplog.at_level(logging.WARNING):
        out = export([crowd], tmp_path / "out", Yolo(), Voc())
    assert caplog.messages == ["yolo: 1 labels are left out: crowds, or without pixels"]
    assert (out / "labels/train/i0.txt").read_text() == ""
    assert ElementTree.parse(out / DEVKIT / "Annotations/i0.xml").findtext("object/difficult") == "1"


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ("bridge", "bridges between the parts add 3 px"),
        ("largest", "their smaller parts, 2 px, are left out"),
    ],
)
def test_the_loss_of_masks_in_parts_is_told(
    image: LabelledImage, tmp_path: Path, caplog: pytest.LogCaptureFixture, split: str, told: str
) -> None:
    mask = np.zeros((10, 11), np.uint8)
    mask[1:4, 1:4] = mask[2:4, 7] = 1
    several = replace(image, labels=(*image.labels, label_of(mask)))
    with caplog.at_level(logging.WARNING):
        export([several], tmp_path / "out", Yolo.parse({"kind": "yolo", "split": split}))
    assert caplog.messages == [f"yolo: 1 of 2 masks have several parts; {told}"]


def test_boxes_of_others_are_cut_at_the_image(image: LabelledImage, tmp_path: Path) -> None:
    label = Label(0, (-4.0, 2.5, 9.0, 40.0), 1, None)
    out = export([replace(image, labels=(label,))], tmp_path / "out", Yolo(task="detect"), Voc())
    x, y, width, height = map(float, (out / "labels/train/i0.txt").read_text().split()[1:])
    assert np.allclose([x * 11, y * 10, width * 11, height * 10], [2.5, 6.25, 5, 7.5], atol=1e-5)
    box = ElementTree.parse(out / DEVKIT / "Annotations/i0.xml").find("object/bndbox")
    assert box is not None
    assert [child.text for child in box] == ["1", "3", "5", "10"]


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (["train", "val"], {"train": "images/train", "val": "images/val"}),
        (["train", "valid", "test"], {"train": "images/train", "val": "images/valid", "test": "images/test"}),
        (["train2017", "val2017"], {"train": "images/train2017", "val": "images/val2017"}),
        (["a", "b", "val"], {"train": ["images/a", "images/b"], "val": "images/val"}),
        (["train"], {"train": "images/train", "val": "images/train"}),
        (["val"], {"train": "images/val", "val": "images/val"}),
    ],
)
def test_data_yaml_names_training_and_validation(splits: list[str], expected: dict[str, object]) -> None:
    content = yaml.safe_load(data_yaml(INFO, splits))
    assert content == expected | {"names": dict(enumerate(INFO.categories))}


@pytest.mark.parametrize(("word", "expected"), [("0", 0), ("1", 1), ("2", None)])
def test_the_first_pixel_is_chosen_by_a_word_of_the_command_line(word: str, expected: int | None) -> None:
    tree = {"formats": [{"kind": "voc", "first_pixel": word}]}
    if expected is None:
        with pytest.raises(ConfigError, match="first_pixel"):
            build(Export, tree, parsed)
    else:
        assert build(Export, tree, parsed).formats == (Voc(first_pixel=expected),)


def test_voc_says_what_is_cut_and_hidden(image: LabelledImage, tmp_path: Path) -> None:
    shares = [(0.1, 0.04), (0.2, 0.5)]
    labels = [
        replace(image.labels[0], attributes={"truncation": cut, "occlusion": hidden})
        for cut, hidden in shares
    ]
    out = export([replace(image, labels=tuple(labels))], tmp_path / "out", Voc())
    root = ElementTree.parse(out / DEVKIT / "Annotations/i0.xml")
    assert [entry.text for entry in root.iterfind("object/truncated")] == ["0", "1"]
    assert [entry.text for entry in root.iterfind("object/occluded")] == ["0", "1"]


def test_overlapping_masks_are_not_written_as_png_files(
    image: LabelledImage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        out = export([replace(image, labels=image.labels * 2)], tmp_path / "out", Voc(masks=True))
    assert "voc: 1 images get no PNG masks" in caplog.text
    assert not list(out.rglob("Segmentation*"))
