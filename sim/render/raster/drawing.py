"""The bodies of a scene that are to be rendered for a shot, each in its box of the image plane."""

from collections.abc import Mapping
from dataclasses import dataclass

from scenes.shot import Camera, Shot
from scenes.spec import Body
from sim.boxes import Box
from sim.meshfiles import MeshFiles
from sim.render.raster.projection import projected_triangles
from sim.render.raster.subpixel import Projected
from sim.settled import Settled


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Bodies to be rendered for a shot.

    Attributes:
        settled: The scene.
        shot: The light and the camera, which is a pinhole camera.
        levels: Level of detail of each body of the scene.
        planes_m: Depths in metres of the near and far planes.
        boxes: The box of each body to be rendered, by its index in the scene.
    """

    settled: Settled
    shot: Shot
    levels: tuple[int, ...]
    planes_m: tuple[float, float]
    boxes: Mapping[int, Box]

    @property
    def camera(self) -> Camera:
        """The camera of the shot, which is a pinhole camera."""
        return self.shot.camera

    def body(self, index: int) -> tuple[Body, int]:
        """Returns the body at `index` in the scene, and its level of detail."""
        return self.settled.spec.bodies[index], self.levels[index]

    def triangles(self, files: MeshFiles, index: int, box: Box) -> Projected:
        """Returns the projected triangles of the body at `index`.

        Args:
            files: The mesh files.
            index: Index of the body in the scene.
            box: The part of the image in which pixels inside the triangles are to be found.
        """
        return projected_triangles(files, *self.body(index), self.camera, self.planes_m[0], box)
