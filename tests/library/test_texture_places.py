"""Textures outside the folder of the mesh, but inside the folder that the user named."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.paths import AssetPath
from scenes.assets.reading.file import read_mesh_file
from scenes.assets.reading.places import COPY as REMEDY
from scenes.assets.stored import read_stored
from sim2coco.library.importing import import_meshes
from sim2coco.library.row import Override
from tests.library.conftest import Look
from tests.library.meshes import picture, png
from tests.library.plates import GREEN, RED, colors, mapped, plate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with `model/textures/quad.png`, where meshes go into `model/meshes`; a secret is beside it."""
    root = tmp_path / "root"
    (root / "model" / "textures").mkdir(parents=True)
    (root / "model" / "textures" / "quad.png").write_bytes(png(picture()))
    (tmp_path / "secret.png").write_bytes(png(picture()))
    return root


def model(root: Path, name: str, beside: str = "other.png") -> Path:
    return plate(root / "model" / "meshes", mapped(name.format(root=root)), beside)


def shows_the_texture(path: Path, within: Path) -> bool:
    found = read_mesh_file(path, within)
    return found.mesh.parts[0].texture is not None and np.allclose(colors(found.mesh, 2)[0], [RED, GREEN])


INSIDE = (
    "../textures/quad.png",
    "../Textures/QUAD.png",
    "..\\textures\\quad.png",
    "./../textures/../textures/quad.png",
    "../../model/textures/quad.png",
    "{root}/model/textures/quad.png",
    "file://{root}/model/textures/quad.png",
    "{root}/MODEL/textures/quad.png",
    "package://model/textures/quad.png",
    "../textures/quad%2Epng",
)


@pytest.mark.parametrize("name", INSIDE)
def test_within_the_folder_that_was_named(look: Look, root: Path, name: str) -> None:
    path = model(root, name)
    row = look(path, root=root, library=root.parent / "library", unit_m=1.0)
    assert (row.verdict, row.images) == ("ok", {"../textures/quad.png": "found"})
    imported = read_stored(root.parent / "library" / "meshes" / f"{row.mesh}.glb")
    np.testing.assert_allclose(colors(imported, 2)[0], [RED, GREEN], atol=1)
    assert shows_the_texture(path, root)
    settings = Assets.parse({"categories": {"part": {"path": f"{root}/*/meshes/*.obj", "size_m": 0.1}}})
    made = load_catalogue(settings)
    assert (made.notes, made.groups[0][0].mesh.parts[0].texture is not None) == ((), True)


@pytest.mark.parametrize(
    "name",
    [
        "/home/somebody/project/quad.png",
        "C:\\Users\\me\\quad.png",
        "C:/Users/me/QUAD.png",
        "../../../quad.png",
        "https://example.org/quad.png",
        "missing/quad.png",
        "file:///srv/quad.png",
        "package://another/quad.png",
    ],
)
def test_then_by_name_beside_the_mesh(look: Look, root: Path, name: str) -> None:
    path = model(root, name, "quad.png")
    told = (f"{name!r} was not found: 'quad.png' is used instead",)
    row = look(path, root=root, unit_m=1.0)
    assert (row.images, row.notes) == ({"quad.png": "found"}, told)
    assert shows_the_texture(path, root)
    assert read_mesh_file(path).looks == told


def test_the_last_folders_of_a_name_beside_the_mesh(root: Path) -> None:
    path = model(root, "C:\\work\\model\\skins\\quad.png", "skins/quad.png")
    assert shows_the_texture(path, root)


@pytest.mark.parametrize(
    "name", ["../../../secret.png", "{root}/../secret.png", "/etc/passwd", "../link.png"]
)
def test_what_leaves_the_folder_is_told(look: Look, root: Path, name: str) -> None:
    (root / "model" / "link.png").symlink_to(root.parent / "secret.png")
    path, name = model(root, name), name.format(root=root)
    told = f"texture {name!r} is outside the given folder: the material colour is used; {REMEDY}"
    row = look(path, root=root, unit_m=1.0)
    assert (row.verdict, row.images, row.notes) == ("ok", {name: "outside"}, (told,))
    made = load_catalogue(Assets.parse({"categories": {"part": {"path": str(path), "size_m": 0.1}}}))
    assert made.notes == (f"assets.categories.part.path: plate.obj: {told}",)


def test_a_file_alone_may_use_its_own_folder_only(root: Path) -> None:
    path = model(root, "../textures/quad.png")
    made = load_catalogue(Assets.parse({"categories": {"part": {"path": str(path), "size_m": 0.1}}}))
    (note,) = made.notes
    assert note.endswith(
        f"'../textures/quad.png' is outside the given folder: the material colour is used; {REMEDY}"
    )


@pytest.mark.parametrize(
    ("name", "materials"),
    [("../meshes/plate.obj", "plate.mtl"), ("package://model/meshes/plate.obj", "../plate.mtl")],
)
def test_meshes_and_material_files_of_a_urdf(look: Look, root: Path, name: str, materials: str) -> None:
    path = model(root, "../textures/quad.png")
    path.write_text(path.read_text().replace("plate.mtl", materials))
    if materials != "plate.mtl":
        shutil.move(path.parent / "plate.mtl", path.parent / materials)
        (root / "model" / "plate.mtl").write_text(mapped("../textures/quad.png"))
    (root / "model" / "urdf").mkdir()
    urdf = root / "model" / "urdf" / "one.urdf"
    urdf.write_text(
        f"<robot name='a'><link name='a'><visual><geometry><mesh filename='{name}'/></geometry>"
        "</visual></link></robot>"
    )
    row = look(urdf, root=root)
    assert (row.verdict, row.images) == ("ok", {"../textures/quad.png": "found"})
    assert "../meshes/plate.obj" in row.inputs


def test_the_mesh_is_read_again_when_its_texture_has_been_copied(root: Path) -> None:
    path = model(root, "../../../secret.png")
    overrides = {"model/meshes/plate.obj": Override("things", "plate", unit_m=1.0, sure=True)}
    fates = []
    for _ in range(2):
        (row,) = import_meshes(root, overrides, root.parent / "library", 1, lambda row, known: None)
        fates.append(row.images)
        shutil.copy(root.parent / "secret.png", path.parent / "secret.png")
    assert fates == [{"../../../secret.png": "outside"}, {"secret.png": "found"}]


@pytest.mark.parametrize(
    ("setting", "within"),
    [
        ("{root}/model/meshes/plate.obj", "model/meshes"),
        ("{root}/model/meshes", "model/meshes"),
        ("{root}/model/*/plate.obj", "model"),
        ("{root}/*/*/*.obj", ""),
    ],
)
def test_the_folder_that_a_setting_names(root: Path, setting: str, within: str) -> None:
    model(root, "quad.png")
    assert AssetPath.parse(setting.format(root=root)).within == root / within


def test_a_package_is_a_folder_of_its_own() -> None:
    path = AssetPath.parse("pybullet_data:toys/concave_box.obj")
    assert path.within.name == "pybullet_data"
    assert read_mesh_file(path.files()[0], path.within).looks == ()
