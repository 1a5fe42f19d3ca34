"""A rolling shutter: rows are exposed one after the other, while the camera moves.

The image consists of bands of rows, of which each is that of a camera with its own pose. The bands are so
narrow that objects move by at most a quarter of a pixel from one to the next. Colours, ids, depth and
silhouettes come from the same bands, so labels and image agree.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Motion, Shot
from scenes.spec import Wall
from sim.boxes import Box, crop, slices, union
from sim.render.raster.gbuffer import Band, GBuffer, Renderer, Silhouette
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.render.sensor.motion import moved_camera
from sim.settle import Settled

Array = NDArray[np.float64]
Value = TypeVar("Value", bound=np.generic)
Creases = tuple[Box, NDArray[np.bool_]]
"""A box of the image, and a mask (h, w) of the creases of bodies in it."""


def is_rolling(motion: Motion | None) -> TypeGuard[Motion]:
    """Whether the rows of an image are exposed one after the other."""
    return motion is not None and motion.readout > 0 and motion.bands > 1


def rows_of(height: int, motion: Motion) -> list[tuple[int, int]]:
    """First row and end of each band, from top to bottom."""
    edges = np.rint(np.linspace(0, height, motion.bands + 1)).astype(int).tolist()
    return list(pairwise(edges))


def camera_at_rows(camera: Camera, motion: Motion, rows: tuple[int, int]) -> Camera:
    """The camera at the time at which the middle of a band is exposed."""
    return moved_camera(camera, motion, motion.readout * (sum(rows) / 2 / camera.height - 0.5))


def projected(camera: Camera, motion: Motion, points_m: Array) -> Array:
    """Pixel coordinates (n, 2) of world points (n, 3) with a rolling shutter.

    A point is seen by the band in whose rows the camera of that band sees it. Above and below the image,
    the first and the last band continue.
    """
    bands = rows_of(camera.height, motion)
    places = np.stack([camera_at_rows(camera, motion, rows).project(points_m)[0] for rows in bands])
    beside_px = np.abs(places[..., 1] - np.array([[sum(rows) / 2] for rows in bands]))
    return np.asarray(places[beside_px.argmin(axis=0), np.arange(len(points_m))])


def rasterised(renderer: Renderer, settled: Settled, shot: Shot) -> GBuffer:
    """Renders the bodies for a shot, with the shutter that it has.

    Raises:
        RejectedView: As `Renderer.rasterise`.
    """
    camera, motion = shot.camera, shot.motion
    if not is_rolling(motion):
        return renderer.rasterise(settled, shot)
    bands = []
    for top, end in rows_of(camera.height, motion):
        there = camera_at_rows(camera, motion, (top, end))
        there = replace(there, height=end - top, cy=there.cy - top)
        bands.append(Band(top, there, renderer.rasterise(settled, replace(shot, camera=there))))
    return _stacked(tuple(bands), len(settled.spec.bodies))


def _stacked(bands: tuple[Band, ...], bodies: int) -> GBuffer:
    color, depth_m, body = (
        np.concatenate([getattr(band.gbuffer, name) for band in bands])
        for name in ("color", "depth_m", "body")
    )
    silhouettes = tuple(_silhouette(bands, index) for index in range(bodies))
    return GBuffer(color, depth_m, body, silhouettes, bands=bands)


def _silhouette(bands: tuple[Band, ...], body: int) -> Silhouette | None:
    """The silhouette of a body: from each band its rows, from the first and the last all above and below."""
    parts = [
        (_own_rows(silhouette.box, number, bands), band.top, silhouette)
        for number, band in enumerate(bands)
        if (silhouette := band.gbuffer.silhouettes[body]) is not None
    ]
    if not parts:
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
    """The masks of a body and of the decals on it."""
    return silhouette.mask, *silhouette.decals


def _own_rows(box: Box, number: int, bands: tuple[Band, ...]) -> Box:
    """The part of a box, relative to a band, in the rows that this band exposes."""
    x0, y0, x1, y1 = box
    top = y0 if number == 0 else max(y0, 0)
    bottom = y1 if number == len(bands) - 1 else min(y1, bands[number].camera.height)
    return x0, top, x1, bottom


def _lowered(box: Box, rows: int) -> Box:
    return box[0], box[1] + rows, box[2], box[3] + rows


def resolved(gbuffer: GBuffer, camera: Camera, floor: bool, walls: tuple[Wall, ...] = ()) -> Visibility:
    """Finds the visible surface in each pixel, as `resolve_visibility`, with the shutter of the G-buffer."""
    if not gbuffer.bands:
        return resolve_visibility(gbuffer, camera, floor, walls)
    bands = tuple(resolve_visibility(band.gbuffer, band.camera, floor, walls) for band in gbuffer.bands)
    return Visibility(
        np.concatenate([band.body for band in bands]),
        np.concatenate([band.depth_m for band in bands]),
        _joined([band.plane_m for band in bands]),
        _joined([band.is_floor for band in bands]),
        walls,
        _joined([band.wall for band in bands]),
        bands,
    )


def _joined(parts: Sequence[NDArray[Value] | None]) -> NDArray[Value] | None:
    """Arrays below each other; None if there are none."""
    found = [part for part in parts if part is not None]
    return np.concatenate(found) if found else None


def stacked_creases(bands: tuple[Band, ...], parts: Sequence[Creases | None]) -> Creases:
    """The creases of an image, from those of its bands."""
    last = bands[-1].camera
    mask = np.zeros((bands[-1].top + last.height, last.width), np.bool_)
    for band, creases in zip(bands, parts, strict=True):
        if creases is not None:
            (x0, y0, x1, y1), inside = creases
            mask[y0 + band.top : y1 + band.top, x0:x1] = inside
    return (0, 0, last.width, len(mask)), mask
