"""Concave polygons of every format are drawn as the solid that they bound, and labelled so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scenes.spec import Look
from tests.rig import Mask, Rig, camera_at, catalogue_from, shot, still
from tests.solids import CHANNEL, DART, WRITERS, Outline, Solid, area, prism

CUTS = {
    "channel": [(0, 1, 6), (0, 6, 7), (1, 2, 5), (1, 5, 6), (2, 3, 4), (2, 4, 5)],
    "dart": [(0, 1, 2), (0, 2, 3)],
}
"""Triangles of the outlines, cut by hand."""
SHAPES = {"channel": CHANNEL, "dart": DART}
HEIGHT_M, FOCAL_PX = 1.0, 2000.0


def by_hand(outline: Outline, cuts: list[tuple[int, int, int]]) -> Solid:
    """The prism as triangles."""
    solid, count = prism(outline), len(outline)
    sides = [half for a, b, c, d in solid.polygons[2:] for half in ([a, b, c], [a, c, d])]
    lids = [face for a, b, c in cuts for face in ([c, b, a], [a + count, b + count, c + count])]
    return Solid(solid.vertices, lids + sides)


def mask_of(rig: Callable[..., Rig], path: Path) -> Mask:
    """The mask of the part from straight above."""
    made = rig(catalogue_from({"part": {"path": str(path), "upright": True}}))
    camera = camera_at((0, 0, HEIGHT_M), (0, 0, 0), FOCAL_PX, (320, 320))
    return made.shoot(still(made.body("part", (0, 0, 0), look=Look())), shot(camera)).sample.ids > 0


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kind", WRITERS)
def test_masks_are_those_of_the_solid(
    rig: Callable[..., Rig], tmp_path: Path, kind: str, name: str, first: int
) -> None:
    path, truth = tmp_path / f"part.{kind}", tmp_path / "truth.obj"
    path.write_text(WRITERS[kind](prism(SHAPES[name], first)))
    truth.write_text(WRITERS["obj"](by_hand(SHAPES[name], CUTS[name])))
    mask = mask_of(rig, path)
    np.testing.assert_array_equal(mask, mask_of(rig, truth))
    scale = FOCAL_PX / (HEIGHT_M - 0.01)  # at the upper lid, which hides all but the walls of the notch
    walls = 0.05 if name == "channel" else 0.02
    assert mask.sum() == pytest.approx(area(SHAPES[name]) * scale**2, rel=walls)
