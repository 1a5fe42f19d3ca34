"""The benchmarks run and their figures add up; how large those are is not tested."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from benchmarks import beside, cost_curve, end_to_end, export, memory, sizes, startup
from benchmarks.clock import Failed, Mark, Run, watch
from benchmarks.cost_curve import Grown
from benchmarks.ours import watched
from benchmarks.plots import Line, Panel, plot_file, save
from benchmarks.stages import OTHER, STAGES, measured
from benchmarks.startup import Cost
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
    run = watched(small, tmp_path / "data", 12)
    assert [mark.images for mark in run.marks] == [2, 4, 6, 8, 10, 12, 12]
    assert run.peak_kib >= run.marks[0].main_kib > 50_000
    assert 50_000 < run.marks[0].child_kib < 2_000_000
    assert sorted(mark.cpu_s for mark in run.marks) == [mark.cpu_s for mark in run.marks]
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


@pytest.mark.parametrize("drawn", ["ground", "bodies"])
def test_pybullet_alone_draws_the_same_scenes(small: Recipe, tmp_path: Path, drawn: str) -> None:
    scenes = tmp_path / "scenes.json"
    scenes.write_text(json.dumps(plain_scenes(small, 3)))
    run = watch([sys.executable, "-m", "benchmarks.bare", str(scenes), drawn], 1)
    assert [mark.images for mark in run.marks] == [2, 4, 6, 6]
    assert [path.name for path in tmp_path.iterdir()] == ["scenes.json"]


@pytest.mark.parametrize("place", ["commandline", pytest.param("library", marks=pytest.mark.slow)])
def test_workers_say_what_they_had_cost_when_they_began(small: Recipe, tmp_path: Path, place: str) -> None:
    (tmp_path / "recipe.json").write_text(small.model_dump_json())
    script = Path(startup.__file__).with_name("begun.py")
    command = [sys.executable, str(script), str(tmp_path / "recipe.json"), "2", place]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    assert 1 <= len(told["workers"]) <= 2  # one may make all scenes before the other has begun
    assert all(cpu_s > 0 and 0 < wall_s < 600 for cpu_s, wall_s in told["workers"])
    assert told["server_cpu_s"] > 0


def test_starts_are_compared_with_those_of_another_checkout() -> None:
    mine = {"help": [Cost(0.5, 0.6), Cost(0.4, 0.9), Cost(0.6, 0.5)]}
    other = {"help": [Cost(2.0, 2.0)]}
    assert "| help | 2.00 | 2.00 | 0.50 | 0.60 | 0.25 |\n" in startup.table([mine, other])
    assert startup.table([mine]) == "| | CPU s | wall s |\n|---|---|---|\n| help | 0.50 | 0.60 |\n"


def steady(images: int, image_s: float, start_s: float = 3.0, end_s: float = 2.0, workers: int = 1) -> Run:
    """A run of five images a scene that all take as long."""
    scenes = [
        Mark(n, start_s + n * image_s, n * image_s / 2, 200_000, 100_000) for n in range(5, images + 1, 5)
    ]
    ended = Mark(images, scenes[-1].wall_s + end_s, scenes[-1].cpu_s + end_s / 2, 0, 100_000)
    return Run((*scenes, ended), workers, peak_kib=0)


def test_rates_are_marginal_and_leave_out_what_ends_a_run() -> None:
    run = steady(50, 0.5, start_s=3, end_s=2, workers=2)
    assert (run.wall_ms, run.cpu_ms) == pytest.approx((500, 250))
    assert (run.images, run.whole_s) == (50, 3 + 25 + 2)


def test_what_is_said_again_is_no_mark() -> None:
    said = "0 images", "5 images", "5 images", "10 images", "10 images", "done 7"
    run = watch([sys.executable, "-c", f"print({', '.join(map(repr, said))}, sep='\\n')"], 1)
    assert [mark.images for mark in run.marks] == [5, 10, 10]
    assert run.peak_kib == 7


def test_everything_is_compared_with_the_script_and_with_pybullet_alone() -> None:
    each_s = {"ours": 0.2, end_to_end.HAND: 0.4, end_to_end.BODIES: 0.1}
    runs = {(name, 1): [steady(50, image_s)] * 3 for name, image_s in each_s.items()}
    runs |= {(name, 2): [steady(50, image_s / 2)] for name, image_s in each_s.items() if image_s > 0.1}
    told = end_to_end.run_table({key: done[:1] for key, done in runs.items()}, workers=2)
    assert "| ours | 1 | 5.0 | 3.3 | 200 | 100 | 0.50 | 0.50 | 2.00 |" in told
    assert f"| {end_to_end.BODIES} | 1 | 10.0 | 5.0 | 100 | 50 | 0.25 | 0.25 | 1.00 |" in told
    assert "ours: 2 processes are 2.00 × as fast as one" in told
    assert f"{end_to_end.BODIES}: 2" not in told


def test_workers_and_sizes_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--images 6 --views 1 --objects 2 --workers 1 --sizes 64x48 --rounds 1 --render tiny"
    sizes.main(words.split())
    told = capsys.readouterr().out
    assert "2 objects, 1 views a scene, render=tiny" in told
    assert "| images/s (CPU ms an image) | 1 worker |" in told
    assert "| 64×48 | " in told


def test_a_wrong_size_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        sizes.main(["--sizes", "64by48"])
    assert "'64by48' is no size like 640x480" in capsys.readouterr().err


def test_the_slope_of_a_leak_is_found() -> None:
    marks = [Mark(n, n / 10, n / 10, 200_000 + 51 * n, 0) for n in range(1, 201)]
    run = Run((*marks, marks[-1]), workers=1, peak_kib=0)
    assert memory.slope(run) == pytest.approx(51_000 / 1024)
    measured, trend = memory.panel({"tiny": run}).lines
    assert measured.name == "tiny: +49.8 MiB per 1,000 scenes"
    assert trend.points[-1] == pytest.approx(measured.points[-1])


def test_memory_is_measured_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "memory.png"
    memory.main(["--worker-only", "--scenes", "5", "--render", "tiny", "--plot", str(plot)])
    assert "a worker over 5 scenes of ten everyday objects, render=tiny" in capsys.readouterr().out
    picture = cv2.imread(str(plot))
    assert picture is not None
    assert picture.std() > 5


def test_a_cost_that_does_not_grow_is_flat_at_every_size() -> None:
    done = [
        Grown(steady(size, 0.01, end_s=1 + size / 100), steady(size + 100, 0.01, start_s=2 + size / 1000))
        for size in (100, 1000, 10_000)
    ]
    windows = cost_curve.marginal(done[-1].made)
    assert len(windows) == cost_curve.WINDOWS
    assert [cost.wall for _, cost in windows] == pytest.approx([10] * cost_curve.WINDOWS)
    assert cost_curve.growth(windows).endswith("1.00 (1.00) times that")
    rows = [row.split(" | ") for row in cost_curve.table(done).splitlines()[2:]]
    assert [row[0] for row in rows] == ["| 100", "| 1,000", "| 10,000"]
    assert [row[4] for row in rows] == ["–", "10.0 (5.0)", "10.0 (5.0)"]


def test_an_image_that_costs_more_and_more_is_seen() -> None:
    marks = tuple(Mark(n, n**2 / 1e4, n**2 / 1e4, 0, 0) for n in range(5, 1001, 5))
    windows = cost_curve.marginal(Run((*marks, marks[-1]), workers=1, peak_kib=0))
    assert windows[-1][1].wall > 5 * windows[len(windows) // 2][1].wall


@pytest.mark.slow
def test_a_growing_data_set_is_measured_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "cost.svg"
    cost_curve.main(["--sizes", "20", "--more", "5", "--plot", str(plot)])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| 20 |"))
    assert all(float(cell.split()[0]) > 0 for cell in row.strip("| ").split(" | ") if cell != "–")
    assert plot.read_text().count("<path") > 20


def test_the_same_numbers_give_the_same_drawing(tmp_path: Path) -> None:
    panel = Panel("", "images", "ms", [Line("one more", [(1, 2), (10, 3)], "C0o-")], log_x=True)
    for name in ("first.svg", "second.svg"):
        save([panel], tmp_path / name)
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


@pytest.mark.parametrize("word", ["memory.jpg", "memory", "nowhere/memory.svg"])
def test_a_drawing_that_cannot_be_written_is_told_first(word: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"must end in \.svg or \.png|no folder 'nowhere'"):
        plot_file(word)


def test_the_export_of_many_annotations_is_measured() -> None:
    annotations, seconds, peak_kib = export.written(300)
    assert 300 <= annotations < 300 + export.VIEWS * export.OBJECTS
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


def test_another_checkout_is_compared_round_by_round() -> None:
    lines = beside._lines("none", [[100, 1, 1, 1], [200, 1, 1, 1]], [[110, 1, 1, 1], [210, 1, 1, 1]])
    assert lines[0] == "| augment=none, CPU ms an image | 150.0 | 160.0 | 1.08 |"
    assert len(lines) == len(beside.KINDS)
