"""Levels of detail at which bodies are rendered."""

import numpy as np

from scenes.shot import Camera
from scenes.spec import Body
from sim.meshfiles import MeshFiles


def level_of_detail(files: MeshFiles, body: Body, camera: Camera) -> int:
    """Level of detail of a body, chosen for the point of its hull that is nearest to the camera plane."""
    pixels, depth_m = files.projected_hull(body, camera)
    if depth_m.min() <= 0:
        return 0
    across = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    # A step at right angles to a ray is longer in the image if the ray is far from the optical axis.
    stretch = float(np.sqrt(1 + (across**2).sum(axis=1).max()))
    px_per_m = max(camera.fx, camera.fy) * stretch / float(depth_m.min())
    return files.level(body.asset, px_per_m * body.largest_scale)
