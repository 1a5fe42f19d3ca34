"""The programs that test the judge, and compare data sets by it: what they make, and what they print."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from sim2coco.cli.config import RunOptions
from sim2coco.datasets.reading import open_dataset
from sim2coco.messages import build
from sim2coco.recipe import Recipe
from tests.validate.drawn import write

pytest.importorskip("torch", reason="PyTorch is not installed: make torch")

from benchmarks.experiments import IMAGES, QUESTIONS, Row, rows, table
from benchmarks.judging import shuffled
from benchmarks.made import COMMON


def _recipe(settings: list[str]) -> str:
    tree = OmegaConf.to_container(compose("config", ["out=data", *settings]), resolve=True)
    assert isinstance(tree, dict)
    own = {str(key): value for key, value in tree.items() if key not in RunOptions.model_fields}
    recipe: Recipe = build(Recipe, own)
    return recipe.model_dump_json()


@pytest.mark.slow
def test_all_data_sets_of_a_question_can_be_made_and_differ() -> None:
    with initialize_config_module("conf", version_base="1.3"):
        for question, cells in QUESTIONS.items():
            recipes = set()
            for cell in cells.values():
                settings = [part.replace("PHOTOS", "/tmp").replace("SEED", "2") for part in cell.settings]
                own = _recipe([*COMMON[:2], COMMON[3], *settings])
                recipes.add((own, cell.images, cell.negatives, cell.then))
            assert len(recipes) == len(cells) >= 2, question


def test_shuffled_labels_are_those_of_another_image(tmp_path: Path) -> None:
    root = write(tmp_path / "a", "train", 7, 1)
    before = [image.labels for image in open_dataset(root).images()]
    after = [image.labels for image in open_dataset(shuffled(root, tmp_path / "b")).images()]
    assert sorted(map(repr, before)) == sorted(map(repr, after))
    assert all(one != two for one, two in zip(before, after, strict=True))


def test_the_table_has_the_trainings_that_are_there(tmp_path: Path) -> None:
    assert table(rows(tmp_path))[2:] == []
    for name, seed, ap in (("1", 0, 0.25), ("1", 1, 0.75), ("9", 0, 0.5)):
        content = {"question": "views of a scene", "name": name, "ap": ap, "ap50": ap, "images": IMAGES}
        (tmp_path / f"views--{name}--{seed}.json").write_text(json.dumps(content | {"cpu_s": 30.4}))
    assert rows(tmp_path)[0] == Row("views of a scene", "1", IMAGES, 30.4, (0.25, 0.75), (0.25, 0.75))
    assert table(rows(tmp_path))[2:] == [
        f"| views of a scene | 1 | {IMAGES} | 30 | 2 | 0.500 ± 0.354 | 0.500 ± 0.354 |",
        f"| views of a scene | 9 | {IMAGES} | 30 | 1 | 0.500 | 0.500 |",
    ]
