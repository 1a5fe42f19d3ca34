"""BOP: poses, masks, depth and models for 6-DoF pose estimation, in `bop/`."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.geometry import Vec3, per_axis
from scenes.shot import Camera
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Solid
from sim2coco.export.format import Add, Format
from sim2coco.export.models import model, model_info
from sim2coco.export.names import suffix
from sim2coco.recipe import Recipe
from sim2coco.storage import Store

MM = 1000.0
log = logging.getLogger("sim2coco")


class Bop(Format):
    """BOP: poses, masks, depth and models in millimetres, for 6-DoF pose estimation, in `bop/`.

    Defects are left out, because they have no model.
    """

    kind: Literal["bop"] = "bop"
    needs: ClassVar[str] = "no image has a camera, a scene and a pose for each object"

    def check(self, recipe: Recipe, catalogue: Catalogue) -> None:
        """Refuses sizes sampled from a range, because a BOP model has a single size."""
        drawn = "is sampled from a range, but a model has one size"
        if recipe.scene.size_jitter[0] != recipe.scene.size_jitter[1]:
            raise CatalogueError(f"export.formats: bop: the size of objects {drawn}; set scene.size_jitter=1")
        for name, group in zip(catalogue.names, catalogue.groups, strict=True):
            for asset in group:
                if asset.scale[0] != asset.scale[1]:
                    what = f"the size of {name} ({asset.name}) {drawn}"
                    raise CatalogueError(f"export.formats: bop: {what}; set its size_m to one number")

    def represents(self, image: LabelledImage) -> bool:
        """Returns whether the camera, the scene and all poses of an image are known."""
        return _is_posed(image)

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes a folder for each scene; images without poses are skipped."""
        writer = _Writer(target, info)
        yield writer.add
        writer.finish()


def _is_posed(image: LabelledImage) -> bool:
    known = image.camera is not None and image.scene is not None
    return known and all(label.solid is not None for label in image.objects_only().labels)


@dataclass
class _Scene:
    """The images of one scene, and the contents of BOP's JSON files, keyed by image index."""

    cameras: dict[str, Any] = field(default_factory=dict)
    poses: dict[str, list[Any]] = field(default_factory=dict)
    infos: dict[str, list[Any]] = field(default_factory=dict)
    images: list[LabelledImage] = field(default_factory=list)


