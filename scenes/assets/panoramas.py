"""Reads pictures of all around (equirectangular: twice as wide as high, the zenith on top) as light."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.image import IMAGE_SUFFIXES, ImageError, read_image
from scenes.assets.reading.limits import MAX_IMAGE_PX
from scenes.assets.srgb import SRGB_TO_LINEAR

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
    """An 8-bit sRGB picture."""
    return SRGB_TO_LINEAR[read_image(path)]


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
        width, height = _hdr_size(content)
    except ValueError as error:
        raise ImageError(f"{path}: not a Radiance picture that can be read ({error})") from error
    _check_size(path, width, height)
    with _opencv_silent():
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape != (height, width, 3) or pixels.dtype != np.float32:
        raise ImageError(f"{path}: a Radiance picture that is cut off or damaged")
    return np.ascontiguousarray(pixels[..., ::-1], np.float32)


@contextmanager
def _opencv_silent() -> Iterator[None]:
    """OpenCV prints nothing about what it cannot decode: the caller says it."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_IMAGE_PX:
        raise ImageError(f"{path}: {width}x{height} is more than {MAX_IMAGE_PX:,} pixels")


def _hdr_size(content: bytes) -> tuple[int, int]:
    """Width and height, as the header says."""
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
    return width, height
