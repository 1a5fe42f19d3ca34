"""Runs every command of examples/README.md with tiny images."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.plugins import load_plugin
from sim2coco.records import from_bytes

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
README = (EXAMPLES / "README.md").read_text()
TINY = "image.width=64 image.height=48 quality=none engine=inline"


def commands(heading: str) -> list[str]:
    """Command lines below a heading, with continuation lines joined."""
    text = README.partition(f"## {heading}\n")[2].partition("\n## ")[0].replace("\\\n", " ")
    found = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert found, heading
    return found


def run(command: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Rewrites the paths of a command for a working directory outside the repository."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **changes}
    line = re.sub(r"\bexamples/", f"{EXAMPLES}/", command)
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def output(command: str, folder: Path) -> str:
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def labels(folder: Path, split: str = "train") -> set[str]:
    """Names of the categories that have labels in a data set."""
    coco = json.loads((folder / "annotations" / f"instances_{split}.json").read_text())
    names = {category["id"]: category["name"] for category in coco["categories"]}
    return {names[label["category_id"]] for label in coco["annotations"]}


def test_all_examples_are_told_and_run() -> None:
    headings = re.findall(r"^## (.*)", README, re.MULTILINE)
    told = "\n".join(line for heading in headings for line in commands(heading))
    for path in EXAMPLES.rglob("*"):
        if path.suffix in (".py", ".sh"):
            assert f"examples/{path.relative_to(EXAMPLES)}" in told
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (EXAMPLES / target.partition("#")[0]).is_file(), target


def test_own_meshes(tmp_path: Path) -> None:
    write, generate, show = commands("Your own meshes")
    output(write, tmp_path)
    output(f"{generate} {TINY} num_images=3", tmp_path)
    output(show, tmp_path)
    assert labels(tmp_path / "data" / "own_meshes") == {"washer", "knob", "bar"}
    assert (tmp_path / "own_meshes.png").stat().st_size > 0


@pytest.mark.slow
def test_sweep(tmp_path: Path) -> None:
    (sweep,) = commands("A sweep")
    told = output(f"{sweep} {TINY} num_images=1 views=1 assets=shapes", tmp_path)
    assert told.count("no faults\n") == 4
    made = {path.name for path in (tmp_path / "data" / "sweep").iterdir() if path.is_dir()}
    assert made == {f"{number}_objects_{light}" for number in (3, 8) for light in ("day", "dusk")}


def test_library(tmp_path: Path) -> None:
    (library,) = commands("The library, without Hydra")
    found = re.search(r"(\d+) of (\d+) masks are the same", output(library, tmp_path))
    assert found is not None
    assert 0 < int(found[1]) == int(found[2])


def test_training_without_torch_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError\n")
    path = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    done = run(commands("Training from the COCO file")[-1], tmp_path, PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (1, "this example needs PyTorch: pip install torch\n")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_training(tmp_path: Path) -> None:
    generate, train = commands("Training from the COCO file")
    output(f"{generate} {TINY} num_images=10", tmp_path)
    told = output(train, tmp_path)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", told)]
    assert len(losses) == 6
    assert losses[-1] < losses[0] / 2
    assert re.search(r"IoU on \d+ images not trained on: [01]\.\d\d\n", told)


def test_a_plug_in(tmp_path: Path) -> None:
    (generate,) = commands("A plug-in")
    output(f"{generate} {TINY} num_images=2 assets=shapes", tmp_path)
    assert (tmp_path / "data" / "table" / "boxes.csv").is_file()


@pytest.mark.usefixtures("_forgotten_plugins")
def test_a_scene_of_your_own(tmp_path: Path) -> None:
    (command,) = commands("A scene of your own")
    assert "--plugin examples/own_scene.py scene=block" in command
    path = EXAMPLES / "own_scene.py"
    assert len(path.read_text().splitlines()) < 40
    load_plugin(path)
    recipe = Recipe.parse(
        {
            "scene": {"kind": "block", "height": [1, 2], "num_objects": 6, "empty_share": 0},
            "assets": {"categories": {"nut": {"shape": "nut", "size_m": 0.06}}},
            "image": {"width": 64, "height": 48},
            "quality": {"checks": {}},
        }
    )
    generate(recipe, tmp_path / "data", 2)
    assert check(tmp_path / "data").faults == ()
    record = from_bytes((tmp_path / "data" / "records" / "000" / "000000.json").read_bytes())
    assert record.settled is not None
    *nuts, block = record.settled.spec.bodies
    assert (block.role, len(nuts)) == ("furniture", 6)
    assert 0.06 < block.axes[2] < 0.12
    assert any(nut.pose.position_m[2] > block.axes[2] for nut in nuts)
