"""Alpha masks of glTF files: transparent parts are cut out of the triangles, and so out of the labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.reading.file import read_mesh
from scenes.assets.reading.raw import Raw
from scenes.assets.stored import read_stored
from tests.library.conftest import Look
from tests.library.gltf_files import SQUARE_UVS, Gltf
from tests.library.meshes import png

PX = 64
ROW, COLUMN = np.mgrid[0:PX, 0:PX] + 0.5
CUT = ("material 'leaf': holes cut out where its texture is transparent",)
FILLED = ("material 'leaf' has holes where its texture is transparent: rendered without them",)


def disc(radius: float = 0.4, row: float = 0.5, column: float = 0.5) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(ROW / PX - row, COLUMN / PX - column) < radius)


MASKS = {
    "disc": disc(),
    "ring": disc() & ~disc(0.2),
    "two": disc(0.2, 0.25, 0.25) | disc(0.15, 0.7, 0.7),
    "hole": ~disc(0.3),
    "bars": (COLUMN // 8 % 2).astype(bool),
    "corner": (ROW < 32) & (COLUMN < 32),
    "speck in a hole": (disc() & ~disc(0.3)) | disc(0.15),
    "touching squares": (ROW // 16 + COLUMN // 16) % 2 == 0,
}


def leaf(mask: NDArray[np.bool_], uvs: Any = SQUARE_UVS, sampler: dict[str, int] | None = None) -> Gltf:
    """The square with a texture that is transparent outside of a mask."""
    file = Gltf()
    pixels = np.full((*mask.shape, 4), 200, np.uint8)
    pixels[..., 3] = 255 * mask
    file.picture(png(pixels), sampler)
    base = {"baseColorTexture": {"index": 0}}
    file.square(uvs, {"name": "leaf", "alphaMode": "MASK", "pbrMetallicRoughness": base})
    return file


def attributes(file: Gltf) -> dict[str, int]:
    found: dict[str, int] = file.tree["meshes"][0]["primitives"][0]["attributes"]
    return found


def area_of(corners: NDArray[np.float64]) -> float:
    edges = corners[:, 1:] - corners[:, :1]
    return float(np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1).sum() / 2)


def up(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the area of triangles as seen from above; negative for those that are seen from behind."""
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1])


