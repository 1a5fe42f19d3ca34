"""Finds faulty images and images with odd labels, each by a rule with a fixed threshold.

The thresholds are set on scenes of the kind `drop`; `benchmarks/faults.py` measures them on others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim2coco.statistics.measures import ImageMeasures, ObjectMeasures
from sim2coco.statistics.pixels import LONGER_PX

BLACK = 10.0
"""Largest mean luma of a black image."""
OVEREXPOSED = 0.35
"""Smallest share of pixels with a luma of at least 250 in an overexposed image."""
BLURRED_PX = 1.3
"""Smallest σ of the blur of the sharpest edges of a blurred image, at a longer side of at most 640 px."""
TINY_PX = 15.5
"""Longest side of the box of a tiny object, at a longer side of the image of 640 px."""
MOSTLY_VISIBLE = 0.5
"""Smallest visible fraction of a tiny object; smaller boxes are often parts of larger objects."""
HIDDEN = 0.895
"""Smallest occlusion of a hidden object."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something odd about an image.

    Attributes:
        rule: The rule that found it.
        detail: What was measured.
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
    """Yields what is odd about an image, in the order of the rules."""
    for rule, applies in RULES.items():
        detail = applies(image)
        if detail is not None:
            yield Fault(rule, detail)
