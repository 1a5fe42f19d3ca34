"""Measures of images and labels: against independent computations and known images."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.geometry import Pose, look_at, quaternion, vec3
from sim2coco.datasets.labelled import Amodal, Label, LabelledImage, Solid
from sim2coco.statistics.histograms import QUANTITIES, Histogram, earth_movers_distance, histograms
from sim2coco.statistics.labels import measure_labels
from sim2coco.statistics.measuring import measure_image
from sim2coco.statistics.pixels import at_most, measure_pixels, sharpness

Grey = NDArray[np.uint8]


def discs(rng: np.random.Generator, side_px: int = 480) -> Grey:
    """Bright and dark discs of all sizes, antialiased."""
    image = np.full((side_px, side_px), 90, np.uint8)
    for _ in range(25):
        x, y, radius, grey = rng.integers(0, [side_px, side_px, side_px // 8, 255])
        centre, shift = (int(x) * 16, int(y) * 16), 4
        cv2.circle(image, centre, (int(radius) + 4) * 16, int(grey), -1, cv2.LINE_AA, shift)
    return image


def labelled(file: Path, pixels: NDArray[np.uint8], labels: tuple[Label, ...] = ()) -> LabelledImage:
    file.write_bytes(cv2.imencode(file.suffix, pixels)[1].tobytes())
    return LabelledImage("train", file.name, file, pixels.shape[1], pixels.shape[0], labels)


def test_brightness_contrast_and_shares_are_those_of_the_pixels(rng: np.random.Generator) -> None:
    grey = rng.integers(0, 256, (90, 70), np.uint8)
    found = measure_pixels(grey)
    assert found.brightness == pytest.approx(grey.mean())
    assert found.contrast == pytest.approx(grey.std())
    assert (found.dark_share, found.bright_share) == pytest.approx(((grey <= 8).mean(), (grey >= 250).mean()))


@pytest.mark.parametrize("blur_px", [1.0, 1.5, 2.0, 3.0])
def test_sharpness_is_the_inverse_of_the_blur(blur_px: float, rng: np.random.Generator) -> None:
    blurred = np.asarray(cv2.GaussianBlur(discs(rng), (0, 0), blur_px), np.uint8)
    assert 1 / sharpness(blurred) == pytest.approx(blur_px, rel=0.15)


def test_noise_and_contrast_hardly_change_sharpness(rng: np.random.Generator) -> None:
    image = cv2.GaussianBlur(discs(rng), (0, 0), 1.0).astype(np.float64)
    noisy = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    flat = (image * 0.4 + 60).astype(np.uint8)
    expected = sharpness(image.astype(np.uint8))
    assert sharpness(noisy) == pytest.approx(expected, rel=0.2)
    assert sharpness(flat) == pytest.approx(expected, rel=0.1)


def test_large_images_are_measured_like_small_ones(tmp_path: Path, rng: np.random.Generator) -> None:
    large = np.dstack([discs(rng, 1920)] * 3)
    small = at_most(large)
    found = [
        measure_image(labelled(tmp_path / name, pixels), 1)
        for name, pixels in (("large.jpg", large), ("small.png", small))
    ]
    assert found[0].width == 1920 and found[1].width == 640
    assert found[0].brightness == pytest.approx(found[1].brightness, abs=0.5)
    assert (found[0].perceptual_hash ^ found[1].perceptual_hash).bit_count() <= 2
    assert found[0].features == pytest.approx(found[1].features, abs=0.3)


def test_an_image_of_another_size_than_stated_is_an_error_that_names_it(tmp_path: Path) -> None:
    from sim2coco.datasets.errors import DataSetError

    image = labelled(tmp_path / "a.jpg", np.zeros((50, 60, 3), np.uint8))
    wrong = LabelledImage("train", "a.jpg", image.file, 61, 50, ())
    with pytest.raises(DataSetError, match=r"a\.jpg: is 60x50 pixels"):
        measure_image(wrong, 0)


def test_the_viewpoint_is_where_the_camera_is_in_the_frame_of_the_mesh() -> None:
    mesh = Pose((0.4, -0.2, 0.1), quaternion(np.eye(3)))
    eye = np.array([0.4, 0.8, 1.1])
    camera = Pose(vec3(eye), quaternion(look_at(eye, np.array([0.4, -0.2, 0.1]), 0.3)))
    solid = Solid("a@b", mesh.inside(camera), 1.0, 100, (0.0, 0.0, 10.0, 10.0))
    label = Label(0, (0.0, 0.0, 5.0, 5.0), 25, None, solid=solid)
    (found,) = measure_labels(LabelledImage("", "a", Path("a"), 9, 9, (label,)))
    assert found.azimuth_deg == pytest.approx(90) and found.elevation_deg == pytest.approx(45)
    assert found.distance_m == pytest.approx(2**0.5)


def test_occlusion_follows_from_the_amodal_mask_where_it_is_not_stated() -> None:
    amodal = Amodal("", 80, (0.0, 0.0, 9.0, 9.0))
    labels = (
        Label(0, (0.0, 0.0, 5.0, 5.0), 20, None, amodal=amodal),
        Label(0, (0.0, 0.0, 5.0, 5.0), 20, None, attributes={"occlusion": "much", "truncation": True}),
    )
    first, second = measure_labels(LabelledImage("", "a", Path("a"), 9, 9, labels))
    assert first.occlusion == 0.75 and first.visible_fraction is None
    assert second.occlusion is None and second.truncation is None


def test_histograms_count_every_object_once(tmp_path: Path, rng: np.random.Generator) -> None:
    labels = tuple(
        Label(int(rng.integers(3)), (1.0, 1.0, float(w), float(h)), float(w * h), None)
        for w, h in rng.integers(1, 40, (12, 2))
    )
    images = [
        measure_image(labelled(tmp_path / "a.png", np.zeros((50, 60, 3), np.uint8), labels), 3),
        measure_image(labelled(tmp_path / "b.png", np.zeros((50, 60, 3), np.uint8)), 3),
    ]
    found = histograms(images, ("a", "b", "c"))
    assert set(found) == {*(one.name for one in QUANTITIES), "categories"}
    assert found["box_size"].counts.sum() == found["aspect"].counts.sum() == 12
    assert found["objects"].counts[[0, 12]].tolist() == [1, 1] and found["objects"].counts.sum() == 2
    assert found["categories"].counts.tolist() == [sum(one.category == c for one in labels) for c in range(3)]
    assert found["visible_fraction"].counts.sum() == 0


def test_earth_movers_distance_is_that_of_the_values() -> None:
    edges = np.linspace(0, 10, 11)
    rng = np.random.Generator(np.random.PCG64(1))
    counts = [rng.integers(0, 9, 10), rng.integers(0, 9, 10)]
    one, other = (Histogram("x", edges, np.asarray(found, np.int64)) for found in counts)
    quantiles = (np.arange(10_000) + 0.5) / 10_000
    values = [
        np.searchsorted(np.cumsum(found) / found.sum(), quantiles).astype(np.float64) for found in counts
    ]
    assert earth_movers_distance(one, other) == pytest.approx(np.abs(values[0] - values[1]).mean(), abs=1e-3)
    octaves = [Histogram("x", np.array([1.0, 2, 4]), np.array(found), True) for found in ([5, 0], [0, 2])]
    assert earth_movers_distance(*octaves) == pytest.approx(1.0)
    names = [
        Histogram("x", np.array([-0.5, 0.5, 1.5]), np.array([1, 1]), labels=found)
        for found in (("a", "b"), ("b", "c"))
    ]
    assert earth_movers_distance(*names) == pytest.approx(0.5)
    assert np.isnan(earth_movers_distance(one, Histogram("x", edges, np.zeros(10, np.int64))))
