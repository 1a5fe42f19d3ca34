"""One-line error messages for wrong settings."""

from typing import Any

import pytest

from scenes.settings import Settings
from sim2coco.cli.config import RunOptions, default_config
from sim2coco.keys import nearest, walk
from sim2coco.messages import ConfigError, build
from sim2coco.recipe import Recipe

NAN, INF = float("nan"), float("inf")
WRONG = [
    ("scene.kind", "dropp", "scene: unknown kind 'dropp'; did you mean 'drop'?"),
    ("render.kind", "magic", "render: unknown kind 'magic'; allowed: egl, relit, tiny"),
    ("camera", {}, "camera: unknown kind None; allowed: grid, handheld, orbit, overhead, shell"),
    ("seed", 1.5, "seed: must be a whole number (got 1.5)"),
    ("seed", True, "seed: must be a whole number (got true)"),
    ("seed", 2**63, f"seed: must be less than {2**63} (got {2**63})"),
    ("views", "3", 'views: must be a whole number (got "3")'),
    ("views", 100, "views: must be less than or equal to 99 (got 100)"),
    ("image", 3, "image: must be a mapping (got 3)"),
    ("image", None, "image: must be a mapping (got null)"),
    ("image.width", 0, "image.width: must be greater than or equal to 16 (got 0)"),
    ("image.depth", 3, "image.depth: no such setting; did you mean 'width'?"),
    ("scene.num_objects", [1, 2, 3], "scene.num_objects: must be a number or [low, high] (got [1, 2, 3])"),
    ("scene.num_objects", "many", 'scene.num_objects: must be a number or [low, high] (got "many")'),
    ("scene.num_objects", [5, 4], "scene.num_objects: low 5 is above high 4 (got [5, 4])"),
    ("scene.num_objects", 5000, "scene.num_objects: must be between 0 and 4000 (got 5000)"),
    ("scene.num_objects", NAN, "scene.num_objects: must be a whole number (got nan)"),
    ("scene.floor.textured", NAN, "scene.floor.textured: must be a finite number (got nan)"),
    ("scene.floor.textures", ["plain", 3], "scene.floor.textures: must be a string (got 3)"),
    ("scene.floor.colour", 3, "scene.floor.colour: no such setting; allowed: hue, saturation"),
    ("scene.spred", 3, "scene.spred: no such setting; did you mean 'spread'?"),
    ("scene.spread", -1, "scene.spread: must be at least 1e-06 (got -1)"),
    ("scene.physics.gravity_m_s2", -INF, "scene.physics.gravity_m_s2: must be a finite number (got -inf)"),
    ("camera.fov_deg", [4, 200], "camera.fov_deg: must be between 5 and 120 (got [4, 200])"),
    ("camera.fx", 300, "camera: give both fx and fy, or neither"),
    ("camera.ring_m", 1, "camera.ring_m: no such setting; allowed: kind, fov_deg"),
    ("light", {"ambint": 1}, "light.ambint: no such setting; did you mean 'ambient'?"),
    ("light.kind", "sun", "light: unknown kind 'sun'; allowed: sun_and_sky"),
    ("light.ambient", [0.1, INF], "light.ambient: must be a finite number (got inf)"),
    ("quality.checks.too_dark.min_grey", NAN, "quality.checks.too_dark.min_grey: must be a finite number"),
    (
        "quality.checks.too_dark.min_px",
        1,
        "quality.checks.too_dark.min_px: no such setting; allowed: ki",
    ),
    (
        "quality.checks.instances.maximum",
        "x",
        'quality.checks.instances.maximum: must be a whole number (got "x")',
    ),
    ("split", {"train": 0}, "split.train: must be greater than 0 (got 0)"),
    ("split", {"a b": 1}, "split: 'a b' cannot be the name of a split"),
    ("split", [], "split: must be a mapping (got [])"),
    ("augment.geometry.flip.p", 2, "augment.geometry.flip.p: must be less than or equal to 1 (got 2)"),
    ("augment.geometry.flip.p", NAN, "augment.geometry.flip.p: must be a finite number (got nan)"),
    ("augment.geometry.flip", {"p": 1.0}, "augment.geometry.flip.name: missing"),
    (
        "augment.geometry.flip.name",
        "Blur",
        "augment.geometry.flip: transform 'Blur' is not allowed he",
    ),
    (
        "augment.geometry.affine.scale",
        {"x": [1, NAN]},
        "augment.geometry.affine: transform Affine: ar",
    ),
    ("augment.splits", "train", 'augment.splits: must be a list (got "train")'),
    (
        "assets.categories.duck.color",
        "red",
        "assets.categories.duck.color: must be a list or must be 'own'",
    ),
    (
        "assets.categories.duck.color",
        [2, 0, 0],
        "assets.categories.duck.color: must be less than or eq",
    ),
    (
        "assets.categories.duck.color",
        [1, 0],
        "assets.categories.duck.color: more values are needed",
    ),
    (
        "assets.categories.duck.colour",
        1,
        "assets.categories.duck.colour: no such setting; did yo",
    ),
    ("assets.categories.duck", "duck.obj", 'assets.categories.duck: must be a mapping (got "duck.obj")'),
    ("assets.categories", {}, "assets.categories: give at least one category, for example"),
    ("assets.categories. ", {"shape": "box", "size_m": 1}, "assets.categories: a category has no name"),
    ("image.format", "gif", "image.format: must be 'jpg' or 'png' (got \"gif\")"),
    ("export.formats", ["cocoa"], "export.formats: unknown kind 'cocoa'; did you mean 'coco'?"),
    ("export.formats", "coco", 'export.formats: must be a list (got "coco")'),
    ("export.formats", ["coco", {"kind": "coco"}], "export.formats: 'coco' is listed twice"),
    (
        "export.formats",
        [{"kind": "coco", "masks": 1}],
        "export.formats.masks: no such setting",
    ),
    ("export.formats", [3], "export.formats: must be a mapping (got 3)"),
    ("num_images", None, "num_images: must be a whole number (got null)"),
    ("workers", "", 'workers: must be a whole number (got "")'),
    ("retry_failed", "maybe", 'retry_failed: must be true or false (got "maybe")'),
    ("out", 5.5, "out: must be a string (got 5.5)"),
    ("engine.timeout_s", NAN, "engine.timeout_s: must be a finite number (got nan)"),
    ("engine.kind", "dask", "engine: unknown kind 'dask'; allowed: inline, local, ray"),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG, ids=[f"{case[0]}={case[1]}" for case in WRONG])
