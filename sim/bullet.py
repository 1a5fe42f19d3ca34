"""PyBullet, imported without printing its banner, and a client that can be reset completely."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Client", "pb", "silence"]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Context in which everything written to file descriptors 1 and 2 (stdout, stderr) is discarded."""
    # C buffers its output, so it is flushed before each switch; otherwise it would go to the new destination.
    flush = ctypes.CDLL(None).fflush
    flush(None)
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        flush(None)
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for descriptor in (*kept, nowhere):
            os.close(descriptor)


with silence():
    import pybullet as pb


MAX_TEXTURE_BYTES = 16 << 20
"""Maximum total size in bytes of the texture files that PyBullet caches."""


class Client:
    """A PyBullet client in this process; `fresh()` removes its bodies and sets every physics parameter.

    PyBullet keeps its parameters when it is reset, and some even when the client reconnects. Every parameter
    is therefore set again, so that a scene does not depend on the scenes before it.

    Raises:
        RuntimeError: PyBullet has no free client.
    """

    def __init__(self) -> None:
        """Connects to PyBullet without a window."""
        self.id = pb.connect(pb.DIRECT)
        if self.id < 0:
            raise RuntimeError("PyBullet has no free client: it allows a limited number per process")
        self.contents: object = None
        self._textures: dict[str, int] = {}

    def fresh(
        self,
        time_step_s: float = 1 / 240,
        gravity_m_s2: float = 9.81,
        solver_iterations: int = 20,
        contact_breaking: float = 0.002,
    ) -> None:
        """Removes all bodies and sets every physics parameter.

        Args:
            time_step_s: Time step of the simulation in seconds.
            gravity_m_s2: Gravitational acceleration in m/s², towards -z.
            solver_iterations: Iterations of the contact solver in each time step.
            contact_breaking: Distance by which the two points of a contact may separate before the contact is
                dropped, as a fraction of the smaller body's size.
        """
        self.contents = None
        pb.resetSimulation(physicsClientId=self.id)
        pb.setGravity(0.0, 0.0, -gravity_m_s2, physicsClientId=self.id)
        pb.setPhysicsEngineParameter(
            fixedTimeStep=time_step_s,
            numSolverIterations=solver_iterations,
            numSubSteps=0,
            useSplitImpulse=1,
            splitImpulsePenetrationThreshold=-0.004,
            contactBreakingThreshold=contact_breaking,
            collisionFilterMode=1,
            enableFileCaching=1,
            restitutionVelocityThreshold=0.1,
            erp=0.2,
            contactERP=0.2,
            frictionERP=0.2,
            enableConeFriction=1,
            deterministicOverlappingPairs=1,
            allowedCcdPenetration=0.0001,
            solverResidualThreshold=1e-7,
            contactSlop=0.00001,
            enableSAT=0,
            globalCFM=0.0,
            physicsClientId=self.id,
        )

    def load_texture(self, path: str) -> int:
        """Loads a texture file and returns its PyBullet id, which is valid until the next `fresh()`.

        PyBullet caches every file that it reads. To limit memory, the cache is cleared when its textures
        exceed `MAX_TEXTURE_BYTES`. This also clears the cached meshes, which PyBullet then reads again.
        """
        if path not in self._textures:
            self._textures[path] = Path(path).stat().st_size
        if sum(self._textures.values()) > MAX_TEXTURE_BYTES:
            for enabled in (0, 1):
                pb.setPhysicsEngineParameter(enableFileCaching=enabled, physicsClientId=self.id)
            self._textures = {path: self._textures[path]}
        texture: int = pb.loadTexture(path, physicsClientId=self.id)
        return texture

    def close(self) -> None:
        """Disconnects from PyBullet."""
        if self.id >= 0 and pb.isConnected(self.id):
            pb.disconnect(self.id)
        self.id = -1
