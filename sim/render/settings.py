"""The choice of renderer."""

from abc import abstractmethod
from typing import Literal

from scenes.looks import Pictures
from scenes.settings import Kind
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.rasterise import Renderer
from sim.render.tiny import TinyRenderer


class Render(Kind):
    """A way to draw settled scenes."""

    @abstractmethod
    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client."""


class Tiny(Render):
    """PyBullet's software renderer and its own shading; needs no GPU and no system library."""

    kind: Literal["tiny"] = "tiny"

    def renderer(self, client: Client, files: MeshFiles, pictures: Pictures) -> Renderer:
        """The renderer, drawing in a client."""
        return TinyRenderer(client, files, pictures)
