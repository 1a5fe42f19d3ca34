"""Reads pictures of all around (equirectangular: twice as wide as high, the zenith on top) as light."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.image import IMAGE_SUFFIXES, ImageError, read_image
from scenes.assets.reading.limits import MAX_IMAGE_PX

Floats = NDArray[np.float32]

SUFFIXES = (".hdr", ".exr", *IMAGE_SUFFIXES)
WIDEST_PX = 2048
"""Wider ones are made smaller: a camera with a usual lens sees no more of them."""
BRIGHTEST = np.float32(1e6)
LONGEST_HEADER = 4096


def panorama_files(path: str) -> list[Path]:
    """The file itself, or those of a folder, sorted by name."""
    given = Path(path).expanduser()
    inside = sorted(given.iterdir()) if given.is_dir() else [given]
    return [
        file
        for file in inside
        if file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]


def read_panorama(path: Path) -> Floats:
    """The light (h, w, 3) that comes from all around, linear, at most 2048 px wide.

    Raises:
        ImageError: The file cannot be read, is not twice as wide as high, or holds no light.
    """
    readers = {".hdr": _read_hdr, ".exr": _read_exr}
    light: Floats = readers.get(path.suffix.lower(), _read_picture)(path)
    height, width = light.shape[:2]
    if abs(width - 2 * height) > 2:
        raise ImageError(
            f"{path}: {width}x{height} is not twice as wide as high, as a picture of all around is"
        )
    if not np.isfinite(light).all() or light.min() < 0:
        raise ImageError(f"{path}: has pixels that are negative or no numbers")
    if not light.any():
        raise ImageError(f"{path}: holds no light: all its pixels are 0, as which .hdr writes nan too")
    if width > WIDEST_PX:
        light = np.asarray(cv2.resize(light, (WIDEST_PX, WIDEST_PX // 2), interpolation=cv2.INTER_AREA))
    return np.asarray(np.minimum(light, BRIGHTEST), np.float32)


def _read_picture(path: Path) -> Floats:
    """An 8-bit picture, its values undone to light (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear.astype(np.float32)[read_image(path)])


def _read_exr(path: Path) -> Floats:
    if find_spec("OpenEXR") is None:
        raise ImageError(
            f"{path}: EXR needs the package OpenEXR: pip install 'sim2coco[exr]', or save it as .hdr"
        )
    import OpenEXR

    try:
        with OpenEXR.File(str(path), header_only=True) as file:
            low, high = file.header()["dataWindow"]
            _check_size(path, int(high[0]) - int(low[0]) + 1, int(high[1]) - int(low[1]) + 1)
        with OpenEXR.File(str(path)) as file:
            channels = file.channels()
            pixels = channels["RGBA" if "RGBA" in channels else "RGB"].pixels
    except ImageError:
        raise
    except Exception as error:  # whatever a parser of foreign files raises is one thing to the caller
        raise ImageError(f"{path}: not an EXR picture with the channels R, G, B") from error
    return np.ascontiguousarray(pixels[..., :3], np.float32)


def _read_hdr(path: Path) -> Floats:
    """A picture in Radiance's format: three mantissas and one exponent a pixel (Ward 1991)."""
    content = path.read_bytes()
    try:
        width, height, start = _hdr_size(content)
    except ValueError as error:
        raise ImageError(f"{path}: not a Radiance picture that can be read ({error})") from error
    _check_size(path, width, height)
    try:
        rgbe = np.frombuffer(b"".join(_hdr_rows(content, start, width, height)), np.uint8)
    except (ValueError, IndexError) as error:
        raise ImageError(f"{path}: a Radiance picture that is cut off or damaged") from error
    parts = rgbe.reshape(height, 4, width)
    scale = np.where(parts[:, 3] > 0, np.ldexp(np.float32(1), parts[:, 3].astype(np.int32) - 136), 0)
    return np.ascontiguousarray(np.moveaxis(parts[:, :3] * scale[:, None].astype(np.float32), 1, 2))


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_IMAGE_PX:
        raise ImageError(f"{path}: {width}x{height} is more than {MAX_IMAGE_PX:,} pixels")


def _hdr_size(content: bytes) -> tuple[int, int, int]:
    """Width, height, and where the pixels begin."""
    header, blank, rest = content[:LONGEST_HEADER].partition(b"\n\n")
    if not blank or not header.startswith((b"#?RADIANCE", b"#?RGBE")):
        raise ValueError("it has no header")
    if b"FORMAT=32-bit_rle_rgbe" not in header:
        raise ValueError("its FORMAT is not 32-bit_rle_rgbe")
    words = rest.partition(b"\n")[0].split()
    if len(words) != 4 or (words[0], words[2]) != (b"-Y", b"+X"):
        raise ValueError("its rows do not run from top left")
    height, width = int(words[1]), int(words[3])
    if height < 1 or width < 1:
        raise ValueError("it has no pixels")
    return width, height, len(header) + 2 + len(rest.partition(b"\n")[0]) + 1


def _hdr_rows(content: bytes, at: int, width: int, height: int) -> Iterator[bytes]:
    """The rows, in each of them all red values, then all green, blue, and the exponents.

    Raises:
        ValueError: They end too early, or not where they should.
        IndexError: They end too early.
    """
    begin = bytes((2, 2, width >> 8, width & 255))
    if not 8 <= width < 32768 or content[at : at + 4] != begin:
        flat = np.frombuffer(content, np.uint8, 4 * width * height, at).reshape(height, width, 4)
        yield np.ascontiguousarray(np.moveaxis(flat, 2, 1)).tobytes()
        return
    for _ in range(height):
        if content[at : at + 4] != begin:
            raise ValueError("a row does not begin as one")
        at += 4
        row: list[bytes] = []
        wanted = 4 * width
        while wanted > 0:
            count = content[at]
            if count > 128:  # a run of one value
                count -= 128
                row.append(content[at + 1 : at + 2] * count)
                at += 2
            else:
                row.append(content[at + 1 : at + 1 + count])
                at += 1 + count
            if not count or len(row[-1]) != count:
                raise ValueError("a row is damaged")
            wanted -= count
        if wanted:
            raise ValueError("a row is too long")
        yield b"".join(row)
