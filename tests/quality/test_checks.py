"""Each check accepts what is just within its limit and rejects what is just beyond."""

from typing import Any

import cv2
import numpy as np
import pytest

from scenes.geometry import Pose
from sim.annotate import Instance, Sample, num_planes
from sim2coco.quality import checks
from sim2coco.quality.judge import HIDDEN, Check, Quality, judge

SIDE = 100
RNG = np.random.Generator(np.random.PCG64(3))
NOISE = RNG.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)


def sample(
    boxes: list[tuple[int, int, int, int]],
    image: Any = NOISE,
    truncation: float = 0.0,
    hidden: tuple[int, int, int, int] | None = None,
) -> Sample:
    """Rectangles (x0, y0, x1, y1), later ones in front; an unlabelled body covers `hidden`."""
    ids = np.zeros((SIDE, SIDE), np.uint8)
    amodal = np.zeros((SIDE, SIDE, num_planes(len(boxes))), np.uint8)
    instances = []
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        ids[y0:y1, x0:x1] = index + 1
        amodal[y0:y1, x0:x1, index // 8] |= np.uint8(1 << index % 8)
        px = int((x1 - x0) * (y1 - y0) / (1 - truncation))
        pose = Pose((0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0))
        instances.append(Instance(index + 1, index, 0, "box", pose, 1.0, px, (x0, y0, x1, y1), truncation))
    if hidden is not None:
        ids[hidden[1] : hidden[3], hidden[0] : hidden[2]] = 0
    return Sample(image, ids, amodal, np.ones((SIDE, SIDE), np.float32), None, tuple(instances))


def verdict(check: Check, labelled: Sample, empty: bool = False) -> tuple[list[str], dict[int, str]]:
    found = judge(Quality(checks={"it": check}), labelled, empty)
    return list(found.reasons), dict(found.dropped)


@pytest.mark.parametrize(
    ("size", "dropped"),
    [((4, 4), {}), ((5, 3), {1: "it"}), ((1, 1), {1: "it"})],
    ids=["16 px", "15 px", "1 px"],
)
def test_labels_below_16_px_are_dropped(size: tuple[int, int], dropped: dict[int, str]) -> None:
    width, height = size
    assert verdict(checks.Visible(), sample([(10, 10, 10 + width, 10 + height)])) == ([], dropped)


def test_labels_below_5_percent_visible_are_dropped_and_large_ones_reject() -> None:
    box = (0, 0, 100, 20)
    assert verdict(checks.Visible(), sample([box], hidden=(0, 0, 94, 20))) == ([], {})  # 6 % visible
    nearly_hidden = sample([box], hidden=(0, 0, 96, 20))  # 4 % visible: 80 px, more than 0.5 % of the image
    assert verdict(checks.Visible(), nearly_hidden) == (["it"], {1: "it"})
    small = sample([(0, 0, 50, 20)], hidden=(0, 0, 48, 20))  # 4 % visible: 40 px
    assert verdict(checks.Visible(), small) == ([], {1: "it"})


def test_half_visible_labels_are_kept() -> None:
    assert verdict(checks.Visible(), sample([(0, 0, 100, 20)], hidden=(0, 0, 50, 20))) == ([], {})


def test_a_hidden_instance_never_gets_a_label() -> None:
    labelled = sample([(10, 10, 30, 30), (10, 10, 30, 30)])
    assert dict(judge(Quality(), labelled, False).dropped) == {1: HIDDEN}


@pytest.mark.parametrize(("truncation", "dropped"), [(0.5, {}), (0.95, {1: "it"})])
def test_truncated(truncation: float, dropped: dict[int, str]) -> None:
    labelled = sample([(0, 0, 20, 20)], truncation=truncation)
    assert verdict(checks.Truncated(max_truncation=0.9), labelled) == ([], dropped)


@pytest.mark.parametrize(
    ("hidden", "order", "reason"),
    [
        (None, ("small", "outside"), "small"),
        (None, ("outside", "small"), "outside"),
        ((10, 10, 13, 13), ("small", "outside"), HIDDEN),
    ],
    ids=["small first", "outside first", "hidden"],
)
def test_a_label_is_dropped_for_the_first_reason(
    hidden: tuple[int, int, int, int] | None, order: tuple[str, ...], reason: str
) -> None:
    """`hidden` comes first, then the checks in their order; the statistics of reasons depend on this."""
    known: dict[str, Check] = {"small": checks.Visible(min_px=16), "outside": checks.Truncated()}
    quality = Quality(checks={name: known[name] for name in order})
    labelled = sample([(10, 10, 13, 13)], truncation=0.95, hidden=hidden)
    assert dict(judge(quality, labelled, False).dropped) == {1: reason}


def test_every_check_that_rejects_an_image_is_named_in_order() -> None:
    quality = Quality(
        checks={"dull": checks.LowContrast(), "bright": checks.TooBright(), "dark": checks.TooDark()}
    )
    assert judge(quality, sample([(20, 20, 60, 60)], flat(5)), False).reasons == ("dull", "dark")


@pytest.mark.parametrize(
    ("number", "empty", "rejected"),
    [(0, False, True), (0, True, False), (1, False, False), (3, False, False), (4, False, True)],
)
def test_instances(number: int, empty: bool, rejected: bool) -> None:
    boxes = [(20 * i, 0, 20 * i + 10, 10) for i in range(number)]
    reasons, _ = verdict(checks.Instances(minimum=1, maximum=3), sample(boxes), empty)
    assert reasons == (["it"] if rejected else [])


def flat(grey: int) -> Any:
    return np.full((SIDE, SIDE, 3), grey, np.uint8)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.TooDark(), flat(30), flat(10)),
        (checks.TooBright(), flat(225), flat(245)),
        (checks.LowContrast(), NOISE, flat(128)),
        (checks.Blurred(), NOISE, cv2.GaussianBlur(NOISE, (0, 0), 8)),
    ],
    ids=["dark", "bright", "contrast", "blur"],
)
def test_images(check: Check, good: Any, bad: Any) -> None:
    box = [(20, 20, 60, 60)]
    assert verdict(check, sample(box, good))[0] == []
    assert verdict(check, sample(box, bad))[0] == ["it"]


def test_images_without_labels_are_not_checked_for_blur() -> None:
    assert verdict(checks.Blurred(), sample([], flat(128)), empty=True)[0] == []


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99, 1.0])
def test_percentiles_from_histograms_equal_those_of_the_values(share: float) -> None:
    for number in (1, 2, 7, 100, 2500):
        for most in (1, 30, 1000):
            values = RNG.integers(0, most, number)
            counts = np.bincount(values, minlength=checks.MAX_LAPLACIAN + 1).astype(np.float32)
            assert checks.percentile(counts, share) == pytest.approx(np.percentile(values, 100 * share))