def is_covered(triangles: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which centres of 64 x 64 pixels lie in triangles (n, 3, 2)."""
    points = np.stack([COLUMN, ROW], axis=-1)
    covered = np.zeros((PX, PX), bool)
    for a, b, c in triangles:
        (bx, by), (cx, cy), p = b - a, c - a, points - a
        det = bx * cy - by * cx
        s, t = (p[..., 0] * cy - p[..., 1] * cx) / det, (p[..., 1] * bx - p[..., 0] * by) / det
        covered |= (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9)
    return covered


def eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels whose eight neighbours are set too; beyond the border is as at the border."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(mask, 1, mode="edge"), (3, 3))
    return np.asarray(windows.all(axis=(2, 3)))


@pytest.mark.parametrize("name", MASKS)
def test_holes_are_cut_out(tmp_path: Path, name: str) -> None:
    """Seen from above, the square ends where its texture does, within a pixel, and keeps its texture."""
    mask = MASKS[name]
    source = leaf(mask).source(tmp_path)
    assert (source.looks, source.notes) == ((), CUT)
    (raw,) = source.raws
    assert area_of(raw.corners) == pytest.approx(mask.mean(), abs=0.02)
    assert (up(raw.corners) > 0).all()
    seen = is_covered((raw.corners[:, :, (0, 2)] + (0, 1)) * PX)
    assert (seen >= eroded(mask)).all()
    assert (seen <= ~eroded(~mask)).all()
    assert raw.uvs is not None
    np.testing.assert_allclose(raw.uvs, raw.corners[..., (0, 2)] * (1, -1), atol=1e-6)


@pytest.mark.parametrize("sampler", [None, {"magFilter": 9728}], ids=["smooth", "pixelated"])
def test_pixels_stay_squares_if_the_sampler_says_so(tmp_path: Path, sampler: dict[str, int] | None) -> None:
    """Every second pixel: its square, or the smaller figure in which interpolated alpha is over a half."""
    mask = np.zeros((8, 8), bool)
    mask[1::2, 1::2] = True
    found = area_of(leaf(mask, sampler=sampler).corners(tmp_path))
    if sampler:
        assert found == pytest.approx(16 / 64, abs=1e-6)
    else:
        assert 0.5 * 16 / 64 < found < 0.8 * 16 / 64


def test_what_repeats_is_cut_wherever_it_is_seen(tmp_path: Path) -> None:
    corners = leaf(MASKS["disc"], 3 * np.array(SQUARE_UVS) - 1).corners(tmp_path)
    assert area_of(corners) == pytest.approx(MASKS["disc"].mean(), abs=0.01)
    middles = corners[:, :, (0, 2)].mean(axis=1) * 3 % 1
    assert (np.hypot(*(middles - 0.5).T) < 0.42).all()


def test_normals_and_colours_are_interpolated(tmp_path: Path) -> None:
    file = leaf(MASKS["corner"])
    attributes(file)["NORMAL"] = file.accessor([(0, 1, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1)])
    attributes(file)["COLOR_0"] = file.accessor([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)])
    (raw,) = file.source(tmp_path).raws
    assert raw.normals is not None
    x, _, z = np.moveaxis(raw.corners, 2, 0)
    np.testing.assert_allclose(raw.normals, np.stack([x, 1 + 0 * x, -z], axis=-1), atol=1e-9)
    assert (x.max(), z.min(), z.max()) == pytest.approx((0.5, -1.0, -0.5), abs=0.01)


@pytest.mark.parametrize("scale", [(1, 1, 1), (-1, 1, 1)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_parts_face_as_their_triangle_did(
    tmp_path: Path, scale: tuple[int, int, int], mirrored: bool
) -> None:
    uvs = np.array(SQUARE_UVS)[:, ::-1] if mirrored else SQUARE_UVS
    file = leaf(MASKS["ring"], uvs)
    file.tree["nodes"][0]["scale"] = list(scale)
    assert (up(file.corners(tmp_path)) > 0).all()


def test_triangles_without_holes_stay_whole(tmp_path: Path) -> None:
    file = leaf(MASKS["disc"], [(0.4, 0.5), (0.5, 0.5), (0.5, 0.4), (-3, -3)])
    corners = file.corners(tmp_path)
    np.testing.assert_allclose(corners[0], [(0, 0, 0), (1, 0, 0), (1, 0, -1)])
    assert len(corners) > 10


def test_what_would_be_too_many_triangles_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    source = leaf(rng.random((PX, PX)) < 0.5, 40 * np.array(SQUARE_UVS)).source(tmp_path)
    assert (source.looks, len(source.raws[0].corners)) == (FILLED, 2)


def test_alpha_that_differs_between_vertices_is_told(tmp_path: Path) -> None:
    file = leaf(MASKS["disc"])
    attributes(file)["COLOR_0"] = file.accessor([(1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 0), (1, 1, 1, 1)])
    assert file.source(tmp_path).looks == FILLED


def test_factor_and_cutoff_count(tmp_path: Path) -> None:
    """Alpha 0.75 in the disc and 0.5 around it, times 0.8, is cut at 0.5."""
    file = Gltf()
    pixels = np.full((PX, PX, 4), 128, np.uint8)
    pixels[..., 3] = np.where(MASKS["disc"], 191, 128)
    file.picture(png(pixels))
    base = {"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 1, 1, 0.8]}
    file.square(SQUARE_UVS, {"alphaMode": "MASK", "pbrMetallicRoughness": base})
    assert area_of(file.corners(tmp_path)) == pytest.approx(MASKS["disc"].mean(), abs=0.01)
    file.tree["materials"][0]["alphaCutoff"] = 0.35
    assert len(file.corners(tmp_path)) == 2


def test_path_and_library_hold_what_is_left(look: Look, tmp_path: Path) -> None:
    row = look(leaf(MASKS["ring"]).write(tmp_path), library=tmp_path / "library")
    assert (row.verdict, row.notes[:1]) == ("ok", CUT)
    for mesh in (
        read_mesh(tmp_path / "a.glb"),
        read_stored(tmp_path / "library" / "meshes" / f"{row.mesh}.glb"),
    ):
        assert area_of(mesh.vertices_m[mesh.faces]) == pytest.approx(MASKS["ring"].mean(), abs=0.01)


def test_many_cards_are_cut_quickly(tmp_path: Path) -> None:
    """A thousand leaves that show the same picture, two triangles each."""
    file = leaf(MASKS["disc"])
    for index in range(1000):
        file.add("nodes", mesh=0, translation=[0, index + 1, 0])
    raws: tuple[Raw, ...] = file.source(tmp_path).raws
    assert len(raws) == 1
    assert 10_000 < len(raws[0].corners) < 50_000
