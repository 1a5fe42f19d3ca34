"""Effects of the settings of quality checks, on one image."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sim2coco.quality.judge import Verdict, judge
from tests.effects.effect import Effect, at_least, gives
from tests.effects.made import Made

Measure = Callable[[Made], Any]


def verdict(made: Made) -> Verdict:
    return judge(made.recipe.quality, made.sample, empty_on_purpose=False)


def rejected(made: Made) -> bool:
    return not verdict(made).accepted


def labels(made: Made) -> int:
    return len(made.sample.instances) - len(verdict(made).dropped)


def kept(value: Callable[[Any, Any], float]) -> Callable[[Made], list[float]]:
    """Measures the instances whose labels are kept."""

    def measure(made: Made) -> list[float]:
        found, instances = verdict(made), made.sample.instances
        pairs = zip(instances, found.measures, strict=True)
        return [value(instance, measures) for instance, measures in pairs if instance.id not in found.dropped]

    return measure


def smallest(value: Callable[[Any, Any], float], made: Made) -> float:
    return min(kept(value)(made))


def largest(value: Callable[[Any, Any], float], made: Made) -> float:
    return max(kept(value)(made))


visible_px = partial(smallest, lambda instance, measures: measures.visible_px)
visible_share = partial(smallest, lambda instance, measures: measures.visible_fraction)
truncation = partial(largest, lambda instance, measures: instance.truncation)

CHECK = "quality.checks.NAME"
CROWD = {"scene.num_objects": 12, "camera.fill": 2.5, "scene.spread": 1.5}
"""Objects that hide each other, some of them partly outside the image."""
BRIGHT = {"light.exposure_ev": 4, "scene.num_objects": 0, "scene.floor.value": 1.0}
DARK = {"light.exposure_ev": -4, "scene.objects.value": 0.1, "scene.floor.value": 0.1}
BLURRED = {
    "camera.motion_px": 60,
    "camera.aperture_mm": 300,
    "camera.focus": 1.0,
    "scene.num_objects": 1,
}
FLAT = {"scene.floor.textured": 0.0, "scene.floor.saturation": 0.0, "scene.num_objects": 0}


def kind(name: str, measure: Measure, faulty: dict[str, Any], wanted: Any, usual: Any) -> dict[str, Any]:
    """The effect of a check with its default limits, on an image with its fault and on a usual one."""
    return {
        f"{CHECK}.kind [{name}]": (
            Effect((name,), measure, gives(wanted), faulty),
            Effect((name,), measure, gives(usual)),
        )
    }


EFFECTS: dict[str, Effect | tuple[Effect, ...]] = {
    "quality.checks": Effect(
        ({}, {"few": {"kind": "instances", "maximum": 1}}),
        lambda made: verdict(made).reasons,
        gives((), ("few",)),
    ),
    **kind("too_dark", rejected, DARK, True, False),
    **kind("too_bright", rejected, BRIGHT, True, False),
    **kind("low_contrast", rejected, FLAT, True, False),
    **kind("blurred", rejected, BLURRED, True, False),
    **kind("instances", rejected, {"scene.num_objects": 0}, True, False),
    **kind("visible", labels, {"camera.fill": 0.05}, 0, 2),
    **kind("truncated", labels, {"camera.fill": 8, "camera.look_at_jitter": 1.0}, 1, 2),
    f"{CHECK}.min_px": Effect((1, 60), visible_px, at_least, CROWD),
    f"{CHECK}.min_fraction": Effect((0.0, 0.8), visible_share, at_least, CROWD),
    f"{CHECK}.max_truncation": Effect(
        (1.0, 0.2), truncation, lambda most, found: found[0] > 0.3 and found[1] <= 0.2, CROWD
    ),
    f"{CHECK}.max_ignored": Effect((0.0, 1.0), rejected, gives(True, False), {f"{CHECK}.min_px": 100000}),
    f"{CHECK}.minimum": Effect((2, 3), rejected, gives(False, True)),
    f"{CHECK}.maximum": Effect((None, 2, 1), rejected, gives(False, False, True)),
    f"{CHECK}.min_grey": Effect((0.0, 255.0), rejected, gives(False, True)),
    f"{CHECK}.max_grey": Effect((255.0, 0.0), rejected, gives(False, True)),
    f"{CHECK}.min_std": Effect((0.0, 200.0), rejected, gives(False, True)),
    f"{CHECK}.min_laplacian": Effect((0.0, 1000.0), rejected, gives(False, True)),
}
