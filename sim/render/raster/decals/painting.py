"""Applies decals to the bodies of a rendered view (masks, colours, bump maps), and adds region masks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.decal import Decal
from scenes.shot import Camera
from scenes.spec import Body
from sim.meshfiles import MeshFiles
from sim.render.raster.decals.masks import (
    OnDecal,
    SurfacePoints,
    decal_mask,
    on_decal,
    sampled,
    surface_points,
)
from sim.render.raster.decals.regions import region_masks
from sim.render.raster.decals.sticker import Sticker, Stickers
from sim.render.raster.gbuffer import GBuffer, Silhouette

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Index = NDArray[np.intp]

SHARPNESS = 1.4
"""Texels of a decal's image per pixel, for antialiasing."""

Shading = Callable[[Array], Array]
"""Returns the factors (k, 3) by which the renderer multiplies colours on surfaces with normals (k, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """The images to be painted on; `color` and `tilt` are modified in place.

    Attributes:
        color: (H, W, 3) colours.
        tilt: (H, W, 3) vectors that are added to unit normals in the world frame.
        body: (H, W) index of the visible body; -1 where there is none.
    """

    color: NDArray[np.uint8]
    tilt: Floats
    body: NDArray[np.int16]


class DecalPainter:
    """Applies decals to the bodies of rendered views.

    Args:
        files: The meshes with their regions.
        pictures: Loads the images of decals.
    """

    def __init__(self, files: MeshFiles, pictures: Pictures) -> None:
        """Paints nothing yet."""
        self._sticker, self._assets = Stickers(pictures), files.assets

    def painted(
        self, gbuffer: GBuffer, bodies: tuple[Body, ...], camera: Camera, shading: Shading | None
    ) -> GBuffer:
        """Returns the G-buffer with the decals of all bodies painted on it.

        The masks of the decals, and of the bodies' regions, are added to the silhouettes.

        Args:
            gbuffer: The rendered bodies. Bodies with decals need silhouettes with depths.
            bodies: The bodies of the scene.
            camera: The camera for which the bodies were rendered.
            shading: Shading factors that the renderer has applied to colours; None if they are unlit.
        """
        if not any(body.decals for body in bodies):
            return self.outlined(gbuffer, bodies, camera)
        color = gbuffer.color.copy()
        canvas = _Canvas(color, np.zeros(color.shape, np.float32), gbuffer.body)
        silhouettes = list(gbuffer.silhouettes)
        for index, (body, silhouette) in enumerate(zip(bodies, gbuffer.silhouettes, strict=True)):
            if body.on_surface and silhouette is not None:
                found = self._regions(body, silhouette, camera)
                silhouettes[index] = self._lay(canvas, index, body, found, camera, shading)
        return replace(gbuffer, color=color, silhouettes=tuple(silhouettes), tilt=canvas.tilt)

    def outlined(self, gbuffer: GBuffer, bodies: tuple[Body, ...], camera: Camera) -> GBuffer:
        """Returns the G-buffer, with the masks of all regions and decals added to the silhouettes.

        The colours of the decals are not painted.

        Args:
            gbuffer: The rendered bodies. Bodies with decals need silhouettes with depths.
            bodies: The bodies of the scene.
            camera: The camera for which the bodies were rendered.
        """
        if not any(body.on_surface for body in bodies):
            return gbuffer
        silhouettes = list(gbuffer.silhouettes)
        for index, (body, silhouette) in enumerate(zip(bodies, gbuffer.silhouettes, strict=True)):
            if silhouette is None:
                continue
            found = self._regions(body, silhouette, camera)
            if body.decals:
                surface = surface_points(silhouette, body, camera)
                masks = (self._found(surface, decal, silhouette)[1] for decal in body.decals)
                found = replace(found, decals=(*found.decals, *masks))
            silhouettes[index] = found
        return replace(gbuffer, silhouettes=tuple(silhouettes))

    def _regions(self, body: Body, silhouette: Silhouette, camera: Camera) -> Silhouette:
        """The silhouette of a body with the masks of its regions."""
        regions = self._assets[body.asset].regions
        if regions is None or not body.regions:
            return silhouette
        masks = region_masks(silhouette, body, camera, regions)
        return replace(silhouette, decals=tuple(masks[region.name] for region in body.regions))

    def _found(
        self, surface: SurfacePoints, decal: Decal, silhouette: Silhouette
    ) -> tuple[OnDecal, NDArray[np.bool_]]:
        """Finds the surface points that a decal may cover, and the mask of the decal in the body's box."""
        found = on_decal(surface, decal)
        return found, decal_mask(surface, found, self._sticker(decal).coverage, silhouette.mask.shape)

    def _lay(
        self,
        canvas: _Canvas,
        index: int,
        body: Body,
        silhouette: Silhouette,
        camera: Camera,
        shading: Shading | None,
    ) -> Silhouette:
        """Paints the decals of one body, and returns the silhouette with their masks appended."""
        if not body.decals:
            return silhouette
        surface, masks = surface_points(silhouette, body, camera), [*silhouette.decals]
        for decal in body.decals:
            (found, mask), picture = self._found(surface, decal, silhouette), self._sticker(decal)
            masks.append(mask)
            pixels, chosen = _visible(canvas, index, surface, found)
            if len(chosen):
                seen = OnDecal(found.chosen[chosen], found.u[chosen], found.v[chosen])
                _paint(
                    canvas,
                    pixels,
                    body,
                    surface,
                    seen,
                    decal,
                    _filtered(picture, decal, body, camera),
                    shading,
                )
        return replace(silhouette, decals=tuple(masks))


