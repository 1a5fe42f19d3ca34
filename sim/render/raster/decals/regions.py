"""Masks of the regions of a mesh: the pixels whose centres show a triangle of a region.

All triangles of the mesh file are used, so triangles of the same body occlude each other.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scenes.assets.regions import Area, Regions
from scenes.shot import Camera
from scenes.spec import Body
from sim.render.raster.casting import cast, weights_at
from sim.render.raster.decals.masks import rays_at, tiled
from sim.render.raster.gbuffer import Silhouette

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def region_masks(silhouette: Silhouette, body: Body, camera: Camera, regions: Regions) -> Mapping[str, Mask]:
    """Returns a dict from the name of each region of a body to its mask (h, w) in the body's box.

    Other bodies do not hide regions, but the body itself does.

    Args:
        silhouette: Silhouette of the body.
        body: The body.
        camera: The camera.
        regions: The regions of the body's mesh.
    """
    place = np.flatnonzero(silhouette.mask)
    rays = rays_at(camera, silhouette.box, *np.divmod(place, silhouette.mask.shape[1]))
    corners_m = _in_camera(regions, body, camera)
    faces = np.arange(3 * len(corners_m), dtype=np.int32).reshape(-1, 3).T
    hits = cast(rays, corners_m.reshape(-1, 3).T, faces, 0.0)
    met = np.flatnonzero(hits.face >= 0)
    rays, place, face = rays[met], place[met], hits.face[met]
    masks = {area.name: np.zeros(silhouette.mask.shape, np.bool_) for area in regions.areas}
    for area in regions.areas:
        inside = np.flatnonzero(area.faces[face])
        shown = _shown(area, regions, rays[inside], face[inside], corners_m)
        masks[area.name].ravel()[place[inside[shown]]] = True
    return masks


def _in_camera(regions: Regions, body: Body, camera: Camera) -> Array:
    """The triangles (m, 3, 3) of a body in the camera frame."""
    pose = body.pose.inside(camera.pose)
    corners_m = regions.corners_m * np.array(body.axes)
    return pose.apply(corners_m.reshape(-1, 3)).reshape(-1, 3, 3)


def _shown(area: Area, regions: Regions, rays: Array, face: NDArray[np.int64], corners_m: Array) -> Mask:
    """Whether each ray hits the part of a region that the region's mask selects.

    Args:
        area: The region; all of it is selected if it has no mask.
        regions: The regions of the mesh.
        rays: (n, 2) rays that hit triangles of the region.
        face: (n,) index of the triangle that each ray hits.
        corners_m: (m, 3, 3) corners of the mesh's triangles in the camera frame.

    Returns:
        (n,) bool.
    """
    if area.mask is None or not len(face):
        return np.ones(len(face), np.bool_)
    weights = weights_at(rays, corners_m[face].transpose(1, 2, 0))
    u, v = np.einsum("nk,nkc->cn", weights, regions.uvs[face])
    return np.asarray(tiled(area.mask, u, 1 - v, regions.wraps[face]) >= 127.5)
