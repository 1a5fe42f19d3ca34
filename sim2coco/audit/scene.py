"""The bodies and cameras of a record, and the models of its bodies."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim2coco.audit.casting import Placed, View
from sim2coco.audit.geometry import Array, Camera, moved, rigid
from sim2coco.audit.meshes import Meshes, Model
from sim2coco.audit.walls import Room

SAME = 1e-4
"""Largest relative difference at which two mesh transforms count as equal."""


class UnknownSurface(Exception):
    """The surface of a body is unknown. The message names the asset and the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A body of a scene.

    Attributes:
        index: Index in the scene.
        asset: Asset key.
        labelled: Whether the body gets a label.
        category: Category name, derived from the asset name; None for furniture.
        model: The surface.
        to_frame: (4, 4), transform from surface coordinates to the body frame, including the body's scale.
        to_world: (4, 4), transform from the body frame to the world frame (the pose).
    """

    index: int
    asset: str
    labelled: bool
    category: str | None
    model: Model
    to_frame: Array
    to_world: Array

    @property
    def name(self) -> str:
        """The asset name, without the hash."""
        return self.asset.rpartition("@")[0]

    def corners(self) -> Array:
        """The corners (8, 3) of the surface's axis-aligned bounding box in the body frame."""
        points = moved(self.to_frame, self.model.surface.vertices)
        low_high = np.stack([points.min(axis=0), points.max(axis=0)])
        return np.array([[low_high[x, 0], low_high[y, 1], low_high[z, 2]] for x, y, z in np.ndindex(2, 2, 2)])


class Scene:
    """The scene that a record describes.

    Args:
        record: The parsed JSON of the scene's record.
        meshes: The models of the assets in the data set.

    Raises:
        UnknownSurface: The surface of a body is unknown.
    """

    def __init__(self, record: Any, meshes: Meshes) -> None:
        """Places the surfaces of all bodies."""
        self.room = Room.parse(record["settled"])
        self._recorded = record.get("from_file") or []
        self.bodies = [
            _body(index, tree, meshes) for index, tree in enumerate(record["settled"]["spec"]["bodies"])
        ]

    def view(self, camera: Camera) -> View:
        """Returns the ray-cast view of the scene from a camera."""
        placed = [
            Placed(body.model.surface, camera.from_world @ body.to_world @ body.to_frame)
            for body in self.bodies
        ]
        return View(camera, placed, self.room)

    def wrong_transforms(self) -> Iterator[tuple[Body, str]]:
        """Yields (body, description) for each body with a wrong transform in the record.

        The recorded transform from file coordinates to the body frame is wrong if it differs from the one
        that follows from the user's statements on size and up axis. The description says how they differ.
        """
        for body, recorded in zip(self.bodies, self._recorded, strict=False):
            if body.model.of_file:
                told = _difference(np.array(recorded, np.float64), body.to_frame)
                if told:
                    yield body, told


def _body(index: int, tree: Any, meshes: Meshes) -> Body:
    model = meshes.model(tree["asset"])
    if isinstance(model, str):
        raise UnknownSurface(f"{tree['asset'].rpartition('@')[0]}: {model}")
    scale = np.broadcast_to(np.array(tree["scale"], np.float64), (3,))
    to_frame = np.diag([*scale, 1.0]) @ model.to_frame
    found = meshes.category(tree["asset"])
    category = found[0] if found else None
    labelled = tree["category"] is not None
    return Body(index, tree["asset"], labelled, category, model, to_frame, rigid(tree["pose"]))


def _difference(recorded: Array, stated: Array) -> str:
    """Describes how a recorded transform differs from the stated one; "" if they are equal."""
    if np.abs(recorded - stated).max() <= SAME * np.abs(stated[:3, :3]).max():
        return ""
    sizes = [float(np.cbrt(np.linalg.det(matrix[:3, :3]))) for matrix in (recorded, stated)]
    if abs(sizes[0] / sizes[1] - 1) > SAME:
        return f"it scales the file by {sizes[0]:.6g}, but {sizes[1]:.6g} was stated"
    ups = [matrix[2, :3] / np.linalg.norm(matrix[2, :3]) for matrix in (recorded, stated)]
    if np.abs(ups[0] - ups[1]).max() > SAME:
        axes = ["xyz"[int(np.abs(up).argmax())] for up in ups]
        return f"it turns the file's {axes[0]} axis up, but {axes[1]} was stated"
    return "it rotates or moves the file differently than stated"
