"""A sampled scene at rest."""

from dataclasses import dataclass

from scenes.spec import SceneSpec, Wall


@dataclass(frozen=True, slots=True)
class Settled:
    """A scene whose bodies are at rest. Records contain it, and images are rendered from it.

    Attributes:
        spec: The sampled scene with the final poses of its bodies.
        seconds: Simulated time in seconds until all bodies were at rest.
        walls: The walls, placed around the bodies at rest; empty if the scene has none.
    """

    spec: SceneSpec
    seconds: float
    walls: tuple[Wall, ...] = ()

    @property
    def has_objects(self) -> bool:
        """Whether the scene has an object that gets labels."""
        return any(body.labelled for body in self.spec.bodies)
