"""PyBullet, imported without its banner, and a client that can be reset completely."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Client", "pb", "silence"]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Discards what native code writes to the file descriptors 1 and 2 (stdout and stderr)."""
    # C buffers its output: flush before each switch, so that pending output goes where it belongs.
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
"""Total size in bytes of the texture files that PyBullet may cache."""


class Client:
    """One PyBullet client of this process; `fresh()` empties it and sets every parameter.

    PyBullet's parameters survive resets, and some survive reconnecting. A scene is independent of the scenes
    before it only if every parameter is set again.
    """

    def __init__(self) -> None:
        """Connects to PyBullet without a window."""
        self.id = pb.connect(pb.DIRECT)
        if self.id < 0:
            raise RuntimeError("PyBullet has no free client: it allows a limited number per process")
        self.contents: object = None
        self._textures: dict[str, int] = {}

    def fresh(self, time_step_s: float = 1 / 240, gravity_m_s2: float = 9.81) -> None:
        """Removes all bodies and sets every physics parameter."""
        self.contents = None
        pb.resetSimulation(physicsClientId=self.id)
        pb.setGravity(0.0, 0.0, -gravity_m_s2, physicsClientId=self.id)
        pb.setPhysicsEngineParameter(
            fixedTimeStep=time_step_s,
            numSolverIterations=20,
            numSubSteps=0,
            useSplitImpulse=1,
            splitImpulsePenetrationThreshold=-0.004,
            contactBreakingThreshold=0.002,
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
        """PyBullet's id of a texture file, valid until the next `fresh()`.

        PyBullet caches every file that it reads. To bound the memory, the cache is cleared when its textures
        exceed `MAX_TEXTURE_BYTES`; meshes are cleared with them and read again.
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
