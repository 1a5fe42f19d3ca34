import json
from pathlib import Path

import pytest
import trimesh

from scenes.assets.beside import facts_beside
from scenes.assets.categories import Category
from scenes.assets.mesh import MeshError
from scenes.assets.paths import AssetPath, PathError
from scenes.placing.physics import PhysicsSettings


@pytest.mark.parametrize(
    ("text", "package", "folder", "category", "bare"),
    [
        ("meshes/gear.obj", "", "meshes/gear.obj", "", "gear.obj"),
        ("/data/meshes", "", "/data/meshes", "", "meshes"),
        ("~/meshes/*/a*.obj", "", "~/meshes/*/a*.obj", "", "*/a*.obj"),
        ("lib/parts#bolts", "", "lib/parts", "bolts", "parts#bolts"),
        ("lib/parts#Gear parts/left", "", "lib/parts", "Gear parts/left", "parts#Gear parts/left"),
        ("lib/v1#2#bolts", "", "lib/v1#2", "bolts", "v1#2#bolts"),
        ("C#/gear.obj", "", "C#/gear.obj", "", "gear.obj"),
        ("part#1.stl", "", "part#1.stl", "", "part#1.stl"),
        ("C#/*", "", "C#/*", "", "*"),
        ("meshes#", "", "meshes#", "", "meshes#"),
        ("pybullet_data:duck.obj", "pybullet_data", "duck.obj", "", "duck.obj"),
        ("D:duck.obj", "", "D:duck.obj", "", "D:duck.obj"),
    ],
)
def test_a_path_is_parsed_once(text: str, package: str, folder: str, category: str, bare: str) -> None:
    path = AssetPath.parse(text)
    assert (path.package, path.folder, path.category, path.bare) == (package, folder, category, bare)
    assert str(path) == text
    assert AssetPath.parse(text) == path


def test_as_a_setting_it_is_text() -> None:
    category = Category.parse({"path": "lib/parts#bolts"})
    assert category.path == AssetPath.parse("lib/parts#bolts")
    assert json.loads(category.model_dump_json())["path"] == "lib/parts#bolts"
    assert Category.parse(json.loads(category.model_dump_json())) == category
    with pytest.raises(ValueError, match="must be a string"):
        Category.parse({"path": 5})


def test_where_it_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert AssetPath.parse("~/a.obj").resolved == tmp_path / "a.obj"
    assert AssetPath.parse("pybullet_data:duck.obj").resolved.is_file()
    parts = tmp_path / "parts"
    parts.mkdir()
    for text in (str(parts), f"{parts}#bolts"):
        assert AssetPath.parse(text).library is None
    (parts / "library.json").write_text("{}")
    for text in (str(parts), f"{parts}#bolts"):
        assert AssetPath.parse(text).library == parts


def test_a_folder_whose_name_has_the_sign_of_libraries(tmp_path: Path) -> None:
    for folder in ("C#", "C#plus"):
        (tmp_path / folder).mkdir()
        trimesh.creation.box((0.1, 0.1, 0.1)).export(tmp_path / folder / "a.stl")
        assert AssetPath.parse(str(tmp_path / folder)).files() == [tmp_path / folder / "a.stl"]
        assert AssetPath.parse(str(tmp_path / folder / "a.stl")).files() == [tmp_path / folder / "a.stl"]


def test_a_urdf_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    for name in ("a.obj", "a.URDF", "b.dae", "c.3mf", "d.glb", "notes.txt", ".e.obj"):
        (tmp_path / name).touch()
    names = {
        text: [file.name for file in AssetPath.parse(str(tmp_path / text)).files()]
        for text in (".", "*", "*.URDF", "a.URDF")
    }
    meshes = ["a.obj", "b.dae", "c.3mf", "d.glb"]
    assert names == {".": meshes, "*": meshes, "*.URDF": ["a.URDF"], "a.URDF": ["a.URDF"]}
    with pytest.raises(PathError, match=r"no such file or folder: '.*/gone'"):
        AssetPath.parse(str(tmp_path / "gone")).files()


@pytest.mark.parametrize("suffix", [".regions.yaml", ".keypoints.yaml"])
def test_facts_beside_a_mesh_are_no_links_out_of_its_folder(tmp_path: Path, suffix: str) -> None:
    folder, elsewhere = tmp_path / "meshes", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "facts.yaml").write_text("{}")
    (folder / f"mug{suffix}").symlink_to(elsewhere / "facts.yaml")
    with pytest.raises(MeshError, match=f"mug{suffix}: is a symbolic link to a file outside its folder"):
        facts_beside(folder / "mug.obj", suffix, PhysicsSettings)
    (folder / "facts.yaml").write_text("{}")
    (folder / f"cup{suffix}").symlink_to(folder / "facts.yaml")
    assert facts_beside(folder / "cup.obj", suffix, PhysicsSettings) == PhysicsSettings()
