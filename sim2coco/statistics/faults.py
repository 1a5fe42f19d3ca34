"""Finds faulty images and images with unusual labels, with one rule and a fixed threshold for each fault.

The thresholds were chosen on `drop` scenes; `benchmarks/faults.py` tests them on other kinds of scenes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim2coco.statistics.measures import ImageMeasures, ObjectMeasures
from sim2coco.statistics.pixels import LONGER_PX

BLACK = 10.0
"""An image is black if its mean luma is below this."""
OVEREXPOSED = 0.35
"""An image is overexposed if at least this fraction of its pixels has a luma of at least 250."""
BLURRED_PX = 1.3
"""An image, scaled to at most 640 px, is blurred if even its sharpest edges have at least this blur σ."""
TINY_PX = 15.5
"""An object is tiny if its box is not longer than this, in an image scaled to 640 px."""
MOSTLY_VISIBLE = 0.5
"""An object with a smaller visible fraction is never tiny: the rest of it may be large."""
HIDDEN = 0.895
"""An object is hidden if its occlusion is at least this."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of an image.

    Attributes:
        rule: The rule that found the fault.
        detail: The measurement, as text.
    """

    rule: str
    detail: str


def _black(image: ImageMeasures) -> str | None:
    return f"mean luma {image.brightness:.1f}" if image.brightness < BLACK else None


def _overexposed(image: ImageMeasures) -> str | None:
    share = image.bright_share
    return f"{share:.0%} of the pixels are white" if share >= OVEREXPOSED else None


def _blurred(image: ImageMeasures) -> str | None:
    if image.brightness < BLACK or image.sharpness * BLURRED_PX > 1:
        return None
    return f"blur of {1 / image.sharpness:.1f} px" if image.sharpness else "no edges"


def _tiny(image: ImageMeasures) -> str | None:
    limit = TINY_PX * max(image.width, image.height) / LONGER_PX
    found = [one for one in image.objects if max(one.box[2:]) <= limit and _seen(one) and not one.crowd]
    if not found:
        return None
    width, height = min(found, key=lambda one: max(one.box[2:])).box[2:]
    return f"an object of {width:.0f} x {height:.0f} px"


def _seen(one: ObjectMeasures) -> bool:
    return one.visible_fraction is None or one.visible_fraction >= MOSTLY_VISIBLE


def _hidden(image: ImageMeasures) -> str | None:
    most = max((one.occlusion for one in image.objects if one.occlusion is not None), default=0.0)
    return f"{most:.0%} of an object is hidden" if most >= HIDDEN else None


RULES: dict[str, Callable[[ImageMeasures], str | None]] = {
    "black": _black,
    "overexposed": _overexposed,
    "blurred": _blurred,
    "tiny": _tiny,
    "hidden": _hidden,
}


def find_faults(image: ImageMeasures) -> Iterator[Fault]:
    """Yields the faults of an image, in the order of the rules."""
    for rule, applies in RULES.items():
        detail = applies(image)
        if detail is not None:
            yield Fault(rule, detail)