@dataclass
class _Writer:
    """Collects the images of a scene and writes them when the next scene begins."""

    target: Store
    info: DatasetInfo
    objects: dict[str, tuple[int, Label]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    folder: str = ""
    scene: _Scene = field(default_factory=_Scene)
    camera: Camera | None = None
    left_out: int = 0

    def add(self, image: LabelledImage) -> None:
        """Takes the next image; the images of a scene must be consecutive."""
        if image.camera is None or not _is_posed(image):
            self.left_out += 1
            return
        camera, image = image.camera, image.objects_only()
        folder = f"bop/{image.split}_pbr/{image.scene:06d}"
        if folder != self.folder:
            self._flush()
            if folder in self.written:
                raise DataSetError(f"bop: scene {image.scene} of {image.split} occurs twice")
            self.folder = folder
        self.camera = self.camera or camera
        rank = str(len(self.scene.images))
        self.scene.cameras[rank] = _camera(camera, self.info.depth_scale_mm)
        self.scene.poses[rank] = [self._pose(label) for label in image.labels]
        self.scene.infos[rank] = [_label_info(label) for label in image.labels]
        self.scene.images.append(image)

    def finish(self) -> None:
        """Writes the last scene, the models and the shared files."""
        self._flush()
        if self.left_out:
            log.warning("bop: %d images without poses are left out; augment=none keeps all", self.left_out)
        if self.camera is None:
            return
        self.target.put("bop/camera.json", _json(_shared_camera(self.camera, self.info.depth_scale_mm)))
        about = {str(number): self._about(label) for number, label in self.objects.values()}
        self.target.put("bop/dataset_info.json", _json({"objects": about}))
        self._write_models()

    def _flush(self) -> None:
        """Writes the files of the scene, unless its JSON files already exist with the same content."""
        scene, folder = self.scene, self.folder
        self.scene, self.folder = _Scene(), ""
        if not scene.images:
            return
        self.written.add(folder)
        trees = (scene.poses, scene.infos, scene.cameras)
        files = {
            f"{folder}/{name}.json": _json(tree)
            for name, tree in zip(("scene_gt", "scene_gt_info", "scene_camera"), trees, strict=True)
        }
        if all(self.target.exists(name) and self.target.get(name) == files[name] for name in files):
            return
        for rank, image in enumerate(scene.images):
            self._write_image(folder, rank, image)
        for name, content in files.items():
            self.target.put(name, content)

    def _write_image(self, folder: str, rank: int, image: LabelledImage) -> None:
        self.target.link(image.file, f"{folder}/rgb/{rank:06d}{suffix(image)}")
        for name, file in image.other_files.items():
            if name.startswith("depth/"):
                self.target.link(file, f"{folder}/depth/{rank:06d}.png")
        for number, label in enumerate(image.labels):
            masks = {"mask_visib": label.counts, "mask": label.amodal.counts if label.amodal else None}
            for kind, counts in masks.items():
                if counts is not None:
                    content = _mask(counts, image.height, image.width)
                    self.target.put(f"{folder}/{kind}/{rank:06d}_{number:06d}.png", content, sync=False)

    def _pose(self, label: Label) -> dict[str, Any]:
        """The model pose in the camera frame; the model's origin is the centre of its bounding box."""
        solid = label.solid
        assert solid is not None
        number, first = self.objects.setdefault(solid.asset, (len(self.objects) + 1, label))
        assert first.solid is not None
        if not np.allclose(per_axis(first.solid.scale), per_axis(solid.scale), rtol=1e-9, atol=0):
            what = f"{solid.asset} occurs in more than one size, but a model has one"
            raise DataSetError(f"bop: {what}; set scene.size_jitter=1, and size_m to one number")
        turn = solid.pose.rotation()
        place_m = turn @ np.array(center_m(solid)) + solid.pose.position_m
        return {
            "cam_R_m2c": turn.ravel().tolist(),
            "cam_t_m2c": (MM * place_m).tolist(),
            "obj_id": number,
        }

    def _about(self, label: Label) -> dict[str, Any]:
        """Returns category, asset, scale and `center_m` of an object.

        A point v of the unscaled mesh has the position scale · v - center_m, in metres, in the BOP model.
        """
        solid = label.solid
        assert solid is not None
        return {
            "category": self.info.categories[label.category],
            "asset": solid.asset,
            "scale": list(per_axis(solid.scale)),
            "center_m": list(center_m(solid)),
        }

    def _write_models(self) -> None:
        if self.info.meshes is None:
            log.warning(
                "bop: no models are written; pass the folder of the data set's meshes with --meshes FOLDER"
            )
            return
        infos = {}
        for key, (number, label) in self.objects.items():
            assert label.solid is not None
            placed = model(self.info.meshes(key), label.solid.scale, center_m(label.solid))
            infos[str(number)] = model_info(placed)
            self.target.put(f"bop/models/obj_{number:06d}.ply", placed.ply())
        self.target.put("bop/models/models_info.json", _json(infos))


def center_m(solid: Solid) -> Vec3:
    """Returns the centre of the object's bounding box in the body frame.

    Raises:
        DataSetError: The record is from an earlier version and has no mesh box.
    """
    if solid.box_m is None:
        raise DataSetError(
            "bop: the records of an earlier version contain no mesh boxes; generate the data set again"
        )
    x, y, z = (np.array(solid.box_m).mean(axis=0) * per_axis(solid.scale)).tolist()
    return x, y, z


def _camera(camera: Camera, depth_scale_mm: float) -> dict[str, Any]:
    """Intrinsics with pixel centres at integers, and the transform from world frame to camera frame."""
    turn = camera.pose.rotation().T
    place_m = -turn @ np.array(camera.pose.position_m)
    return {
        "cam_K": [camera.fx, 0.0, camera.cx - 0.5, 0.0, camera.fy, camera.cy - 0.5, 0.0, 0.0, 1.0],
        "cam_R_w2c": turn.ravel().tolist(),
        "cam_t_w2c": (MM * place_m).tolist(),
        "depth_scale": depth_scale_mm,
    }


def _shared_camera(camera: Camera, depth_scale_mm: float) -> dict[str, Any]:
    """Content of `camera.json`: the first image's intrinsics, as an example for rendering similar images."""
    return {
        "cx": camera.cx - 0.5,
        "cy": camera.cy - 0.5,
        "depth_scale": depth_scale_mm,
        "fx": camera.fx,
        "fy": camera.fy,
        "height": camera.height,
        "width": camera.width,
    }


def _label_info(label: Label) -> dict[str, Any]:
    """Pixel counts and boxes of a label; in BOP, a box's width is its last column minus its first column."""
    solid = label.solid
    assert solid is not None
    boxes = {"bbox_obj": solid.whole_bbox, "bbox_visib": label.bbox}
    return {
        **{
            key: [int(x), int(y), int(width) - 1, int(height) - 1]
            for key, (x, y, width, height) in boxes.items()
        },
        "px_count_all": solid.whole_px,
        "px_count_valid": int(label.amodal.area if label.amodal else label.area),
        "px_count_visib": int(label.area),
        "visib_fract": label.area / solid.whole_px,
    }


def _mask(counts: str, height: int, width: int) -> bytes:
    decoded: NDArray[np.uint8] = coco_mask.decode({"size": [height, width], "counts": counts.encode("ascii")})
    _, content = cv2.imencode(".png", 255 * decoded, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return content.tobytes()


def _json(tree: dict[str, Any]) -> bytes:
    """A JSON object with one entry per line, like BOP's own files."""
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in tree.items())
    return f"{{\n{lines}\n}}\n".encode()
