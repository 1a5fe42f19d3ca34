"""Views from below the floor are rejected, whatever the kind of camera; scenes without a floor have none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.cameras.camera import CameraKind
from sim2coco import Recipe, generate
from sim2coco.records import Record, from_bytes
from sim2coco.tally import GenerationError

SMALL: dict[str, Any] = {
    "seed": 4,
    "views": 4,
    "image": {"width": 64, "height": 48, "format": "png"},
    "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
    "scene": {"kind": "drop", "num_objects": [1, 3], "empty_share": 0.0},
    "render": {"kind": "tiny"},
    "quality": {"patience": 12},
}


@pytest.fixture
def plug_in() -> Iterator[None]:
    """A camera that goes down by 10 cm from view to view."""

    class Diving(CameraKind):
        kind: Literal["diving"] = "diving"

        def offset(
            self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float
        ) -> NDArray[np.float64]:
            return np.array([0.5, 0.0, 0.25 - 0.2 * view])

    yield
    del CameraKind.family["diving"]


def views(out: Path) -> Iterator[tuple[Record, tuple[str, ...], float]]:
    """Each view: its record, why it was rejected, and the height of its camera in metres."""
    for path in sorted((out / "records").rglob("*.json")):
        record = from_bytes(path.read_bytes())
        for view in record.views:
            yield record, view.reasons, view.shot.camera.pose.position_m[2]


CAMERAS: dict[str, dict[str, Any]] = {
    "shell": {"kind": "shell", "elevation_deg": [-60, 60]},
    "grid": {"kind": "grid", "heights_m": [0.4, -0.4], "num_azimuths": 2},
    "close": {"kind": "shell", "elevation_deg": [-25, 5], "fill": 0.9},
    "plug-in": {"kind": "diving"},
}


@pytest.mark.usefixtures("plug_in")
@pytest.mark.parametrize("name", CAMERAS)
def test_views_from_below_the_floor_are_rejected(tmp_path: Path, name: str) -> None:
    generate(Recipe.parse({**SMALL, "camera": CAMERAS[name]}), tmp_path / "data", 6)
    seen = list(views(tmp_path / "data"))
    assert {height > 0 for _, _, height in seen} == {True, False}
    for _, reasons, height in seen:
        assert (reasons == ("below_floor",)) == (height <= 0)


@pytest.mark.parametrize(
    "camera",
    [{"kind": "shell", "elevation_deg": [-80, -45]}, {"kind": "grid", "heights_m": [-0.7]}],
    ids=["shell", "grid"],
)
def test_a_camera_that_is_always_below_the_floor_ends_the_run_with_advice(
    tmp_path: Path, camera: dict[str, Any]
) -> None:
    with pytest.raises(GenerationError, match=r"below_floor 12; increase camera\.elevation_deg") as caught:
        generate(Recipe.parse({**SMALL, "camera": camera}), tmp_path / "data", 6)
    assert "\n" not in str(caught.value)


def test_without_a_floor_objects_may_be_seen_from_below(tmp_path: Path) -> None:
    scene = {"kind": "floating", "num_objects": [1, 3], "empty_share": 0.0}
    recipe = Recipe.parse({**SMALL, "scene": scene, "camera": CAMERAS["shell"]})
    generate(recipe, tmp_path / "data", 6)
    seen = list(views(tmp_path / "data"))
    assert min(height for _, _, height in seen) < 0
    assert not any("below_floor" in reasons for _, reasons, _ in seen)
