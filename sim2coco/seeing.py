"""Samples the camera settings of each view of a scene, and the floor areas that the views show."""

import numpy as np

from scenes.cameras.camera import CameraKind
from scenes.geometry import Array
from scenes.settings import Streams
from sim2coco.recipe import Recipe


def camera_kind(recipe: Recipe, streams: Streams, view: int) -> CameraKind:
    """Returns the camera settings of one view, with the values that are sampled before aiming the camera."""
    kind = recipe.camera.seeing(recipe.scene.viewpoints).of_scene(streams("orbit"))
    return kind.drawn(streams("intrinsics", view=view))


def ground_seen(recipe: Recipe, streams: Streams) -> Array | None:
    """Returns the corners (4 v, 2), in metres, of the floor areas that the v views of a scene show.

    Returns None if the scene does not need these areas to place objects (`needs_ground` is false).
    """
    if not recipe.scene.needs_ground:
        return None
    return np.concatenate(
        [
            camera_kind(recipe, streams, view).ground_seen(streams("camera", view=view), view, recipe.image)
            for view in range(recipe.views)
        ]
    )
