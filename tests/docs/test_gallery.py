"""The gallery shows every kind of scene with every preset, and its commands are accepted."""

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from scenes.cameras.camera import CameraKind
from sim2coco.cli.config import RunOptions, choices
from sim2coco.cli.overrides import hydra_arguments
from sim2coco.messages import build
from sim2coco.recipe import Recipe

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "gallery.md").read_text()
COMMANDS = re.findall(r"^    (sim2coco generate .*)", PAGE.replace("\\\n", " "), re.MULTILINE)
MAX_BYTES = 2_000_000


def load_gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    return gallery


def test_the_page_is_up_to_date() -> None:
    assert load_gallery().page() == PAGE, "run python docs/gallery.py"


def test_each_kind_has_a_sheet_with_each_preset() -> None:
    gallery = load_gallery()
    presets = set(choices("camera")) - set(CameraKind.family)
    assert set(gallery.KINDS) == set(choices("scene"))
    assert set(gallery.CAMERAS) == presets | {"shell"}
    sheets = [DOCS / path for path in re.findall(r"\]\((images/[^)]*)\)", PAGE)]
    assert [path.stem for path in sheets] == [f"gallery_{kind}" for kind in gallery.KINDS]
    assert sum(path.stat().st_size for path in sheets) < MAX_BYTES


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_a_command_of_the_page_is_accepted(number: int) -> None:
    """With one camera of its list each, because each composition takes a quarter of a second."""
    words = shlex.split(COMMANDS[number])[2:]
    (listed,) = (word.removeprefix("camera=") for word in words if word.startswith("camera="))
    cameras = listed.split(",")
    camera = cameras[number % len(cameras)]
    others = [word for word in words if word != "-m" and not word.startswith(("camera=", "out="))]
    arguments = hydra_arguments([*others, f"camera={camera}", "out=data"])
    with initialize_config_module("conf", version_base="1.3"):
        tree = OmegaConf.to_container(compose("config", arguments), resolve=True)
    assert isinstance(tree, dict)
    options = {str(key): tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    assert build(RunOptions, options).num_images == 1
    assert f"scene={build(Recipe, {str(key): value for key, value in tree.items()}).scene.kind}" in words
