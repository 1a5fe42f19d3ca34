"""Reads environment maps: equirectangular images, twice as wide as high, with the zenith in the top row."""

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
MAX_WIDTH_PX = 2048
"""Wider maps are downscaled to this width; at usual angles of view, more detail would not be visible."""
MAX_RADIANCE = np.float32(1e6)
"""Radiance at which pixels are clipped."""
MAX_HEADER_BYTES = 4096
"""Largest size of the header of a Radiance file."""


def panorama_files(path: str) -> list[Path]:
    """Lists the environment maps in a folder, sorted by name. If `path` is a file, the list contains only it.

    Files with a suffix that is not in `SUFFIXES` are left out. The list is empty if `path` does not exist.
    """
    given = Path(path).expanduser()
    inside = sorted(given.iterdir()) if given.is_dir() else [given]
    return [
        file
        for file in inside
        if file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]


def read_panorama(path: Path) -> Floats:
    """Reads the linear radiance (h, w, 3) of an environment map.

    A map wider than `MAX_WIDTH_PX` is scaled down to this width.

    Raises:
        ImageError: The file cannot be read, is not twice as wide as high, has invalid pixels, or is black.
    """
    readers = {".hdr": _read_hdr, ".exr": _read_exr}
    light: Floats = readers.get(path.suffix.lower(), _read_picture)(path)
    height, width = light.shape[:2]
    if abs(width - 2 * height) > 2:
        raise ImageError(f"{path}: an environment map must be twice as wide as high, not {width}x{height}")
    if not np.isfinite(light).all() or light.min() < 0:
        raise ImageError(f"{path}: has pixels that are negative or not finite")
    if not light.any():
        raise ImageError(f"{path}: contains no light: all its pixels are 0 (.hdr files store NaN as 0)")
    if width > MAX_WIDTH_PX:
        light = np.asarray(cv2.resize(light, (MAX_WIDTH_PX, MAX_WIDTH_PX // 2), interpolation=cv2.INTER_AREA))
    return np.asarray(np.minimum(light, MAX_RADIANCE), np.float32)


def _read_picture(path: Path) -> Floats:
    """Reads an 8-bit sRGB image as linear radiance."""
    return SRGB_TO_LINEAR[read_image(path)]


def _read_exr(path: Path) -> Floats:
    if find_spec("OpenEXR") is None:
        raise ImageError(f"{path}: EXR needs the package OpenEXR: pip install openexr, or save it as .hdr")
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
    except Exception as error:  # OpenEXR documents no exception types for invalid files
        raise ImageError(f"{path}: not an EXR image with the channels R, G, B") from error
    return np.ascontiguousarray(pixels[..., :3], np.float32)


def _read_hdr(path: Path) -> Floats:
    """Reads the Radiance format: three mantissas and a shared exponent per pixel (Ward 1991)."""
    content = path.read_bytes()
    try:
        width, height = _hdr_size(content)
    except ValueError as error:
        raise ImageError(f"{path}: cannot be read as a Radiance image ({error})") from error
    _check_size(path, width, height)
    with _opencv_silent():
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape != (height, width, 3) or pixels.dtype != np.float32:
        raise ImageError(f"{path}: the Radiance image is truncated or damaged")
    return np.ascontiguousarray(pixels[..., ::-1], np.float32)


@contextmanager
def _opencv_silent() -> Iterator[None]:
    """Silences OpenCV's messages about files that it cannot decode; the caller reports them."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_IMAGE_PX:
        raise ImageError(f"{path}: {width}x{height} is more than {MAX_IMAGE_PX:,} pixels")


def _hdr_size(content: bytes) -> tuple[int, int]:
    """Reads width and height from the header of a Radiance file."""
    header, blank, rest = content[:MAX_HEADER_BYTES].partition(b"\n\n")
    if not blank or not header.startswith((b"#?RADIANCE", b"#?RGBE")):
        raise ValueError("it has no header")
    if b"FORMAT=32-bit_rle_rgbe" not in header:
        raise ValueError("its FORMAT is not 32-bit_rle_rgbe")
    words = rest.partition(b"\n")[0].split()
    if len(words) != 4 or (words[0], words[2]) != (b"-Y", b"+X"):
        raise ValueError("its rows do not start at the top left")
    height, width = int(words[1]), int(words[3])
    if height < 1 or width < 1:
        raise ValueError("it has no pixels")
    return width, height
