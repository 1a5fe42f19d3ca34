"""YAML files of the user in --config-dir come before the built-in ones of the same name."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sim2coco.cli.config import choice_files, settings_of
from sim2coco.cli.groups import GROUPS
from tests.commandline import TINY, Command

BOX = "categories: {only: {shape: box, size_m: 0.1}}\n"
CHOICES = {group: list(choice_files(group)) for group in GROUPS}
PLUGIN = '''
from typing import Literal
from scenes.kinds.drop import Drop

class Tray(Drop):
    """Objects fall on a tray."""

    kind: Literal["tray"] = "tray"
    edge_m: float = 0.2
    """Height of the edge, in metres."""
'''


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def composed(command: Command, *words: str) -> Any:
    outcome = command("generate", "--config-dir", "my", "out=x", "--cfg", "job", *words)
    assert (outcome.code, outcome.err) == (0, "")
    return yaml.safe_load(outcome.out)


@pytest.mark.parametrize("number", range(max(map(len, CHOICES.values()))))
def test_files_with_built_in_names_win(command: Command, here: Path, number: int) -> None:
    """The choice of that number of each group that has so many, all at once."""
    chosen = {group: names[number] for group, names in CHOICES.items() if number < len(names)}
    for group, name in chosen.items():
        write(here, f"my/{group}/{name}.yaml", f"mine: {group}\n")
    found = composed(command, *(f"{group}={name}" for group, name in chosen.items()))
    assert {group: found[group] for group in chosen} == {group: {"mine": group} for group in chosen}


def test_it_also_wins_as_the_default_and_in_a_sweep(command: Command, here: Path) -> None:
    write(here, "my/assets/everyday.yaml", BOX)
    assert composed(command)["assets"] == {"categories": {"only": {"shape": "box", "size_m": 0.1}}}
    words = ("num_images=1", "views=1", *TINY[1:], "--config-dir=my")
    assert command("generate", "-m", "out=data/${seed}", "seed=1,2", *words).code == 0
    for seed in (1, 2):
        run = yaml.safe_load((here / "data" / str(seed) / "run.json").read_text())
        assert list(run["recipe"]["assets"]["categories"]) == ["only"]
    assert command("preview", *words[2:]).code == 0


@pytest.mark.parametrize("entry", ["day", "day.yaml"])
def test_it_can_build_on_the_one_that_it_replaces(command: Command, here: Path, entry: str) -> None:
    write(here, "my/light/day.yaml", f"defaults: [{entry}, _self_]\nwarmth: 0.25\n")
    day = {**settings_of("light", "day"), "warmth": 0.25}
    assert composed(command, "--package", "light") == day
    write(here, "my/light/mine.yaml", "defaults: [day, _self_]\nambient: 0.125\n")
    assert composed(command, "light=mine", "--package", "light") == {**day, "ambient": 0.125}
    studio = composed(command, "light=studio", "--package", "light")  # built on day, which is now the user's
    assert studio["warmth"] == 0.25


def test_it_can_build_on_the_kind_of_a_plug_in(program: Command, here: Path) -> None:
    plugin = str(write(here, "tray.py", PLUGIN))
    write(here, "my/scene/tray.yaml", "defaults: [tray, _self_]\nedge_m: 0.5\n")
    found = composed(program, "--plugin", plugin, "scene=tray", "--package", "scene")
    assert (found["kind"], found["edge_m"]) == ("tray", 0.5)
    assert "num_objects" in found


def test_two_files_that_name_each_other_are_refused(command: Command, here: Path) -> None:
    write(here, "my/light/day.yaml", "defaults: [dusk, _self_]\n")
    write(here, "my/light/dusk.yaml", "defaults: [day, _self_]\n")
    outcome = command("generate", "--config-dir=my", "out=x", "--cfg", "job")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "sim2coco: the defaults list of an option refers back to the option itself\n"


def test_a_primary_configuration_is_named_or_refused(command: Command, here: Path) -> None:
    path = write(here, "my/config.yaml", "defaults: [config, _self_]\nseed: 5\n")
    outcome = command("generate", "--config-dir=my", "out=x", "--cfg", "job")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"sim2coco: {path.relative_to(here)}: config is the name of the built-in")
    assert "my/experiment/NAME.yaml" in outcome.err
    path.rename(here / "my" / "own.yaml")
    found = composed(command, "--config-name", "own")
    assert (found["seed"], found["scene"]["kind"]) == (5, "drop")


def test_files_of_a_search_path_are_read_in_the_same_way(command: Command, here: Path) -> None:
    write(here, "other/assets/names.yaml", "categories: {no: {shape: box, size_m: 0.1}}\n")
    path = f"hydra.searchpath=[file://{here}/other]"
    words = ("--trust-config", path, "assets=names", "--package", "assets")
    outcome = command("generate", "out=x", "--cfg", "job", *words)
    assert list(yaml.safe_load(outcome.out)["categories"]) == ["no"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"categories: {\xff: 1}\n", "is not UTF-8 text"),
        (b"just text\n", "must be a mapping"),
        (b"? [a, b]\n: 1\n", "line 1: a key must be a string"),
        (b"a: 1\n---\nb: 2\n", "line 2"),
        (
            b"\xef\xbb\xbfcategories:\n  a: {shape: box, size_m: 0.1}\n  a: {}\n",
            "line 3: found duplicate key a",
        ),
    ],
    ids=["not_utf8", "text", "list_as_key", "two_documents", "byte_order_mark"],
)
def test_a_file_that_cannot_be_used_is_named(command: Command, here: Path, content: bytes, told: str) -> None:
    write(here, "my/assets/mine.yaml", "").write_bytes(content)
    outcome = command("generate", "--config-dir=my", "assets=mine", "out=x", "num_images=1")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "my/assets/mine.yaml: " in outcome.err
    assert told in outcome.err
