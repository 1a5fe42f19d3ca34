"""Lens blur, motion blur and tone mapping of images, and that no label changes with them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from scenes.assets.shapes import SHAPES, box, sphere
from scenes.cameras.camera import Shell
from scenes.shot import Lens, Motion, Shot
from scenes.spec import Look
from sim.render.sensor.lens import circle_px, disc_kernel, lens_blur
from sim.render.sensor.motion import moved_camera, other_instants
from sim.render.sensor.tone import tone_map
from sim.render.settings import Relit
from sim2coco.recipe import Recipe
from tests.rig import GREY, LIGHT, Picture, Rig, aimed, camera_at, catalogue_of, shot, still

Floats = NDArray[np.float32]
VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
FLAT = camera_at((0, 0, 1), (0, 0, 0), 800, (320, 60))
ABOVE = replace(FLAT, pose=replace(FLAT.pose, quat_xyzw=(1.0, 0.0, 0.0, 0.0)))
NUT = {"assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.05}}}}
BOUNDS = ((0.1, 0.0, 0.05), 0.2)


def ready(rig: Callable[..., Rig], render: Relit | None = None) -> Rig:
    meshes = {"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48), "slab": box(0.3, 0.4, 0.02)}
    return rig(catalogue_of(meshes), render or Relit())


def group(made: Rig) -> Any:
    bodies = made.body("box", (0, 0, 0.075)), made.body("ball", (0.16, -0.08, 0.06))
    return still(*bodies, made.body("ball", (-0.2, 0.25, 0.06)), floor=GREY)


def labels(picture: Picture) -> list[bytes]:
    sample = picture.sample
    arrays = picture.frame.body, picture.frame.depth_m, sample.ids, sample.amodal, sample.depth_m
    return [*(array.tobytes() for array in arrays), repr(sample.instances).encode()]


def profile(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """The middle row, scaled to 0 at its left end and 1 at its right end."""
    row = light[len(light) // 2, :, 1]
    return np.asarray((row - row[0]) / (row[-1] - row[0]))


def disc_px(light: Floats) -> float:
    """Diameter of the disc that blurred an edge: the variance of a disc is d²/16, that of a pixel 1/12."""
    steps = np.diff(profile(light))
    places = np.arange(len(steps))
    middle = float(steps @ places)
    return float(4 * np.sqrt(max(steps @ (places - middle) ** 2 - 1 / 12, 0)))


def halves(left: float, right: float) -> Floats:
    """An image with one value (a colour or a depth) in its left half and another in its right half."""
    return np.repeat(np.where(np.arange(320) < 160, left, right)[None], 60, axis=0).astype(np.float32)


def colored(values: Floats) -> Floats:
    return np.ascontiguousarray(np.repeat(values[..., None], 3, axis=2))


@pytest.mark.parametrize("aperture_mm", [5.0, 15.0, 30.0])
@pytest.mark.parametrize(("focus_m", "at_m"), [(1.0, 2.0), (1.0, 0.7), (0.4, 0.5), (0.5, 1e6)])
def test_an_edge_out_of_focus_is_as_wide_as_the_circle_of_confusion(
    aperture_mm: float, focus_m: float, at_m: float
) -> None:
    pixel_mm = 0.005
    image_mm = FLAT.fx * pixel_mm  # distance behind the lens of the image of points in focus
    focal_mm = 1 / (1 / image_mm + 1 / (1000 * focus_m))
    circle_mm = aperture_mm * focal_mm / (1000 * focus_m - focal_mm) * abs(at_m - focus_m) / at_m
    depth_m = np.full((60, 320), at_m, np.float32)
    lens = Lens(aperture_mm / 1000, focus_m)
    expected_px = min(circle_mm / pixel_mm, 40)
    soft = lens_blur(lens, FLAT, colored(halves(0.1, 0.9)), depth_m)
    assert disc_px(soft) == pytest.approx(expected_px, rel=0.15, abs=0.5)
    np.testing.assert_allclose(soft.mean(), 0.5, atol=1e-3)


def test_a_disc_has_the_area_that_pixels_which_are_not_square_give_it() -> None:
    """At twice the depth in focus half of A·f: discs are round, so f is the mean that keeps their area."""
    oblong = replace(FLAT, fx=800.0, fy=200.0)
    found = circle_px(Lens(0.01, 1.0), oblong, np.array([[1.0, 2.0, 0.5]], np.float32))
    np.testing.assert_allclose(found, [[0, 2, -4]], atol=1e-5)


@pytest.mark.parametrize("aperture_mm", [10.0, 30.0, 50.0])
def test_a_blurred_patch_stays_where_it_is(aperture_mm: float) -> None:
    """Wide discs are spread on a smaller picture, which must not shift one of odd sides: 61 by 323 pixels."""
    rows, columns = np.indices((61, 323))
    patch = np.exp(-((rows - 30) ** 2 + (columns - 120) ** 2) / (2 * 3.0**2))
    depth_m = np.full((61, 323), 2.0, np.float32)
    soft = lens_blur(Lens(aperture_mm / 1000, 1.0), FLAT, colored(patch.astype(np.float32)), depth_m)[..., 1]
    middle = (soft * rows).sum() / soft.sum(), (soft * columns).sum() / soft.sum()
    np.testing.assert_allclose(middle, (30, 120), atol=0.15)
    assert soft.sum() == pytest.approx(patch.sum(), rel=0.03)


def test_in_focus_nothing_changes_next_to_a_blurred_distance() -> None:
    depth_m = halves(1.0, 3.0)
    rng = np.random.Generator(np.random.PCG64(3))
    picture = rng.random((60, 320, 3), np.float32)
    soft = lens_blur(Lens(0.02, 1.0), FLAT, picture, depth_m)
    assert np.array_equal(soft[:, :160], picture[:, :160])
    assert soft[:, 170:].std() < 0.3 * picture[:, 170:].std()


def test_sharp_foreground_does_not_bleed_into_the_background() -> None:
    picture = colored(halves(1.0, 0.0))
    soft = lens_blur(Lens(0.02, 1.0), FLAT, picture, halves(1.0, 3.0))
    np.testing.assert_allclose(soft, picture, atol=1e-6)


def test_blurred_foreground_spreads_over_the_sharp_background() -> None:
    soft = lens_blur(Lens(0.02, 3.0), FLAT, colored(halves(1.0, 0.0)), halves(1.0, 3.0))
    circle_px = 0.02 * 800 * (1 / 1.0 - 1 / 3.0)
    assert disc_px(soft) == pytest.approx(circle_px, rel=0.15)
    assert soft[30, 159:161, 1].mean() == pytest.approx(0.5, abs=0.02)
    assert (soft[:, 160 + 8 :] == 0).all()


def test_surface_that_extends_from_far_to_near_stays_opaque() -> None:
    picture, depth_m = np.zeros((60, 320, 3), np.float32), np.full((60, 320), 9.0, np.float32)
    picture[:, :20] = 1.0  # bright background
    depth_m[:, 20:] = np.linspace(4.0, 0.5, 300)
    soft = lens_blur(Lens(0.03, 1.0), FLAT, picture, depth_m)
    assert soft[:, 60:].max() < 1e-3


@pytest.mark.parametrize("width_px", [1.0, 1.5, 4.0, 8.9])
def test_disc_kernel_sums_to_one_and_has_its_width(width_px: float) -> None:
    kernel = disc_kernel(width_px)
    assert kernel.sum() == pytest.approx(1)
    # The variance of a disc along an axis is r²/4; that of a pixel, 1/12, is added.
    steps = np.arange(len(kernel)) - len(kernel) // 2
    spread = float((kernel.sum(axis=0) * steps**2).sum())
    assert spread == pytest.approx(width_px**2 / 16 + 1 / 12, abs=0.15)


@pytest.mark.parametrize(
    "changes",
    [
        {"lens": Lens(0.03, 0.9)},
        {"motion": Motion((0.01, 0.0, 0.0), (0.0, 0.004, 0.0), 5)},
        {"lens": Lens(0.03, 0.9), "motion": Motion((0.0, 0.01, 0.0), (0.004, 0.0, 0.0), 3)},
    ],
    ids=["lens", "motion", "both"],
)
def test_labels_are_those_of_the_sharp_picture(rig: Callable[..., Rig], changes: dict[str, Any]) -> None:
    made = ready(rig)
    settled, view = group(made), shot(VIEW)
    sharp, soft = made.shoot(settled, view), made.shoot(settled, replace(view, **changes))
    assert labels(sharp) == labels(soft)
    assert (sharp.frame.image != soft.frame.image).any(axis=-1).mean() > 0.005
    assert abs(float(sharp.frame.image.mean()) - float(soft.frame.image.mean())) < 3
    assert made.shoot(settled, view).bytes() == sharp.bytes()
    assert made.shoot(settled, replace(view, **changes)).bytes() == soft.bytes()


def smeared_px(image: NDArray[np.uint8]) -> int:
    """Number of pixels in the middle row that mix the values of both ends."""
    share = profile(image.astype(np.float32))
    return int(np.count_nonzero((share > 0.03) & (share < 0.97)))


@pytest.mark.parametrize("length_px", [3.0, 6.0, 12.0])
@pytest.mark.parametrize("turning", [False, True], ids=["shift", "turn"])
def test_a_bar_is_smeared_by_as_much_as_it_moves(
    rig: Callable[..., Rig], length_px: float, turning: bool
) -> None:
    made = ready(rig, Relit(smooth_edges=False))
    settled = still(made.body("slab", (-0.15, 0, 0), look=Look((0.9, 0.9, 0.9))))
    angle = length_px / ABOVE.fx
    shift, turn = ((0.0, 0.0, 0.0), (0.0, angle, 0.0)) if turning else ((0.99 * angle, 0.0, 0.0), (0.0,) * 3)
    motion = Motion(shift, turn, 1 + 2 * int(np.ceil((length_px - 1) / 2)))
    still_shot = shot(ABOVE, replace(LIGHT, diffuse=0.0, exposure_ev=-2.0))
    image = made.shoot(settled, replace(still_shot, motion=motion)).frame.image
    assert smeared_px(image) == pytest.approx(length_px, abs=1)
    assert smeared_px(made.shoot(settled, still_shot).frame.image) == 0


@pytest.mark.parametrize("view", range(8))
def test_objects_move_by_the_sampled_distance(view: int) -> None:
    camera, kind = VIEW, Shell(motion_px=(6.0, 6.0))
    motion = kind.motion(aimed(0, view), camera, BOUNDS)
    assert motion is not None
    assert motion.frames == 7
    ends = [moved_camera(camera, motion, share).project(np.array([BOUNDS[0]]))[0][0] for share in (-0.5, 0.5)]
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(6, rel=0.1)
    assert len(list(other_instants(camera, motion))) == 6
    found = moved_camera(camera, motion, 0.0)
    np.testing.assert_allclose(found.pose.rotation(), camera.pose.rotation(), atol=1e-12)
    assert found.pose.position_m == camera.pose.position_m


@pytest.mark.parametrize("frames", [3, 5, 7])
def test_instants_are_the_middles_of_equal_parts_of_the_time(frames: int) -> None:
    """So that as much is seen before the middle, where the labels are, as after it."""
    motion = Motion((0.14, 0.0, 0.0), (0.0, 0.0, 0.0), frames)
    right = VIEW.pose.rotation()[:, 0]
    shifts = [
        float((np.array(camera.pose.position_m) - VIEW.pose.position_m) @ right)
        for camera in other_instants(VIEW, motion)
    ]
    parts = 0.14 * ((np.arange(frames) + 0.5) / frames - 0.5)
    np.testing.assert_allclose(shifts, np.delete(parts, frames // 2), atol=1e-12)


def test_focus_lies_among_the_objects() -> None:
    _, depths = VIEW.project(np.array([BOUNDS[0]]))
    for view, share in ((0, 0.0), (1, 0.5), (2, 1.0)):
        lens = Shell(aperture_mm=(4, 8), focus=(share, share)).lens(aimed(0, view), VIEW, BOUNDS)
        assert lens is not None
        assert 0.004 <= lens.aperture_m <= 0.008
        assert lens.focus_m == pytest.approx(depths[0] + (2 * share - 1) * BOUNDS[1])
    inside = Shell(aperture_mm=(4, 8), focus=(0, 0)).lens(aimed(0, 0), VIEW, (BOUNDS[0], 9.0))
    assert inside is not None
    assert inside.focus_m > 0


def test_default_has_no_blur_and_consumes_as_many_random_numbers() -> None:
    first, second = aimed(0, 0), aimed(0, 0)
    off, on = Shell(), Shell(aperture_mm=(1, 2), motion_px=(1, 2))
    assert (off.lens(first, VIEW, BOUNDS), off.motion(first, VIEW, BOUNDS)) == (None, None)
    assert on.lens(second, VIEW, BOUNDS) is not None
    assert on.motion(second, VIEW, BOUNDS) is not None
    assert first.random() == second.random()


def test_shots_recorded_before_there_were_lenses_are_read() -> None:
    adapter = TypeAdapter(Shot)
    tree = adapter.dump_python(shot(VIEW))
    for name in ("lens", "motion"):
        del tree[name]
    assert adapter.validate_python(tree) == shot(VIEW)
    both = replace(shot(VIEW), lens=Lens(0.01, 1.0), motion=Motion((0.1, 0, 0), (0, 0, 0.2), 3))
    assert adapter.validate_json(adapter.dump_json(both)) == both


@pytest.mark.parametrize("name", ["aperture_mm", "motion_px"])
def test_render_tiny_refuses_what_it_would_ignore(name: str) -> None:
    tree = {**NUT, "render": {"kind": "tiny"}, "camera": {"kind": "shell", name: [0.0, 2.0]}}
    with pytest.raises(ValidationError, match=f"camera.{name}: render=tiny renders sharp images only"):
        Recipe.parse(tree)
    Recipe.parse({**tree, "render": {"kind": "relit"}})
    Recipe.parse({**tree, "camera": {"kind": "shell", name: 0.0}})


def test_brighter_light_never_gives_a_darker_picture() -> None:
    values = np.concatenate([np.linspace(0, 5, 100_000), np.geomspace(5, 1e30, 200), [np.inf]])
    light = values.astype(np.float32)
    for gain in (0.6, 1.0, 1.8):
        picture = tone_map(np.repeat(light[None, :, None], 3, axis=2), gain)[0].astype(int)
        assert (picture[:, 0] == picture[:, 2]).all()
        assert picture[0, 0] == 0
        assert picture[-1, 0] == 255
        steps = np.diff(picture[:, 0])
        assert (steps.min(), steps.max()) == (0, 1)
