"""Every choice in conf/ is valid, has a description, and lists its settings with the class defaults."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import hydra.conf
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

import conf
from augment.tested import TESTED, is_tested
from scenes.cameras.camera import CameraKind, ImageSettings
from scenes.light import SunAndSky
from sim2coco.cli.config import (
    RunOptions,
    choices,
    defaults,
    first_sentence,
    settings_of,
)
from sim2coco.cli.groups import GROUPS
from sim2coco.cli.manual import as_yaml
from sim2coco.cli.overrides import hydra_arguments
from sim2coco.cli.sources import BuiltInFiles, use_folder
from sim2coco.keys import walk
from sim2coco.messages import build
from sim2coco.recipe import Recipe

ROOT = Path(conf.__path__[0])
HYDRA = Path(hydra.conf.__path__[0])
CHOICES = [(group, choice) for group in GROUPS for choice in choices(group)]
WITH_A_KIND = {"scene", "camera", "light", "render", "engine"}


def composed(*overrides: str) -> tuple[Recipe, RunOptions]:
    tree = composed_tree(*overrides)
    options = {key: tree.pop(key) for key in list(tree) if key in RunOptions.model_fields}
    return build(Recipe, tree), build(RunOptions, options)


def composed_tree(*overrides: str) -> dict[str, Any]:
    use_folder(None)
    with initialize_config_module("conf", version_base="1.3"):
        tree = OmegaConf.to_container(compose("config", ["out=data", *overrides]), resolve=True)
    assert isinstance(tree, dict)
    return {str(key): value for key, value in tree.items()}


def test_the_groups_are_the_folders() -> None:
    assert set(GROUPS) == {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert defaults().keys() == set(GROUPS)


def test_libyaml_reads_what_omegaconf_reads() -> None:
    files = [(ROOT, "pkg://conf", path) for path in ROOT.rglob("*.yaml")]
    files += [(HYDRA, "pkg://hydra.conf", path) for path in HYDRA.rglob("*.yaml")]
    for root, place, path in files:
        read = BuiltInFiles("main", place).load_config(str(path.relative_to(root)))
        assert read.config == OmegaConf.load(path), path
        lines = path.read_text().splitlines()
        assert read.header["package"] == next(
            (line.split()[-1] for line in lines if line.startswith("# @package")), None
        )


def test_libyaml_reads_words_as_omegaconf_does(tmp_path: Path) -> None:
    text = "a: [1e3, 1_000, 2024-11-28, no, 0x1f, 010, 1:30, .5, ~, '1', 1.e+2, .inf, on]\nb: ${a}\n"
    (tmp_path / "words.yaml").write_text(text)
    read = BuiltInFiles("main", "pkg://conf")._read_config(tmp_path / "words.yaml").config
    wanted = OmegaConf.load(tmp_path / "words.yaml")
    assert repr(OmegaConf.to_container(read)) == repr(OmegaConf.to_container(wanted))  # types, too


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_builds_and_says_what_it_is(group: str, choice: str) -> None:
    # The choice `library` needs a folder, or categories.
    extra = ["+assets.categories.box={shape: box, size_m: 1}"] if choice == "library" else []
    composed(f"{group}={choice}", *extra)
    sentence = first_sentence(group, choice)
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert sentence.endswith(".")


@pytest.mark.parametrize(("group", "choice"), [c for c in CHOICES if c[0] not in ("assets", "experiment")])
def test_every_choice_lists_all_its_settings(group: str, choice: str) -> None:
    tree = settings_of(group, choice)
    settings = RunOptions if group in RunOptions.model_fields else Recipe
    kind = tree.get("kind") if group in WITH_A_KIND else None
    for setting in walk(settings):
        steps = setting.key.split(".")
        if steps[0] == group and len(steps) > 1 and "NAME" not in steps and setting.kind in (kind, None):
            node: Any = tree
            for step in steps[1:]:
                if isinstance(node, list) or node is None:
                    break  # a list of kinds, each with settings of its own, or a group that is off
                assert step in node, f"{setting.key} is missing in conf/{group}/{choice}.yaml"
                node = node[step]


@pytest.mark.parametrize(("group", "choice"), [c for c in CHOICES if c[0] != "experiment"])
def test_defaults_lists_are_read_as_hydra_composes_them(group: str, choice: str) -> None:
    assert settings_of(group, choice) == composed_tree(f"{group}={choice}")[group]


DAY = SunAndSky().model_dump(mode="json")
LIGHTS: dict[str, dict[str, Any]] = {
    "day": {},
    "dusk": {
        "elevation_deg": [8.0, 25.0],
        "hue": [0.03, 0.1],
        "saturation": [0.2, 0.5],
        "ambient": [0.15, 0.4],
        "diffuse": [0.6, 1.0],
        "softness": [0.01, 0.06],
        "sky_hue": [0.55, 0.7],
        "sky_saturation": [0.1, 0.35],
        "horizon": [1.0, 3.0],
        "sky_tilt": [0.2, 0.8],
        "exposure_ev": [-0.9, 0.3],
        "warmth": [-0.05, 0.15],
    },
    "outdoors": {"environment": {**DAY["environment"], "skies": ["clear", "overcast"]}},
    "room": {"environment": {**DAY["environment"], "skies": ["room"]}},
    "studio": {
        "elevation_deg": [35.0, 60.0],
        "hue": [0.05, 0.12],
        "ambient": [0.15, 0.35],
        "diffuse": [0.6, 0.9],
        "specular": [0.1, 0.5],
        "shadow": [0.9, 1.0],
        "softness": [0.08, 0.2],
        "sky_saturation": [0.0, 0.08],
        "horizon": [0.5, 1.5],
        "sky_tilt": [0.0, 0.4],
        "exposure_ev": [-0.4, 0.4],
        "lamps": {
            "fill": {
                "share": 1.0,
                "elevation_deg": [20.0, 45.0],
                "azimuth_deg": [70.0, 110.0],
                "hue": [0.5, 0.65],
                "saturation": [0.0, 0.25],
                "diffuse": [0.15, 0.4],
                "shadow": [0.9, 1.0],
                "softness": [0.1, 0.2],
            },
            "rim": {
                "share": 0.8,
                "elevation_deg": [15.0, 40.0],
                "azimuth_deg": [160.0, 220.0],
                "hue": [0.0, 1.0],
                "saturation": [0.0, 0.3],
                "diffuse": [0.2, 0.6],
                "shadow": [0.9, 1.0],
                "softness": [0.05, 0.15],
            },
        },
    },
}


@pytest.mark.parametrize("choice", choices("light"))
def test_each_light_is_day_but_for_what_it_names(choice: str) -> None:
    assert composed_tree(f"light={choice}")["light"] == {**DAY, **LIGHTS[choice]}


def test_the_default_light_is_written_from_the_class() -> None:
    written = (ROOT / "light" / "day.yaml").read_text().partition("\n")[2]
    assert written == as_yaml(SunAndSky()), "run make docs"


@pytest.mark.parametrize("choice", choices("quality"))
def test_every_check_lists_all_its_settings(choice: str) -> None:
    recipe, _ = composed(f"quality={choice}")
    tree = settings_of("quality", choice)
    for name, check in recipe.quality.checks.items():
        assert tree["checks"][name].keys() == type(check).model_fields.keys()
    assert choice == "none" or {check.kind for check in recipe.quality.checks.values()} == {
        setting.kind for setting in walk(Recipe) if setting.key == "quality.checks.NAME.kind"
    }


@pytest.mark.parametrize("choice", choices("scene"))
def test_a_scene_without_words_is_the_class(choice: str) -> None:
    scene = composed(f"scene={choice}")[0].scene
    assert scene == type(scene)(kind=choice)


@pytest.mark.parametrize("choice", [name for name in choices("camera") if name in CameraKind.family])
def test_a_camera_without_words_is_the_class(choice: str) -> None:
    camera = composed(f"camera={choice}")[0].camera
    assert camera == type(camera)(kind=choice)


PRESETS = {
    "webcam": (1280, 720),
    "phone": (1344, 1008),
    "industrial": (1224, 1024),
    "action": (1280, 720),
    "drone": (1368, 912),
}


def test_presets_are_the_cameras_that_are_no_kind() -> None:
    assert PRESETS.keys() == set(choices("camera")) - set(CameraKind.family)


@pytest.mark.parametrize("choice", PRESETS)
def test_a_preset_of_a_camera_has_a_lens_a_sensor_and_an_image_size(choice: str) -> None:
    recipe = composed(f"camera={choice}")[0]
    assert recipe.camera.distortion.kind != "none"
    assert recipe.camera.sensor.iso[1] > 0
    assert recipe.camera.sensor.bayer
    assert (recipe.image.width, recipe.image.height) == PRESETS[choice]
    assert composed(f"camera={choice}", f"image={choice}")[0] == recipe


@pytest.mark.parametrize("choice", PRESETS)
def test_settings_of_the_image_go_before_the_size_of_a_preset(choice: str) -> None:
    small = ("image.width=640", "image.height=480")
    assert composed(*small, f"camera={choice}")[0].image == ImageSettings(width=640, height=480)
    assert composed(f"camera={choice}", "image=default")[0].image == ImageSettings()


@pytest.mark.parametrize("choice", choices("engine"))
def test_an_engine_without_words_is_the_class(choice: str) -> None:
    engine = composed(f"engine={choice}")[1].engine
    assert engine == type(engine)(kind=choice)


def test_the_defaults_are_the_classes_own() -> None:
    recipe, options = composed()
    plain = Recipe(assets=recipe.assets)
    for name in (
        "seed",
        "views",
        "lightings",
        "split",
        "scene",
        "camera",
        "image",
        "light",
        "render",
    ):
        assert getattr(recipe, name) == getattr(plain, name), name
    assert recipe.augment.splits == plain.augment.splits
    assert (recipe.augment.copies, recipe.augment.tries) == (plain.augment.copies, plain.augment.tries)
    assert (recipe.quality.patience, recipe.quality.min_yield) == (200, 0.02)
    for check in recipe.quality.checks.values():
        assert check == type(check)(kind=check.kind)
    assert options == RunOptions(out="data")


@pytest.mark.parametrize(
    ("words", "shares", "by"),
    [
        (["split.by=asset"], {"train": 0.8, "val": 0.2}, ("asset",)),
        (["split.by=[asset,background]"], {"train": 0.8, "val": 0.2}, ("asset", "background")),
        (["split={a: 1, b: 3}", "split.by=background"], {"a": 1.0, "b": 3.0}, ("background",)),
        (["split.by=background", "split={a: 1, b: 3}"], {"a": 1.0, "b": 3.0}, ("background",)),
        (["split={a: 1, by: asset}"], {"a": 1.0}, ("asset",)),
        (["split={a: 1, by: asset}", "split.by=scene"], {"a": 1.0}, ("scene",)),
        (["split={a: 1, b: 3}"], {"a": 1.0, "b": 3.0}, ("scene",)),
        (["split=null"], {"train": 0.8, "val": 0.2}, ("scene",)),
    ],
    ids=" ".join,
)
def test_splits_as_people_write_them(words: list[str], shares: dict[str, float], by: tuple[str, ...]) -> None:
    recipe, _ = composed(*hydra_arguments([*words, "augment=none"]))
    assert (recipe.split.shares, recipe.split.by) == (shares, by)


def test_the_transforms_of_the_choices_are_known_and_valid() -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for choice in choices("augment"):
        augment = composed(f"augment={choice}")[0].augment
        for transform in (*augment.geometry.values(), *augment.pixels.values()):
            transform.build()
            found.setdefault(transform.name, []).append(transform.arguments)
    assert {
        name: [*{repr(known): known for known in found[name]}.values()] for name in sorted(found)
    } == TESTED
    assert is_tested("HorizontalFlip", {}) and not is_tested("HorizontalFlip", {"fill": 0})
    assert not is_tested("GaussNoise", {"std_range": [0.01, 6]}) and not is_tested("Blur", {})


def test_the_demo() -> None:
    recipe, options = composed("experiment=demo")
    assert options.num_images == 48
    assert "duck" in recipe.assets.categories


@pytest.mark.parametrize(("group", "choice"), [c for c in CHOICES if c[0] != "experiment"])
def test_comments_are_the_sentences_of_settings(group: str, choice: str) -> None:
    kind = settings_of(group, choice).get("kind")
    own = RunOptions if group in RunOptions.model_fields else Recipe
    sentences = {
        setting.key: " ".join((setting.description or "").split())
        for setting in walk(own)
        if setting.kind == kind or group not in WITH_A_KIND
    }
    _, *lines = (ROOT / group / f"{choice}.yaml").read_text().splitlines()
    groups = [group]
    for comment, line in pairwise(lines):
        name = line.partition(":")[0]
        groups = [*groups[: 1 + (len(name) - len(name.lstrip())) // 2], name.strip()]
        if (sentence := sentences.get(".".join(groups))) and comment.lstrip().startswith("#"):
            assert comment.strip().removeprefix("# ") == sentence, f"conf/{group}/{choice}.yaml: {name}"
