"""Wrong labels, planted in records and annotation files alike: which check finds which."""

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.review.deep import check_deep

RECIPE = Recipe.parse(
    {
        "seed": 11,
        "views": 1,
        "split": {"train": 1.0},
        "image": {"width": 160, "height": 120, "format": "png"},
        "assets": {
            "categories": {
                "box": {"shape": "box", "size_m": 0.08},
                "nut": {"shape": "nut", "size_m": 0.08},
                "rod": {"shape": "cylinder", "size_m": 0.1},
            }
        },
        "scene": {"kind": "drop", "num_objects": [3, 4], "empty_share": 0.0, "spread": 4.0},
        "camera": {"kind": "shell", "fill": 0.7, "elevation_deg": [50, 70]},
        "quality": {"checks": {"visible": {"kind": "visible", "min_px": 30}}},
    }
)
FILES = ("annotations/instances_train.json", "annotations_amodal/amodal_train.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planted") / "data"
    generate(RECIPE, out, 4)
    return out


class Edited:
    """A copy of a data set, in which record and annotation files are edited alike.

    Attributes:
        record: The record of scene 0.
        view: Its first view with images.
        picture: The image of that view.
        trees: The visible and the amodal annotation file.
    """

    def __init__(self, made: Path, root: Path) -> None:
        """Copies and reads the data set."""
        shutil.copytree(made, root)
        self.root, self.place = root, root / "records/000/000000.json"
        self.record = json.loads(self.place.read_bytes())
        del self.record["sha256"]  # as in records of earlier versions: it would tell that there are edits
        self.view = next(view for view in self.record["views"] if view["pictures"])
        (self.picture,) = self.view["pictures"]
        self.trees = {name: json.loads((root / name).read_bytes()) for name in FILES}

    @property
    def bodies(self) -> Any:
        """The bodies of the scene."""
        return self.record["settled"]["spec"]["bodies"]

    def labels(self) -> list[Any]:
        """The labels in the record."""
        return list(self.picture["annotations"])

    def coco(self, rank: int) -> list[Any]:
        """The annotation of a label in both files."""
        return [[a for a in tree["annotations"] if a["image_id"] == 1][rank] for tree in self.trees.values()]

    def write(self) -> Path:
        """Writes everything, with ids that count from 1."""
        for name, tree in self.trees.items():
            for rank, annotation in enumerate(tree["annotations"], 1):
                annotation["id"] = rank
            (self.root / name).write_text(json.dumps(tree))
        self.place.write_text(json.dumps(self.record))
        return self.root

    def alone(self) -> int:
        """The rank of a label that is whole, unoccluded and away from the border and from the others."""
        boxes = np.array([label["amodal_bbox"] for label in self.labels()])
        for rank, label in enumerate(self.labels()):
            x, y, width, height = boxes[rank]
            beside = (boxes[:, 0] > x + width + 2) | (boxes[:, 0] + boxes[:, 2] < x - 2)
            beside |= (boxes[:, 1] > y + height + 2) | (boxes[:, 1] + boxes[:, 3] < y - 2)
            beside[rank] = True
            if label["visible_fraction"] == 1.0 and beside.all() and 2 < x < 150 - width:
                return rank
        raise AssertionError("choose another seed")

    def twins(self) -> tuple[int, int]:
        """The ranks of two labels of different categories."""
        categories = [label["category"] for label in self.labels()]
        return 0, next(rank for rank, category in enumerate(categories) if category != categories[0])


def decoded(counts: str) -> NDArray[np.uint8]:
    return np.array(coco_mask.decode({"size": [120, 160], "counts": counts.encode()}))


def put_masks(edited: Edited, rank: int, masks: list[NDArray[np.uint8]]) -> None:
    """Replaces the visible and the amodal mask of a label, with boxes and areas."""
    label = edited.labels()[rank]
    for prefix, mask, entry in zip(("", "amodal_"), masks, edited.coco(rank), strict=True):
        packed = coco_mask.encode(np.asfortranarray(mask))
        counts, box, area = packed["counts"].decode(), coco_mask.toBbox(packed).tolist(), int(mask.sum())
        label.update({f"{prefix}counts": counts, f"{prefix}bbox": box, f"{prefix}area": area})
        entry.update(segmentation={"size": [120, 160], "counts": counts}, bbox=box, area=area)


