"""The choice of renderer."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenes.looks import Pictures
from scenes.settings import Kind
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.compose import Composer
from sim.render.flat import FlatComposer
from sim.render.rasterise import Renderer
from sim.render.relight import RelitComposer
from sim.render.tiny import TinyRenderer


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


class Relit(Render):
    """PyBullet's colours, depth and ids, lit by us: soft shadows, sky light, highlights, smooth edges."""

    blurs: ClassVar[bool] = True
    kind: Literal["relit"] = "relit"
    sky_directions: Annotated[int, Field(ge=8, le=1024)] = 36
    """From how many directions the sky's light is followed."""
    sky_map_px: Annotated[int, Field(ge=32, le=1024)] = 112
    """Pixels a side of the map from each of them."""
    sun_map_px: Annotated[int, Field(ge=64, le=4096)] = 256
    """Pixels a side of the sun's map."""
    smooth_edges: bool = True
    """Whether edges in the picture are antialiased; masks never are."""

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, giving plain colours."""
        return TinyRenderer(client, files, pictures, lit=False)

    def composer(self, files: MeshFiles, pictures: Pictures) -> Composer:
        """What lights them."""
        return RelitComposer(
            pictures, files, self.sky_directions, self.sky_map_px, self.sun_map_px, self.smooth_edges
        )


class Tiny(Render):
    """PyBullet's software renderer and its own shading; needs no GPU and no system library."""

    kind: Literal["tiny"] = "tiny"

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client."""
        return TinyRenderer(client, files, pictures)

    def composer(self, files: MeshFiles, pictures: Pictures) -> Composer:
        """What adds floor and background."""
        return FlatComposer(pictures)
