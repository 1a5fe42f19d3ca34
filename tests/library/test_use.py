"""Data sets from libraries: the same categories, sizes, masses and colours; distractors from another one."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from sim2coco.library.importing import import_meshes
from sim2coco.library.scan import scan
from sim2coco.library.table import Flags, overrides, read_table
from tests.commandline import PROGRAM
from tests.library.meshes import brick, textured


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library `parts`, of two categories, and the library `rest`, of one."""
    root = tmp_path_factory.mktemp("libraries")
    for number in range(3):
        brick(root / "meshes" / "bricks" / f"brick{number}.stl", 1 + number)
    (root / "meshes" / "box").mkdir()
    textured(50.0).export(root / "meshes" / "box" / "printed.obj")
    brick(root / "others" / "rubble.stl", 0.5)
    table = root / "assets.csv"
    table.write_text("file,density,licence,upright,up\nbricks/*,1900,CC0-1.0,yes,z\n")
    for folder, library, lines in (("meshes", "parts", read_table(table)), ("others", "rest", [])):
        wanted = overrides(scan(root / folder).meshes, lines, Flags(unit_m=0.001))
        import_meshes(root / folder, wanted, root / library, 1, lambda row, known: None)
    return root


def load(libraries: Path, **said: Any) -> Catalogue:
    return load_catalogue(Assets.parse({"path": str(libraries / "parts"), **said}))


def test_categories_assets_and_their_facts(libraries: Path) -> None:
    made = load(libraries)
    assert made.names == ("box", "bricks")
    names = [asset.name for asset in made.groups[1]]
    assert names == ["bricks/brick0", "bricks/brick1", "bricks/brick2"]
    masses = [asset.mass_kg for asset in made.groups[1]]
    np.testing.assert_allclose(masses, [1900 * 48e-6 * factor**3 for factor in (1, 2, 3)], rtol=1e-5)
    assert [asset.licence for asset in made.groups[1]] == ["CC0-1.0"] * 3
    (box,) = made.groups[0]
    assert (box.licence, box.recolored) == ("unknown", False)
    assert [asset.standing is not None for asset in (box, *made.groups[1])] == [False, True, True, True]
    standing = made.groups[1][0].standing
    assert standing is not None
    sides = (standing.aside_m, standing.below_m, standing.above_m)
    assert sides == pytest.approx((np.hypot(0.03, 0.02), 0.01, 0.01), rel=1e-5)
    np.testing.assert_allclose(box.mesh.extents_m, 0.05, rtol=1e-6)
    assert box.mesh.parts[0].texture is not None


def test_what_is_set_for_one_category(libraries: Path, rng: np.random.Generator) -> None:
    bricks = {"weight": 3.0, "color": "random", "size_m": [0.1, 0.2], "upright": False}
    made = load(libraries, categories={"bricks": bricks, "nut": {"shape": "nut", "size_m": 0.1}})
    assert made.names == ("box", "bricks", "nut")
    assert made.weights == (1.0, 3.0, 1.0)
    assert [group[0].recolored for group in made.groups] == [False, True, True]
    assert {asset.scale for asset in made.groups[1]} == {(0.5, 1.0)}
    assert {asset.standing for asset in made.groups[1]} == {None}
    drawn = [made.draw(rng)[0].category for _ in range(2000)]
    assert np.mean([category == 1 for category in drawn]) == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("density", [600.0, 1900.0, 250.0])
def test_any_density_can_be_set_also_the_usual_one(libraries: Path, density: float) -> None:
    said = Assets.parse(
        {"path": str(libraries / "parts"), "categories": {"bricks": {"density_kg_m3": density}}}
    )
    for settings in (said, Assets.parse(json.loads(said.model_dump_json()))):
        box, bricks = load_catalogue(settings).groups
        assert bricks[0].mass_kg == pytest.approx(density * 48e-6, rel=1e-5)
        assert box[0].mass_kg == pytest.approx(600 * 0.05**3, rel=1e-5)