def shift_mask(edited: Edited) -> None:
    rank = edited.alone()
    label = edited.labels()[rank]
    put_masks(edited, rank, [np.roll(decoded(label[key]), 1, axis=1) for key in ("counts", "amodal_counts")])


def shift_mask_and_whole_box(edited: Edited) -> None:
    rank = edited.alone()
    shift_mask(edited)
    edited.labels()[rank]["whole_bbox"][0] += 1


def drop(edited: Edited) -> None:
    entries = edited.coco(1)
    for tree, entry in zip(edited.trees.values(), entries, strict=True):
        tree["annotations"].remove(entry)
    del edited.picture["annotations"][1]


def drop_as_unseen(edited: Edited) -> None:
    edited.picture["unseen"] = sorted([*edited.picture["unseen"], edited.labels()[1]["body"]])
    drop(edited)


def swap_categories(edited: Edited) -> None:
    one, other = edited.twins()
    labels = edited.labels()
    labels[one]["category"], labels[other]["category"] = labels[other]["category"], labels[one]["category"]
    for first, second in zip(edited.coco(one), edited.coco(other), strict=True):
        first["category_id"], second["category_id"] = second["category_id"], first["category_id"]


def swap_categories_of_bodies(edited: Edited) -> None:
    swap_categories(edited)
    for rank in edited.twins():
        label = edited.labels()[rank]
        edited.bodies[label["body"]]["category"] = label["category"]


def swap_assets_too(edited: Edited) -> None:
    one, other = edited.twins()
    swap_categories_of_bodies(edited)
    labels, keys = (
        edited.labels(),
        [edited.bodies[edited.labels()[rank]["body"]]["asset"] for rank in (one, other)],
    )
    for rank, key in ((one, keys[1]), (other, keys[0])):
        edited.bodies[labels[rank]["body"]]["asset"] = key
        labels[rank]["asset"] = key.partition("@")[0]
        for entry in edited.coco(rank):
            entry["attributes"]["asset"] = labels[rank]["asset"]


def swap_instances_and_bodies(edited: Edited) -> None:
    one, other = edited.twins()
    labels = edited.labels()
    for key in ("instance", "body"):
        labels[one][key], labels[other][key] = labels[other][key], labels[one][key]
    for rank in (one, other):
        for entry in edited.coco(rank):
            entry["attributes"]["instance"] = labels[rank]["instance"]


def swap_instances(edited: Edited) -> None:
    swap_instances_and_bodies(edited)
    one, other = edited.twins()
    labels = edited.labels()
    labels[one]["body"], labels[other]["body"] = labels[other]["body"], labels[one]["body"]


def stale_pose(edited: Edited) -> None:
    edited.labels()[edited.alone()]["pose"]["position_m"][0] += 0.008


def move_body(edited: Edited) -> None:
    """Moves a body, and the pose of its label, by 8 mm along the x axis of the camera."""
    label = edited.labels()[edited.alone()]
    x, y, z, w = edited.view["shot"]["camera"]["pose"]["quat_xyzw"]
    axis = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    position = edited.bodies[label["body"]]["pose"]["position_m"]
    position[:] = (np.array(position) + 0.008 * axis).tolist()
    label["pose"]["position_m"][0] += 0.008


def intrinsics(edited: Edited) -> None:
    edited.picture["camera"]["fx"] *= 1.01


def intrinsics_of_the_view(edited: Edited) -> None:
    for camera in (edited.picture["camera"], edited.view["shot"]["camera"]):
        camera["fx"] *= 1.01
        camera["fy"] *= 1.01


def light(edited: Edited) -> None:
    edited.view["shot"]["light"]["exposure_ev"] += 0.5


def pixels(edited: Edited) -> None:
    place = edited.root / "images/train" / edited.picture["name"]
    image = cv2.imread(str(place))
    assert image is not None
    image[5, 5] ^= 1
    place.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    edited.picture["sha256"] = sha256(place.read_bytes()).hexdigest()


