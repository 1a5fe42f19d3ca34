"""Near-duplicates, Vendi score, coverage, and the choice of images that cover all."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.statistics.choosing import most_covering, nearest
from sim2coco.statistics.diversity import NEIGHBOURS, coverage, covered_share, vectors, vendi_score
from sim2coco.statistics.duplicates import near_duplicates
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import measure_image

Rng = np.random.Generator


def scene(seed: int) -> NDArray[np.uint8]:
    """A picture with soft and hard structures."""
    rng = np.random.Generator(np.random.PCG64(seed))
    coarse = rng.integers(40, 215, (6, 8, 3)).astype(np.uint8)
    image = np.asarray(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(8):
        x, y, radius, *rgb = rng.integers(0, [320, 240, 30, 255, 255, 255]).tolist()
        cv2.circle(image, (x, y), radius + 6, rgb, -1, cv2.LINE_AA)
    return image


def measured(folder: Path, name: str, pixels: NDArray[np.uint8], quality: int = 95) -> ImageMeasures:
    file = folder / f"{name}.jpg"
    file.write_bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
    return measure_image(LabelledImage("train", name, file, pixels.shape[1], pixels.shape[0], ()), 0)


def test_noise_crops_and_compression_are_duplicates(tmp_path: Path, rng: Rng) -> None:
    first, other = scene(1), scene(2)
    noisy = np.clip(first + rng.normal(0, 8, first.shape), 0, 255).astype(np.uint8)
    cropped = np.asarray(cv2.resize(first[6:-6, 8:-8], (320, 240)), np.uint8)
    images = [
        measured(tmp_path, "first", first),
        measured(tmp_path, "other", other),
        measured(tmp_path, "noisy", noisy),
        measured(tmp_path, "cropped", cropped),
        measured(tmp_path, "corner", first[12:, 16:]),
        measured(tmp_path, "jpeg", first, 40),
        measured(tmp_path, "other_jpeg", other, 40),
    ]
    assert near_duplicates(images) == [(0, 2, 3, 4, 5), (1, 6)]
    assert near_duplicates(images, workers=2) == near_duplicates(images)


def test_the_same_place_with_other_objects_is_no_duplicate(tmp_path: Path) -> None:
    place = scene(3)
    images = []
    for number, (x, y) in enumerate([(60, 60), (200, 70), (90, 160), (250, 190)]):
        pixels = place.copy()
        cv2.rectangle(pixels, (x, y), (x + 12, y + 12), (20, 20, 230), -1)
        images.append(measured(tmp_path, str(number), pixels))
    assert near_duplicates(images) == []


def test_the_vendi_score_counts_different_images() -> None:
    assert vendi_score(np.eye(6, dtype=np.float32)) == pytest.approx(6)
    assert vendi_score(np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)) == pytest.approx(3)
    assert vendi_score(np.ones((4, 7), np.float32)) == pytest.approx(1)
    assert vendi_score(np.zeros((0, 7), np.float32)) == 0


def test_the_vendi_score_is_that_of_the_whole_matrix(rng: Rng) -> None:
    compared = rng.normal(size=(40, 5)).astype(np.float32)
    unit = compared / np.linalg.norm(compared, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit.astype(np.float64) @ unit.T / 40)
    values = values[values > 1e-12]
    assert vendi_score(compared) == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-5)


def test_features_without_weight_and_constant_ones_do_not_count(rng: Rng) -> None:
    found = rng.normal(size=(50, 101)).astype(np.float32)
    found[:, 4] = 7
    compared = vectors([*found], {"layout": 1.0})
    assert compared.shape == (50, 23) and not compared[:, 4].any()
    assert (compared**2).sum(axis=1).mean() == pytest.approx(22 / 23, rel=0.02)


def clusters(rng: Rng) -> NDArray[np.float32]:
    """Twenty groups of images, of 1 to 60 members."""
    sizes = np.linspace(1, 60, 20).astype(int)
    centres = rng.normal(0, 10, (20, 6))
    return np.concatenate(
        [c + rng.normal(0, 0.5, (s, 6)) for c, s in zip(centres, sizes, strict=True)]
    ).astype(np.float32)


def test_chosen_images_cover_more_than_random_ones(rng: Rng) -> None:
    compared = clusters(rng)
    number = len(compared) // 4
    chosen = most_covering(compared, number)
    assert len(set(chosen.tolist())) == number
    randoms = [rng.choice(len(compared), number, replace=False) for _ in range(5)]
    assert coverage(compared, chosen) > max(coverage(compared, one) for one in randoms)
    assert vendi_score(compared[chosen]) > max(vendi_score(compared[one]) for one in randoms)


def test_the_choice_is_that_of_the_plain_greedy_method(rng: Rng) -> None:
    compared = rng.normal(size=(20, 3)).astype(np.float32)
    around = nearest(compared, 20)
    squared = np.zeros((20, 20), np.float32)
    np.put_along_axis(squared, around.indices.astype(np.int64), around.squared, axis=1)
    exact = ((compared[:, None] - compared) ** 2).sum(axis=2)
    assert squared == pytest.approx(exact, abs=1e-4)
    similar = np.exp(-squared / around.squared[:, 5].mean())
    unit = (compared / np.linalg.norm(compared, axis=1, keepdims=True)).astype(np.float64)

    def value(chosen: list[int]) -> float:
        spread = np.linalg.slogdet(np.eye(len(chosen)) + unit[chosen] @ unit[chosen].T)[1]
        return float(similar[:, chosen].max(axis=1).sum() * 4 / 20 + spread)

    expected: list[int] = []
    for _ in range(4):
        rest = [image for image in range(20) if image not in expected]
        expected.append(max(rest, key=lambda image: value([*expected, image])))
    assert most_covering(compared, 4).tolist() == expected


def test_the_number_is_met_at_the_ends(rng: Rng) -> None:
    compared = rng.normal(size=(9, 3)).astype(np.float32)
    assert [len(most_covering(compared, number)) for number in (0, 1, 8, 9, 20)] == [0, 1, 8, 9, 9]
    assert len(most_covering(np.zeros((30, 4), np.float32), 7)) == 7


def test_covered_share_is_that_of_each_vector_alone(rng: Rng) -> None:
    reference, own = (
        rng.normal(size=(60, 4)).astype(np.float32),
        rng.normal(2, 1, size=(9, 4)).astype(np.float32),
    )
    covered = 0
    for one in reference:
        far = sorted(float(np.linalg.norm(one - other)) for other in reference)
        covered += min(float(np.linalg.norm(one - other)) for other in own) <= far[NEIGHBOURS]
    assert 0 < covered < 60
    assert covered_share(reference, own) == pytest.approx(covered / 60)


def test_images_of_one_place_cover_each_other() -> None:
    compared = np.repeat(np.array([[0.3, 1.7, 0.9], [2.1, 0.2, 1.4]], np.float32), 8, axis=0)
    assert coverage(compared, np.array([0, 8])) == 1
    assert coverage(compared, np.array([3])) == 0.5


def peak_mb(compared: NDArray[np.float32], number: int) -> float:
    """The memory in MB that choosing and measuring takes beside the vectors."""
    tracemalloc.start()
    chosen = most_covering(compared, number)
    coverage(compared, chosen)
    vendi_score(compared)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(set(chosen.tolist())) == number
    return peak / 1e6


def test_memory_does_not_grow_with_the_square_of_the_number_of_images(rng: Rng) -> None:
    small, large = (rng.normal(size=(images, 8)).astype(np.float32) for images in (1000, 3000))
    assert peak_mb(large, 30) < 6 * peak_mb(small, 10)  # the square would be 9


@pytest.mark.slow
def test_ten_thousand_embedded_images_take_little_memory(rng: Rng) -> None:
    assert peak_mb(rng.normal(size=(10_000, 512)).astype(np.float32), 2500) < 500
