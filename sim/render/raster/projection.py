"""Projects bodies into an image: boxes, outlines and triangles, and the range of depths."""

from collections.abc import Sequence

import numpy as np

from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box, clip
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array, RejectedView
from sim.render.raster.subpixel import Projected
from sim.settled import Settled

MAX_BOX_PX = 4096
"""Maximum width and height in pixels of a labelled body's box; a view with a larger box is rejected."""
MIN_DEPTH_SHARE = 0.02
"""Minimum ratio of the depths of near and far planes; it bounds the depth buffer's error."""
CLIP_SHARE = 0.001
"""Depth at which outlines are clipped, as a fraction of the body's maximum depth; every near plane is farther
away."""
NEAR_MARGIN = 1.01
"""Bodies nearer than the near plane times this factor count as too close."""


def projected_outline(files: MeshFiles, body: Body, camera: Camera) -> Array:
    """Pixel coordinates (n, 2) whose convex hull contains the part of a body in front of the camera."""
    pixels, depth_m = files.projected_hull(body, camera)
    if depth_m.min() > 0 or depth_m.max() <= 0:
        return pixels[depth_m > 0]
    local = clipped(camera.pose.apply_inverse(files.hull(body)), CLIP_SHARE * float(depth_m.max()))
    return np.asarray(local[:, :2] / local[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy))


def clipped(corners: Array, depth_m: float) -> Array:
    """Clips a convex hull to the part that is farther away than a given depth.

    Args:
        corners: (n, 3) vertices of the hull in the camera frame.
        depth_m: Depth of the clipping plane in metres.

    Returns:
        (k, 3) points whose convex hull is the remaining part.
    """
    # Imported here because SciPy is slow to import, and code that only reads settings does not need it.
    from scipy.spatial import ConvexHull

    faces = ConvexHull(corners).simplices
    edges = corners[np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])]
    beyond = edges[..., 2] > depth_m
    start, stop = np.moveaxis(edges[beyond[:, 0] != beyond[:, 1]], 1, 0)
    share = (depth_m - start[:, 2:]) / (stop[:, 2:] - start[:, 2:])
    return np.concatenate([corners[corners[:, 2] > depth_m], start + share * (stop - start)])


def projected_triangles(
    files: MeshFiles, body: Body, level: int, camera: Camera, near_m: float, box: Box
) -> Projected:
    """Projects the triangles of a body into the image.

    Args:
        files: Meshes of the assets.
        body: The body.
        level: Level of detail of the body.
        camera: The camera, a pinhole.
        near_m: Vertices become NaN if their depth in metres is not greater than this.
        box: Part of the image in which the result will be searched for covered pixels; stored in the result.
    """
    vertices_m, faces = files.triangles(body.asset, level)
    pose = files.center_pose(body).inside(camera.pose)
    x, y, z = (pose.rotation() * np.array(body.axes)) @ vertices_m + np.array(pose.position_m)[:, None]
    if z.min() <= near_m:
        z = np.where(z > near_m, z, np.nan)
    places = np.stack([x / z * camera.fx + (camera.cx - 0.5), y / z * camera.fy + (camera.cy - 0.5)])
    return Projected(places, z, faces, box)


def body_box(files: MeshFiles, body: Body, camera: Camera, whole: bool = True) -> Box:
    """Box of a body on an unbounded image, with a margin of one pixel; empty for a body behind the camera.

    Args:
        files: Meshes of the assets.
        body: The body.
        camera: The camera, a pinhole.
        whole: Whether a labelled body must be rendered completely, even outside the image.

    Raises:
        RejectedView: `too_close` if `whole` is true and the box of a labelled body overlaps the image and is
            wider or higher than 4096 px.
    """
    pixels = projected_outline(files, body, camera)
    if not len(pixels):
        return 0, 0, 0, 0
    x0, y0 = np.floor(pixels.min(axis=0)).astype(int) - 1
    x1, y1 = np.ceil(pixels.max(axis=0)).astype(int) + 1
    in_view = x0 < camera.width and y0 < camera.height and x1 > 0 and y1 > 0
    if whole and in_view and body.labelled and max(x1 - x0, y1 - y0) > MAX_BOX_PX:
        raise RejectedView("too_close")
    return int(x0), int(y0), int(x1), int(y1)