def _visible(canvas: _Canvas, index: int, surface: SurfacePoints, found: OnDecal) -> tuple[Index, Index]:
    """Finds the pixels of the image in which a body's points on a decal are visible.

    Returns two arrays of equal length: the flat index of each pixel, and the index in `found` of the point
    that it shows.
    """
    x0, y0, x1, _ = surface.box
    rows, columns = np.divmod(surface.place[found.chosen], x1 - x0)
    rows, columns = rows + y0, columns + x0
    height, width = canvas.body.shape
    inside = np.flatnonzero((rows >= 0) & (rows < height) & (columns >= 0) & (columns < width))
    pixels = rows[inside] * width + columns[inside]
    shown = canvas.body.ravel()[pixels] == index
    return pixels[shown], inside[shown]


def _filtered(picture: Sticker, decal: Decal, body: Body, camera: Camera) -> Sticker:
    """Downsamples a decal's image to about `SHARPNESS` texels per pixel, if it has more."""
    height, width = picture.coverage.shape
    depth_m = camera.project(body.pose.apply(np.array([decal.frame.position_m])))[1][0]
    length_px = decal.length_m * max(camera.fx, camera.fy) / max(float(depth_m), 1e-9)
    scale = SHARPNESS * length_px / max(width, height)
    return (
        picture if scale >= 1 else picture.resized(*(max(round(scale * side), 2) for side in (width, height)))
    )


def _paint(
    canvas: _Canvas,
    pixels: Index,
    body: Body,
    surface: SurfacePoints,
    seen: OnDecal,
    decal: Decal,
    picture: Sticker,
    shading: Shading | None,
) -> None:
    """Paints a decal into the pixels (k,) in which it is visible."""
    # Colours are averaged with their weights, so that the colours of transparent texels do not show.
    weights = picture.coverage * picture.opacity
    weight, slope = sampled(weights, seen.u, seen.v)[:, None], sampled(picture.slope, seen.u, seen.v)
    mark = sampled(picture.color * weights[..., None], seen.u, seen.v)
    turn = body.pose.rotation()
    axes = turn @ decal.frame.rotation()
    tilt = -(slope[:, :1] * axes[:, 0] + slope[:, 1:] * axes[:, 1])
    flat, tilts = canvas.color.reshape(-1, 3), canvas.tilt.reshape(-1, 3)
    before = after = np.ones((1, 3))
    if shading is not None:
        normal = surface.normals[seen.chosen] @ turn.T
        before, after = np.maximum(shading(normal), 1e-3), shading(normal + tilt)
    own = flat[pixels] / before
    flat[pixels] = np.clip(np.rint((own * (1 - weight) + mark) * after), 0, 255)
    tilts[pixels] += tilt
