"""Each check accepts what is just within its limit and rejects what is just beyond."""

from typing import Any

import cv2
import numpy as np
import pytest

from scenes.geometry import Pose
from sim.sample import Instance, Sample, num_planes
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


def striped(first: int, second: int, columns: int = 50) -> Any:
    """An image of two grey levels: `columns` columns of the first, then the second."""
    return np.where(np.arange(SIDE)[None, :, None] < columns, first, second).repeat(SIDE, 0).repeat(3, 2)


@pytest.mark.parametrize(
    ("check", "at_limit", "beyond"),
    [
        (checks.TooDark(min_grey=20), flat(20), flat(19)),
        (checks.TooBright(max_grey=235), flat(235), flat(236)),
        # Half of the pixels each: the standard deviation is half the step.
        (checks.LowContrast(min_std=4), striped(100, 108), striped(100, 107)),
        # The 95th and 5th percentiles decide: two or one of the 25 columns that are evaluated.
        (checks.TooDark(), striped(200, 5, 8), striped(200, 5, 4)),
        (checks.TooBright(), striped(100, 250, 8), striped(100, 250, 4)),
        # In 8-bit grey, pure red is 76 and pure blue 29.
        (checks.TooDark(min_grey=50), flat(0) + np.array([255, 0, 0]), flat(0) + np.array([0, 0, 255])),
    ],
    ids=["dark", "bright", "contrast", "a bright part", "a dark part", "colour"],
)
def test_an_image_at_the_limit_passes(check: Check, at_limit: Any, beyond: Any) -> None:
    box = [(20, 20, 60, 60)]
    assert verdict(check, sample(box, at_limit.astype(np.uint8)))[0] == []
    assert verdict(check, sample(box, beyond.astype(np.uint8)))[0] == ["it"]


def test_a_label_at_the_limit_is_kept() -> None:
    for check, at_limit, beyond in (
        (checks.Truncated(max_truncation=0.75), {"truncation": 0.75}, {"truncation": 0.76}),
        (checks.Visible(min_fraction=0.25), {"hidden": (0, 0, 75, 20)}, {"hidden": (0, 0, 76, 20)}),
    ):
        box = [(0, 0, 100, 20)]
        assert verdict(check, sample(box, **at_limit))[1] == {}
        assert verdict(check, sample(box, **beyond))[1] == {1: "it"}


@pytest.mark.parametrize(("visible_px", "reasons"), [(50, []), (51, ["it"])])
def test_a_dropped_label_may_cover_as_much_as_the_limit(visible_px: int, reasons: list[str]) -> None:
    """0.5 % of the image is 50 px; less than 5 % of the 2,000 px of the object are visible."""
    labelled = sample([(0, 0, 100, 20)], hidden=(0, 0, 100, 19))
    labelled.ids[19, visible_px:] = 0
    assert verdict(checks.Visible(), labelled) == (reasons, {1: "it"})


def test_dropped_labels_do_not_count() -> None:
    labelled = sample([(0, 0, 3, 3), (20, 20, 40, 40)])
    for minimum, reasons in ((1, ()), (2, ("few",))):
        known = {"small": checks.Visible(min_px=16), "few": checks.Instances(minimum=minimum)}
        assert judge(Quality(checks=known), labelled, False).reasons == reasons


def noisy(*boxes: tuple[int, int, int, int]) -> Any:
    """A grey image with noise in some boxes x0, y0, x1, y1."""
    image = flat(128)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = NOISE[y0:y1, x0:x1]
    return image


@pytest.mark.parametrize(
    ("boxes", "image", "reasons"),
    [
        # A label that is wider than high, far from the diagonal: sharp in itself, or soft as all else.
        ([(60, 10, 90, 20)], noisy((60, 10, 90, 20)), []),
        ([(60, 10, 90, 20)], noisy((10, 60, 20, 90)), ["it"]),
        # Two labels in the corners: what is sharp between them is none of theirs.
        ([(5, 5, 20, 20), (80, 80, 95, 95)], noisy((30, 30, 70, 70)), ["it"]),
        # Pixels up to two away from a label count, pixels farther away do not.
        ([(40, 40, 60, 60)], noisy((40, 38, 60, 39)), []),
        ([(40, 40, 60, 60)], noisy((40, 35, 60, 36)), ["it"]),
        # One sharp hundredth of the evaluated 24 x 24 px is enough, and less is not.
        ([(40, 40, 60, 60)], noisy((45, 45, 47, 47)), []),
        ([(40, 40, 60, 60)], noisy(), ["it"]),
    ],
    ids=["wide", "wide and soft", "between", "edge", "beside", "a part", "nothing"],
)
def test_sharpness_is_measured_on_and_around_labels(
    boxes: list[tuple[int, int, int, int]], image: Any, reasons: list[str]
) -> None:
    assert verdict(checks.Blurred(), sample(boxes, image))[0] == reasons


def test_images_without_labels_are_not_checked_for_blur() -> None:
    assert verdict(checks.Blurred(), sample([], flat(128)), empty=True)[0] == []


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99, 1.0])
def test_percentiles_from_histograms_equal_those_of_the_values(share: float) -> None:
    for number in (1, 2, 7, 100, 2500):
        for most in (1, 30, 1000):
            values = RNG.integers(0, most, number)
            counts = np.bincount(values, minlength=checks.MAX_LAPLACIAN + 1).astype(np.float32)
            assert checks.percentile(counts, share) == pytest.approx(np.percentile(values, 100 * share))
