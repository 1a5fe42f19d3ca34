"""Triangles that are there twice or face the wrong way: found, and weighed as what they stand for."""

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.edges import merged_positions
from scenes.assets.mesh import Mesh, Part
from scenes.assets.solid import SHEET_M, solid_of
from scenes.assets.surface import Patches, doubled, patches_of

Floats = NDArray[np.float64]
BOX: Floats = np.asarray(trimesh.creation.box((0.2, 0.1, 0.1)).triangles)
BALL: Floats = np.asarray(trimesh.creation.icosphere(3, radius=0.1).triangles)
LEAF: Floats = np.array([[[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0]], [[0, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0]]])
BOX_M3 = 0.002


def back(corners: Floats) -> Floats:
    return np.asarray(corners[:, ::-1])


def shifted(corners: Floats, x: float, y: float, z: float) -> Floats:
    return np.asarray(corners + np.array([x, y, z]))


def together(*parts: Floats) -> Floats:
    return np.concatenate(parts)


def some_turned(corners: Floats, seed: int) -> Floats:
    out = corners.copy()
    chosen = np.random.Generator(np.random.PCG64(seed)).random(len(out)) < 0.4
    out[chosen] = out[chosen, ::-1]
    return out


def mesh_of(corners: Floats) -> Mesh:
    points = corners.reshape(-1, 3)
    up = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    faces = np.arange(len(points)).reshape(-1, 3).astype(np.int32)
    return Mesh((Part(points, up, np.zeros((len(points), 2)), faces),))


def patches(corners: Floats) -> Patches:
    return patches_of(corners, merged_positions(corners.reshape(-1, 3)).reshape(-1, 3))


@pytest.mark.parametrize(
    ("corners", "volume_m3", "repeated"),
    [
        (BOX, BOX_M3, 0),
        (back(BOX), BOX_M3, 0),
        (together(BOX, BOX), BOX_M3, 12),
        (together(BOX, np.roll(BOX, 1, axis=1)), BOX_M3, 12),
        (together(BOX, back(BOX)), BOX_M3, 12),
        (together(BOX, BOX[3:5]), BOX_M3, 2),
        (some_turned(BALL, 1), 0.0042, 0),
        (together(BOX, back(BOX) + 0.5), 2 * BOX_M3, 0),
        (together(back(BOX), back(BOX) + 0.5, back(BOX) - 0.5), 3 * BOX_M3, 0),
        (together(BOX, back(BOX) * 0.5), BOX_M3 * 7 / 8, 0),
        (together(back(BOX), BOX * 0.5), BOX_M3 * 7 / 8, 0),
        (together(BOX, BOX * 0.5), BOX_M3 * 9 / 8, 0),
        (together(BOX, shifted(BOX, 0, 0, 0.1)), 2 * BOX_M3, 0),
        (together(back(BOX), back(shifted(BOX, 0, 0, 0.1))), 2 * BOX_M3, 0),
        (BALL[4:], 0.0042, 0),
        (back(BALL[4:]), 0.0042, 0),
        (some_turned(BALL, 2)[4:], 0.0042, 0),
        (LEAF, 0.01 * SHEET_M, 0),
        (together(LEAF, back(LEAF)), 0.01 * SHEET_M, 2),
        (together(LEAF, LEAF), 0.01 * SHEET_M, 2),
        (together(BOX, LEAF + 0.3, back(LEAF) + 0.3), BOX_M3 + 0.01 * SHEET_M, 2),
        (BALL[BALL.mean(axis=1)[:, 2] > 0], 0.061 * SHEET_M, 0),
    ],
    ids=range(22),
)
def test_volumes(corners: Floats, volume_m3: float, repeated: int) -> None:
    solid = solid_of(mesh_of(corners))
    assert solid.volume_m3 == pytest.approx(volume_m3, rel=0.03)
    assert solid.doubled == repeated
    # Far from the origin, and in another order, it is the same.
    moved = np.random.Generator(np.random.PCG64(0)).permutation(shifted(corners, 30.0, -20.0, 10.0))
    assert solid_of(mesh_of(moved)).volume_m3 == pytest.approx(volume_m3, rel=0.03)


def test_the_centre_of_mass_ignores_which_way_shells_face() -> None:
    """Two boxes of which one faces inward would cancel each other."""
    right = solid_of(mesh_of(together(BOX, 2 * BOX + 1.0)))
    wrong = solid_of(mesh_of(together(BOX, back(2 * BOX) + 1.0)))
    np.testing.assert_allclose(wrong.center_m, right.center_m, atol=1e-9)
    np.testing.assert_allclose(right.center_m, [8 / 9] * 3, atol=1e-6)
    assert (right.turned, wrong.turned) == (0, 12)


def test_only_what_faces_inward_is_turned() -> None:
    found = patches(together(BOX, back(BOX) + 0.5, back(BOX) * 0.5, LEAF + 2.0))
    assert found.turned.tolist() == [False] * 12 + [True] * 12 + [False] * 12 + [False] * 2
    assert found.inside_out == 1
    np.testing.assert_allclose(np.sort(found.volumes), [-BOX_M3 / 8, 0, BOX_M3, BOX_M3], atol=1e-12)


def test_a_patch_is_turned_the_way_of_most_of_its_area() -> None:
    sheet = np.asarray(trimesh.creation.box((0.2, 0.1, 0.0001)).subdivide().triangles)
    sheet = sheet[sheet.mean(axis=1)[:, 2] > 0.00004]
    mixed = sheet.copy()
    mixed[0] = mixed[0, ::-1]
    assert patches(mixed).turned.tolist() == [True] + [False] * (len(mixed) - 1)
    assert not patches(sheet).turned.any()
    assert not patches(back(sheet)).turned.any()


def test_a_strip_with_one_side_stays_as_it_is() -> None:
    turn = np.linspace(0, 2 * np.pi, 41)[:, None]
    half = np.array([-0.02, 0.02]) * np.cos(turn / 2)
    x, y = (0.1 + half) * np.cos(turn), (0.1 + half) * np.sin(turn)
    rim = np.stack([x, y, np.array([-0.02, 0.02]) * np.sin(turn / 2)], axis=-1)
    rim[-1] = rim[0, ::-1]
    first, second = rim[:-1], rim[1:]
    low = np.stack([first[:, 0], first[:, 1], second[:, 1]], axis=1)
    strip = together(low, np.stack([first[:, 0], second[:, 1], second[:, 0]], axis=1))
    assert not patches(strip).turned.any()
    assert solid_of(mesh_of(strip)).volume_m3 == pytest.approx(SHEET_M * 0.025, rel=0.1)


def test_walls_of_bodies_that_touch_stay() -> None:
    stacked = together(BOX, shifted(BOX, 0, 0, 0.1))
    assert not doubled(merged_positions(stacked.reshape(-1, 3)).reshape(-1, 3)).any()
    assert mesh_of(stacked).is_plain_solid
    assert not mesh_of(together(BOX, BOX)).is_plain_solid
    assert not mesh_of(back(BOX)).is_plain_solid
