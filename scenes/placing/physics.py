"""Settings of the physics simulation."""

from typing import Annotated

from pydantic import Field

from scenes.settings import Settings
from scenes.spec import Physics, Region


class PhysicsSettings(Settings):
    """How objects fall and come to rest."""

    gravity_m_s2: Annotated[float, Field(gt=0, le=100)] = 9.81
    """Downward acceleration in m/s²."""
    time_step_s: Annotated[float, Field(ge=1e-4, le=0.01)] = 1 / 240
    """Length of one simulation step in seconds."""
    max_seconds: Annotated[float, Field(gt=0, le=60)] = 6.0
    """Time limit in simulated seconds for objects to come to rest; doubled except in bin and clutter."""

    def within(self, bounds_m: float, region: Region | None = None, pile: bool = False) -> Physics:
        """Combines these settings with the parameters that depend on the scene.

        Args:
            bounds_m: Largest permitted absolute coordinate of a body; a body beyond it has left the scene.
            region: Region that must contain the centre of mass of each body at rest; None for no restriction.
            pile: Whether many bodies lie on each other, so that contacts must be solved more precisely.
        """
        return Physics(
            gravity_m_s2=self.gravity_m_s2,
            time_step_s=self.time_step_s,
            max_seconds=self.max_seconds,
            bounds_m=bounds_m,
            region=region,
            pile=pile,
        )
