"""Holes of OBJ materials are cut out of their triangles, and so of every mask and image."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from scenes.assets.reading.naming import read_named
from scenes.assets.reading.read import read_source
from sim2coco.audit.meshfile import Unreadable, read
from tests.rig import RENDERS, Mask, Rig, camera_at, catalogue_from, iou, rays, shot, still

SIZE_M = 0.2
HOLE = (0.45, 0.6, 0.25)
"""Centre and radius of the hole of a plate, in texture coordinates, v up."""
PLATE = """mtllib plate.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g plate
usemtl sheet
f 1/1 2/2 3/3 4/4
"""


def put_plate(folder: Path, material: str = "Kd 0.8 0.3 0.1\nmap_d alpha.png", channels: int = 1) -> Path:
    """A square plate; the image of its alpha has 1 channel, or 4 of which the last is the alpha."""
    u, v = np.meshgrid((np.arange(300) + 0.5) / 300, 1 - (np.arange(200) + 0.5) / 200)
    alpha = (255 * (np.hypot(u - HOLE[0], v - HOLE[1]) > HOLE[2])).astype(np.uint8)
    pixels = alpha if channels == 1 else np.dstack([np.full((200, 300, 3), 90, np.uint8), alpha])
    (folder / "alpha.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (folder / "plate.mtl").write_text(f"newmtl sheet\n{material}\n")
    (folder / "plate.obj").write_text(PLATE)
    return folder / "plate.obj"


def area(path: Path) -> tuple[float, tuple[str, ...]]:
    """The area of the triangles of a file, and all notes on how it was read."""
    source = read_source(path, (path.parent,))
    corners = np.concatenate([raw.corners for raw in source.raws])
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(cross, axis=1).sum() / 2), (*source.notes, *source.looks)


@pytest.mark.parametrize("render", ["relit", "tiny", "egl"])
def test_masks_have_the_holes_of_the_texture(rig: Callable[..., Rig], tmp_path: Path, render: str) -> None:
    tree = {
        "plate": {"path": str(put_plate(tmp_path)), "size_m": SIZE_M},
        "ball": {"shape": "sphere", "size_m": 0.2},
    }
    made = rig(catalogue_from(tree), RENDERS[render])
    camera = camera_at((0.15, 0.02, 0.5), (0.1, 0.1, 0), 350, (240, 180))
    plate, ball = made.body("plate", (0, 0, 0)), made.body("ball", (0.1, 0.1, -0.2))
    sample = made.shoot(still(plate, ball), shot(camera)).sample
    x, y = places(camera)
    inside = (x > 0) & (x < 1) & (y > 0) & (y < 1)
    hole = np.hypot(x - HOLE[0], y - HOLE[1]) <= HOLE[2]
    assert iou(sample.ids == 1, inside & ~hole) >= 0.99
    assert np.array_equal(sample.amodal_mask(1), sample.ids == 1)
    through = sample.amodal_mask(2) & hole & inside
    assert np.count_nonzero(through) > 500
    assert np.count_nonzero(through & (sample.ids == 2)) > 0.97 * np.count_nonzero(through)


def places(camera: object) -> tuple[Mask, Mask]:
    """The places in the texture of the plate that the rays through pixel centres meet."""
    ray, eye = rays(camera), np.array(camera.pose.position_m)  # type: ignore[arg-type, attr-defined]
    met = eye + ray * (-eye[2] / ray[..., 2])[..., None]
    return met[..., 0] / SIZE_M, met[..., 1] / SIZE_M


@pytest.mark.parametrize(
    ("material", "channels"),
    [
        ("map_d alpha.png", 1),
        ("map_d alpha.png", 4),
        ("map_Kd alpha.png\nmap_d alpha.png", 4),
        ("map_d -s 1 1 1 -o 1 2 0 alpha.png", 1),
    ],
)
def test_holes_are_cut_out_and_told(tmp_path: Path, material: str, channels: int) -> None:
    path = put_plate(tmp_path, material, channels)
    left, notes = area(path)
    assert left == pytest.approx(1 - np.pi * HOLE[2] ** 2, abs=0.003)
    assert "material 'sheet': holes cut out where its texture is transparent" in notes
    named = read_named(path, (tmp_path,))
    assert len(named.corners) > 8
    assert {named.groups[group] for group in named.groups_of} == {("plate",)}
    assert named.uvs == pytest.approx(named.corners[..., :2] + ((1, 2) if "-o" in material else 0))
    with pytest.raises(Unreadable, match="cut-out"):
        read(path)


@pytest.mark.parametrize(
    ("material", "told"),
    [
        ("d 0.3", "material 'sheet' is transparent (d 0.3): rendered opaque"),
        ("Tr 0.75", "material 'sheet' is transparent (d 0.25): rendered opaque"),
        ("d 1.0\nTr 1.0", None),
        ("Tr 1.0", None),
        ("map_d missing.png", "missing"),
        ("map_Kd alpha.png", None),
        ("map_Kd alpha.png\nmap_d -s 2 2 1 alpha.png", "-s and -o of map_d differ from those of map_Kd"),
    ],
)
def test_what_stays_whole_is_told(tmp_path: Path, material: str, told: str | None) -> None:
    whole, notes = area(put_plate(tmp_path, material))
    assert whole == pytest.approx(1)
    assert any(told in note for note in notes) if told else not notes


def test_a_plate_that_is_transparent_everywhere_is_drawn(tmp_path: Path) -> None:
    path = put_plate(tmp_path)
    black = cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1]
    (tmp_path / "alpha.png").write_bytes(black.tobytes())
    whole, notes = area(path)
    assert whole == pytest.approx(1)
    assert "material 'sheet' is transparent everywhere: rendered opaque" in notes
