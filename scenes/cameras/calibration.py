"""Camera calibrations: intrinsics and distortion from OpenCV and ROS YAML files."""

from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG
from typing import Any

import yaml

from scenes.settings import SMALLEST

MAX_BYTES = 64 * 1024
"""Maximum file size."""
MATRIX = ("camera_matrix", "Camera_Matrix", "cameraMatrix", "K", "k")
NUMBERS = ("distortion_coefficients", "Distortion_Coefficients", "distCoeffs", "dist_coeffs", "D", "d")
WIDTH, HEIGHT = ("image_width", "image_Width", "width"), ("image_height", "image_Height", "height")
"""Possible keys of each entry of a file: calibration programs use different ones."""
MODELS = {
    "plumb_bob": "brown",
    "rational_polynomial": "brown",
    "equidistant": "fisheye",
    "fisheye": "fisheye",
}
"""Maps ROS distortion models to the kinds of `LensDistortion`."""
BROWN, FISHEYE = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"), ("k1", "k2", "k3", "k4")
MAX_NUMBER = 1e6


class CalibrationError(ValueError):
    """A calibration file cannot be used. The message is one line and names the file."""


def calibration(path: str, width: int, height: int) -> dict[str, Any]:
    """Returns the settings `fx`, `fy`, `cx`, `cy` and `distortion` of a calibrated camera.

    OpenCV and ROS measure the principal point from the centre of the first pixel; settings measure it from
    the outer edge of that pixel.

    Args:
        path: OpenCV FileStorage YAML, or ROS camera_info YAML.
        width: Width of the images in pixels.
        height: Height of the images in pixels.

    Raises:
        CalibrationError: The file cannot be used, or its images have another aspect ratio.
    """
    try:
        return _settings(_tree(Path(path).expanduser()), width, height)
    except OSError as error:
        raise CalibrationError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RuntimeError) as error:  # also a path with a NUL, and ~ of an unknown user
        raise CalibrationError(f"{path!r}: {error}" if "\0" in path else f"{path}: {error}") from None


def _tree(path: Path) -> dict[str, Any]:
    status = path.stat()
    if not S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
        raise CalibrationError(f"is not a regular file of at most {MAX_BYTES // 1024} KiB")
    text = path.read_bytes().decode("utf-8", "replace").replace("!!opencv-matrix", "")
    lines = [line for line in text.splitlines() if not line.startswith("%YAML")]
    try:
        # YAML aliases may expand to gigabytes; calibrations have none.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan("\n".join(lines))):
            raise CalibrationError("contains YAML aliases (*name), which are not supported")
        tree = next(yaml.safe_load_all("\n".join(lines)), None)  # `rostopic echo` ends messages with ---
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, CalibrationError):
            raise
        raise CalibrationError("is not a YAML calibration of OpenCV or ROS") from None
    if not isinstance(tree, dict):
        raise CalibrationError("is not a YAML calibration of OpenCV or ROS")
    return tree


def _settings(tree: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    matrix = _numbers(tree, MATRIX, (9,))
    fx, skew, cx, _, fy, cy = matrix[:6]
    if not (fx > 0 and fy > 0) or abs(skew) > 1e-3 * fx:
        raise CalibrationError("its camera matrix must have positive focal lengths and no skew")
    across, down = _scales(tree, width, height)
    own = {"fx": fx * across, "fy": fy * down, "cx": (cx + 0.5) * across, "cy": (cy + 0.5) * down}
    return {**own, "distortion": _distortion(tree)}


def _scales(tree: dict[str, Any], width: int, height: int) -> tuple[float, float]:
    """Returns `width` and `height` divided by the width and height of the calibration images."""
    own = [_entry(tree, names) for names in (WIDTH, HEIGHT)]
    if not all(type(side) is int and 0 < side <= 1 << 16 for side in own):
        raise CalibrationError("has no image_width and image_height in pixels; add them")
    if abs(own[0] * height - own[1] * width) > max(own):  # the sides may have been rounded
        raise CalibrationError(
            f"is for images of {own[0]}x{own[1]} px; {width}x{height} has a different aspect ratio; "
            f"set image.width={own[0]} image.height={own[1]}, or the same multiple of both"
        )
    return width / own[0], height / own[1]


def _distortion(tree: dict[str, Any]) -> dict[str, Any]:
    model = tree.get("distortion_model")
    if model is not None and (not isinstance(model, str) or model not in MODELS):
        raise CalibrationError(
            f"distortion_model {str(model)[:40]!r} is not supported; use one of {', '.join(MODELS)}"
        )
    kind = MODELS[model] if model else "fisheye" if tree.get("fisheye_model") else "brown"
    known = FISHEYE if kind == "fisheye" else BROWN
    counts = (0, 4) if kind == "fisheye" else (0, 4, 5, 8, 12, 14)
    numbers = _numbers(tree, NUMBERS, counts)
    if any(numbers[len(known) :]):
        raise CalibrationError("has thin prism or tilted sensor coefficients, which are not supported")
    own = dict(zip(known, numbers, strict=False))
    return {"kind": kind, **own} if any(own.values()) or kind == "fisheye" else {"kind": "none"}


def _numbers(tree: dict[str, Any], names: Iterable[str], counts: tuple[int, ...]) -> list[float]:
    """Returns the numbers of an entry, which is a list, or a matrix with its values in `data`.

    Args:
        tree: The calibration file.
        names: Possible keys of the entry; the first one found is used.
        counts: Permitted numbers of values.
    """
    found = _entry(tree, names)
    found = found.get("data") if isinstance(found, dict) else found
    rows = found if isinstance(found, list) else []
    flat = [_number(entry) for row in rows for entry in (row if isinstance(row, list) else [row])]
    what = f"{next(iter(names))} needs {' or '.join(map(str, counts))} numbers"
    if found is None or len(flat) not in counts:
        raise CalibrationError(what)
    if not all(type(number) in (int, float) and abs(number) <= MAX_NUMBER for number in flat):
        raise CalibrationError(f"{what} of at most {MAX_NUMBER:g} in magnitude")
    # Settings reject nonzero numbers below `SMALLEST`.
    return [float(number) if abs(number) >= SMALLEST else 0.0 for number in flat]


def _number(entry: Any) -> Any:
    """Converts text to a number if possible; YAML 1.1 reads numbers such as 5e-05 as text."""
    try:
        return float(entry) if isinstance(entry, str) else entry
    except ValueError:
        return entry


def _entry(tree: dict[str, Any], names: Iterable[str]) -> Any:
    return next((tree[name] for name in names if name in tree), None)
