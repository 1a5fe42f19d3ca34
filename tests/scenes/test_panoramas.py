"""Environment maps: read correctly in every format, or refused in one line."""

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenes.assets import panoramas
from scenes.assets.panoramas import read_panorama
from scenes.assets.reading.image import ImageError
from tests.panoramas import rgbe_of, toward, white, write_hdr

SLOPE = np.exp(2 * toward(32))


@pytest.mark.parametrize("packed", [False, True], ids=["flat", "packed"])
def test_radiance_files_are_read_as_they_were_written(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "sky.hdr"
    light = np.concatenate([SLOPE[:, :40], np.full((32, 24, 3), 7.0)], axis=1)
    light[3, 5], light[:, 0] = 0, 30_000
    write_hdr(path, light, packed)
    found = read_panorama(path)
    np.testing.assert_allclose(found, light, rtol=0.01, atol=light.max(axis=2).max() / 256 / 128)
    rgbe = rgbe_of(light)
    np.testing.assert_array_equal(found, rgbe[..., :3] * 2.0 ** (rgbe[..., 3:] - 136.0))


def test_exr_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    exr = importlib.import_module("OpenEXR")
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    light = SLOPE.astype(np.float32)
    alpha = np.concatenate([light, np.ones((32, 64, 1), np.float32)], axis=2)
    path = tmp_path / "sky.exr"
    for channels in ({"RGB": light}, {"RGBA": alpha}):
        exr.File(header, channels).write(str(path))
        np.testing.assert_array_equal(read_panorama(path), light)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ImageError, match=r"sky\.exr: not an EXR image"):
        read_panorama(path)


def test_exr_without_the_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panoramas, "find_spec", lambda name: None)
    (tmp_path / "sky.exr").write_bytes(b"v/1\x01")
    with pytest.raises(ImageError, match=r"sky\.exr: .*pip install openexr"):
        read_panorama(tmp_path / "sky.exr")


def test_images_are_taken_as_they_are(tmp_path: Path) -> None:
    Image.fromarray(np.full((16, 32, 3), (255, 188, 0), np.uint8)).save(tmp_path / "sky.png")
    np.testing.assert_allclose(read_panorama(tmp_path / "sky.png")[3, 4], (1.0, 0.5029, 0.0), atol=1e-3)


def test_wide_ones_are_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panoramas, "MAX_WIDTH_PX", 64)
    write_hdr(tmp_path / "sky.hdr", np.full((48, 96, 3), 0.5), packed=True)
    found = read_panorama(tmp_path / "sky.hdr")
    assert found.shape == (32, 64, 3)
    np.testing.assert_array_equal(found, np.float32(0.5))


def flat(path: Path) -> None:
    write_hdr(path, white(8))


def edited(old: bytes, new: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        flat(path)
        path.write_bytes(path.read_bytes().replace(old, new))

    return make


def old_runs(path: Path) -> None:
    """Old-style run lengths: a pixel (1, 1, 1, n) repeats the one before; they are not supported."""
    header = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 16\n"
    path.write_bytes(header + 8 * bytes((9, 9, 9, 130, 1, 1, 1, 15)))


def cut(path: Path) -> None:
    write_hdr(path, SLOPE, packed=True)
    path.write_bytes(path.read_bytes()[:-200])


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "square": (lambda path: write_hdr(path, np.ones((8, 8, 3))), "must be twice as wide as high, not 8x8"),
    "black": (lambda path: write_hdr(path, 0 * white(8)), "contains no light"),
    "cut off": (cut, "truncated or damaged"),
    "old runs": (old_runs, "truncated or damaged"),
    "flat and cut off": (edited(b"+X 16", b"+X 17"), "truncated or damaged"),
    "no header": (lambda path: path.write_bytes(b"nope"), "has no header"),
    "empty": (lambda path: path.write_bytes(b""), "has no header"),
    "other colours": (edited(b"rle_rgbe", b"rle_xyze"), "FORMAT is not 32-bit_rle_rgbe"),
    "turned": (edited(b"-Y 8", b"+Y 8"), "rows do not start at the top left"),
    "no size": (edited(b"-Y 8 +X 16", b"-Y a +X 16"), "cannot be read as a Radiance image"),
    "no pixels": (edited(b"-Y 8", b"-Y 0"), "has no pixels"),
    "negative": (edited(b"-Y 8", b"-Y -8"), "has no pixels"),
    "huge": (edited(b"-Y 8 +X 16", b"-Y 50000 +X 100000"), "more than 50,000,000 pixels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_refused_in_one_line(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    make, words = WRONG[name]
    make(tmp_path / "sky.hdr")
    with pytest.raises(ImageError, match=words) as told:
        read_panorama(tmp_path / "sky.hdr")
    assert str(told.value).startswith(f"{tmp_path}/sky.hdr: ")
    assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")


def test_damaged_files_are_read_or_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "sky.hdr"
    write_hdr(path, SLOPE, packed=True)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        places = rng.integers(0, len(whole), 3)
        damaged[places] = rng.integers(0, 256, 3)
        path.write_bytes(damaged[: rng.integers(1, len(whole)) if rng.random() < 0.3 else None].tobytes())
        try:
            assert read_panorama(path).shape == (32, 64, 3)
        except ImageError:
            refused += 1
    assert 0 < refused < 300
