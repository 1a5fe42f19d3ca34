"""Plants faults in a copy of a data set: records and annotation files are edited alike."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.audit.casting import View
from sim2coco.audit.dataset import AMODAL, read_run
from sim2coco.audit.geometry import Camera
from sim2coco.audit.meshes import Meshes
from sim2coco.audit.places import found_files
from sim2coco.audit.scene import Body, Scene

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


class Planted:
    """A copy of a data set with one image that faults are planted in.

    Attributes:
        root: The copy.
        record: The record of scene 0.
        view: Its first view.
        picture: The image of that view.
        trees: The content of the annotation files, by their paths: that with visible masks first.
    """

    def __init__(self, made: Path, meshes: Path, root: Path) -> None:
        shutil.copytree(made, root)
        self.root, self._meshes = root, meshes
        self._place = root / "records/000/000000.json"
        self.record = json.loads(self._place.read_bytes())
        self.view = next(view for view in self.record["views"] if view["pictures"])
        (self.picture,) = self.view["pictures"]
        names = ("annotations/instances_{}.json", *AMODAL)
        paths = [root / name.format("train") for name in names if (root / name.format("train")).is_file()]
        self.trees: dict[Path, Any] = {path: json.loads(path.read_bytes()) for path in paths}

    @property
    def file(self) -> str:
        return f"images/train/{self.picture['name']}"

    @property
    def labels(self) -> list[Any]:
        return list(self.picture["annotations"])

    @property
    def bodies(self) -> list[Any]:
        return list(self.record["settled"]["spec"]["bodies"])

    def entries(self, label: Any) -> list[Any]:
        """The annotations of a label of the record: with the visible and with the amodal mask."""
        first = next(iter(self.trees.values()))
        (image,) = (image["id"] for image in first["images"] if image["file_name"] == self.picture["name"])
        return [
            entry
            for tree in self.trees.values()
            for entry in tree["annotations"]
            if entry["image_id"] == image and entry["attributes"]["instance"] == label["instance"]
        ]

    def largest(self, asset: str = "") -> Any:
        """The label with the most visible pixels, of those of an asset if its name is given."""
        labels = [label for label in self.labels if asset in ("", label["asset"])]
        return max(labels, key=lambda label: label["area"] * label["visible_fraction"])

    def put_masks(self, label: Any, masks: Masks) -> None:
        """Replaces the masks of a label, with its boxes, areas and fractions."""
        visible_px, amodal_px = (int(mask.sum()) for mask in masks)
        fractions = {
            "occlusion": 1 - visible_px / amodal_px,
            "visible_fraction": visible_px / amodal_px * (1 - label["truncation"]),
        }
        label |= fractions
        for prefix, mask, entry in zip(("", "amodal_"), masks, self.entries(label), strict=True):
            packed = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            counts, box = packed["counts"].decode(), coco_mask.toBbox(packed).tolist()
            label |= {f"{prefix}counts": counts, f"{prefix}bbox": box, f"{prefix}area": int(mask.sum())}
            size = entry["segmentation"]["size"]
            entry |= {"segmentation": {"size": size, "counts": counts}, "bbox": box, "area": int(mask.sum())}
            entry["attributes"] |= fractions

    def masks(self, label: Any) -> Masks:
        """The visible and the amodal mask of a label."""
        size = [self.picture["height"], self.picture["width"]]
        visible, amodal = (
            np.array(coco_mask.decode({"size": size, "counts": label[key].encode()}), np.bool_)
            for key in ("counts", "amodal_counts")
        )
        return visible, amodal

    def seen(
        self,
        change: Callable[[Body], Body] = lambda body: body,
        look: Callable[[Camera], Camera] = lambda camera: camera,
    ) -> View:
        """What rays find if bodies or the camera are changed."""
        run = read_run(self.root)
        scene = Scene(self.record, Meshes(run, found_files(self.root, run, [self._meshes])))
        scene.bodies = [change(body) for body in scene.bodies]
        return scene.view(look(Camera.parse(self.view["shot"]["camera"])))

    def recast(self, label: Any, change: Callable[[Body], Body]) -> None:
        """Replaces the masks of a label by those of a changed body."""
        view = self.seen(lambda body: change(body) if body.index == label["body"] else body)
        self.put_masks(label, (view.visible(label["body"]), view.amodal(label["body"])))

    def write(self) -> Path:
        for path, tree in self.trees.items():
            path.write_text(json.dumps(tree))
        self._place.write_text(json.dumps(self.record))
        return self.root


def scaled(body: Body, matrix: NDArray[np.float64]) -> Body:
    """A body whose surface is transformed by a matrix (3, 3) in the frame of its pose."""
    turned = np.eye(4)
    turned[:3, :3] = matrix
    return replace(body, to_frame=turned @ body.to_frame)
