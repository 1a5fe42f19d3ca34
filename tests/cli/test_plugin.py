"""One file outside the project adds a scene, a check, a light and a format, and the program runs them."""

import csv
import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from sim2coco import plugins
from sim2coco.plugins import PREFIX, PluginError, load_plugin, plugin_kinds, plugins_of
from sim2coco.quality.judge import Check, Quality
from tests.commandline import Command, Outcome, tree

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin.py"
SMALL = [
    *("num_images=4", "image.width=96", "image.height=72", "augment=none", "assets=shapes", "seed=3"),
    *("scene.num_objects=3", "scene.num_distractors=0", "scene.empty_share=0", "quality=none"),
    *("export.report=false", "export.card=false"),
]
CHOSEN = [
    "scene=on_table",
    "light=flash",
    "export.formats=[coco,csv]",
    "+quality.checks.border={kind: border}",
]
ALONE = [["scene=on_table"], ["light=flash"], ["+quality.checks.border={kind: border}"]]
HARMLESS = "LOADED = True\n"
pytestmark = pytest.mark.usefixtures("_forgotten_plugins")


def ended(outcome: Outcome, code: int) -> Outcome:
    assert outcome.code == code, outcome.err
    return outcome


def made(command: Command, out: str, *words: str) -> None:
    ended(command("generate", "--plugin", str(PLUGIN), *CHOSEN, *SMALL, f"out={out}", *words), 0)


def test_the_kinds_of_a_plugin_are_there_while_its_command_runs(command: Command, here: Path) -> None:
    """A later command of the same process says the same as one of a new process."""
    before = [command("generate", "out=two", *words, *SMALL) for words in ALONE]
    assert all("no option" in outcome.err or "unknown kind" in outcome.err for outcome in before)
    ended(command("generate", "--plugin", str(PLUGIN), *CHOSEN, *SMALL, "out=one", "scene.nothing=1"), 2)
    assert plugins.loaded_plugins() == ()
    assert [command("generate", "out=two", *words, *SMALL) for words in ALONE] == before


def test_a_scene_a_check_a_light_and_a_format_from_one_file(command: Command, here: Path) -> None:
    made(command, "one")
    ended(command("check", "one"), 0)
    run = json.loads((here / "one" / "run.json").read_text())
    key = f"plugin.py@{sha256(PLUGIN.read_bytes()).hexdigest()[:16]}"
    assert run["plugins"] == run["format_plugins"] == [key]
    assert run["recipe"]["scene"]["kind"], run["recipe"]["light"]["kind"] == ("on_table", "flash")
    record = json.loads((here / "one" / "records" / "000" / "000000.json").read_text())
    bodies = record["settled"]["spec"]["bodies"]
    table = [body for body in bodies if body.get("role") == "furniture"]
    assert len(table) == 5
    top_m = max(body["pose"]["position_m"][2] + body["scale"][2] / 2 for body in table)
    objects = [body for body in bodies if body not in table]
    assert len(objects) == 3
    assert all(top_m < body["pose"]["position_m"][2] < top_m + 0.2 for body in objects)
    shot = record["views"][0]["shot"]
    assert shot["light"]["softness"] == 0.005
    rows = list(csv.reader((here / "one" / "boxes.csv").read_text().splitlines()))
    told = []
    for file in sorted((here / "one" / "annotations").glob("instances_*.json")):
        coco = COCO(str(file))
        assert all(label["attributes"]["truncation"] == 0 for label in coco.dataset["annotations"])
        for label in coco.dataset["annotations"]:
            image, category = coco.imgs[label["image_id"]], coco.cats[label["category_id"]]
            path = f"images/{file.stem.removeprefix('instances_')}/{image['file_name']}"
            told.append([path, category["name"], *(str(int(number)) for number in label["bbox"])])
    assert sorted(rows) == sorted(told)
    assert rows


def test_workers_load_the_plug_in_and_write_the_same_bytes(command: Command, here: Path) -> None:
    made(command, "one")
    made(command, "two", "workers=2")
    assert tree(here / "one") == tree(here / "two")


def test_replay_asks_for_the_plug_in(command: Command, here: Path) -> None:
    made(command, "one")
    picture = next((here / "one" / "images").rglob("*.jpg")).stem
    error = ended(command("replay", "one", picture), 2).err
    assert "was made with the plug-in plugin.py@" in error
    assert "add --plugin with the path of plugin.py" in error
    ended(command("replay", "one", picture, "--plugin", str(PLUGIN)), 0)


