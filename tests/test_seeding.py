from itertools import product

import numpy as np
import pytest

from sim2coco.seeding import STREAMS, rng_for


def test_every_key_has_its_own_generator() -> None:
    drawn = [
        rng_for(seed, scene=scene, stream=stream, attempt=attempt, body=body, view=view).random()
        for seed, scene, stream, attempt, body, view in product(
            (0, 1), (0, 1), STREAMS, (0, 1), (None, 0, 1), (None, 0)
        )
    ]
    assert len(set(drawn)) == len(drawn)


def test_none_differs_from_zero_and_indices_are_not_interchangeable() -> None:
    keys: list[dict[str, int]] = [{}]
    keys += [{name: index} for name in ("body", "view", "lighting", "copy") for index in (0, 1)]
    drawn = [rng_for(0, scene=0, stream="camera", **key).random() for key in keys]
    assert len(set(drawn)) == len(keys)


def test_the_same_key_gives_the_same_numbers_whatever_was_drawn_before() -> None:
    first = rng_for(3, scene=57, stream="poses", body=2).random(5)
    rng_for(3, scene=57, stream="poses", body=1).random(100)
    np.testing.assert_array_equal(rng_for(3, scene=57, stream="poses", body=2).random(5), first)


def test_numbers_never_change() -> None:
    """Streams keep their positions and keys their order; otherwise existing data sets would change."""
    assert STREAMS[:10] == (
        *("count", "assets", "poses", "looks", "distractors"),
        *("background", "light", "camera", "sensor", "augment"),
    )
    drawn = rng_for(1, scene=2, stream="looks", attempt=3, body=4, view=5, lighting=6, copy=7).random()
    assert drawn == 0.5898704736765937


@pytest.mark.parametrize("stream", ["", "pose", "Camera"])
def test_unknown_stream_is_refused(stream: str) -> None:
    with pytest.raises(ValueError, match="not in"):
        rng_for(0, scene=0, stream=stream)