def boxes_in_view(
    files: MeshFiles, bodies: Sequence[Body], camera: Camera, whole: bool = True
) -> dict[int, Box]:
    """Returns a dict from body index to the box to be rendered, for all bodies in view.

    Args:
        files: Meshes of the assets.
        bodies: The bodies.
        camera: The camera, a pinhole.
        whole: Whether the box of a labelled body contains the whole body. All other boxes are clipped to the
            image.

    Raises:
        RejectedView: `too_close`, as for `body_box`.
    """
    boxes = {}
    for index, body in enumerate(bodies):
        box = body_box(files, body, camera, whole)
        inside = clip(box, camera.width, camera.height)
        if inside is not None:
            boxes[index] = box if whole and body.labelled else inside
    return boxes


def depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Depths in metres of a near and a far plane that enclose all bodies with a margin.

    A body without a label, such as a table below the camera, may extend beyond the near plane towards the
    camera, as long as that part is outside the view; renderers clip it.

    Raises:
        RejectedView: `too_close` if a labelled body reaches the near plane, if its bounding sphere contains
            the camera, or if a body without a label reaches the near plane inside the view.
    """
    depths_m = [files.projected_hull(body, camera)[1] for body in settled.spec.bodies]
    depth_m = np.concatenate(depths_m)
    ahead = depth_m[depth_m > 0]
    far_m = 1.1 * float(ahead.max()) if len(ahead) else 1.0
    near_m = MIN_DEPTH_SHARE * far_m
    for body, depth_m in zip(settled.spec.bodies, depths_m, strict=True):
        reaches = bool(depth_m.min() <= near_m * NEAR_MARGIN and depth_m.max() > 0)
        if body.labelled:
            reaches |= _camera_inside(files, body, camera)
        elif reaches:
            reaches = near_in_view(camera.pose.apply_inverse(files.hull(body)), camera, near_m * NEAR_MARGIN)
        if reaches:
            raise RejectedView("too_close")
    return near_m, far_m


def tight_depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Depths in metres of near and far planes close to the bodies, for a depth buffer of low precision.

    Raises:
        RejectedView: `too_close`, as for `depth_range`.
    """
    near_m, far_m = depth_range(files, settled, camera)
    depths_m = [files.projected_hull(body, camera)[1] for body in settled.spec.bodies]
    ahead = [float(depth_m.min()) for depth_m in depths_m if depth_m.max() > 0]
    return max(near_m, 0.999 * min(ahead, default=near_m)), far_m / 1.1 * 1.001


def near_in_view(corners: Array, camera: Camera, near_m: float) -> bool:
    """Whether a convex body may reach the near plane inside the view.

    The result is False if a plane separates the body from the part of the view pyramid that lies between the
    camera and the near plane. The tested planes are the faces of the body and the sides of the pyramid.

    Args:
        corners: (n, 3) vertices of the body in the camera frame.
        camera: The camera.
        near_m: Depth of the near plane in metres.
    """
    from scipy.spatial import ConvexHull

    x = (np.array([0, camera.width, camera.width, 0]) - camera.cx) / camera.fx
    y = (np.array([0, 0, camera.height, camera.height]) - camera.cy) / camera.fy
    rays = np.column_stack([x, y, np.ones(4)])
    pyramid = np.concatenate([np.zeros((1, 3)), near_m * rays])
    sides = np.cross(np.roll(rays, -1, axis=0), rays)  # normals pointing out of the view
    faces = ConvexHull(corners).equations
    beside_body = (faces[:, :3] @ pyramid.T + faces[:, 3:] > 0).all(axis=1).any()
    return not (beside_body or (sides @ corners.T > 0).all(axis=1).any())


def _camera_inside(files: MeshFiles, body: Body, camera: Camera) -> bool:
    """Whether the camera is inside a body's bounding sphere."""
    center = np.array(files.center_pose(body).position_m)
    radius_m = files.assets[body.asset].radius_m * body.largest_scale
    return float(np.linalg.norm(center - np.array(camera.pose.position_m))) < radius_m
