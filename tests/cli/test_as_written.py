"""Words that look like numbers, booleans or null stay texts where a text is wanted, in YAML and overrides."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenes.settings import Range, Settings
from sim2coco.cli.config import RunOptions
from sim2coco.cli.scalars import parsed
from sim2coco.keys import takes_text
from sim2coco.recipe import Recipe
from tests.commandline import BOX as ONE_BOX
from tests.commandline import TINY, Command, Outcome

ONE = ("num_images=1", "views=1", "quality=none", "augment=none")
LOOK_ALIKES = ("no", "yes", "on", "off", "true", "null", "1_0", "1e3", "2024-11-28", "007", "0x10", "1.50")
BOX = "{shape: box, size_m: 0.1}"


def recipe(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text())["recipe"]


def made(outcome: Outcome) -> None:
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize(
    "name", ["2024_11_28", "1e5", "0x10", "on", "True", "1.50", "007", "1_0", ".5", "-0"]
)
def test_the_folder_has_the_name_that_was_written(command: Command, here: Path, name: str) -> None:
    leads_to(command, here, name)


def leads_to(command: Command, here: Path, name: str) -> None:
    """The folder with the name is found to be in use; another one would be made."""
    (here / name).mkdir()
    (here / name / "mine.txt").write_text("mine")
    refused = command("generate", f"out={name}", *ONE, *ONE_BOX)
    assert (refused.code, refused.out) == (2, "")
    assert f"{name} contains other files (mine.txt)" in refused.err
    assert [path.name for path in here.iterdir()] == [name]


def test_a_sweep_keeps_the_names(command: Command, here: Path) -> None:
    made(command("generate", "-m", "out=1_0,2.50", *ONE, *ONE_BOX))
    assert sorted(path.name for path in here.iterdir() if path.is_dir()) == ["1_0", "2.50"]


@pytest.mark.parametrize("name", ["2024_11_28", "no", "1e5", "2024-11-28"])
def test_a_name_in_a_file_is_a_name(command: Command, here: Path, name: str) -> None:
    (here / "my" / "experiment").mkdir(parents=True)
    (here / "my" / "experiment" / "e.yaml").write_text(f"# @package _global_\nout: {name}\nviews: 0x1\n")
    made(command("generate", "--config-dir=my", "experiment=e", *ONE[:1], *ONE[2:], *ONE_BOX))
    assert sorted(path.name for path in here.iterdir()) == sorted([name, "my"])
    assert recipe(here / name)["views"] == 1


def test_names_of_categories_in_a_file_are_read_as_written(command: Command, here: Path) -> None:
    (here / "my" / "assets").mkdir(parents=True)
    rows = [f"  {name}: {BOX}" for name in (*LOOK_ALIKES, "~")]
    (here / "my" / "assets" / "names.yaml").write_text("\n".join(["categories:", *rows]))
    made(command("generate", "--config-dir=my", "assets=names", "out=data", *ONE, *TINY[1:]))
    assert list(recipe(here / "data")["assets"]["categories"]) == [*LOOK_ALIKES, "~"]
    coco = json.loads((here / "data" / "annotations" / "instances_train.json").read_text())
    assert [category["name"] for category in coco["categories"]] == [*LOOK_ALIKES, "~"]


def test_names_of_categories_in_overrides_are_read_as_written(command: Command, here: Path) -> None:
    inside = ", ".join(f"{name}: {BOX}" for name in LOOK_ALIKES)
    made(command("generate", f"+assets.categories={{{inside}}}", "out=data", *ONE, *TINY))
    assert list(recipe(here / "data")["assets"]["categories"])[12:] == list(LOOK_ALIKES)


def test_names_in_any_script_in_overrides(command: Command, here: Path) -> None:
    (here / "データ.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    )
    words = [
        "+assets.categories={鸭子: {path: データ.obj, size_m: 0.1}, утка: {path: 'データ.obj', size_m: 0.1}}",
        f"+assets.categories.χήνα={BOX}",
        "+assets.categories.gås.shape=box",
        "+assets.categories.gås.size_m=0.1",
    ]
    made(command("generate", *words, "out=a", *ONE, *TINY))
    assert list(recipe(here / "a")["assets"]["categories"])[12:] == ["鸭子", "утка", "χήνα", "gås"]
    made(command("generate", "-m", "out=день,夜", *ONE, *ONE_BOX))
    assert sorted(path.name for path in here.iterdir() if path.is_dir()) == ["a", "день", "夜"]


def test_names_of_splits_and_files_are_read_as_written(command: Command, here: Path) -> None:
    (here / "my" / "assets").mkdir(parents=True)
    (here / "my" / "assets" / "1e3.yaml").write_text(f"categories:\n  a: {BOX[:-1]}, supercategory: off}}\n")
    made(
        command(
            *("generate", "--config-dir=my", "assets=1e3", "split={no: .50, on: 5e-1}", "out=data"),
            *ONE,
            *TINY[1:],
        )
    )
    assert recipe(here / "data")["split"] == {"no": 0.5, "on": 0.5}
    assert recipe(here / "data")["assets"]["categories"]["a"]["supercategory"] == "off"


def test_a_key_that_is_written_twice_is_refused(command: Command, here: Path) -> None:
    (here / "my" / "assets").mkdir(parents=True)
    file = here / "my" / "assets" / "twice.yaml"
    file.write_text(f"categories:\n  no: {BOX}\n  'no': {BOX}\n")
    outcome = command("generate", "--config-dir=my", "assets=twice", "out=data", *ONE)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"sim2coco: {file}: line 3: found duplicate key no\n"


def test_numbers_are_numbers_in_every_notation(command: Command, here: Path) -> None:
    words = ("seed=1_0", "scene.num_objects=[2,0x3]", "camera.fov_deg=5e1", "light.environment.sun=off")
    blur = "augment.pixels={b: {name: GaussianBlur, p: .50, sigma_limit: [1e-1, 5E-1]}}"
    made(command("generate", "out=data", *ONE[:3], *ONE_BOX, *words, f"+{blur}"))
    found = recipe(here / "data")
    assert (found["seed"], found["scene"]["num_objects"], found["camera"]["fov_deg"]) == (
        10,
        [2, 3],
        [50, 50],
    )
    assert found["light"]["environment"]["sun"] is False
    assert found["augment"]["pixels"]["b"]["sigma_limit"] == [0.1, 0.5]


class Some(Settings):
    """Settings of several types."""

    name: str = ""
    maybe: str | None = None
    count: int = 0
    size: Range = (0.0, 1.0)
    on: bool = False
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"name": 5}, {"name": "5"}),
        ({"name": True}, {"name": "true"}),
        ({"name": "1e5"}, {"name": "1e5"}),
        ({"maybe": None}, {"maybe": None}),
        ({"maybe": 2.5}, {"maybe": "2.5"}),
        ({"count": "1_000"}, {"count": 1000}),
        ({"size": "5e-1"}, {"size": (0.5, 0.5)}),
        ({"size": [".5", 1]}, {"size": (0.5, 1.0)}),
        ({"on": "yes"}, {"on": True}),
        ({"names": ["a", 1, False]}, {"names": ("a", "1", "false")}),
    ],
)
def test_each_setting_gets_its_type(given: dict[str, Any], read: dict[str, Any]) -> None:
    assert parsed(Some, given).model_dump(include=set(read)) == read


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("assets.categories.gear.path", True),
        ("assets.categories.gear.size_m", False),
        ("assets.categories.gear", False),
        ("light.environment.path", True),
        ("light.environment.sun", False),
        ("path", False),
        ("out", True),
        ("seed", False),
    ],
)
def test_settings_that_take_texts_are_known_by_their_keys(key: str, text: bool) -> None:
    assert takes_text(key, Recipe, RunOptions) == text


SPECIAL = ("my [run]", "a=b", "run #3", "it's", 'say "no"', "a{b}", "データ", "(1)", "a;b&c", "x\\", "50%~")


@pytest.mark.parametrize("name", SPECIAL)
def test_a_text_with_special_characters_needs_no_quotes_of_its_own(
    command: Command, here: Path, name: str
) -> None:
    leads_to(command, here, name)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("out=a,b", "a,b"),
        ("out=[a]", "[a]"),
        ("out={a: 1}", "{a: 1}"),
        ("+assets.categories.g={path: m [1]/g.obj, size_m: 0.04}", "m [1]/g.obj"),
        ("+assets.categories.g={size_m: 0.04, path: a=b #1.obj}", "a=b #1.obj"),
    ],
)
def test_what_is_told_about_quotes_works(command: Command, here: Path, word: str, name: str) -> None:
    """The message holds the argument as it must be written; it is read by a shell and run."""
    if word.startswith("+"):
        file = here / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n")
    out = [] if word.startswith("out") else ["out=data"]
    refused = command("generate", word, *out, *ONE, *TINY)
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    told = [part.rstrip(";") for part in shlex.split(refused.err) if part.startswith(word[:4])]
    made(command("generate", told[-1], *out, *ONE, *TINY))
    if not out:
        assert (here / name / "run.json").is_file()
    else:
        assert recipe(here / "data")["assets"]["categories"]["g"]["path"] == Path(name).name


def test_yaml_of_a_result_is_read_as_it_was(command: Command, here: Path) -> None:
    """The names that YAML would take for something else are quoted in config.yaml, and replay reads them."""
    (here / "my" / "assets").mkdir(parents=True)
    (here / "my" / "assets" / "names.yaml").write_text(f"categories: {{no: {BOX}, 1e3: {BOX}}}\n")
    made(command("generate", "--config-dir=my", "assets=names", "out=data", *ONE, *TINY[1:]))
    tree = yaml.safe_load((here / "data" / "config.yaml").read_text())
    assert list(tree["assets"]["categories"]) == ["no", "1e3"]
    made(command("replay", "data", "s000000_v00"))
