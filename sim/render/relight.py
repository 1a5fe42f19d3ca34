"""Deferred shading: lighting and lens effects, computed from the renderer's colours, depth and ids."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Shot
from sim.meshfiles import MeshFiles
from sim.render.cache import LastResult
from sim.render.compose import Composer, Floats
from sim.render.lighting.background import background_image
from sim.render.lighting.bodies import shade_bodies
from sim.render.lighting.floor import floor_colors, floor_image
from sim.render.lighting.illumination import Illumination
from sim.render.lighting.lit import Lit, ShadowMaps
from sim.render.lighting.pixels import Pixels, body_pixels, material_of, tilted
from sim.render.lighting.walls import shade_walls
from sim.render.raster.gbuffer import GBuffer, RejectedView, Renderer, Wide
from sim.render.raster.planes import walls_facing
from sim.render.raster.visibility import Visibility
from sim.render.reflection import with_reflections
from sim.render.sensor.antialiasing import antialiased
from sim.render.sensor.exposure import exposure_gain, metered
from sim.render.sensor.lens import lens_blur
from sim.render.sensor.motion import other_instants
from sim.render.sensor.photograph import exposed, photographed
from sim.render.sensor.rolling import (
    Creases,
    rasterised,
    resolved,
    stacked,
    stacked_creases,
    with_fewer_bands,
)
from sim.render.sensor.tone import tone_map
from sim.settled import Settled

Image = NDArray[np.uint8]


class RelitComposer(Composer):
    """Composer that lights the scene with sun, lamps, sky and the light that floor and walls reflect.

    Args:
        pictures: Textures and environment maps.
        files: Meshes.
        maps: Number and size of shadow maps.
        smooth_edges: Whether edges in the image are antialiased; masks never are.
    """

    relights = True

    def __init__(self, pictures: Pictures, files: MeshFiles, maps: ShadowMaps, smooth_edges: bool) -> None:
        """Starts with empty caches."""
        super().__init__(pictures)
        self._illumination, self._smooth_edges = Illumination(pictures, files, maps), smooth_edges
        self._pixels, self._material = LastResult(body_pixels), LastResult(material_of)
        self._tilted = LastResult(tilted)
        self._floor_colors = LastResult(partial(floor_colors, self.surfaces))

    def shade(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, visibility: Visibility
    ) -> Image:
        """The image (H, W, 3) of a shot."""
        lit = self._lit(settled, shot, visibility)
        linear, creases = self._sharp(renderer, gbuffer, settled, shot, lit, visibility)
        gain = exposure_gain(linear)
        if shot.lens is not None or shot.motion is not None:
            linear = self._expose(renderer, settled, shot, lit, linear, visibility)
        if shot.sensor is None:
            image = tone_map(linear, gain)
            return antialiased(image, visibility, creases) if self._smooth_edges else image
        # Edges are antialiased before noise is added; otherwise they would have no noise.
        light = exposed(linear, gain)
        light = antialiased(light, visibility, creases) if self._smooth_edges else light
        return photographed(light, shot.camera, shot.sensor)

    def _lit(self, settled: Settled, shot: Shot, visibility: Visibility) -> Lit:
        """The scene with the light of a shot; the light is scaled by the exposure."""
        scene = self._illumination.sampled(settled)
        light = metered(self._illumination.resolved(shot.light, scene))
        return self._illumination.lit(settled.spec, scene, light, visibility.walls)

    def _sharp(
        self,
        renderer: Renderer,
        gbuffer: GBuffer,
        settled: Settled,
        shot: Shot,
        lit: Lit,
        visibility: Visibility,
    ) -> tuple[Floats, Creases | None]:
        """The linear image (H, W, 3) without lens and motion blur, and the mask of sharp edges on bodies."""
        if gbuffer.wide is not None:
            return self._bent(renderer, gbuffer.wide, settled, shot, lit, visibility)
        if not gbuffer.bands:
            linear, pixels = self._render(renderer, gbuffer, settled, shot, lit, visibility)
            return linear, None if pixels is None else (pixels.box, pixels.edge)
        bands = zip(gbuffer.bands, visibility.bands, strict=True)
        parts = [
            self._sharp(renderer, band.gbuffer, settled, replace(shot, camera=band.camera), lit, seen)
            for band, seen in bands
        ]
        creases = stacked_creases(gbuffer.bands, [creases for _, creases in parts])
        return stacked(gbuffer.bands, [linear for linear, _ in parts]), creases

    def _bent(
        self, renderer: Renderer, wide: Wide, settled: Settled, shot: Shot, lit: Lit, visibility: Visibility
    ) -> tuple[Floats, Creases | None]:
        """Like `_sharp`, for a distorted camera: remaps the image of a wide pinhole camera."""
        seen, remapping = self.wide(wide, shot.camera, lit.spec.floor is not None, visibility.walls)
        taken = replace(shot, camera=wide.camera)
        linear, creases = self._sharp(renderer, wide.gbuffer, settled, taken, lit, seen)
        return remapping(linear), None if creases is None else remapping.crease(creases)

    def _render(
        self,
        renderer: Renderer,
        gbuffer: GBuffer,
        settled: Settled,
        shot: Shot,
        lit: Lit,
        visibility: Visibility,
    ) -> tuple[Floats, Pixels | None]:
        """The linear image (H, W, 3) of a pinhole camera at one instant, and the pixels of visible bodies."""
        camera = shot.camera
        linear = self._render_background(renderer, settled, shot, lit, visibility)
        if lit.scene is None:
            return linear, None
        shade_walls(linear, self.surfaces, camera, visibility, lit)
        pixels = self._tilted(
            self._pixels(camera, visibility, lit.scene.normal_cloud, lit.spec), gbuffer.tilt
        )
        if pixels is not None:
            shade_bodies(linear, lit, pixels, self._material(gbuffer, lit.spec, camera, pixels))
        return linear, pixels

    def _render_background(
        self, renderer: Renderer, settled: Settled, shot: Shot, lit: Lit, visibility: Visibility
    ) -> Floats:
        """The linear image (H, W, 3) of floor and background."""
        spec, camera = lit.spec, shot.camera
        if spec.floor is None or visibility.plane_m is None:
            return background_image(self.surfaces, spec.background, camera, lit.light)
        colors = self._floor_colors(spec.floor, camera, visibility.plane_m)
        matte = floor_image(colors, spec.floor, lit)
        linear = with_reflections(matte, colors, lit, self.surfaces, renderer, settled, shot, visibility)
        background = np.isinf(visibility.depth_m)
        if not background.any():
            return linear
        far = background_image(self.surfaces, spec.background, camera, lit.light)
        return np.asarray(cv2.copyTo(far, background.view(np.uint8), linear), np.float32)

    def _expose(
        self,
        renderer: Renderer,
        settled: Settled,
        shot: Shot,
        lit: Lit,
        linear: Floats,
        visibility: Visibility,
    ) -> Floats:
        """The linear image (H, W, 3) with lens blur and motion blur.

        `linear` is the sharp image at the middle of the exposure.
        """
        middle = lens_blur(shot.lens, shot.camera, linear, visibility.depth_m)
        if shot.motion is None:
            return middle
        spec, total = settled.spec, middle.copy()
        for camera in other_instants(shot.camera, shot.motion):
            moved = replace(shot, camera=camera, motion=with_fewer_bands(shot.motion))
            try:
                gbuffer = rasterised(renderer, settled, moved)
            except RejectedView:
                # Labels belong to the middle of the exposure, so a view that is rejected at another instant
                # does not reject the image: the middle image replaces it.
                total += middle
                continue
            there = resolved(gbuffer, camera, spec.floor is not None, walls_facing(visibility.walls, camera))
            light, _ = self._sharp(renderer, gbuffer, settled, moved, lit, there)
            total += lens_blur(shot.lens, camera, light, there.depth_m)
        return total * np.float32(1 / shot.motion.frames)
