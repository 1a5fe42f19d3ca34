"""Renders images with a rolling shutter: rows are exposed one after the other, while the camera moves.

The image consists of bands of rows, each rendered by a camera with its own pose. The bands are so narrow that
objects move by at most a quarter of a pixel from one band to the next. Colours, ids, depth and silhouettes
come from the same bands, so labels and image agree.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Motion, Shot
from scenes.spec import Wall
from sim.boxes import Box, clip, crop, slices, union
from sim.render.raster.gbuffer import Band, GBuffer, Renderer, Silhouette
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.render.sensor.motion import moved_camera
from sim.settled import Settled

Array = NDArray[np.float64]

AROUND_PX = 24
"""Rows that are rendered above and below each band, because normals are smoothed over that distance."""
Value = TypeVar("Value", bound=np.generic)
Creases = tuple[Box, NDArray[np.bool_]]
"""A box of the image, and a mask (h, w) of the creases of bodies in it."""


def is_rolling(motion: Motion | None) -> TypeGuard[Motion]:
    """Whether the rows of an image are exposed one after the other."""
    return motion is not None and motion.readout > 0 and motion.bands > 1


def with_fewer_bands(motion: Motion) -> Motion:
    """Returns the motion with a quarter of the bands.

    This is enough for motion blur, because its instants are averaged.
    """
    return replace(motion, bands=-(-motion.bands // 4))


def rows_of(height: int, motion: Motion) -> list[tuple[int, int]]:
    """First row and end row (exclusive) of each band, from top to bottom."""
    edges = np.rint(np.linspace(0, height, motion.bands + 1)).astype(int).tolist()
    return list(pairwise(edges))


def camera_at_rows(camera: Camera, motion: Motion, rows: tuple[int, int]) -> Camera:
    """The camera at the time at which the middle of `rows` (first, end) is exposed."""
    return moved_camera(camera, motion, motion.readout * (sum(rows) / 2 / camera.height - 0.5))


def projected(camera: Camera, motion: Motion, points_m: Array) -> Array:
    """Pixel coordinates (n, 2) of world points (n, 3) with a rolling shutter.

    Each point is projected by the camera of the band in whose rows the point appears. The first and the last
    band extend beyond the image.
    """
    bands = rows_of(camera.height, motion)
    places = np.stack([camera_at_rows(camera, motion, rows).project(points_m)[0] for rows in bands])
    beside_px = np.abs(places[..., 1] - np.array([[sum(rows) / 2] for rows in bands]))
    return np.asarray(places[beside_px.argmin(axis=0), np.arange(len(points_m))])


def camera_that_sees(shot: Shot, point_m: Array) -> Camera:
    """The camera at the time at which a world point (1, 3) is exposed.

    Without a rolling shutter, this is the camera of the shot.
    """
    camera, motion = shot.camera, shot.motion
    if not is_rolling(motion):
        return camera
    ((_, row),) = projected(camera, motion, point_m)
    bands = rows_of(camera.height, motion)
    return camera_at_rows(camera, motion, next((rows for rows in bands if row < rows[1]), bands[-1]))


def rasterised(renderer: Renderer, settled: Settled, shot: Shot) -> GBuffer:
    """Renders the bodies for a shot, with a global or a rolling shutter.

    Raises:
        RejectedView: The renderer rejects the view, for example because a body is too close.
    """
    camera, motion = shot.camera, shot.motion
    if not is_rolling(motion):
        return renderer.rasterise(settled, shot)
    bands = []
    for top, end in rows_of(camera.height, motion):
        there = camera_at_rows(camera, motion, (top, end))
        height, first = end - top + 2 * AROUND_PX, top - AROUND_PX
        there = replace(there, height=height, cy=there.cy - first)
        rows = slice(AROUND_PX, height - AROUND_PX)
        bands.append(Band(first, rows, there, renderer.rasterise(settled, replace(shot, camera=there))))
    return _stacked(tuple(bands), len(settled.spec.bodies))


def _stacked(bands: tuple[Band, ...], bodies: int) -> GBuffer:
    color, depth_m, body = (
        stacked(bands, [getattr(band.gbuffer, name) for band in bands])
        for name in ("color", "depth_m", "body")
    )
    silhouettes = tuple(_silhouette(bands, index) for index in range(bodies))
    return GBuffer(color, depth_m, body, silhouettes, bands=bands)


def _silhouette(bands: tuple[Band, ...], body: int) -> Silhouette | None:
    """Assembles a body's silhouette from its silhouettes in the bands; None if it is outside the image.

    The first and the last band extend beyond the image.
    """
    parts = []
    for number, band in enumerate(bands):
        silhouette = band.gbuffer.silhouettes[body]
        box = (0, 0, 0, 0) if silhouette is None else _own_rows(silhouette.box, number, bands)
        if silhouette is not None and box[1] < box[3]:
            parts.append((box, band.top, silhouette))
    if not parts or clip(union(_lowered(box, top) for box, top, _ in parts), *_size(bands)) is None:
        return None
    whole = union(_lowered(box, top) for box, top, _ in parts)
    masks = [np.zeros((whole[3] - whole[1], whole[2] - whole[0]), np.bool_) for _ in _masks(parts[0][2])]
    for box, top, silhouette in parts:
        x0, y0, x1, y1 = _lowered(box, top)
        there = slices((x0 - whole[0], y0 - whole[1], x1 - whole[0], y1 - whole[1]))
        for mask, part in zip(masks, _masks(silhouette), strict=True):
            mask[there] = crop(part, silhouette.box, box)
    return Silhouette(whole, masks[0], decals=tuple(masks[1:]))


def _masks(silhouette: Silhouette) -> tuple[NDArray[np.bool_], ...]:
    """The mask of a body, and the masks of its regions and decals."""
    return silhouette.mask, *silhouette.decals


def _own_rows(box: Box, number: int, bands: tuple[Band, ...]) -> Box:
    """Clips a box to the rows of a band, in the image of the band's camera.

    The top of the first band and the bottom of the last band are not clipped.
    """
    x0, y0, x1, y1 = box
    rows = bands[number].rows
    top = y0 if number == 0 else max(y0, rows.start)
    bottom = y1 if number == len(bands) - 1 else min(y1, rows.stop)
    return x0, top, x1, max(top, bottom)


def _size(bands: tuple[Band, ...]) -> tuple[int, int]:
    """Width and height of the image."""
    last = bands[-1]
    return last.camera.width, last.top + int(last.rows.stop)


def _lowered(box: Box, rows: int) -> Box:
    return box[0], box[1] + rows, box[2], box[3] + rows


def resolved(gbuffer: GBuffer, camera: Camera, floor: bool, walls: tuple[Wall, ...] = ()) -> Visibility:
    """Finds the visible surface in each pixel, with a global or a rolling shutter.

    With a rolling shutter, `resolve_visibility` is called for each band of rows.
    """
    if not gbuffer.bands:
        return resolve_visibility(gbuffer, camera, floor, walls)
    bands = tuple(resolve_visibility(band.gbuffer, band.camera, floor, walls) for band in gbuffer.bands)
    return Visibility(
        stacked(gbuffer.bands, [band.body for band in bands]),
        stacked(gbuffer.bands, [band.depth_m for band in bands]),
        _if_any(gbuffer.bands, [band.plane_m for band in bands]),
        _if_any(gbuffer.bands, [band.is_floor for band in bands]),
        walls,
        _if_any(gbuffer.bands, [band.wall for band in bands]),
        bands,
    )


def stacked(bands: Sequence[Band], parts: Sequence[NDArray[Value]]) -> NDArray[Value]:
    """Assembles an image (H, W, ...) from the images of the bands' cameras."""
    return np.concatenate([part[band.rows] for band, part in zip(bands, parts, strict=True)])


def _if_any(bands: Sequence[Band], parts: Sequence[NDArray[Value] | None]) -> NDArray[Value] | None:
    """Assembles an image like `stacked`; None if every entry of `parts` is None."""
    found = [part for part in parts if part is not None]
    return stacked(bands, found) if found else None


def stacked_creases(bands: Sequence[Band], parts: Sequence[Creases | None]) -> Creases:
    """Joins the crease masks of the bands.

    Returns the box of the whole image, and the mask (H, W) of creases in it.
    """
    masks = []
    for band, creases in zip(bands, parts, strict=True):
        mask = np.zeros((band.camera.height, band.camera.width), np.bool_)
        if creases is not None:
            mask[slices(creases[0])] = creases[1]
        masks.append(mask)
    whole = stacked(bands, masks)
    return (0, 0, whole.shape[1], whole.shape[0]), whole
