"""Settings of the renderer.

The methods import the renderers, so that a process that only reads settings does not import them.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from scenes.assets.images import Pictures
from scenes.settings import Kind

if TYPE_CHECKING:
    from sim.bullet import Client
    from sim.meshfiles import MeshFiles
    from sim.render.compose import Composer
    from sim.render.raster.gbuffer import Renderer


class Render(Kind):
    """A way to render settled scenes."""

    supports_blur: ClassVar[bool] = False
    """Whether lens blur and motion blur are supported."""

    @abstractmethod
    def renderer(self, client: "Client", files: "MeshFiles", pictures: Pictures) -> "Renderer":
        """Creates the renderer, which draws the G-buffers of a view.

        Args:
            client: The PyBullet client with which it may render.
            files: The mesh files that PyBullet reads.
            pictures: The loaded images.
        """

    @abstractmethod
    def composer(self, files: "MeshFiles", pictures: Pictures) -> "Composer":
        """Creates the composer, which turns the renderer's G-buffers into the image."""

    def device(self) -> str | None:
        """Name of the rendering device, if pixel values depend on it; None for a software renderer.

        Raises:
            EglUnavailable: The renderer does not work on this machine.
        """
        return None


class RelitRender(Render):
    """A renderer that takes colours, depth and ids from PyBullet, and computes the lighting itself."""

    supports_blur: ClassVar[bool] = True
    sky_directions: Annotated[int, Field(ge=8, le=1024)] = 36
    """Number of directions of the sky for which a shadow map is rendered."""
    sky_map_px: Annotated[int, Field(ge=32, le=1024)] = 112
    """Side of each shadow map of the sky in pixels; reduced, but not below 256, if bodies are large."""
    sun_map_px: Annotated[int, Field(ge=64, le=4096)] = 256
    """Side of the shadow maps of sun and lamps in pixels; reduced, but not below 256, if bodies are large."""
    smooth_edges: bool = True
    """Whether edges in the image are antialiased; masks never are."""

    def composer(self, files: "MeshFiles", pictures: Pictures) -> "Composer":
        """Creates the composer, which computes the lighting of the image."""
        from sim.render.lighting.lit import ShadowMaps
        from sim.render.relight import RelitComposer

        maps = ShadowMaps(self.sky_directions, self.sky_map_px, self.sun_map_px)
        return RelitComposer(pictures, files, maps, self.smooth_edges)


class Relit(RelitRender):
    """PyBullet's software renderer with our lighting: soft shadows, sky light, highlights, smooth edges."""

    kind: Literal["relit"] = "relit"

    def renderer(self, client: "Client", files: "MeshFiles", pictures: Pictures) -> "Renderer":
        """Creates PyBullet's software renderer, with its own lighting switched off."""
        from sim.render.raster.tiny import TinyRenderer

        return TinyRenderer(client, files, pictures, lit=False)


class Egl(RelitRender):
    """As relit, but rendered with OpenGL: on a GPU if there is one, otherwise on the CPU with Mesa."""

    kind: Literal["egl"] = "egl"

    def renderer(self, client: "Client", files: "MeshFiles", pictures: Pictures) -> "Renderer":
        """Creates the OpenGL renderer; it uses a PyBullet client of its own instead of `client`."""
        from sim.render.raster.egl.client import egl_client
        from sim.render.raster.egl.renderer import EglRenderer

        return EglRenderer(egl_client(), files, pictures)

    def device(self) -> str:
        """Name and version of the OpenGL device.

        Raises:
            EglUnavailable: OpenGL does not work on this machine.
        """
        from sim.render.raster.egl.probe import egl_device

        return egl_device()


class Tiny(Render):
    """PyBullet's software renderer with its own shading; needs no GPU and no system library."""

    kind: Literal["tiny"] = "tiny"

    def renderer(self, client: "Client", files: "MeshFiles", pictures: Pictures) -> "Renderer":
        """Creates PyBullet's software renderer, with its own lighting."""
        from sim.render.raster.tiny import TinyRenderer

        return TinyRenderer(client, files, pictures)

    def composer(self, files: "MeshFiles", pictures: Pictures) -> "Composer":
        """Creates the composer, which adds floor, walls and background to the image."""
        from sim.render.flat import FlatComposer

        return FlatComposer(pictures)
