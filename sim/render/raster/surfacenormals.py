"""Normals of the visible surfaces, computed from meshes and planes: identical for all renderers."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box, bounding_box, slices
from sim.meshfiles import MeshFiles
from sim.render.raster.casting import cast, weights_at
from sim.render.raster.clipping import Triangles, in_front
from sim.render.raster.covering import covering
from sim.render.raster.gbuffer import GBuffer
from sim.render.raster.planes import walls_facing
from sim.render.raster.rays import pixel_rays
from sim.render.raster.subpixel import Array, Covered, Index, Projected
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.settled import Settled

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FOUND_WITHIN_PX = 3
"""A pixel outside all triangles, as at edges, takes the normal of another pixel at most this far away."""


def surface_normals(files: MeshFiles, settled: Settled, camera: Camera, gbuffer: GBuffer) -> Floats:
    """Unit normals (H, W, 3) in the camera frame (OpenCV axes); 0 for the background.

    Normals of bodies are interpolated from vertex normals, as in shading. Normals of surfaces that are seen
    from behind are reversed: no normal points away from the camera.

    Args:
        files: Meshes of the assets.
        settled: The scene.
        camera: The camera.
        gbuffer: The G-buffer of this camera.
    """
    if gbuffer.bands:
        parts = [
            surface_normals(files, settled, band.camera, band.gbuffer)[band.rows] for band in gbuffer.bands
        ]
        return np.concatenate(parts)
    walls = walls_facing(settled.walls, camera)
    seen = resolve_visibility(gbuffer, camera, settled.spec.floor is not None, walls)
    normals = np.zeros((*seen.body.shape, 3), np.float32)
    _add_planes(normals, camera, seen)
    for index, body in enumerate(settled.spec.bodies):
        shown = seen.body == index
        if (box := bounding_box(shown)) is not None:
            _add_body(normals[slices(box)], files, body, camera, box, shown[slices(box)])
    return normals


def _add_planes(normals: Floats, camera: Camera, seen: Visibility) -> None:
    """Adds the normals of floor and walls."""
    turn = camera.pose.rotation()
    if seen.is_floor is not None:
        normals[seen.is_floor] = turn[2]
    for index, wall in enumerate(seen.walls):
        assert seen.wall is not None
        normals[seen.wall == index] = -wall.outward() @ turn


def _add_body(normals: Floats, files: MeshFiles, body: Body, camera: Camera, box: Box, shown: Mask) -> None:
    """Adds a body's normals at the pixels of the mask `shown` (h, w), in a box of the image."""
    seen = in_front(_placed(files, body, camera))
    found = _covered(seen, camera, box, shown)
    corners = seen.faces[:, found.face]
    normal = np.einsum("kc,dck->kd", found.weights, seen.normals[:, corners])
    first, second, third = (seen.vertices_m[:, corner].T for corner in corners)
    rays = _rays(camera, found.column, found.row)
    behind = (np.cross(second - first, third - first) * rays).sum(axis=1) > 0
    rows, columns = found.row - box[1], found.column - box[0]
    normals[rows, columns] = _facing(np.where(behind[:, None], -normal, normal), rays)
    _fill(normals, shown, found, camera, box)


def _covered(seen: Triangles, camera: Camera, box: Box, shown: Mask) -> Covered:
    """Finds the visible triangle of each pixel, for cameras with and without lens distortion.

    Args:
        seen: The triangles.
        camera: The camera.
        box: A box of the image.
        shown: (h, w) mask of the pixels in the box.
    """
    if camera.distortion is None:
        return covering(_projected(seen, camera, box), shown)
    rows, columns = np.nonzero(shown)
    rays = pixel_rays(camera)[rows + box[1], columns + box[0]]
    hits = cast(rays, seen.vertices_m, seen.faces, 0.0)
    met = np.flatnonzero(hits.face >= 0)
    corners_m = np.moveaxis(seen.vertices_m[:, seen.faces[:, hits.face[met]]], 0, 1)
    return Covered(
        columns[met] + box[0],
        rows[met] + box[1],
        np.zeros(len(met), np.int64),
        hits.face[met],
        weights_at(rays[met], corners_m),
        hits.depth_m[met],
    )


def _placed(files: MeshFiles, body: Body, camera: Camera) -> Triangles:
    """The triangles of a body in the camera frame."""
    pose = files.center_pose(body).inside(camera.pose)
    vertices_m, faces = files.triangles(body.asset, 0)
    turn, place_m = pose.rotation(), np.array(pose.position_m)[:, None]
    parts = files.shaped(body.asset, 0, body.proportions).parts
    normals = np.concatenate([part.normals for part in parts]).T
    return Triangles((turn * np.array(body.axes)) @ vertices_m + place_m, turn @ normals, faces)


def _projected(seen: Triangles, camera: Camera, box: Box) -> Projected:
    """Projects triangles into the image; vertices behind the camera become NaN."""
    x, y, z = seen.vertices_m
    z = np.where(z > 0, z, np.nan)
    places = np.stack([x / z * camera.fx + (camera.cx - 0.5), y / z * camera.fy + (camera.cy - 0.5)])
    return Projected(places, z, seen.faces, box)


def _rays(camera: Camera, columns: Index, rows: Index) -> Array:
    """Unit vectors (n, 3) from the camera to pixel centres, in the camera frame."""
    if camera.distortion is not None:
        x, y = pixel_rays(camera)[rows, columns].T
    else:
        x, y = (columns + 0.5 - camera.cx) / camera.fx, (rows + 0.5 - camera.cy) / camera.fy
    return _unit(np.stack([x, y, np.ones(len(x))], axis=1))


def _facing(normals: Array, rays: Array) -> Array:
    """Normalises normals (n, 3); those that point away from the camera become perpendicular to the ray."""
    away = np.maximum((_unit(normals) * rays).sum(axis=1, keepdims=True), 0)
    return _unit(_unit(normals) - away * rays)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _fill(normals: Floats, shown: Mask, found: Covered, camera: Camera, box: Box) -> None:
    """Sets the normals of masked pixels that no triangle covers because of rounding.

    The normal is that of the nearest covered pixel or, if that is too far away, the direction to the camera.

    Args:
        normals: (h, w, 3) normals; modified in place.
        shown: (h, w) mask of the pixels.
        found: The covered pixels.
        camera: The camera.
        box: The box of the image that the arrays cover.
    """
    missing = shown.copy()
    missing[found.row - box[1], found.column - box[0]] = False
    rows, columns = np.nonzero(missing)
    if not len(rows):
        return
    known = (shown & ~missing).astype(np.uint8)
    normals[rows, columns] = -_rays(camera, columns + box[0], rows + box[1])
    if known.any():
        far, label = cv2.distanceTransformWithLabels(
            1 - known, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        owner = np.zeros(int(label.max()) + 1, np.int64)
        owner[label[known > 0]] = np.flatnonzero(known)
        near = far[rows, columns] <= FOUND_WITHIN_PX
        rows, columns = rows[near], columns[near]
        normals[rows, columns] = normals.reshape(-1, 3)[owner[label[rows, columns]]]
