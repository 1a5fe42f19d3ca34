"""The model of the sensor: its noise has the statistics that it states, and nothing moves an edge."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from scenes.assets.shapes import SHAPES, sphere
from scenes.shot import Bayer, Sensor, Shot
from sim.render.sensor.falloff import chromatic, vignetted
from sim.render.sensor.mosaic import demosaiced, mosaic
from sim.render.sensor.photograph import compressed, denoised, exposed, photographed, sharpened
from sim.render.sensor.raw import SATURATION, black_level, gain_per_electron, measured, raw_values
from sim.render.sensor.tone import tone_map
from sim.render.settings import Relit
from tests.rig import GREY, Rig, camera_at, catalogue_of, shot, still

Floats = NDArray[np.float32]
PATTERNS: tuple[Bayer, ...] = ("rggb", "bggr", "grbg", "gbrg")
CLEAN = Sensor(noise_seed=5)
NOISY = replace(CLEAN, iso=800.0, full_well_e=6000.0, bayer="rggb")
VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
FLAT = replace(camera_at((0, 0, 1), (0, 0, 0), 90, (161, 121)), cx=70.25, cy=66.0)


def constant(value: float, side: int = 200) -> Floats:
    return np.full((side, side), value, np.float32)


def colored(values: Any) -> Floats:
    return np.ascontiguousarray(np.repeat(np.asarray(values, np.float32)[..., None], 3, axis=2))


def edge(at: int, low: float = 0.1, high: float = 0.6, vertical: bool = True) -> Floats:
    """An image (48, 48, 3) that changes from `low` to `high` at a column or a row."""
    step = np.where(np.arange(48) < at, low, high)
    picture = np.tile(step, (48, 1))
    return colored(picture if vertical else picture.T)


def edge_of(image: NDArray[Any], low: Any, high: Any, vertical: bool = True) -> NDArray[np.float64]:
    """The place of the edge in each channel, (3,): that of the step with the same sum."""
    part = np.asarray(image, np.float64)[6:-6, :] if vertical else np.asarray(image, np.float64)[:, 6:-6]
    share = (part.mean(axis=0 if vertical else 1) - low) / (np.asarray(high, float) - low)
    return np.asarray(48 - share.sum(axis=0))


@pytest.mark.parametrize("value", [0.0, 0.02, 0.18, 0.9])
@pytest.mark.parametrize(
    "changes",
    [
        {"iso": 100.0},
        {"iso": 1600.0},
        {"iso": 100.0, "full_well_e": 60000.0, "read_noise_e": 20.0, "bits": 14},
        {"iso": 6400.0, "full_well_e": 40000.0, "read_noise_e": 1.5, "bits": 8},
    ],
    ids=["base", "high", "large-pixels", "coarse"],
)
def test_raw_values_have_the_mean_and_the_variance_of_the_model(
    changes: dict[str, Any], value: float
) -> None:
    sensor = replace(CLEAN, **changes)
    gain = gain_per_electron(sensor)
    raw = raw_values(constant(value), sensor).astype(np.float64)
    electrons = value / SATURATION * sensor.full_well_e * 100 / sensor.iso
    variance = gain**2 * (electrons + sensor.read_noise_e**2) + 1 / 12
    error = (variance / raw.size) ** 0.5
    assert raw.mean() == pytest.approx(black_level(sensor) + gain * electrons, abs=5 * error + 1e-3)
    kurtosis = 3 + 1 / max(electrons, 1)
    assert raw.var() == pytest.approx(variance, rel=5 * ((kurtosis - 1) / raw.size) ** 0.5)


def test_few_electrons_have_a_poisson_distribution() -> None:
    sensor = replace(CLEAN, iso=100.0, full_well_e=200.0, read_noise_e=0.0)
    electrons = (raw_values(constant(0.03, 400), sensor) - float(black_level(sensor))) / gain_per_electron(
        sensor
    )
    counts = np.bincount(np.rint(electrons).astype(int).ravel(), minlength=12)[:12] / electrons.size
    expected = np.exp(-3.0) * np.cumprod([1.0, *(3.0 / number for number in range(1, 12))])
    np.testing.assert_allclose(counts, expected, atol=5 * 0.5 / 400)


@pytest.mark.parametrize("bayer", [None, *PATTERNS])
def test_noise_does_not_change_the_mean_of_any_color(bayer: Bayer | None) -> None:
    sensor = replace(CLEAN, iso=1600.0, full_well_e=10000.0, bayer=bayer)
    color = np.array([0.5, 0.3, 0.18], np.float32)
    found = measured(np.tile(color, (200, 200, 1)), sensor)
    deviation = found.std(axis=(0, 1))
    # Demosaicing spreads the noise of a pixel over up to nine: errors of means are up to three times larger.
    np.testing.assert_array_less(np.abs(found.mean(axis=(0, 1)) - color), 4 * 3 * deviation / 200)
    assert (deviation > 0.01).all()


def test_noise_ends_where_a_pixel_is_full() -> None:
    found = measured(colored(constant(50.0, 64)), replace(CLEAN, iso=400.0))
    np.testing.assert_allclose(found, SATURATION, rtol=1e-5)


def test_twice_the_iso_has_half_the_electrons_and_the_same_brightness() -> None:
    low, high = (
        measured(colored(constant(0.4)), replace(CLEAN, iso=iso, read_noise_e=0.0)) for iso in (200.0, 800.0)
    )
    assert low.mean() == pytest.approx(high.mean(), rel=0.005)
    assert high.std() == pytest.approx(2 * low.std(), rel=0.02)


def test_noise_of_a_seed_is_the_same_and_that_of_another_is_another() -> None:
    light = colored(constant(0.4, 40))
    one, again = measured(light, NOISY), measured(light, NOISY)
    other = measured(light, replace(NOISY, noise_seed=6))
    assert one.tobytes() == again.tobytes()
    correlation = np.corrcoef(one[..., 1].ravel(), other[..., 1].ravel())[0, 1]
    assert abs(correlation) < 0.15


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("method", ["bilinear", "edge_aware"])
def test_each_pixel_sees_its_filter_and_a_single_color_comes_back(pattern: Bayer, method: Any) -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    light = rng.random((31, 45, 3), np.float32)
    seen = mosaic(light, pattern)
    for row in range(31):
        for column in range(0, 45, 11):
            color = "rgb".index(pattern[2 * (row % 2) + column % 2])
            assert seen[row, column] == light[row, column, color]
    plain = np.tile(np.array([1000, 20000, 60000], np.float32), (31, 45, 1))
    whole = demosaiced(mosaic(plain, pattern).astype(np.uint16), pattern, method)
    assert (whole == plain).all()


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("method", ["bilinear", "edge_aware"])
@pytest.mark.parametrize("vertical", [True, False], ids=["column", "row"])
def test_demosaicing_leaves_edges_in_place(pattern: Bayer, method: Any, vertical: bool) -> None:
    """Red and blue are seen in every other column, so their edges are off by up to half a pixel."""
    sensor = replace(CLEAN, bayer=pattern, demosaicing=method, bits=14)
    shifts = []
    for at in range(20, 24):
        found = measured(edge(at, vertical=vertical), sensor)
        shifts.append(edge_of(found, 0.1, 0.6, vertical) - at)
    shifts_px = np.array(shifts)
    np.testing.assert_allclose(shifts_px[:, 1], 0, atol=0.02)
    assert np.abs(shifts_px).max() < 0.55
    np.testing.assert_allclose(shifts_px.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(shifts_px.mean(axis=1), 0, atol=0.02)


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_light_falls_off_with_the_cosine_to_the_fourth(strength: float) -> None:
    dark = vignetted(colored(np.full((121, 161), 0.8)), FLAT, strength)
    y, x = np.indices((121, 161)) + 0.5
    angle = np.arctan(np.hypot(x - FLAT.cx, y - FLAT.cy) / FLAT.fx)
    np.testing.assert_allclose(dark, colored(0.8 * np.cos(angle) ** (4 * strength)), rtol=1e-5)


@pytest.mark.parametrize("at", [(20, 100), (140, 20), (70, 66)], ids=str)
@pytest.mark.parametrize("shift_px", [2.0, -1.5])
def test_red_and_blue_move_in_opposite_directions_and_green_stays(
    at: tuple[int, int], shift_px: float
) -> None:
    y, x = np.indices((121, 161)) + 0.5
    spot = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 2.5**2))
    moved = chromatic(colored(spot), FLAT, shift_px)
    places = np.array([((moved[..., c] * x).sum(), (moved[..., c] * y).sum()) for c in range(3)])
    places /= moved.sum(axis=(0, 1))[:, None]
    outwards = np.array([at[0] - FLAT.cx, at[1] - FLAT.cy]) * shift_px / np.hypot(161 - 70.25, 66)
    np.testing.assert_allclose(places - at, [outwards, [0, 0], -outwards], atol=0.04)
    np.testing.assert_allclose(places.mean(axis=0), at, atol=0.04)


def test_the_edge_of_the_image_is_continued_where_colors_shrink() -> None:
    light = colored(np.full((121, 161), 0.7))
    np.testing.assert_allclose(chromatic(light, FLAT, 5.0), light, rtol=1e-5)


@pytest.mark.parametrize("at", [20, 23])
def test_development_and_compression_leave_edges_in_place(at: int) -> None:
    image = (255 * edge(at, 0.2, 0.8)).astype(np.uint8)
    halo = sharpened(image, 1.0)
    assert halo.min() < image.min()
    assert halo.max() > image.max()
    for changed in (halo, denoised(image, 1.0), compressed(image, 60), compressed(image, 95)):
        row = changed[..., 1].mean(axis=0)
        before = int(np.flatnonzero(row > 127.5)[0]) - 1
        crossing_px = before + 0.5 + (127.5 - row[before]) / (row[before + 1] - row[before])
        assert crossing_px == pytest.approx(at, abs=0.05)
    assert sharpened(image, 0.0) is image
    assert (sharpened(np.full_like(image, 77), 1.0) == 77).all()


def test_denoising_removes_noise_and_leaves_the_mean() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    noisy = np.clip(rng.normal(120, 12, (96, 96, 3)), 0, 255).astype(np.uint8)
    deviations = [float(denoised(noisy, strength).std()) for strength in (0.0, 0.3, 0.6, 1.0)]
    assert deviations == sorted(deviations, reverse=True)
    assert deviations[-1] < 0.5 * deviations[0]
    assert denoised(noisy, 1.0).mean() == pytest.approx(noisy.mean(), abs=1)
    assert denoised(noisy, 0.0) is noisy


def test_lower_quality_is_farther_from_the_image() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    image = np.asarray(cv2.resize(rng.integers(0, 256, (8, 10, 3), np.uint8), (80, 64)), np.uint8)
    errors = [
        float(np.abs(compressed(image, quality).astype(int) - image).mean()) for quality in (100, 90, 60, 20)
    ]
    assert errors == sorted(errors)
    assert errors[0] < 3 < errors[-1]
    assert compressed(image, None) is image


def test_a_sensor_without_faults_changes_nothing_but_what_is_brighter_than_a_full_pixel() -> None:
    light = np.linspace(0, SATURATION, 30_000, dtype=np.float32).reshape(100, 100, 3)
    camera = replace(FLAT, width=100, height=100)
    assert np.array_equal(photographed(exposed(light, 1.0), camera, CLEAN), tone_map(light, 1.0))
    assert photographed(exposed(9 * light + 9, 1.0), camera, CLEAN).min() >= 252


def test_an_error_of_the_white_balance_tints_grey_and_not_highlights() -> None:
    off = replace(CLEAN, white_balance=(1.2, 1.0, 0.8), bayer="rggb")
    grey, white = (
        photographed(colored(constant(value, 16)), replace(FLAT, width=16, height=16), off)[8, 8].astype(int)
        for value in (0.3, SATURATION)
    )
    assert grey[0] > grey[1] + 10 > grey[2] + 20
    assert white.min() > 248


@pytest.mark.parametrize("changes", [{}, {"bayer": None}], ids=["bayer", "plain"])
def test_labels_are_the_same_and_outlines_are_as_noisy_as_the_rest(
    rig: Callable[..., Rig], changes: dict[str, Any]
) -> None:
    """Edges are smoothed before there is noise: otherwise clean outlines would show where objects are."""
    made = rig(catalogue_of({"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48)}), Relit())
    scene = still(made.body("box", (0, 0, 0.075)), made.body("ball", (0.16, -0.08, 0.06)), floor=GREY)
    shots = [replace(shot(VIEW), sensor=replace(NOISY, noise_seed=seed, **changes)) for seed in (1, 2, 1)]
    plain, (one, other, again) = made.shoot(scene, shot(VIEW)), (made.shoot(scene, each) for each in shots)
    assert one.bytes() == again.bytes()
    for picture in (one, other):
        assert picture.sample.ids.tobytes() == plain.sample.ids.tobytes()
        assert picture.sample.amodal.tobytes() == plain.sample.amodal.tobytes()
        assert picture.frame.depth_m.tobytes() == plain.frame.depth_m.tobytes()
    noise = one.frame.image.astype(int) - other.frame.image
    ids = plain.sample.ids
    outline = cv2.morphologyEx(ids, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near = (cv2.dilate(outline.view(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~outline
    assert noise[outline].std() > 0.8 * noise[near].std() > 3


def test_shots_recorded_before_there_were_sensors_are_read_and_written_as_before() -> None:
    adapter = TypeAdapter(Shot)
    assert b"sensor" not in adapter.dump_json(shot(VIEW))
    assert adapter.validate_json(adapter.dump_json(shot(VIEW))) == shot(VIEW)
    noisy = replace(shot(VIEW), sensor=replace(NOISY, noise_seed=2**53 - 1, jpeg_quality=70))
    assert adapter.validate_json(adapter.dump_json(noisy)) == noisy
