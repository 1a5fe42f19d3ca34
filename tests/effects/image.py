"""Effects of the settings of images and depth cameras, in the files that are written."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import DepthSensor
from tests.effects.effect import Effect, Relation, Values, about, gives, grows, same, shrinks
from tests.effects.made import Made
from tests.effects.pixels import Floats
from tests.effects.sensor import GREY

Measure = Callable[[Made], Any]


def files(made: Made) -> dict[str, bytes]:
    """The files of the first image, by their folders."""
    written, reasons = made.outcomes[0]
    assert not reasons
    return {name.partition("/")[0]: content for name, content in written[0].files.items()}


def decoded(content: bytes) -> NDArray[Any]:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))


def suffix(made: Made) -> str:
    name = made.outcomes[0][0][0].picture.name
    return PurePosixPath(name).suffix[1:]


def magic(made: Made) -> str:
    """The format of the image file, by its first bytes."""
    return {b"\xff\xd8": "jpg", b"\x89P": "png"}[files(made)["images"][:2]]


def extras(made: Made) -> list[str]:
    return sorted(files(made).keys() - {"images"})


def depth_scale_mm(made: Made) -> float:
    """Depth in mm over the value in the file, in the median."""
    steps, depth_m = decoded(files(made)["depth"]).astype(float), made.sample.depth_m
    known = np.isfinite(depth_m) & (steps < 65535)
    return float(np.median(1000 * depth_m[known] / steps[known]))


def normal_bits(made: Made) -> int:
    return 8 * decoded(files(made)["normals"]).dtype.itemsize


def of(value: Callable[[DepthSensor], Any]) -> Measure:
    """Measures the depth camera of the first shot."""

    def measure(made: Made) -> Any:
        assert made.shot.depth_sensor is not None
        return value(made.shot.depth_sensor)

    return measure


def disparity(made: Made) -> tuple[Floats, Floats]:
    """Disparity (n,) in pixels as it is measured, and exact, where any is measured."""
    measured_m, sensor = made.sample.sensor_depth_m, made.shot.depth_sensor
    assert measured_m is not None
    assert sensor is not None
    seen = np.isfinite(measured_m) & np.isfinite(made.sample.depth_m)
    scale = made.shot.camera.fx * sensor.baseline_m
    return scale / measured_m[seen].astype(float), scale / made.sample.depth_m[seen].astype(float)


def noise_px(made: Made) -> float:
    measured, exact = disparity(made)
    return float(np.std(measured - exact))


def step_px(made: Made) -> float:
    """Smallest difference between two measured disparities."""
    values = np.unique(disparity(made)[0].round(3))
    return float(np.diff(values).min())


def ragged_px(made: Made) -> float:
    """Mean error of disparity, which is largest at edges."""
    measured, exact = disparity(made)
    return float(np.abs(measured - exact).mean())


def missing(made: Made) -> float:
    """Fraction of the pixels of objects and floor without depth."""
    assert made.sample.sensor_depth_m is not None
    return float(np.isinf(made.sample.sensor_depth_m)[np.isfinite(made.sample.depth_m)].mean())


def measured_m(made: Made) -> Floats:
    depth_m = made.sample.sensor_depth_m
    assert depth_m is not None
    return np.asarray(depth_m[np.isfinite(depth_m)].astype(float))


def nearest_m(made: Made) -> float:
    return float(measured_m(made).min())


def alike(made: Made) -> float:
    """Correlation of the errors of neighbouring pixels."""
    depth_m, exact_m = made.sample.sensor_depth_m, made.sample.depth_m
    assert depth_m is not None
    error = 1 / depth_m - 1 / exact_m
    both = np.isfinite(depth_m[:, 1:]) & np.isfinite(depth_m[:, :-1])
    return float(np.corrcoef(error[:, 1:][both], error[:, :-1][both])[0, 1])


GROUP = "image.depth_sensor"
EXACT = {
    **GREY,
    "image.extra": ["sensor_depth"],
    **{f"{GROUP}.{name}": 0.0 for name in ("noise_px", "step_px", "edge_px", "dark", "missing", "near_m")},
    f"{GROUP}.grazing_deg": 90,
    f"{GROUP}.baseline_m": 0.05,
}
"""A depth camera without errors, but for what its second point of view does not see."""


def effects(
    name: str, values: Any, image: tuple[Any, Measure, Relation], given: Any = (), kinds: tuple[str, ...] = ()
) -> dict[str, tuple[Effect, ...]]:
    """The effects of a setting of depth cameras, as it is drawn, and in the depth that is measured."""
    others = {**EXACT, **dict(given)}
    return {
        f"{GROUP}.{name}": (
            Effect(values, of(lambda sensor: getattr(sensor, name)), same, others),
            Effect(image[0], image[1], image[2], others, kinds or ("structured_light",)),
        )
    }


def _from_there_on(values: Values, measured: Values) -> bool:
    """Nothing nearer is measured, and without a limit something was."""
    return bool(measured[0] < values[1] <= measured[1] < values[1] + 0.05)


STEREO = ("stereo",)
NOISY = {f"{GROUP}.noise_px": 0.5}
EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "image.width": Effect((64, 80), lambda made: decoded(files(made)["images"]).shape[1], same),
    "image.height": Effect((48, 80), lambda made: decoded(files(made)["images"]).shape[0], same),
    "image.format": (Effect(("jpg", "png"), suffix, same), Effect(("jpg", "png"), magic, same)),
    "image.jpeg_quality": Effect((50, 80, 98), lambda made: len(files(made)["images"]), grows),
    "image.extra": Effect(
        (
            [],
            ["depth", "normals"],
            ["depth", "depth_exr", "instance_ids", "normals", "semantic_ids", "sensor_depth"],
        ),
        extras,
        same,
    ),
    "image.depth_scale_mm": Effect((0.5, 2), depth_scale_mm, about(0.01), {"image.extra": ["depth"]}),
    "image.normal_bits": Effect((8, 16), normal_bits, same, {"image.extra": ["normals"]}),
    "image.depth_sensor": Effect(
        (None, {"kind": "stereo"}),
        of(lambda sensor: sensor.contrast > 0),
        gives(False, True),
        {"image.extra": ["sensor_depth"]},
    ),
    f"{GROUP}.kind [structured_light]": Effect(
        ("structured_light",), missing, lambda _, none: none[0] < 0.4, EXACT
    ),
    f"{GROUP}.kind [stereo]": Effect(
        ("stereo",), missing, lambda _, none: none[0] > 0.6, {**EXACT, "scene.floor.textured": 0.0}
    ),
    **effects("baseline_m", (0.02, 0.2), ((0.02, 0.2), missing, grows)),
    **effects("noise_px", (0.1, 0.5), ((0.1, 0.5), noise_px, about(0.2))),
    **effects("step_px", (0.25, 1), ((0.25, 1), step_px, same)),
    **effects("edge_px", (0.5, 2), ((0, 3), ragged_px, grows)),
    **effects("grazing_deg", (30, 80), ((30, 60, 90), missing, shrinks)),
    **effects("dark", (0.1, 0.6), ((0.0, 0.9), missing, grows)),
    **effects("missing", (0.1, 0.5), ((0.0, 0.5, 1.0), missing, grows)),
    **effects(
        "near_m",
        (0.1, 0.6),
        ((0.0, 1.0), lambda made: measured_m(made).min(), _from_there_on),
        {"camera.distance_m": 1},
    ),
    **effects(
        "far_m",
        (0.6, 8),
        (
            (1.0, 1.2, 8),
            lambda made: measured_m(made).max(),
            lambda far, found: found[0] <= 1.0 < found[1] <= 1.2 < found[2],
        ),
        {"camera.distance_m": 1},
    ),
    **effects("contrast", (0.0, 0.2), ((0.0, 0.1, 0.5), missing, grows), (), STEREO),
    **effects("window_px", (3, 15), ((3, 15), alike, grows), {**NOISY, f"{GROUP}.contrast": 0.0}, STEREO),
}
