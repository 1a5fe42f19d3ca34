"""Sweeps make one data set for each job and no other files; the working directory changes nothing."""

import csv
import json
import subprocess
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sim2coco.sweeps.plot import as_svg
from sim2coco.sweeps.row import Row, Spread, SweepJob
from sim2coco.sweeps.scores import score_of
from sim2coco.sweeps.settings import Score
from sim2coco.sweeps.table import titles
from tests.commandline import BOX, PROGRAM, Command, tree

SUMMARY = ["sweep.csv", "sweep.md", "sweep.svg"]


def test_two_by_two_makes_four_data_sets(command: Command, here: Path, tmp_path: Path) -> None:
    outcome = command(
        "generate",
        "num_images=2",
        "scene.num_objects=1,2",
        "light=day,dusk",
        f"out={tmp_path}/sweep/${{hydra.job.num}}",
        *BOX,
        "-m",
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "sweep").iterdir()) == ["0", "1", "2", "3", *SUMMARY]
    for number in range(4):
        assert command("check", f"{tmp_path}/sweep/{number}").code == 0
    assert len({(tmp_path / f"sweep/{number}/config.yaml").read_bytes() for number in range(4)}) == 4
    assert list(here.iterdir()) == []
    with (tmp_path / "sweep/sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    swept = [(row["job"], row["scene.num_objects"], row["light"]) for row in rows]
    assert swept == [("0", "1", "day"), ("1", "1", "dusk"), ("2", "2", "day"), ("3", "2", "dusk")]
    for number, row in enumerate(rows):
        coco = json.loads((tmp_path / f"sweep/{number}/annotations/instances_train.json").read_bytes())
        counts = np.bincount([label["image_id"] for label in coco["annotations"]], minlength=3)[1:]
        sides = [label["area"] ** 0.5 for label in coco["annotations"]]
        fractions = [label["attributes"]["visible_fraction"] for label in coco["annotations"]]
        assert (row["state"], row["images"], row["failed scenes"]) == ("finished", "2", "0")
        for name, values in (("objects per image", counts), ("object size in px", sides)):
            assert float(row[f"{name}, median"]) == pytest.approx(np.median(values), abs=1e-4)
        assert float(row["visible fraction, 10 %"]) == pytest.approx(np.quantile(fractions, 0.1), abs=1e-4)
    assert (tmp_path / "sweep/sweep.md").read_text().count("\n") == 6
    drawn = ElementTree.parse(tmp_path / "sweep/sweep.svg").getroot()
    assert [text.text for text in drawn if text.text and "light=" in text.text] == [
        f"scene.num_objects={number}, light={light}" for number in (1, 2) for light in ("day", "dusk")
    ]


def test_a_killed_sweep_goes_on_where_it_was(program: Command, command: Command, here: Path) -> None:
    sweep = ("-m", "num_images=3", "views=1", "scene.num_objects=1", "seed=1,2,3", *BOX)
    assert command("generate", *sweep, "out='whole/${seed}'").code == 0
    arguments = [str(PROGRAM), "generate", *sweep, "out='killed/${seed}'"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        record = here / "killed/2/records/000/000000.json"
        while not record.exists() and running.poll() is None:
            time.sleep(0.005)
        running.kill()
    assert record.exists()
    assert not (here / "killed/2/annotations").exists()
    assert not (here / "killed/3").exists()
    kept = record.stat().st_mtime_ns
    assert command("generate", *sweep, "out='killed/${seed}'").code == 0
    assert record.stat().st_mtime_ns == kept
    for seed in (1, 2, 3):
        assert tree(here / f"killed/{seed}") == tree(here / f"whole/{seed}")


@pytest.mark.slow
def test_a_launcher_makes_the_same_data_sets(program: Command, command: Command, here: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs the extra sweep")
    sweep = ("-m", "num_images=1", "light=day,dusk", "scene.num_objects=1", *BOX)
    parallel = program("generate", *sweep, "out='parallel/${hydra.job.num}'", "hydra/launcher=joblib")
    assert (parallel.code, parallel.err) == (0, "")
    assert command("generate", *sweep, "out='alone/${hydra.job.num}'").code == 0
    for number in range(2):
        assert tree(here / f"parallel/{number}") == tree(here / f"alone/{number}")
    assert sorted(path.name for path in (here / "parallel").iterdir()) == ["0", "1", *SUMMARY]


def test_a_wrong_job_does_not_stop_the_others(command: Command, here: Path) -> None:
    assert command("generate", "seed=7", "num_images=1", "out=d/2", *BOX).code == 0
    outcome = command("generate", "-m", "seed=1,2,3", "num_images=1", "out='d/${seed}'", *BOX)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "seed: 7 there, 2 here" in outcome.err
    assert [command("check", f"d/{seed}").code for seed in (1, 2, 3)] == [0, 0, 0]
    assert [path.name for path in here.iterdir()] == ["d"]


def test_a_wrong_value_in_a_later_job_is_told_before_the_first(command: Command, here: Path) -> None:
    outcome = command("generate", "-m", "seed=1,2,-1", "num_images=1", "out='d/${seed}'", *BOX)
    assert outcome.code == 2
    assert outcome.err == "sim2coco: seed: must be greater than or equal to 0 (got -1)\n"
    assert list(here.iterdir()) == []


def test_a_sweep_into_one_folder_is_refused(command: Command, here: Path) -> None:
    outcome = command("generate", "-m", "seed=1,2", "num_images=1", "out=data", *BOX)
    assert outcome.code == 2
    assert outcome.err.startswith("sim2coco: out: two jobs of the sweep write to data; write out=")
    assert list(here.iterdir()) == []


@pytest.mark.slow
def test_engine_and_order_of_words_change_nothing(program: Command, command: Command, here: Path) -> None:
    begin = ("num_images=4", "views=2", *BOX, "experiment=none")
    assert command("generate", "out=data/inline", *begin).code == 0
    local = program("generate", *begin, "engine=local", "workers=2", "out=data/local")
    assert (local.code, local.err) == (0, "")
    assert local.out.splitlines()[0] == "data/local: 4 images, 2 workers"
    assert tree(here / "data" / "local") == tree(here / "data" / "inline")
    assert [path.name for path in here.iterdir()] == ["data"]


@pytest.mark.slow
def test_optuna_looks_for_the_best_score(program: Command, command: Command, here: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="needs the extra sweep")
    reference = ("num_images=2", "seed=9", "scene.num_objects=2", "views=1", *BOX)
    assert command("generate", "out=reference", *reference).code == 0
    search = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.sampler.seed=1")
    score = ("score.by=likeness", "score.reference=reference", "hydra.sweeper.direction=maximize")
    found = program(
        "generate",
        "-m",
        "scene.num_objects=choice(1,3)",
        *reference[:2],
        *BOX,
        *search,
        *score,
        "out='d/${hydra.job.num}'",
    )
    assert found.code == 0, found.err  # Optuna writes to standard error too
    with (here / "d/sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["job"] for row in rows] == ["0", "1"]
    for row in rows:
        expected = score_of(
            Score(by="likeness", reference="reference"), SweepJob(0, (), here / "d" / row["out"])
        )
        assert expected is not None and expected < 0
        assert float(row["score"]) == pytest.approx(expected, abs=1e-4)


def test_a_data_set_is_like_itself(command: Command, here: Path) -> None:
    assert command("generate", "out=data", "num_images=2", *BOX).code == 0
    job = SweepJob(0, (), here / "data")
    assert score_of(Score(by="likeness", reference="data"), job) == 0
    assert score_of(Score(by="coverage", reference="data"), job) == 1
    assert score_of(Score(by="accepted"), job) == pytest.approx(1, abs=0.5)


def test_long_settings_are_named_by_the_last_words_of_their_keys() -> None:
    none = Spread.of([])

    def row(number: int, score: float, *overrides: str) -> Row:
        job = SweepJob(number, overrides, Path(f"d/{number}"))
        return Row(job, "finished", 1, Counter(), 1.0, 0, none, none, none, 1.0, score)

    rows = [row(number, number / 2, f"camera.fill={number}", f"scene.spread={number}") for number in (1, 2)]
    assert titles(rows, 48) == [f"camera.fill={number}, scene.spread={number}" for number in (1, 2)]
    assert titles(rows, 20) == [f"fill={number}, spread={number}" for number in (1, 2)]
    drawn = ElementTree.fromstring(as_svg(rows))
    bold = [text.text for text in drawn.iter() if text.get("class") == "title" and "=" in str(text.text)]
    assert bold == ["camera.fill=2, scene.spread=2"]
    same = [row(number, 1.0, f"camera.fill={number}", f"bin.fill={number}") for number in (1, 2)]
    assert titles(same, 5) == [f"camera.fill={number}, bin.fill={number}" for number in (1, 2)]


def test_a_score_without_a_reference_is_refused(command: Command, here: Path) -> None:
    outcome = command("generate", "-m", "seed=1,2", "out='d/${seed}'", *BOX, "score.by=coverage")
    assert outcome.code == 2
    assert "score.reference: score.by=coverage needs a reference" in outcome.err
    assert list(here.iterdir()) == []


def test_a_score_that_cannot_be_computed_hides_nothing(command: Command, here: Path) -> None:
    assert command("generate", "out=reference", "num_images=1", "scene.empty_share=0", *BOX).code == 0
    sweep = ("-m", "num_images=1", "seed=1,2", "out='d/${seed}'", *BOX, "score.by=coverage")
    (image,) = (here / "reference/images").rglob("*.jpg")
    image.write_bytes(b"no image")
    outcome = command("generate", *sweep, "score.reference=reference")
    assert outcome.code == 2
    assert outcome.err.count(image.name) == 2
    with (here / "d/sweep.csv").open() as file:
        assert [(row["state"], row["score"]) for row in csv.DictReader(file)] == [("finished", "")] * 2
    assert (
        command("generate", "out=empty", "num_images=1", "scene.num_objects=0", *BOX, "quality=none").code
        == 0
    )
    outcome = command("generate", *sweep, "score.reference=empty")
    assert outcome.code == 2
    assert set(outcome.err.splitlines()) == {"sim2coco: score.reference: empty has no labels"}