# name: (edit, whether `check` finds it without rendering; None if that depends on the object)
EDITS: dict[str, tuple[Callable[[Edited], None], bool | None]] = {
    "mask shifted by a pixel": (shift_mask, True),
    "mask and whole box shifted by a pixel": (shift_mask_and_whole_box, None),
    "instance dropped": (drop, True),
    "instance dropped and listed as unseen": (drop_as_unseen, False),
    "categories swapped": (swap_categories, True),
    "categories swapped, in labels and bodies": (swap_categories_of_bodies, True),
    "categories and meshes swapped": (swap_assets_too, False),
    "ids swapped": (swap_instances, True),
    "ids and bodies swapped": (swap_instances_and_bodies, True),
    "pose off by 8 mm": (stale_pose, True),
    "pose and body moved by 8 mm": (move_body, None),
    "focal length off by 1 %": (intrinsics, True),
    "focal length off by 1 %, in labels and view": (intrinsics_of_the_view, None),
    "light of the record changed": (light, False),
    "a pixel of the image changed, with its hash": (pixels, False),
}


@pytest.mark.parametrize("name", EDITS)
def test_planted_faults_are_found(made: Path, tmp_path: Path, name: str) -> None:
    edit, by_check = EDITS[name]
    edited = Edited(made, tmp_path / "data")
    edit(edited)
    root = edited.write()
    found = bool(check(root).faults)
    assert by_check in (found, None)
    assert found or check_deep(root, scenes=1).faults
    if edit is not swap_categories_of_bodies:  # the image shows the same meshes
        assert check_deep(root, scenes=1).faults


def test_the_guide_lists_the_planted_faults() -> None:
    words = {True: "yes", False: "no", None: "mostly"}
    page = (Path(__file__).parents[2] / "docs" / "checking.md").read_text()
    told = re.findall(r"^\| (.+?) \| (yes|no|mostly) \| yes \|$", page, re.MULTILINE)
    assert dict(told) == {name: words[by_check] for name, (_, by_check) in EDITS.items()}


def test_an_untouched_data_set_is_the_same_when_rendered_again(made: Path) -> None:
    report = check_deep(made)
    assert (report.images, report.faults, report.notes) == (4, (), ())
    assert check_deep(made, scenes=2).images == 2


def test_reasons_of_rejected_views_are_compared(made: Path, tmp_path: Path) -> None:
    edited = Edited(made, tmp_path / "data")
    edited.view["reasons"], edited.view["pictures"] = ["too_dark"], []
    (fault,) = check_deep(edited.write(), scenes=1).faults
    assert str(fault).endswith("rendered again, it is accepted; the record says rejected (too_dark)")


RECIPES: dict[str, dict[str, Any]] = {
    "augmented": {
        "augment": {
            "copies": 2,
            "geometry": {"turn": {"name": "Affine", "p": 1.0, "rotate": [-20, 20]}},
            "pixels": {"noise": {"name": "GaussNoise", "p": 0.5}},
        }
    },
    "lightings": {"lightings": 3, "image": {"width": 96, "height": 72, "format": "jpg"}},
    "floating": {"scene": {"kind": "floating", "num_objects": [2, 4]}},
    "shaded by PyBullet": {"render": {"kind": "tiny"}, "quality": {}},
    "rejections": {"quality": {"checks": {"many": {"kind": "instances", "minimum": 4}}}},
}


@pytest.mark.parametrize("name", RECIPES)
def test_all_kinds_of_data_sets_are_the_same_when_rendered_again(tmp_path: Path, name: str) -> None:
    tree = json.loads(RECIPE.model_dump_json()) | RECIPES[name]
    generate(Recipe.parse(tree), tmp_path / "data", 3)
    assert check(tmp_path / "data").faults == ()
    assert check_deep(tmp_path / "data").faults == ()


def test_meshes_are_found_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scenes use different meshes of the folder; it was moved since."""
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    for rank in range(3):
        corners = [f"v {x} {y} {z * (rank + 1) / 3}" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        quads = ["1 2 4 3", "5 7 8 6", "1 5 6 2", "3 4 8 7", "1 3 7 5", "2 6 8 4"]
        (meshes / f"{rank}.obj").write_text("\n".join([*corners, *(f"f {quad}" for quad in quads), ""]))
    tree = json.loads(RECIPE.model_dump_json())
    tree["assets"]["categories"] = {"block": {"path": str(meshes), "size_m": 0.1}}
    generate(Recipe.parse(tree), tmp_path / "data", 3)
    (tmp_path / "away").mkdir()
    meshes.rename(tmp_path / "away" / "meshes")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(DataSetError, match="--meshes"):
        check_deep(tmp_path / "data")
    report = check_deep(tmp_path / "data", [tmp_path / "away"])
    assert (report.images, report.faults) == (3, ())
