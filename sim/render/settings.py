"""The choice of renderer."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenes.assets.images import Pictures
from scenes.settings import Kind
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.compose import Composer
from sim.render.flat import FlatComposer
from sim.render.lighting.illumination import ShadowMaps
from sim.render.raster.egl.client import egl_client
from sim.render.raster.egl.probe import egl_device
from sim.render.raster.egl.renderer import EglRenderer
from sim.render.raster.gbuffer import Renderer
from sim.render.raster.tiny import TinyRenderer
from sim.render.relight import RelitComposer


class Render(Kind):
    """A way to draw settled scenes."""

    blurs: ClassVar[bool] = False
    """Whether its pictures know lenses and motion."""

    @abstractmethod
    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client."""

    @abstractmethod
    def composer(self, files: MeshFiles, pictures: Pictures) -> Composer:
        """What makes pictures of what the renderer gives."""

    def device(self) -> str | None:
        """What pixels depend on beside this package, its lock and the processor: a name, or None.

        Raises:
            EglUnavailable: It cannot draw on this machine.
        """
        return None


class LitByUs(Render):
    """A way to draw that takes colours, depth and ids from PyBullet, and lights them itself."""

    blurs: ClassVar[bool] = True
    sky_directions: Annotated[int, Field(ge=8, le=1024)] = 36
    """From how many directions the sky's light is followed."""
    sky_map_px: Annotated[int, Field(ge=32, le=1024)] = 112
    """Pixels a side of the map from each of them."""
    sun_map_px: Annotated[int, Field(ge=64, le=4096)] = 256
    """Pixels a side of the sun's map."""
    smooth_edges: bool = True
    """Whether edges in the picture are antialiased; masks never are."""

    def composer(self, files: MeshFiles, pictures: Pictures) -> Composer:
        """What lights them."""
        maps = ShadowMaps(self.sky_directions, self.sky_map_px, self.sun_map_px)
        return RelitComposer(pictures, files, maps, self.smooth_edges)


class Relit(LitByUs):
    """PyBullet's colours, depth and ids, lit by us: soft shadows, sky light, highlights, smooth edges."""

    kind: Literal["relit"] = "relit"

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, giving plain colours."""
        return TinyRenderer(client, files, pictures, lit=False)


class Egl(LitByUs):
    """As relit, but drawn with OpenGL: on a GPU where there is one, else by Mesa on the processor."""

    kind: Literal["egl"] = "egl"

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client of its own."""
        return EglRenderer(egl_client(), files, pictures)

    def device(self) -> str:
        """OpenGL's name of what draws.

        Raises:
            EglUnavailable: Nothing does.
        """
        return egl_device()


class Tiny(Render):
    """PyBullet's software renderer and its own shading; needs no GPU and no system library."""

    kind: Literal["tiny"] = "tiny"

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client."""
        return TinyRenderer(client, files, pictures)

    def composer(self, files: MeshFiles, pictures: Pictures) -> Composer:
        """What adds floor and background."""
        return FlatComposer(pictures)
