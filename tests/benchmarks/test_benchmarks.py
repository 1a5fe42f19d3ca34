"""The benchmarks run and their figures add up; how large those are is not tested."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import export, memory
from benchmarks.clock import Failed, Mark, Run, watch
from benchmarks.stages import OTHER, STAGES, measured
from benchmarks.workload import HAND_WRITTEN, HAND_WRITTEN_EGL, plain_scenes, recipe
from sim2coco.recipe import Recipe

SMALL = {"width": 96, "height": 72}
DOMINO = {"categories": {"domino": {"path": "pybullet_data:domino/domino.obj", "size_m": 0.07}}}


@pytest.fixture(scope="module")
def small() -> Recipe:
    return recipe(objects=3, views=2, augment="light", assets=DOMINO, image=SMALL, quality={})


def test_every_stage_is_measured(small: Recipe) -> None:
    kind = type(small.scene)
    before = kind.draw
    spent = measured(small, 10)
    assert kind.draw is before
    assert set(spent) == {*STAGES, OTHER}
    assert all(stage.wall_s > 0 for stage in spent.values())
    assert all(stage.native_s <= stage.wall_s for stage in spent.values())
    assert spent["settle"].native_s > 0


def test_ours_is_watched_with_its_workers(small: Recipe, tmp_path: Path) -> None:
    settings = tmp_path / "recipe.json"
    settings.write_text(small.model_dump_json())
    run = watch(
        [sys.executable, "-m", "benchmarks.ours", str(settings), str(tmp_path / "data"), "12", "1"], 1
    )
    assert run.images == 12
    assert run.peak_kib > 50_000
    assert 50_000 < run.marks[0].child_kib < 2_000_000
    assert 0 < run.wall_ms < 1000 * run.whole_s
    assert run.cpu_ms > 0


@pytest.mark.parametrize("render", ["tiny", "egl"])
def test_the_hand_written_scripts_make_the_same_scenes(small: Recipe, tmp_path: Path, render: str) -> None:
    scenes = plain_scenes(small, 4)
    (tmp_path / "scenes.json").write_text(json.dumps(scenes))
    path = {"tiny": HAND_WRITTEN, "egl": HAND_WRITTEN_EGL}[render]
    script = [str(path), str(tmp_path / "scenes.json"), str(tmp_path / "data"), "2"]
    run = watch([sys.executable, *script], workers=2)
    coco = json.loads((tmp_path / "data" / "instances.json").read_text())
    assert [len(scene["bodies"]) for scene in scenes] == [3, 3, 3, 3]
    assert run.images == len(coco["images"]) == 8
    assert len(list((tmp_path / "data" / "images").iterdir())) == 8
    # They settle without our care, so some may have moved out of view.
    assert 12 <= len(coco["annotations"]) <= 24


def test_rates_are_marginal_and_leave_out_what_ends_a_run() -> None:
    start_s, end_s, image_s = 3.0, 2.0, 0.5
    scenes = [Mark(5 * n, start_s + 5 * n * image_s, 5 * n * image_s, 100) for n in range(1, 11)]
    ended = Mark(50, scenes[-1].wall_s + end_s, scenes[-1].cpu_s + end_s, 0)
    run = Run((*scenes, ended), workers=2, peak_kib=0)
    assert (run.wall_ms, run.cpu_ms) == pytest.approx((500, 500))
    assert (run.images, run.whole_s) == (50, start_s + 25 + end_s)


def test_the_slope_of_a_leak_is_found() -> None:
    marks = [Mark(n, n / 10, n / 10, 200_000 + 51 * n) for n in range(1, 201)]
    assert memory.slope(Run((*marks, marks[-1]), workers=1, peak_kib=0)) == pytest.approx(51_000 / 1024)


def test_the_export_of_many_annotations_is_measured() -> None:
    annotations, seconds, peak_kib = export.written(300)
    assert 300 <= annotations < 300 + 2 * export.OBJECTS
    assert 0 < seconds < 60
    assert peak_kib > 50_000


@pytest.mark.gpu
def test_images_a_second_on_a_gpu(
    egl: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Says how fast render=egl is where OpenGL has a GPU, beside the script that one writes by hand."""
    if "llvmpipe" in egl or "softpipe" in egl:
        pytest.skip(f"OpenGL draws on the processor here ({egl})")
    images, workers, scenes = 100, 2, tmp_path / "scenes.json"
    settings = recipe(render={"kind": "egl"})
    (tmp_path / "recipe.json").write_text(settings.model_dump_json())
    scenes.write_text(json.dumps(plain_scenes(settings, images // settings.views)))
    ours = ["-m", "benchmarks.ours", str(tmp_path / "recipe.json"), str(tmp_path / "ours"), str(images)]
    theirs = [str(HAND_WRITTEN_EGL), str(scenes), str(tmp_path / "theirs")]
    for name, arguments in (("sim2coco render=egl", ours), ("hand-written, EGL", theirs)):
        run = watch([sys.executable, *arguments, str(workers)], workers)
        assert run.images >= images
        told = f"{name}, {workers} processes on {egl}: {1000 / run.wall_ms:.1f} images/s"
        record_property(name, told)
        sys.stdout.write(f"{told}\n")


def test_a_program_that_ends_badly_is_told() -> None:
    with pytest.raises(Failed, match="exit code 1: RuntimeError: no more"):
        watch([sys.executable, "-c", "print('5 images'); raise RuntimeError('no more')"], 1)