def test_what_is_wrong_is_said_with_its_key(key: str, value: object, words: str) -> None:
    settings = RunOptions if key.partition(".")[0] in RunOptions.model_fields else Recipe
    whole = {**default_config(), "out": "data"}
    tree: dict[str, Any] = {name: whole[name] for name in settings.model_fields}
    *parents, last = key.split(".")
    node = tree
    for parent in parents:
        node = node[parent]
    node[last] = value
    with pytest.raises(ConfigError) as error:
        build(settings, tree)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "clause"),
    [
        ("scene.num_objcts", "did you mean 'scene.num_objects'?"),
        ("num_objects", "did you mean 'scene.num_objects'?"),
        ("num_image", "did you mean 'num_images'?"),
        ("colour", "allowed: seed, views, lightings, split, assets"),
        ("light.xyz", "allowed: light.kind, light.elevation_deg"),
        ("scene.physics.gravity", "did you mean 'scene.physics.gravity_m_s2'?"),
        ("scene.xyz", "allowed: scene.kind, scene.num_objects"),
        ("camera.ring_m", "it belongs to the kind grid"),
        ("light.ambient", "not set so far: write +light.ambient=VALUE"),
        ("scene.objects.hue", "not set so far: write +scene.objects.hue=VALUE"),
        ("split.train", "write split as a whole"),
        ("assets.categories.duck.licence", "not set so far: write +assets.categories.duck.licence=VALUE"),
        ("assets.categories.duck.licens", "did you mean 'assets.categories.duck.licence'?"),
        ("quality.checks.mine.min_px", "it belongs to the kind visible"),
    ],
)
def test_the_nearest_setting_is_suggested(key: str, clause: str) -> None:
    assert nearest(key, Recipe, RunOptions).startswith(clause)


@pytest.mark.parametrize("settings", [Recipe, RunOptions])
def test_every_setting_has_a_sentence(settings: type[Settings]) -> None:
    for setting in walk(settings):
        if setting.name != "kind":
            assert (setting.description or "").endswith((".", "...")), setting.key
