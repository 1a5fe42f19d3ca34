"""A plug-in whose scenes do what kills a process: the list of what PyBullet does not survive, and hangs.

The scene of index n takes poison n of `harm`; those without are scenes of `drop`.
"""

import ctypes
import os
import re
import struct
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

import pybullet as pb

from scenes.kinds.drop import Drop

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


def load(mesh: Path) -> None:
    pb.createCollisionShape(pb.GEOM_MESH, fileName=str(mesh))
    pb.createMultiBody(0, -1, pb.createVisualShape(pb.GEOM_MESH, fileName=str(mesh)))
    pb.getCameraImage(32, 32, renderer=pb.ER_TINY_RENDERER)


def obj_index(folder: Path) -> None:
    (folder / "a.obj").write_text(TRIANGLE + "f 1 2 900000000\n")
    load(folder / "a.obj")


def stl(folder: Path, content: bytes) -> None:
    (folder / "a.stl").write_bytes(content)
    load(folder / "a.stl")


def stl_truncated(folder: Path) -> None:
    stl(folder, b" " * 80 + struct.pack("<I", 1000) + b"\0" * 70)


def stl_empty(folder: Path) -> None:
    stl(folder, b"")


def stl_ascii(folder: Path) -> None:
    stl(
        folder,
        b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\n",
    )


def stl_miscounted(folder: Path) -> None:
    stl(folder, b" " * 80 + struct.pack("<I", 2**31) + b"\0" * 50)


def mtl_name(folder: Path) -> None:
    (folder / "a.mtl").write_text(f"newmtl m\nmap_Kd {'m' * 50_000}.png\n")
    (folder / "a.obj").write_text(f"mtllib a.mtl\nusemtl m\n{TRIANGLE}f 1 2 3\n")
    load(folder / "a.obj")


def texture_folder(folder: Path) -> None:
    pb.loadTexture(str(folder))


def texture_path(folder: Path) -> None:
    pb.loadTexture(str(folder / ("t" * 5_000)))


def negative_size(folder: Path) -> None:
    pb.getCameraImage(-5, -5, renderer=pb.ER_TINY_RENDERER)


def huge_size(folder: Path) -> None:
    pb.getCameraImage(20_000, 20_000, renderer=pb.ER_TINY_RENDERER)


def aborted(folder: Path) -> None:
    os.abort()


def exited(folder: Path) -> None:
    raise SystemExit(7)


def raised(folder: Path) -> None:
    raise ZeroDivisionError("of a plug-in")


def hog(folder: Path) -> None:
    eaten = []
    while True:
        eaten.append(bytearray(1 << 24))
        time.sleep(0.001)


def loop(folder: Path) -> None:
    while True:
        time.sleep(0.01)


def c_sleep(folder: Path) -> None:
    ctypes.PyDLL(None).sleep(1000)  # holds the interpreter's lock


def in_c(folder: Path) -> None:
    """A search that takes for ever, in code that holds the interpreter's lock."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def nap(folder: Path) -> None:
    Path("napping").touch()  # for the test that waits for it
    time.sleep(1000)


HARM = {
    harm.__name__: harm
    for harm in (
        *(obj_index, stl_truncated, stl_empty, stl_ascii, stl_miscounted, mtl_name, texture_folder),
        *(texture_path, negative_size, huge_size, aborted, exited, raised, hog, loop, c_sleep, in_c, nap),
    )
}


class Poisoned(Drop):
    """Scenes as by default, but for the first ones."""

    kind: Literal["poisoned"] = "poisoned"  # type: ignore[assignment] # another name, as all kinds have
    harm: tuple[str, ...] = ()

    def draw(self, scene: int, *arguments: Any, **options: Any) -> Any:
        """Takes the poison of a scene, then draws."""
        if scene < len(self.harm) and self.harm[scene] in HARM:
            Path(f"began_{os.getpid()}").touch()
            pb.connect(pb.DIRECT)
            with tempfile.TemporaryDirectory() as folder:
                HARM[self.harm[scene]](Path(folder))
        return super().draw(scene, *arguments, **options)
