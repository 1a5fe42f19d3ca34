"""What a PyBullet client keeps."""

import ctypes
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.bullet import Client

SIDE_PX, TEXTURES = 256, 40


class Mallinfo(ctypes.Structure):
    """glibc's account of the heap (`mallinfo2`)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def bytes_in_use() -> int:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("needs glibc 2.33 or newer")
    libc.mallinfo2.restype = Mallinfo
    told = libc.mallinfo2()
    return int(told.uordblks + told.hblkhd)


def test_textures_are_gone_with_their_scene(client: Client, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.bmp" for number in range(TEXTURES + 5)]
    for number, path in enumerate(paths):
        pixels = np.full((SIDE_PX, SIDE_PX, 3), number, np.uint8)
        path.write_bytes(cv2.imencode(".bmp", pixels)[1].tobytes())
    before = 0
    for number, path in enumerate(paths):
        if number == 5:
            before = bytes_in_use()
        assert client.load_texture(str(path)) >= 0
        client.fresh()
    # With PyBullet's file caching all of them would still be there.
    assert bytes_in_use() - before < 0.1 * TEXTURES * SIDE_PX * SIDE_PX * 3
