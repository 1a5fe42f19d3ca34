"""`check` reports every fault: valid hand-made data sets, and the changes that make them invalid."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from sim2coco.check import CheckError, Fault, check
from sim2coco.check.masks import mask_of, run_lengths, runs_from_lengths
from sim2coco.seeding import rng_for

WIDTH, HEIGHT = 32, 24
TRAIN, VAL = "annotations/instances_train.json", "annotations/instances_val.json"
AMODAL = "annotations_amodal/amodal_train.json"
PLACES = {"instances": "annotations/instances_{}.json", "amodal": "annotations_amodal/amodal_{}.json"}
RECORD = "records/000/000000.json"
PICTURE = "images/train/s000000_v00.png"


@dataclass
class DataSet:
    """JSON trees and bytes by file name, which tests change before they write them."""

    trees: dict[str, Any]
    files: dict[str, bytes]

    def write(self, root: Path) -> Path:
        for name, tree in self.trees.items():
            self.files[name] = json.dumps(tree).encode()
        for name, content in self.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        return root

    def label(self, rank: int = 0) -> Any:
        return self.trees[TRAIN]["annotations"][rank]

    def image(self, rank: int = 0) -> Any:
        return self.trees[TRAIN]["images"][rank]


def rectangle(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[y0:y1, x0:x1] = 1
    return mask


FRONT = rectangle(10, 5, 20, 15)
BEHIND = rectangle(4, 8, 14, 24)
VISIBLE = BEHIND & ~FRONT


RECIPE = {"seed": 0, "assets": {"nut": {"path": "nut.obj", "size_m": 0.1}}}
IDENTITY = sha256(json.dumps({"recipe": RECIPE}, separators=(",", ":")).encode()).hexdigest()
ASSETS = ("nut", "pin/long")
HERE = {"position_m": [0.0, 0.0, 1.0], "quat_xyzw": [0.0, 0.0, 0.0, 1.0]}
BODIES = [
    {"asset": f"{name}@0123456789abcdef", "category": category, "scale": 1.0, "pose": HERE}
    for name, category in (("nut", 0), ("pin/long", 1), ("pin/long", 1), ("nut", 0), ("clutter", None))
]
EYE = {"position_m": [0.0, 0.0, 0.0], "quat_xyzw": [0.0, 0.0, 0.0, 1.0]}
CAMERA = {"width": 32, "height": 24, "fx": 20.0, "fy": 20.0, "cx": 16.0, "cy": 12.0, "pose": EYE}


def rle(mask: NDArray[np.uint8]) -> dict[str, Any]:
    encoded = coco_mask.encode(np.asfortranarray(mask))
    return {"size": [HEIGHT, WIDTH], "counts": encoded["counts"].decode()}


def png(shade: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def masked(mask: NDArray[np.uint8]) -> dict[str, Any]:
    found = rle(mask)
    return {
        "segmentation": found,
        "area": int(mask.sum()),
        "bbox": coco_mask.toBbox(found).tolist(),  # type: ignore[arg-type]
    }


def valid() -> DataSet:
    """Scenes 0 and 2 in train, 1 in val; one image each, in which one object partly occludes another."""
    data = DataSet(
        {},
        {
            "config.yaml": b"seed: 0\nassets: {nut: {path: nut.obj, size_m: 0.1}}\n",
            "run.log": b"/any/thing\n",
        },
    )
    data.trees["run.json"] = {"format": 1, "num_images": 3, "identity": IDENTITY, "recipe": deepcopy(RECIPE)}
    categories = [
        {"id": 1, "name": "nut", "supercategory": "object"},
        {"id": 2, "name": "pin", "supercategory": "object"},
    ]
    base = {"info": {}, "licenses": [{"id": 1, "name": "unknown", "url": ""}], "categories": categories}
    for split in ("train", "val"):
        for kind in ("instances", "amodal"):
            data.trees[PLACES[kind].format(split)] = deepcopy(base) | {
                "images": [],
                "annotations": [],
            }
    for scene, split in ((0, "train"), (1, "val"), (2, "train")):
        _add_scene(data, scene, split)
    return data


def _add_scene(data: DataSet, scene: int, split: str) -> None:
    visible, amodal = (data.trees[place.format(split)] for place in PLACES.values())
    name, content = f"s{scene:06d}_v00.png", png(scene)
    rank = len(visible["images"]) + 1
    key = {"scene": scene, "view": 0, "lighting": 0, "copy": 0}
    ignored = [{"category_id": 2, "bbox": [0.0, 0.0, 2.0, 2.0], "reason": "small"}]
    image = {"id": rank, "file_name": name, "width": WIDTH, "height": HEIGHT, **key, "ignored": ignored}
    labels = []
    for instance, (visible_mask, amodal_mask, truncation) in enumerate(
        ((FRONT, FRONT, 0.0), (VISIBLE, BEHIND, 0.2)), 1
    ):
        occlusion = 1 - float(visible_mask.sum()) / float(amodal_mask.sum())
        fractions = {
            "visible_fraction": (1 - occlusion) * (1 - truncation),
            "occlusion": occlusion,
            "truncation": truncation,
        }
        attributes = {**fractions, "asset": ASSETS[instance - 1], "instance": instance}
        common = {
            "id": len(visible["annotations"]) + 1,
            "image_id": rank,
            "category_id": instance,
            "iscrowd": 0,
        }
        visible["annotations"].append({**common, "attributes": dict(attributes), **masked(visible_mask)})
        amodal["annotations"].append({**common, "attributes": dict(attributes), **masked(amodal_mask)})
        labels.append(
            {
                **attributes,
                "category": instance - 1,
                **_of_body(instance - 1),
                **_recorded(visible_mask, ""),
                **_recorded(amodal_mask, "amodal_"),
            }
        )
    visible["images"].append(image)
    amodal["images"].append(deepcopy(image))
    data.files[f"images/{split}/{name}"] = content
    picture = {
        "name": name,
        "copy": 0,
        "width": WIDTH,
        "height": HEIGHT,
        "sha256": sha256(content).hexdigest(),
    }
    picture["annotations"] = labels
    picture |= {"camera": deepcopy(CAMERA), "ignored": [], "unseen": [3]}
    picture["ignored"] = [
        {"category": 1, "asset": "pin/long", "bbox": [0.0, 0.0, 2.0, 2.0], "reason": "small", "body": 2}
    ]
    views = [
        {
            "view": 0,
            "lighting": 0,
            "reasons": [],
            "pictures": [picture],
            "shot": {"camera": deepcopy(CAMERA), "light": {}},
        },
        {"view": 1, "lighting": 0, "reasons": ["too_dark"], "pictures": []},
    ]
    if scene == 2:  # accepted, but beyond num_images, so that its file has been removed
        views.append(
            {"view": 2, "lighting": 0, "reasons": [], "pictures": [picture | {"name": "s000002_v02.png"}]}
        )
    record = {"format": 1, "scene": scene, "split": split, "status": "done", "views": views}
    record["settled"] = {"spec": {"bodies": deepcopy(BODIES)}}
    data.trees[f"records/000/{scene:06d}.json"] = record


def _of_body(index: int) -> dict[str, Any]:
    """The part of a label that depends on its body: a plate at a depth of 1 m, before the camera."""
    x, y, width, height = (10, 5, 10, 10) if index == 0 else (4, 8, 10, 20)
    left, right, top, bottom = ((edge - 16) / 20 for edge in (x, x + width, y + 4, y + height + 4))
    return {
        "body": index,
        "scale": BODIES[index]["scale"],
        "pose": deepcopy(BODIES[index]["pose"]),
        "whole_px": width * height,
        "whole_bbox": [float(x), float(y), float(width), float(height)],
        "outermost_m": [[left, top, 0.0], [right, top, 0.0], [left, top, 0.0], [left, bottom, 0.0]],
    }


def _recorded(mask: NDArray[np.uint8], prefix: str) -> dict[str, Any]:
    found = masked(mask)
    return {
        f"{prefix}bbox": found["bbox"],
        f"{prefix}area": found["area"],
        f"{prefix}counts": found["segmentation"]["counts"],
    }


def foreign() -> DataSet:
    """A data set of another tool: polygons, a crowd, plain run lengths, a box alone, no attributes."""
    triangle = [[2.0, 2.0, 22.0, 2.0, 2.0, 18.0]]
    crowd = {"size": [HEIGHT, WIDTH], "counts": [24 * 8, 48, 24 * 22]}
    annotations = [
        {
            "id": 70,
            "image_id": 9,
            "category_id": 18,
            "bbox": [2, 2, 20, 16],
            "area": 160.0,
            "iscrowd": 0,
            "segmentation": triangle,
        },
        {
            "id": 12,
            "image_id": 9,
            "category_id": 18,
            "bbox": [8, 0, 2, 24],
            "area": 48,
            "iscrowd": 1,
            "segmentation": crowd,
        },
        {
            "id": 13,
            "image_id": 9,
            "category_id": 18,
            "bbox": [0.5, 0.5, 3.2, 3],
            "area": 9.6,
            "iscrowd": 0,
            "segmentation": [],
        },
        {"id": 14, "image_id": 9, "category_id": 18, "iscrowd": 0, **masked(FRONT)},
    ]
    images = [{"id": 9, "file_name": "dog.jpg", "width": WIDTH, "height": HEIGHT, "coco_url": "/x"}]
    tree = {"images": images, "annotations": annotations, "categories": [{"id": 18, "name": "dog"}]}
    buffer = BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT)).save(buffer, "JPEG")
    return DataSet({TRAIN: tree}, {"images/train/dog.jpg": buffer.getvalue()})


def test_a_valid_data_set_has_no_faults(tmp_path: Path) -> None:
    report = check(valid().write(tmp_path))
    assert report.faults == ()
    assert (report.images, report.annotations) == (3, 6)


def test_a_valid_data_set_of_another_tool_has_no_faults(tmp_path: Path) -> None:
    report = check(foreign().write(tmp_path))
    assert report.faults == ()
    assert (report.images, report.annotations) == (1, 4)


def test_the_folder_of_a_split_may_be_a_symlink(tmp_path: Path) -> None:
    data = foreign()
    picture = data.files.pop("images/train/dog.jpg")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/dog.jpg").write_bytes(picture)
    (tmp_path / "data/images").mkdir(parents=True)
    (tmp_path / "data/images/train").symlink_to(tmp_path / "elsewhere")
    assert check(data.write(tmp_path / "data")).faults == ()


@pytest.mark.parametrize(("name", "why"), [("nowhere", "no such folder"), (".", "not a data set")])
def test_a_folder_that_is_not_a_data_set_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(CheckError, match=why):
        check(tmp_path / name)


Change = Callable[[DataSet], object]


def put(data: DataSet, name: str, content: bytes) -> None:
    data.trees.pop(name, None)
    data.files[name] = content


def both(data: DataSet) -> list[Any]:
    """The first annotation in the visible and in the amodal file."""
    return [data.trees[name]["annotations"][0] for name in (TRAIN, AMODAL)]


def remask(entry: Any, mask: NDArray[np.uint8]) -> None:
    entry.update(masked(mask))


ANNOTATIONS = [place.format(split) for place in PLACES.values() for split in ("train", "val")]


def recorded(data: DataSet, rank: int = 0) -> Any:
    """A label in the record of the first scene."""
    return data.trees[RECORD]["views"][0]["pictures"][0]["annotations"][rank]


def cameras(data: DataSet) -> list[Any]:
    """The camera of the first view, and the same as noted for its image."""
    view = data.trees[RECORD]["views"][0]
    return [view["shot"]["camera"], view["pictures"][0]["camera"]]


def move(data: DataSet) -> None:
    """Moves a body, and the pose of its label, to the right."""
    for entry in (recorded(data), data.trees[RECORD]["settled"]["spec"]["bodies"][0]):
        entry["pose"]["position_m"][0] += 0.06


# name: (change to the valid data set, text that a fault must contain)
OURS: dict[str, tuple[Change, str]] = {
    # files
    "no JSON": (lambda d: put(d, TRAIN, b'{"images": ['), f"{TRAIN}: invalid JSON"),
    "empty file": (lambda d: put(d, TRAIN, b""), f"{TRAIN}: invalid JSON"),
    "not UTF-8": (lambda d: put(d, TRAIN, b'{"images": "\xff"}'), "invalid JSON"),
    "a list": (lambda d: put(d, TRAIN, b"[]"), "must be an object"),
    "temporary left": (
        lambda d: put(d, "images/train/.tmp-0a", b""),
        "images/train/.tmp-0a: a temporary file",
    ),
    "no run.json": (lambda d: d.trees.pop("run.json"), "run.json: missing"),
    "no config.yaml": (lambda d: d.files.pop("config.yaml"), "config.yaml: missing"),
    "no amodal file": (lambda d: d.trees.pop(AMODAL), f"{AMODAL}: missing"),
    "amodal alone": (lambda d: d.trees.pop(VAL), "annotations_amodal/amodal_val.json: has no instances file"),
    "split missing": (lambda d: d.trees.pop(VAL), f"{VAL}: missing: records list"),
    "unfinished": (
        lambda d: [d.trees.pop(n) for n in list(d.trees) if "annotations" in n],
        "annotations: missing: the run is unfinished",
    ),
    # structure
    "no categories": (lambda d: d.trees[TRAIN].pop("categories"), "categories is missing"),
    "no licenses": (lambda d: d.trees[TRAIN].pop("licenses"), "licenses is missing"),
    "id a text": (
        lambda d: d.label().update(id="1"),
        "annotations[0]: id is '1', must be a positive integer",
    ),
    "id true": (lambda d: d.label().update(id=True), "id is True, must be"),
    "id 0": (lambda d: d.label().update(id=0), "id is 0, must be"),
    "id twice": (lambda d: d.label(1).update(id=1), "annotations[1]: id 1 occurs twice"),
    "id not consecutive": (lambda d: [e.update(id=9) for e in both(d)], "annotations: ids are not 1, 2, 3"),
    "image twice": (
        lambda d: d.image(1).update(file_name="s000000_v00.png"),
        "'s000000_v00.png' occurs twice",
    ),
    "category twice": (lambda d: d.trees[TRAIN]["categories"][1].update(name="nut"), "'nut' occurs twice"),
    "no such image": (lambda d: d.label().update(image_id=77), "annotation 1: image_id 77"),
    "no such category": (lambda d: d.label().update(category_id=77), "annotation 1: category_id 77"),
    "no bbox": (lambda d: d.label().pop("bbox"), "bbox is missing"),
    "crowd": (lambda d: d.label().update(iscrowd=1), "iscrowd is 1"),
    "scene missing": (lambda d: d.image().pop("scene"), "scene is missing"),
    "file in a folder": (
        lambda d: d.image().update(file_name="../val/s000001_v00.png"),
        "must be a bare file name",
    ),
    "wrong name": (lambda d: d.image().update(view=3), "'s000000_v00.png' must be s000000_v03"),
    "scenes mixed": (lambda d: d.image().update(scene=5), "scenes are not in order"),
    "ignored what": (
        lambda d: d.image()["ignored"][0].update(category_id=8),
        "ignored: 8 is not the id of a category",
    ),
    # pictures
    "no file": (lambda d: d.files.pop(PICTURE), f"{PICTURE}: missing"),
    "no entry": (lambda d: put(d, "images/val/new.png", png(1)), "images/val/new.png: has no entry"),
    "no split": (lambda d: put(d, "images/test/new.png", png(1)), "images/test/new.png: belongs to no split"),
    "beside splits": (lambda d: put(d, "images/new.png", png(1)), "images/new.png: belongs to no split"),
    "truncated": (
        lambda d: put(d, PICTURE, d.files[PICTURE][:-30]),
        f"{PICTURE}: cannot be decoded completely",
    ),
    "no picture": (lambda d: put(d, PICTURE, b"GIF89a"), f"{PICTURE}: not a JPEG or PNG file"),
    "other size": (lambda d: put(d, PICTURE, png(0, (33, 24))), "is 33 x 24, but its entry says 32 x 24"),
    "other bytes": (lambda d: put(d, PICTURE, png(99)), "sha256 differs"),
    # masks
    "polygons": (
        lambda d: d.label().update(segmentation=[[1, 1, 9, 1, 9, 9]]),
        "bbox [10.0, 5.0, 10.0, 10.0] differs",
    ),
    "plain counts": (
        lambda d: d.label()["segmentation"].update(counts=[0, 768]),
        "counts differs from annotation 1",
    ),
    "transposed": (
        lambda d: d.label()["segmentation"].update(size=[WIDTH, HEIGHT]),
        "size is [32, 24], but the image's size is",
    ),
    "short counts": (lambda d: d.label()["segmentation"].update(counts="5"), "sum to 5, not to 24 x 32"),
    "empty mask": (
        lambda d: d.label()["segmentation"].update(counts=rle(FRONT * 0)["counts"]),
        "empty",
    ),
    "bbox": (
        lambda d: d.label()["bbox"].__setitem__(0, 9.0),
        "annotation 1: bbox [9.0, 5.0, 10.0, 10.0] differs",
    ),
    "bbox by 1e-3": (lambda d: d.label()["bbox"].__setitem__(0, 10.001), "differs from the mask's bbox"),
    "bbox outside": (lambda d: d.label().update(bbox=[-1, 5, 10, 10]), "extends beyond the image"),
    "bbox empty": (lambda d: d.label().update(bbox=[10, 5, 0, 10]), "bbox [10, 5, 0, 10] is empty"),
    "area": (lambda d: d.label().update(area=101), "area 101 differs from the mask's area 100"),
    "amodal area": (lambda d: both(d)[1].update(area=101), f"{AMODAL}: annotation 1: area 101"),
    "overlap": (lambda d: remask(d.label(1), BEHIND), "the masks of annotations 1 and 2 overlap"),
    "one pixel shared": (
        lambda d: remask(d.label(1), VISIBLE | rectangle(10, 5, 11, 6)),
        "annotations 1 and 2 overlap",
    ),
    "not inside": (
        lambda d: remask(d.label(), FRONT | rectangle(31, 23, 32, 24)),
        "is not inside the amodal one",
    ),
    # fractions
    "fraction": (lambda d: d.label()["attributes"].update(truncation=1.5), "truncation is 1.5"),
    "no fraction": (lambda d: d.label()["attributes"].pop("occlusion"), "occlusion is missing"),
    "occlusion": (
        lambda d: d.label(1)["attributes"].update(occlusion=0.5),
        "occlusion 0.5 differs from the masks'",
    ),
    "visible": (
        lambda d: d.label()["attributes"].update(visible_fraction=0.99),
        "visible_fraction 0.99 differs from (1 - ",
    ),
    "instance twice": (lambda d: d.label(1)["attributes"].update(instance=1), "have the same instance"),
    # amodal
    "amodal lacks one": (
        lambda d: d.trees[AMODAL]["annotations"].pop(),
        f"{AMODAL}: annotation 4: is missing",
    ),
    "amodal category": (
        lambda d: both(d)[1].update(category_id=2),
        f"{AMODAL}: annotation 1: category_id differs",
    ),
    "amodal image": (lambda d: both(d)[1].update(image_id=2), f"{AMODAL}: annotation 1: image_id differs"),
    "amodal picture": (lambda d: d.trees[AMODAL]["images"][0].update(width=30), "image 1: width differs"),
    "amodal shares": (lambda d: both(d)[1]["attributes"].update(truncation=0.1), "attributes differ"),
    # the whole
    "categories": (
        lambda d: d.trees[VAL]["categories"][0].update(name="bolt"),
        "instances_val.json: categories: differ",
    ),
    "scene shared": (lambda d: d.trees[VAL]["images"][0].update(scene=2), "scene 2 is in split train too"),
    "path in COCO": (
        lambda d: d.trees[TRAIN]["info"].update(url="/home/me/x"),
        "info.url: '/home/me/x' is an absolute",
    ),
    "path in a record": (
        lambda d: d.trees[RECORD].update(mesh="C:\\me\\nut.obj"),
        "mesh: 'C:\\\\me\\\\nut.obj' is an",
    ),
    "path as a key": (
        lambda d: d.trees["run.json"].update(images={"/mnt/floor": 1}),
        "images: '/mnt/floor' is an",
    ),
    "path elsewhere": (lambda d: put(d, "more/x.json", b'["/srv"]'), "more/x.json: '/srv' is an absolute"),
    "path in YAML": (
        lambda d: put(d, "config.yaml", b"a:\n  path: /home/me\n"),
        "config.yaml: line 2: '/home/me'",
    ),
    "no YAML": (lambda d: put(d, "config.yaml", b"a: [\n"), "config.yaml: invalid YAML"),
    # settings
    "recipe edited": (
        lambda d: d.trees["run.json"]["recipe"].update(seed=1),
        "run.json: identity does not match the rest of the file: it was edited",
    ),
    "identity edited": (
        lambda d: d.trees["run.json"].update(identity="0f" * 32),
        "identity does not match the rest of the file",
    ),
    "versions edited": (
        lambda d: d.trees["run.json"].update(versions={}),
        "identity does not match the rest",
    ),
    "config edited": (
        lambda d: put(d, "config.yaml", b"seed: 0\nassets: {nut: {path: nut.obj, size_m: 0.2}}\n"),
        "config.yaml: differs from the recipe in run.json: 'assets.nut.size_m'",
    ),
    "config empty": (lambda d: put(d, "config.yaml", b""), "config.yaml: differs from the recipe"),
    "config with aliases": (
        lambda d: put(d, "config.yaml", b"seed: &a 0\nassets: *a\n"),
        "config.yaml: has aliases",
    ),
    "meshes edited": (
        lambda d: d.trees["run.json"].update(assets=["nut@0123456789abcdee"]),
        "records/000/000000.json: mesh 'clutter@0123456789abcdef' is not among the assets of run.json",
    ),
    "status edited": (lambda d: d.trees[RECORD].update(status="failed"), "status is 'failed', but there are"),
    "no scene, but done": (
        lambda d: d.trees[RECORD].update(settled=None),
        "status is 'done', but there is no scene",
    ),
    "another annotation file": (
        lambda d: put(d, "annotations/old.json", b"{}"),
        "annotations/old.json: sim2coco does not write this file",
    ),
    # records
    "another file among the records": (
        lambda d: put(d, "records/000/000000.json.orig", b"{}"),
        "records/000/000000.json.orig: sim2coco does not write this file",
    ),
    "record gone": (lambda d: d.trees.pop("records/000/000001.json"), "the record of scene 1 is missing"),
    "record broken": (lambda d: put(d, RECORD, b"{"), f"{RECORD}: invalid JSON"),
    "record format": (lambda d: d.trees[RECORD].update(format=2), "format is 2"),
    "record of another": (lambda d: d.trees[RECORD].update(scene=7), "belongs to scene 7"),
    "too few": (lambda d: d.trees["run.json"].update(num_images=9), "is 9, but the records contain 4"),
    "too many": (lambda d: d.trees["run.json"].update(num_images=2), "image 2: no record lists it"),
    "view rejected": (lambda d: d.trees[RECORD]["views"][0]["reasons"].append("x"), "no record lists it"),
    "one label fewer": (
        lambda d: d.trees[RECORD]["views"][0]["pictures"][0]["annotations"].pop(),
        "1 annotations here, 2",
    ),
    "label differs": (
        lambda d: d.trees[RECORD]["views"][0]["pictures"][0]["annotations"][0].update(area=7),
        "area differs from annotation 1",
    ),
    "amodal label differs": (
        lambda d: d.trees[RECORD]["views"][0]["pictures"][0]["annotations"][1].update(amodal_counts="x"),
        "amodal_counts differs from annotation 2",
    ),
    # labels against bodies
    "no scene": (lambda d: d.trees[RECORD].pop("settled"), "a label cannot be read (KeyError: 'settled')"),
    "no such body": (
        lambda d: recorded(d).update(body=9),
        "instance 1: body 9 is not an object of the scene",
    ),
    "body of none": (
        lambda d: recorded(d).update(body=4),
        "instance 1: body 4 is not an object of the scene",
    ),
    "another body": (
        lambda d: recorded(d).update(body=3),
        "body 0 is neither labelled nor ignored nor unseen",
    ),
    "body twice": (lambda d: recorded(d).update(body=3), "body 3 is listed twice"),
    "body of another kind": (
        lambda d: d.trees[RECORD]["settled"]["spec"]["bodies"][0].update(category=1),
        "instance 1: category is 0, but body 0 has 1",
    ),
    "asset of a body": (
        lambda d: d.trees[RECORD]["settled"]["spec"]["bodies"][1].update(asset="pin@0f"),
        "instance 2: asset is 'pin/long', but body 1 has 'pin'",
    ),
    "category of an asset": (
        lambda d: [d.trees[n]["categories"][1].update(name="pi") for n in ANNOTATIONS],
        "instance 2: asset 'pin/long' does not belong to category 'pi'",
    ),
    "scale": (lambda d: recorded(d).update(scale=1.1), "instance 1: scale is 1.1, but body 0 has 1.0"),
    "stale pose": (
        lambda d: recorded(d)["pose"]["position_m"].__setitem__(0, 0.008),
        "instance 1: pose is off by 0.008 m from the pose of body 0",
    ),
    "turned pose": (
        lambda d: recorded(d)["pose"].update(quat_xyzw=[0.0, 0.0, 0.01, 1.0]),
        "instance 1: pose is off by",
    ),
    "moved body": (move, "instance 1: whole_bbox extends 1.2 px beyond the projected mesh"),
    "camera": (
        lambda d: d.trees[RECORD]["views"][0]["pictures"][0]["camera"].update(fx=20.2),
        "s000000_v00.png: camera: fx differs from the camera of the view",
    ),
    "size of the camera": (
        lambda d: [camera.update(width=40) for camera in cameras(d)],
        "camera: width and height differ from the image's",
    ),
    "intrinsics": (
        lambda d: [camera.update(cx=15.0) for camera in cameras(d)],
        "instance 2: whole_bbox extends 1.0 px beyond the projected mesh",
    ),
    "whole box": (
        lambda d: recorded(d).update(whole_bbox=[9.0, 5.0, 11.0, 10.0]),
        "the whole object is in the image, but amodal_bbox or amodal_area differs",
    ),
    "whole area": (lambda d: recorded(d, 1).update(whole_px=180), "instance 2: truncation differs from 1 - "),
    "whole box too small": (
        lambda d: recorded(d, 1).update(whole_bbox=[5.0, 8.0, 9.0, 20.0]),
        "beyond whole_bbox",
    ),
    "numbers of instances": (
        lambda d: [recorded(d, rank).update(instance=2 - rank) for rank in (0, 1)],
        "instances are not numbered in the order of their bodies",
    ),
    "ignored differs": (lambda d: d.image()["ignored"].pop(), "ignored differs from annotations"),
    "picture unknown": (lambda d: d.trees[TRAIN]["images"].pop(), "s000002_v00.png: has no entry in"),
    "picture differs": (
        lambda d: d.trees[RECORD]["views"][0]["pictures"][0].update(copy=1),
        "copy is 1, but 0 in annotations",
    ),
}


@pytest.mark.parametrize("name", OURS)
def test_reports_faults_in_our_data_sets(tmp_path: Path, name: str) -> None:
    change, sentence = OURS[name]
    data = valid()
    change(data)
    said = [str(fault) for fault in check(data.write(tmp_path)).faults]
    assert any(sentence in line for line in said), said


def test_an_unfinished_run_is_one_fault(tmp_path: Path) -> None:
    data = valid()
    for name in [name for name in data.trees if name.startswith("annotations")]:
        del data.trees[name]
    faults = check(data.write(tmp_path)).faults
    assert {fault.file for fault in faults} == {"annotations"}


SINGLE: dict[str, Change] = {
    "name": lambda d: d.image().update(file_name="../val/s000001_v00.png"),
    "width": lambda d: d.image().update(width=0),
    "annotation": lambda d: d.label().pop("bbox"),
    "attribute": lambda d: d.label()["attributes"].pop("occlusion"),
    "category": lambda d: d.trees[TRAIN]["categories"][1].pop("name"),
    "no such category": lambda d: d.label().update(category_id=77),
}


@pytest.mark.parametrize("name", SINGLE)
def test_one_broken_entry_has_no_sequels(tmp_path: Path, name: str) -> None:
    data = valid()
    SINGLE[name](data)
    (fault,) = check(data.write(tmp_path)).faults
    assert fault.file == TRAIN


def test_one_fault_is_reported_once(tmp_path: Path) -> None:
    data = valid()
    for name, key in ((TRAIN, ""), (AMODAL, "amodal_")):
        data.trees[name]["annotations"][0]["area"] = 101
        data.trees[RECORD]["views"][0]["pictures"][0]["annotations"][0][f"{key}area"] = 101
    data.trees[RECORD]["views"][0]["pictures"][0]["annotations"][0]["whole_px"] = 101
    said = [(fault.file, fault.where) for fault in check(data.write(tmp_path)).faults]
    assert said == [(TRAIN, "annotation 1"), (AMODAL, "annotation 1")]


# name: (change to the valid data set of another tool, text that a fault must contain)
FOREIGN: dict[str, tuple[Change, str]] = {
    "bbox of w and h": (
        lambda d: d.label().update(bbox=[2, 2, 26, 16]),
        "annotation 70: bbox [2, 2, 26, 16] differs",
    ),
    "area as w x h": (lambda d: d.label().update(area=320), "area 320 differs from the mask's area"),
    "crowd 2": (lambda d: d.label(1).update(iscrowd=2), "iscrowd is 2, must be 0 or 1"),
    "no crowd": (lambda d: d.label(1).pop("iscrowd"), "iscrowd is missing"),
    "odd polygon": (lambda d: d.label()["segmentation"][0].pop(), "at least 3 points"),
    "two points": (lambda d: d.label().update(segmentation=[[1, 1, 2, 2]]), "at least 3 points"),
    "polygon outside": (
        lambda d: d.label().update(segmentation=[[40, 2, 60, 2, 40, 18]]),
        "the mask is empty",
    ),
    "run too long": (lambda d: d.label(1)["segmentation"].update(counts=[700, 69]), "sum to 769"),
    "negative run": (lambda d: d.label(1)["segmentation"].update(counts=[800, -32]), "within the image"),
    "not a mask": (lambda d: d.label().update(segmentation="x"), "must be RLE or polygons"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_reports_faults_in_data_sets_of_other_tools(tmp_path: Path, name: str) -> None:
    change, sentence = FOREIGN[name]
    data = foreign()
    change(data)
    said = [str(fault) for fault in check(data.write(tmp_path)).faults]
    assert any(sentence in line for line in said), said


def huge(data: DataSet) -> None:
    """A mask of 200000 x 200000 in an image of that size, on which pycocotools crashes."""
    size = 200_000
    data.label().update(segmentation={"size": [size, size], "counts": [size * size]})
    data.image().update(width=size, height=size)


MALICIOUS: dict[str, Change] = {
    "200000 x 200000": huge,
    "20000 x 20000": lambda d: (
        d.image().update(width=20_000, height=20_000),
        d.label().update(segmentation=[[0, 0, 20_000, 0, 20_000, 20_000]]),
    ),
    "RLE of another size": lambda d: d.label().update(
        segmentation={"size": [200_000] * 2, "counts": "0" * 99}
    ),
    "RLE of size -1": lambda d: d.label().update(segmentation={"size": [-24, -32], "counts": "Po0"}),
    "RLE of size 1e30": lambda d: d.label().update(segmentation={"size": [1e30, 10**30], "counts": []}),
    "counts garbage": lambda d: d.label(3)["segmentation"].update(counts="\x00\ud800 /~é"),
    "counts empty": lambda d: d.label(3)["segmentation"].update(counts=""),
    "counts open": lambda d: d.label(3)["segmentation"].update(counts="ooooo"),
    "counts long": lambda d: d.label(3)["segmentation"].update(counts="o" * 5000 + "0"),
    "counts negative": lambda d: d.label(3)["segmentation"].update(counts="@@@@@"),
    "counts nested": lambda d: d.label(3)["segmentation"].update(counts=[[[]]]),
    "counts huge": lambda d: d.label(3)["segmentation"].update(counts=[10**400, -(10**400), 768]),
    "counts true": lambda d: d.label(3)["segmentation"].update(counts=[True, False]),
    "polygons 1e30": lambda d: d.label().update(segmentation=[[1e30, 1e30, -1e30, 1e30, 0, 0]]),
    "polygons NaN": lambda d: d.label().update(segmentation=[[float("nan")] * 6]),
    "polygons infinite": lambda d: d.label().update(segmentation=[[float("inf"), 0, 0, 9, 9, 0]]),
    "polygons huge integers": lambda d: d.label().update(segmentation=[[10**400, 0, 0, 9, 9, 0]]),
    "polygons flat": lambda d: d.label().update(segmentation=[5, 6, 7, 8, 9, 10]),
    "polygons of nothing": lambda d: d.label().update(segmentation=[[]]),
    "polygons long": lambda d: d.label().update(segmentation=[[0, 0, 20_000, 20_000] * 500]),
    "bbox NaN": lambda d: d.label().update(bbox=[float("nan")] * 4),
    "bbox huge": lambda d: d.label().update(bbox=[10**400, 0, 1, 1]),
    "bbox nested": lambda d: d.label().update(bbox=[[0], {}, None, "1"]),
    "bbox text": lambda d: d.label().update(bbox="0123"),
    "id huge": lambda d: d.label().update(id=10**400),
    "id a list": lambda d: d.label().update(id=[1]),
    "id a float": lambda d: d.label().update(id=1.0),
    "images a number": lambda d: d.trees[TRAIN].update(images=3),
    "images of nulls": lambda d: d.trees[TRAIN].update(images=[None, [], "x", 1]),
    "annotations null": lambda d: d.trees[TRAIN].update(annotations=None),
    "name NUL": lambda d: d.image().update(file_name="a\x00b.jpg"),
    "name surrogate": lambda d: d.image().update(file_name="\ud800.jpg"),
    "name long": lambda d: d.image().update(file_name="x" * 5000),
    "width a text": lambda d: d.image().update(width="32"),
    "lines in a text": lambda d: d.trees[TRAIN]["categories"].append({"id": 18, "name": "a\nb\x1b[2J"}),
    "deep": lambda d: put(d, TRAIN, b"[" * 100_000),
    "deep, closed": lambda d: put(d, TRAIN, b'{"images":' + b"[" * 800 + b"]" * 800 + b"}"),
    "long number": lambda d: put(d, TRAIN, b'{"images":' + b"1" * 10_000 + b"}"),
    "infinite number": lambda d: put(
        d, TRAIN, b'{"images": 1e999, "annotations": NaN, "categories": -Infinity}'
    ),
    "binary": lambda d: put(d, TRAIN, bytes(range(256))),
    "picture of 2 GB": lambda d: put(
        d,
        "images/train/dog.jpg",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\2\0\0\0\x01\x02\x03\x04",
    ),
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious_input_is_reported_without_a_crash(tmp_path: Path, name: str) -> None:
    data = foreign()
    MALICIOUS[name](data)
    report = check(data.write(tmp_path))
    assert report.faults
    assert all(str(fault).isprintable() and len(str(fault)) < 500 for fault in report.faults)


BOMB = b"a: &a [/x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 120))

RECORDS: dict[str, Change] = {
    "deep": lambda d: put(d, RECORD, b"[" * 100_000),
    "views of nulls": lambda d: d.trees[RECORD].update(views=[None, {}, [], {"view": 1}]),
    "pictures of nulls": lambda d: d.trees[RECORD]["views"][0].update(pictures=[None, {}, 1]),
    "labels of nulls": lambda d: d.trees[RECORD]["views"][0]["pictures"][0].update(annotations=[None, {}]),
    "split upwards": lambda d: d.trees[RECORD].update(split="../.."),
    "name long": lambda d: d.trees[RECORD]["views"][0]["pictures"][0].update(name="x" * 5000),
    "status a list": lambda d: d.trees[RECORD].update(status=[]),
    "hash a list": lambda d: d.trees[RECORD]["views"][0]["pictures"][0].update(sha256=[[]]),
    "attributes nested": lambda d: d.label()["attributes"].update(occlusion=[[]], asset={}),
    "segmentation null": lambda d: d.label().update(segmentation=None),
    "ignored of nulls": lambda d: d.image().update(ignored=[None, 1, {}]),
    "YAML bomb": lambda d: put(d, "config.yaml", BOMB),
    "YAML binary": lambda d: put(d, "config.yaml", bytes(range(256))),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_malicious_records_are_reported_without_a_crash(tmp_path: Path, name: str) -> None:
    data = valid()
    RECORDS[name](data)
    assert check(data.write(tmp_path)).faults


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path, as keys and indices, to every value of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(deeper for key, value in inner for deeper in nodes(value, (*path, key)))][not path :]


STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1e308,
    float("nan"),
    "",
    "/x\n\ud800",
    [],
    [[[]]],
    {},
    {"size": {}, "counts": []},
)


@pytest.mark.parametrize("kind", [valid, foreign])
def test_strange_values_at_any_place_cause_no_crash(tmp_path: Path, kind: Callable[[], DataSet]) -> None:
    data = kind()
    data.write(tmp_path)
    for name in set(data.trees) & {TRAIN, AMODAL, RECORD, "run.json"}:
        for rank, path in enumerate(nodes(data.trees[name])):
            tree = deepcopy(data.trees[name])
            node = tree
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = STRANGE[rank % len(STRANGE)]
            (tmp_path / name).write_text(json.dumps(tree))
            assert all(str(fault).isprintable() for fault in check(tmp_path).faults)
        (tmp_path / name).write_text(json.dumps(data.trees[name]))
    assert check(tmp_path).faults == ()


def test_a_fault_is_one_line() -> None:
    assert str(Fault("a.json", "", "schema", "is\nwrong\x1b[2J")) == "a.json: is\\nwrong\\x1b[2J"


def test_run_lengths_equal_those_of_pycocotools() -> None:
    rng = rng_for(0, scene=0, stream="poses")
    masks = []
    for density in (0.002, 0.03, 0.5, 0.97):
        for height, width in ((1, 1), (1, 40), (40, 1), (37, 53), (200, 300)):
            mask = np.asfortranarray(rng.random((height, width)) < density, np.uint8)
            encoded = coco_mask.encode(mask)
            found = runs_from_lengths(run_lengths(encoded["counts"].decode()), height, width)
            assert found.area == mask.sum()
            if mask.any():
                assert found.box_xywh == coco_mask.toBbox(encoded).tolist()
            drawn = np.zeros(mask.size, np.uint8)
            for start, end in zip(found.starts, found.ends, strict=True):
                drawn[start:end] = 1
            assert (mask == drawn.reshape(width, height).T).all()
            masks.append((mask, found))
    for one, one_found in masks:
        for other, other_found in masks:
            if one.shape == other.shape:
                assert one_found.inside(other_found) == bool((one <= other).all())


def test_empty_runs_are_removed_and_touching_runs_merged() -> None:
    found = mask_of({"size": [2, 4], "counts": [1, 2, 0, 1, 1, 0, 3]}, 2, 4)
    assert (found.starts.tolist(), found.ends.tolist()) == ([1], [4])
