"""Encodes images as JPEG and PNG, and depth, normals and ids as PNG and OpenEXR."""

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.cameras.camera import ImageSettings


def encode(image: NDArray[np.uint8], settings: ImageSettings) -> bytes:
    """Encodes an RGB image (H, W, 3) in the file format given by the settings."""
    options = {
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality],
        "png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
    }
    done, data = cv2.imencode(f".{settings.format}", image[..., ::-1], options[settings.format])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return data.tobytes()


def encode_normals(normals: NDArray[np.float32], bits: int) -> bytes:
    """Encodes normals as an RGB PNG; black is the background.

    A channel value v stands for the component (v - m) / (m - 1); m is 128 for 8 bits, and 32768 for 16.

    Args:
        normals: (H, W, 3) unit vectors; 0 for the background.
        bits: Bits per channel, 8 or 16.
    """
    middle = 1 << bits - 1
    steps = np.rint(normals * np.float64(middle - 1)) + middle
    steps[~normals.any(axis=2)] = 0
    bgr = steps[..., ::-1]
    return _png(bgr.astype(np.uint8) if bits == 8 else bgr.astype(np.uint16))


def encode_ids(ids: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Encodes ids (H, W) as an 8-bit or 16-bit greyscale PNG."""
    return _png(ids)


def encode_exr(depth_m: NDArray[np.float32]) -> bytes:
    """Encodes depth (H, W) in metres as OpenEXR with one float32 channel; infinite depths become 0."""
    import OpenEXR

    channels = {"Y": np.where(np.isfinite(depth_m), depth_m, np.float32(0))}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with TemporaryDirectory() as folder:  # OpenEXR writes only to named files
        path = Path(folder) / "depth.exr"
        OpenEXR.File(header, channels).write(str(path))
        return path.read_bytes()


def _png(values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    done, data = cv2.imencode(".png", values, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {values.shape}")
    return data.tobytes()


def encode_depth(depth_m: NDArray[np.float32], scale_mm: float) -> bytes:
    """Encodes depth as a 16-bit PNG.

    Args:
        depth_m: (H, W), depth in metres along the camera's z axis; infinite for the background.
        scale_mm: Millimetres per step. Depths beyond 65535 steps become 0, like the background.
    """
    steps = np.rint(depth_m * np.float64(1000.0 / scale_mm))
    steps = np.where(steps <= np.iinfo(np.uint16).max, steps, 0).astype(np.uint16)
    return _png(steps)