def test_a_format_of_a_plug_in_is_added_to_a_finished_data_set(command: Command, here: Path) -> None:
    told = [*SMALL, "export.report=true", "export.card=true"]
    ended(command("generate", *told, "out=plain"), 0)
    before = tree(here / "plain")
    ended(command("generate", "--plugin", str(PLUGIN), *told, "out=plain", "export.formats=[csv]"), 0)
    after = tree(here / "plain")
    assert after.keys() - before.keys() == {"boxes.csv"}
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed == {"run.json", "README.md", "report.html"}
    assert "csv" in after["README.md"].decode()


def test_help_lists_the_choices_of_a_plug_in(command: Command) -> None:
    text = ended(command("generate", "--plugin", str(PLUGIN), "--help"), 0).out
    assert "scene=on_table" in text
    assert "Objects fall onto a square table with four legs." in text
    assert "light=flash" in text
    assert "Height of the table top above the floor." in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("1 / 0\n", "line 1: ZeroDivisionError: division by zero"),
        ("\n\ndef broken(:\n", "line 3: SyntaxError"),
        ("import no_such_package\n", "line 1: ModuleNotFoundError: No module named 'no_such_package'"),
        (
            "from typing import Literal\nfrom scenes.scene import Scene\n\n"
            "class Drop(Scene):\n    kind: Literal['drop'] = 'drop'\n",
            "line 4: TypeError: kind 'drop' is registered twice",
        ),
        (
            "from typing import Literal\nfrom scenes.kinds.drop import Drop\n\n"
            "class Mine(Drop):\n    kind: Literal['mine'] = 'mine'\n    odd: object()\n",
            "PydanticSchemaGenerationError: Unable to generate pydantic-core schema for <object object",
        ),
        (
            "from typing import Literal\nfrom scenes.light import LightKind\n\n"
            "class Day(LightKind):\n    kind: Literal['day'] = 'day'\n",
            "the option light=day already exists; give your kind another name",
        ),
    ],
    ids=["raises", "syntax", "import", "kind", "type", "choice"],
)
def test_a_plug_in_that_fails_is_one_line(command: Command, here: Path, content: str, told: str) -> None:
    (here / "mine.py").write_text(content)
    error = ended(command("generate", "--plugin", "mine.py", "out=x"), 2).err
    assert error.count("\n") == 1
    assert told in error
    assert not (here / "x").exists()


NO_KIND = """
from typing import Literal
from scenes.kinds.drop import Drop
from sim2coco.quality.judge import Check

class Shared(Check):
    margin: float = 0.1

class Border(Shared):
    kind: Literal["border"] = "border"

class Forgot(Check):
    pass

class Tray(Drop):
    kind: Literal["tray"] = "tray"
    edge: float = 0.2
"""


def test_a_class_without_a_kind_is_told(program: Command, here: Path) -> None:
    (here / "mine.py").write_text(NO_KIND)
    outcome = program("generate", "--plugin", "mine.py", "--help")
    (line,) = outcome.err.splitlines()
    assert "--plugin mine.py: class Forgot cannot be selected; add kind: Literal" in line
    words = " ".join(outcome.out.split())
    assert "scene.edge = 0.2 A setting without a docstring. [tray]" in words
    assert "One of tray." not in words


def test_a_built_in_name_is_refused_in_a_process_that_has_imported_nothing(
    program: Command, here: Path
) -> None:
    lines = ["from typing import Literal", "from sim2coco.quality.judge import Check", "class A(Check):"]
    (here / "mine.py").write_text("\n".join([*lines, "    kind: Literal['visible'] = 'visible'", ""]))
    error = ended(program("generate", "--plugin", "mine.py", "out=x"), 2).err
    assert error.count("\n") == 1
    assert "mine.py: line 3: TypeError: kind 'visible' is registered twice" in error


def test_replay_says_that_a_plug_in_has_changed(command: Command, here: Path) -> None:
    (here / "plugin.py").write_text(PLUGIN.read_text())
    ended(command("generate", "--plugin", "plugin.py", *CHOSEN, *SMALL, "out=one"), 0)
    picture = next((here / "one" / "images").rglob("*.jpg")).stem
    (here / "plugin.py").write_text(PLUGIN.read_text() + "\n")
    error = ended(command("replay", "one", picture, "--plugin", "plugin.py"), 2).err
    assert "plugin.py has changed since" in error


