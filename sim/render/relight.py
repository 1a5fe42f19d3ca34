"""Pictures in light of our own: colours, depth and ids from the renderer, shading and camera from here."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Camera, Shot
from sim.meshfiles import MeshFiles
from sim.render.compose import Composer, Floats
from sim.render.last import Last
from sim.render.lighting.background import background_picture
from sim.render.lighting.bodies import paint_bodies
from sim.render.lighting.floor import floor_colors, floor_picture
from sim.render.lighting.illumination import Illumination, ShadowMaps
from sim.render.lighting.lit import Lit
from sim.render.lighting.pixels import Pixels, body_pixels, material_of
from sim.render.lighting.walls import paint_walls
from sim.render.raster.gbuffer import GBuffer, RejectedView, Renderer
from sim.render.raster.planes import facing
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.render.sensor.antialiasing import antialiased
from sim.render.sensor.exposure import exposure_gain, metered
from sim.render.sensor.lens import through
from sim.render.sensor.motion import other_instants
from sim.render.sensor.tone import tone_map
from sim.settle import Settled

Image = NDArray[np.uint8]


class RelitComposer(Composer):
    """Lights the scene with sun, lamps, sky and what floor and walls reflect.

    Args:
        pictures: Textures and environment maps.
        files: Meshes.
        maps: Number and size of shadow maps.
        smooth_edges: Whether edges in the picture are antialiased; masks never are.
    """

    relights = True

    def __init__(self, pictures: Pictures, files: MeshFiles, maps: ShadowMaps, smooth_edges: bool) -> None:
        """Has no scene yet."""
        super().__init__(pictures)
        self._illumination, self._smooth_edges = Illumination(pictures, files, maps), smooth_edges
        self._pixels, self._material = Last(body_pixels), Last(material_of)
        self._floor_colors = Last(partial(floor_colors, self.surfaces))

    def paint(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, seen: Visibility
    ) -> Image:
        """The picture (H, W, 3) of a shot."""
        lit = self._lit(settled, shot, seen)
        picture, pixels = self._taken(gbuffer, shot.camera, lit, seen)
        gain = exposure_gain(picture)
        if shot.lens is not None or shot.motion is not None:
            picture = self._through_lens_and_time(renderer, settled, shot, lit, picture, seen)
        image = tone_map(picture, gain)
        creases = None if pixels is None else (pixels.box, pixels.edge)
        return antialiased(image, seen, creases) if self._smooth_edges else image

    def _lit(self, settled: Settled, shot: Shot, seen: Visibility) -> Lit:
        """The scene in the light of a shot, at its exposure."""
        scene = self._illumination.sampled(settled)
        light = metered(self._illumination.resolved(shot.light, scene))
        return self._illumination.lit(settled.spec, scene, light, seen.walls)

    def _taken(
        self, gbuffer: GBuffer, camera: Camera, lit: Lit, seen: Visibility
    ) -> tuple[Floats, Pixels | None]:
        """The linear picture (H, W, 3) of a pinhole camera at one instant, and the pixels of bodies."""
        picture = self._behind(camera, lit, seen)
        if lit.scene is None:
            return picture, None
        paint_walls(picture, self.surfaces, camera, seen, lit)
        pixels = self._pixels(camera, seen, lit.scene.fewer)
        if pixels is not None:
            paint_bodies(picture, lit, pixels, self._material(gbuffer, lit.spec, camera, pixels))
        return picture, pixels

    def _behind(self, camera: Camera, lit: Lit, seen: Visibility) -> Floats:
        """Floor and background (H, W, 3), linear."""
        spec = lit.spec
        if spec.floor is None or seen.plane_m is None:
            return background_picture(self.surfaces, spec.background, camera, lit.light)
        picture = floor_picture(self._floor_colors(spec.floor, camera, seen.plane_m), spec.floor, lit)
        background = np.isinf(seen.depth_m)
        if not background.any():
            return picture
        far = background_picture(self.surfaces, spec.background, camera, lit.light)
        return np.asarray(cv2.copyTo(far, background.view(np.uint8), picture), np.float32)

    def _through_lens_and_time(
        self, renderer: Renderer, settled: Settled, shot: Shot, lit: Lit, picture: Floats, seen: Visibility
    ) -> Floats:
        """The linear picture (H, W, 3) through the lens, averaged over the exposure.

        The picture of the middle of the exposure is given.
        """
        middle = through(shot.lens, shot.camera, picture, seen.depth_m)
        if shot.motion is None:
            return middle
        spec, total = settled.spec, middle.copy()
        for camera in other_instants(shot.camera, shot.motion):
            try:
                gbuffer = renderer.rasterise(settled, replace(shot, camera=camera))
            except RejectedView:  # labels are those of the middle, which stands in for what cannot be drawn
                total += middle
                continue
            there = resolve_visibility(gbuffer, camera, spec.floor is not None, facing(seen.walls, camera))
            light, _ = self._taken(gbuffer, camera, lit, there)
            total += through(shot.lens, camera, light, there.depth_m)
        return total * np.float32(1 / shot.motion.frames)
