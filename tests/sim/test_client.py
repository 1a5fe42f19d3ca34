"""Memory of a PyBullet client's texture cache."""

import ctypes
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim import bullet
from sim.bullet import Client

SIDE_PX, TEXTURES = 256, 40
FILE_BYTES = SIDE_PX * SIDE_PX * 3


MALLINFO = ctypes.c_size_t * 10
"""glibc's heap statistics; the constants below are indices of fields of `struct mallinfo2`."""
MAPPED, IN_USE = 4, 7


Account = type("Account", (ctypes.Structure,), {"_fields_": [("numbers", MALLINFO)]})


def bytes_in_use() -> int:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("needs glibc 2.33 or newer")
    libc.mallinfo2.restype = Account
    numbers = libc.mallinfo2().numbers
    return int(numbers[IN_USE] + numbers[MAPPED])


def test_texture_cache_is_bounded(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bullet, "MAX_TEXTURE_BYTES", 5 * FILE_BYTES)
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
    # PyBullet itself would still have all textures in memory.
    assert bytes_in_use() - before < 8 * FILE_BYTES