def test_a_data_set_with_a_format_of_a_plug_in_names_it(command: Command, here: Path) -> None:
    ended(command("generate", "--plugin", str(PLUGIN), *SMALL, "out=one", "export.formats=[csv]"), 0)
    error = ended(command("generate", *SMALL, "out=one"), 2).err
    assert "the data set uses a format of the plug-in plugin.py: add --plugin and its path" in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--plugin"], "--plugin: name a Python file"),
        (["--plugin", "none.py"], "none.py: cannot be read: No such file or directory"),
        (["--plugin=notes.txt"], "notes.txt: is not a Python file; its name must end in .py"),
    ],
    ids=["nothing", "missing", "text"],
)
def test_a_file_that_is_no_plug_in_is_refused(
    command: Command, here: Path, words: list[str], told: str
) -> None:
    (here / "notes.txt").write_text("")
    error = ended(command("generate", "out=x", *words), 2).err
    assert told in error


def test_no_configuration_names_a_plug_in(command: Command, here: Path) -> None:
    (here / "mine.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    (here / "assets").mkdir()
    (here / "assets" / "evil.yaml").write_text(
        "plugin: mine.py\ncategories: {nut: {shape: nut, size_m: 0.1}}\n"
    )
    ended(command("generate", "--config-dir", str(here), "assets=evil", "out=x"), 2)
    ended(command("generate", "+plugin=mine.py", "out=x"), 2)
    assert not (here / "ran").exists()


def test_a_plug_in_is_loaded_once_and_found_by_what_uses_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    lines = ["from typing import Literal", "from sim2coco.quality.judge import Check", ""]
    mine.write_text("\n".join([*lines, "class Mine(Check):", "    kind: Literal['mine'] = 'mine'", ""]))
    plugin = load_plugin(mine)
    assert load_plugin(str(mine)) is plugin
    assert set(plugin_kinds(Check)) == {"mine"}
    assert plugins_of(Quality.parse({"checks": {"a": {"kind": "mine"}}})) == (plugin,)
    assert plugins_of(Quality()) == ()


def test_a_plug_in_that_was_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HARMLESS)
    with pytest.raises(PluginError, match="was changed during the run"):
        load_plugin(tmp_path / "mine.py", "0" * 64)
    assert np.all([not name.startswith(PREFIX) for name in sys.modules])


def test_a_plug_in_that_fails_leaves_no_kind_behind(tmp_path: Path) -> None:
    lines = ["from typing import Literal", "from sim2coco.quality.judge import Check", "class Half(Check):"]
    (tmp_path / "half.py").write_text("\n".join([*lines, "    kind: Literal['half'] = 'half'", "1 / 0", ""]))
    with pytest.raises(PluginError, match="line 5: ZeroDivisionError"):
        load_plugin(tmp_path / "half.py")
    assert "half" not in Check.family


RAISING = {
    "rejects": ("return 1 / len(judged.dropped) > 0", "ZeroDivisionError: division by zero; in"),
    "numpy": ("return bool(np.linalg.inv(np.zeros((2, 2))).any())", "LinAlgError: Singular matrix; in"),
    "path": ("raise RuntimeError('/home/me/notes.txt is odd')", "RuntimeError: notes.txt is odd; in"),
}


@pytest.mark.parametrize("case", RAISING)
def test_a_check_that_raises_is_named_with_its_file_and_line(command: Command, here: Path, case: str) -> None:
    """The plug-in fails in every scene: the records, and the line on which the run ends, say where."""
    statement, told = RAISING[case]
    head = [
        "from typing import Literal",
        "import numpy as np",
        "from sim2coco.quality.judge import Check, Judged",
    ]
    body = [
        "class Odd(Check):",
        '    kind: Literal["odd"] = "odd"',
        "    def rejects(self, judged):",
        f"        {statement}",
    ]
    (here / "odd.py").write_text("\n".join([*head, *body, ""]))
    words = [*SMALL, "quality.patience=2", "+quality.checks.odd={kind: odd}", "engine.retries=0", "out=x"]
    error = ended(command("generate", "--plugin", "odd.py", *words), 1).err
    place = f"{told} odd.py, line 7, rejects"
    assert place in error.splitlines()[-1]
    record = json.loads((here / "x/records/000/000000.json").read_text())
    assert record["error"] == place
