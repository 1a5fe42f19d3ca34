"""Sweeps make one data set for each job and no other files; the working directory changes nothing."""

from pathlib import Path

from tests.commandline import TINY, Command, tree


def test_two_by_two_makes_four_data_sets(command: Command, here: Path, tmp_path: Path) -> None:
    outcome = command(
        "generate",
        "num_images=2",
        "scene.num_objects=1,2",
        "light=day,dusk",
        f"out={tmp_path}/sweep/${{hydra.job.num}}",
        *TINY,
        "-m",
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "sweep").iterdir()) == ["0", "1", "2", "3"]
    for number in range(4):
        assert command("check", f"{tmp_path}/sweep/{number}").code == 0
    assert len({(path / "config.yaml").read_bytes() for path in (tmp_path / "sweep").iterdir()}) == 4
    assert list(here.iterdir()) == []


def test_a_wrong_job_does_not_stop_the_others(command: Command, here: Path) -> None:
    assert command("generate", "seed=7", "num_images=1", "out=d/2", *TINY).code == 0
    outcome = command("generate", "-m", "seed=1,2,3", "num_images=1", "out='d/${seed}'", *TINY)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "seed: 7 there, 2 here" in outcome.err
    assert [command("check", f"d/{seed}").code for seed in (1, 2, 3)] == [0, 0, 0]
    assert [path.name for path in here.iterdir()] == ["d"]


def test_a_wrong_value_in_a_later_job_is_told_before_the_first(command: Command, here: Path) -> None:
    outcome = command("generate", "-m", "seed=1,2,-1", "num_images=1", "out='d/${seed}'", *TINY)
    assert outcome.code == 2
    assert outcome.err == "sim2coco: seed: must be greater than or equal to 0 (got -1)\n"
    assert list(here.iterdir()) == []


def test_a_sweep_into_one_folder_is_refused(command: Command, here: Path) -> None:
    outcome = command("generate", "-m", "seed=1,2", "num_images=1", "out=data", *TINY)
    assert outcome.code == 2
    assert outcome.err.startswith("sim2coco: out: two jobs of the sweep write to data; write out=")
    assert list(here.iterdir()) == []


def test_engine_and_order_of_words_change_nothing(program: Command, command: Command, here: Path) -> None:
    begin = ("num_images=4", "views=2", *TINY, "experiment=none")
    assert command("generate", "out=data/inline", *begin).code == 0
    local = program("generate", *begin, "engine=local", "workers=2", "out=data/local")
    assert (local.code, local.err) == (0, "")
    assert local.out.splitlines()[0] == "data/local: 4 images, 2 workers"
    assert tree(here / "data" / "local") == tree(here / "data" / "inline")
    assert [path.name for path in here.iterdir()] == ["data"]