def test_the_settings_written_out_mean_the_same(libraries: Path) -> None:
    first = Assets.parse({"path": str(libraries / "parts")})
    again = Assets.parse(json.loads(first.model_dump_json()))
    assert again == first
    before, after = load_catalogue(first), load_catalogue(again)
    assert before.assets.keys() == after.assets.keys()
    for key, asset in before.assets.items():
        assert (after.assets[key].mass_kg, after.assets[key].licence) == (asset.mass_kg, asset.licence)


def test_distractors_from_another_library(libraries: Path) -> None:
    made = load(libraries, distractors={"clutter": {"path": str(libraries / "rest")}})
    ((asset,),) = made.distractor_groups
    assert (asset.name, asset.category) == ("clutter/rubble", None)


def test_a_library_that_is_none_is_refused(libraries: Path) -> None:
    with pytest.raises(
        ValidationError,
        match=r"meshes: contains no library.json; to create a library, run sim2coco assets import",
    ):
        Assets.parse({"path": str(libraries / "meshes")})


def test_a_category_that_is_left_out_or_misspelt(libraries: Path) -> None:
    assert load(libraries, categories={"box": None}).names == ("bricks",)
    for wrong in (None, {"weight": 2.0}):
        with pytest.raises(ValidationError, match=r"parts has no category 'brick'; did you mean 'bricks'\?"):
            load(libraries, categories={"brick": wrong})


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("~assets.categories.box",), ["bricks", "Gear parts"]),
        (("~assets.categories.Gear parts",), ["box", "bricks"]),
        (("+assets.categories={Gear parts: {weight: 2}}",), ["box", "bricks", "Gear parts"]),
    ],
)
def test_categories_of_a_library_on_the_command_line(
    libraries: Path, tmp_path: Path, words: tuple[str, ...], names: list[str]
) -> None:
    parts = shutil.copytree(libraries / "parts", tmp_path / "parts")
    tree = json.loads((parts / "library.json").read_text())
    tree["categories"].append("Gear parts")
    tree["assets"].append({**tree["assets"][0], "category": "Gear parts", "name": "Gear parts/wheel"})
    (parts / "library.json").write_text(json.dumps(tree))
    begin = ("generate", "out=data", "num_images=1", "assets.path=parts", "image.width=64", "image.height=64")
    subprocess.run([PROGRAM, *begin, "engine=inline", *words], cwd=tmp_path, check=True)
    categories = json.loads((tmp_path / "data" / "run.json").read_text())["recipe"]["assets"]["categories"]
    assert list(categories) == names
    if "weight" in words[0]:
        assert categories["Gear parts"]["weight"] == 2.0


def test_a_library_without_its_meshes_is_told(libraries: Path, tmp_path: Path) -> None:
    parts = shutil.copytree(libraries / "parts", tmp_path / "parts")
    shutil.rmtree(parts / "meshes")
    with pytest.raises(CatalogueError, match=r"meshes/\w+.glb \(box/printed\): .*; import the meshes again"):
        load_catalogue(Assets.parse({"path": str(parts)}))


def test_pictures_from_libraries(libraries: Path) -> None:
    def sim2coco(*arguments: str) -> str:
        done = subprocess.run(
            [PROGRAM, *arguments], cwd=libraries, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    sim2coco(
        *("generate", "out=data", "num_images=3", "assets.path=parts"),
        *("+assets.distractors.clutter={path: rest}", "+assets.categories.bricks={color: random}"),
        *("image.width=96", "image.height=96", "engine=inline", "quality=none", "scene.num_distractors=2"),
    )
    sim2coco("check", "data")
    coco = json.loads((libraries / "data" / "annotations" / "instances_train.json").read_text())
    assert [(entry["id"], entry["name"]) for entry in coco["categories"]] == [(1, "box"), (2, "bricks")]
    config = (libraries / "data" / "config.yaml").read_text()
    assert "path: parts#bricks" in config
    name = min((libraries / "data" / "images" / "train").iterdir()).stem
    assert "the files are identical" in sim2coco("replay", "data", name)
