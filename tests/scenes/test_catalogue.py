from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.shapes import SHAPES
from tests.library.meshes import brick
from tests.refusals import assert_refused

CUBE = """
v 0 0 0\nv 2 0 0\nv 2 1 0\nv 0 1 0\nv 0 0 1\nv 2 0 1\nv 2 1 1\nv 0 1 1
f 1 3 2\nf 1 4 3\nf 5 6 7\nf 5 7 8\nf 1 2 6\nf 1 6 5\nf 2 3 7\nf 2 7 6\nf 3 4 8\nf 3 8 7\nf 4 1 5\nf 4 5 8
"""


def load(**categories: Any) -> Catalogue:
    return load_catalogue(Assets.parse({"categories": categories}))


def write(path: Path, text: str) -> str:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.obj", "v 0 0\nf 1 2 3\n", "vertices that do not exist"),
        ("beyond.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "vertices that do not exist"),
        ("nan.obj", "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not finite"),
        ("points.obj", "v 0 0 0\nv 1 0 0\n", "no faces"),
        ("one.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "no area|no faces"),
        ("empty.obj", "", "is empty; save or download it again"),
        ("garbage.stl", "garbage", "is not an STL file: it has 7 bytes"),
        ("cut.glb", "glTF", "is not a GLB file"),
        ("mesh.xyz", "1 2 3", "is not one of .obj"),
    ],
)
def test_file_that_cannot_be_used_is_named_with_its_setting(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(CatalogueError, match=message) as caught:
        load(part={"path": path})
    assert str(caught.value).startswith(f"assets.categories.part.path: {path}: ")
    assert "\n" not in str(caught.value)


def test_nan_in_the_library_is_found() -> None:
    with pytest.raises(
        CatalogueError, match=r"^assets.categories.odd.path: .*168.obj: a vertex is not finite$"
    ):
        load(odd={"path": "pybullet_data:random_urdfs/168/168.obj"})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.obj", "no such file or folder"),
        ("nowhere", "no such file or folder"),
        ("empty", "no mesh .* in "),
        ("empty/*.obj", "no mesh .* in "),
        ("pybullet_data:nothing.obj", "no such file or folder: 'pybullet_data:nothing.obj'"),
    ],
)
def test_path_without_a_mesh_is_refused(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    given = path if ":" in path else str(tmp_path / path)
    with pytest.raises(CatalogueError, match=f"^assets.distractors.it.path: {message}"):
        load_catalogue(
            Assets.parse(
                {"categories": {"a": {"shape": "box", "size_m": 1}}, "distractors": {"it": {"path": given}}}
            )
        )


@pytest.mark.parametrize(
    ("category", "where", "why"),
    [
        ({"shape": "boxx", "size_m": 1}, ".shape", "unknown shape 'boxx'; did you mean 'box'?"),
        ({"shape": "box"}, "", "a shape needs size_m"),
        ({"shape": "box", "path": "x.obj", "size_m": 1}, "", "has both shape and path"),
        ({}, "", "give shape or path"),
        ({"shape": "box", "size_m": 0}, ".size_m", "at least 1e-06"),
        ({"shape": "box", "size_m": [2, 1]}, ".size_m", "low 2.0 is above high 1.0"),
        ({"shape": "box", "size_m": 1, "color": "blue"}, ".color", "'own' or 'random'"),
        ({"shape": "box", "size_m": 1, "color": [1, 2, 3]}, ".color", "less than or equal to 1"),
        ({"shape": "box", "size_m": 1, "wieght": 1}, ".wieght", "Extra inputs"),
        ({"shape": "box", "size_m": 1, "weight": 0}, ".weight", "greater than 0"),
        ({"shape": "box", "size_m": 1, "mass_kg": 0}, ".mass_kg", "greater than 0"),
        ({"shape": "box", "size_m": 1, "density_kg_m3": 0}, ".density_kg_m3", "greater than 0"),
    ],
    ids=str,
)
def test_wrong_category_is_refused(category: object, where: str, why: str) -> None:
    assert_refused(Assets, {"categories": {"part": category}}, f"categories.part{where}", why)


BOX = {"shape": "box", "size_m": 1}


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({}, "categories", "give at least one category"),
        ({"categories": {}}, "categories", "give at least one category"),
        ({"categories": {" ": BOX}}, "categories", "a category has no name"),
        ({"categories": {"a": BOX}, "distractors": {" ": BOX}}, "distractors", "a category has no name"),
        (
            {"categories": {"a": BOX}, "distractors": {"a": BOX}},
            "",
            "'a' is both a category and a distractor",
        ),
    ],
    ids=str,
)
def test_there_is_a_category_and_it_has_a_name(tree: object, where: str, why: str) -> None:
    assert_refused(Assets, tree, where, why)


@pytest.mark.parametrize(("factor", "side"), [(40.0, "40"), (0.0004, "0.0004")])
def test_sizes_that_are_no_metres_are_refused(tmp_path: Path, factor: float, side: str) -> None:
    path = tmp_path / "gear.stl"
    trimesh.creation.box((factor, factor, factor)).export(path)
    told = rf"^assets.categories.gear.path: .*gear.stl: its longest side is {side} m .*; set its size_m$"
    with pytest.raises(CatalogueError, match=told):
        load(gear={"path": str(path)})
    assert load(gear={"path": str(path), "size_m": factor}).typical_size_m == pytest.approx(factor)


def test_what_is_far_from_the_others_is_refused(tmp_path: Path) -> None:
    trimesh.creation.box((4, 4, 4)).export(tmp_path / "bolt.stl")
    shapes: dict[str, object] = {name: {"shape": name, "size_m": 0.05} for name in ("nut", "box", "tube")}
    told = (
        r"^assets.categories.bolt.path: bolt: its longest side is 4 m, the median of the others 0.05 m.*; "
        r"set its size_m .m"
    )
    with pytest.raises(CatalogueError, match=told):
        load(bolt={"path": str(tmp_path / "bolt.stl")}, **shapes)
    told = r"^assets.categories.bolt.size_m: .* 4 m, the median of the others .*; correct it"
    with pytest.raises(CatalogueError, match=told):
        load(bolt={"path": str(tmp_path / "bolt.stl"), "size_m": 4}, **shapes)
    load(bolt={"path": str(tmp_path / "bolt.stl"), "size_m": 2}, **shapes)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    for name in "abcdefg":
        write(tmp_path / f"{name}.obj", "v 0 0 0\n")
    with pytest.raises(CatalogueError) as told:
        load(it={"path": str(tmp_path)}, other={"path": str(tmp_path / "no.obj")})
    *files, more, hint = told.value.lines
    assert [name for name in "abcdefg" if any(f"{name}.obj: has no faces" in line for line in files)] == [
        *"abcde"
    ]
    assert (len(files), more) == (5, "and 3 more like these")
    assert hint.startswith("run sim2coco assets import FOLDER --out LIBRARY")


def test_a_size_far_from_the_others_is_told_at_the_start(tmp_path: Path) -> None:
    trimesh.creation.box((4, 4, 4)).export(tmp_path / "knob.glb")
    knob = {"path": str(tmp_path / "knob.glb")}
    sizes_m = {"a": 0.1, "b": 0.16, "c": 0.3}
    shapes: dict[str, object] = {name: {"shape": "box", "size_m": size_m} for name, size_m in sizes_m.items()}
    made = load(knob=knob, **shapes)
    told = "assets.categories.knob.path: knob.glb: 4 m, 25 times the median of the others (0.16 m)"
    assert made.notes == (f"{told}; if that is wrong, set its size_m",)
    assert dict(made.far_sizes) == {"knob": made.notes[0]}
    stated = load(knob={**knob, "size_m": 2}, **shapes)
    assert stated.notes == ()
    assert "knob.size_m: knob.glb: 2 m, 12.5 times" in stated.far_sizes["knob"]
    assert load(knob={**knob, "size_m": 1.2}, **shapes).far_sizes == {}


def test_of_many_that_are_too_small_the_smallest_is_told(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        trimesh.creation.box((0.01 * number,) * 3).export(tmp_path / f"n{number}.stl")
    shapes = {name: {"shape": "box", "size_m": 0.3} for name in "abcdef"}
    (note,) = load(nuts={"path": str(tmp_path)}, **shapes).notes
    told = "nuts/n1: 0.01 m, and 2 more like it, 1/30 of the median of the others (0.3 m)"
    assert note.startswith(f"assets.categories.nuts.path: {told}")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            ["deep/er/a.stl", "deep/er/b.obj", "deep/er/c.obj", "far/off/and/d.obj"],
            "directly in '{0}'; the nearest are in {0}/deep/er: use path: '{0}/**/*.obj'",
        ),
        (["robot.urdf", "meshes/a.obj"], "directly in '{0}', only URDF files: use path: '{0}/*.urdf'"),
        (
            ["library/library.json", "a/b/c.obj"],
            "directly in '{0}'; the nearest are in the library {0}/library: use that",
        ),
        (["notes.txt", "deep/.hidden.obj"], "in '{0}' or its subfolders"),
    ],
    ids=["below", "urdf", "library", "none"],
)
def test_a_folder_whose_meshes_lie_deeper(tmp_path: Path, files: list[str], message: str) -> None:
    for name in files:
        write(tmp_path / name, CUBE)
    with pytest.raises(CatalogueError) as told:
        load(part={"path": f"{tmp_path}/"})
    assert str(told.value).endswith(message.format(tmp_path).replace(f"'{tmp_path}'", f"'{tmp_path}/'"))
    if "**" in message:
        assert len(load(part={"path": f"{tmp_path}/**/*.obj"}).groups[0]) == 3


def test_folder_and_pattern_give_an_asset_a_file(tmp_path: Path) -> None:
    for name in ("b.obj", "a.obj", "notes.txt", ".hidden.obj", "deep/c.obj", "deep/d.obj", "far/d.obj"):
        write(tmp_path / name, CUBE)
    made = load(folder={"path": str(tmp_path)}, pattern={"path": str(tmp_path / "*" / "*.obj")})
    assert [asset.name for asset in made.groups[0]] == ["folder/a", "folder/b"]
    assert [asset.name for asset in made.groups[1]] == ["pattern/c", "pattern/deep/d", "pattern/far/d"]
    assert len(made.assets) == 5


def test_size_is_the_longest_side(tmp_path: Path) -> None:
    made = load(
        metres={"path": write(tmp_path / "cube.obj", CUBE)},
        sized={"path": str(tmp_path / "cube.obj"), "size_m": [0.1, 0.4]},
    )
    metres, sized = made.groups[0][0], made.groups[1][0]
    np.testing.assert_allclose(metres.mesh.extents_m, (2, 1, 1))
    np.testing.assert_allclose(sized.mesh.extents_m, (0.4, 0.2, 0.2))
    assert (metres.scale, sized.scale) == ((1, 1), (0.25, 1))
    np.testing.assert_allclose(metres.center_of_mass_m, (1, 0.5, 0.5))
    assert metres.radius_m == pytest.approx(1.5**0.5)
    assert metres.mass_kg == 50  # 1200 kg of wood, limited to the largest mass that settles well
    assert sized.mass_kg == pytest.approx(600 * 0.4 * 0.2 * 0.2)


def test_draws_follow_weights_and_sizes(rng: np.random.Generator) -> None:
    made = load(
        rare={"shape": "box", "size_m": [0.1, 0.2]}, common={"shape": "cone", "size_m": 0.1, "weight": 3}
    )
    drawn = [made.draw(rng) for _ in range(2000)]
    assert np.mean([asset.category == 1 for asset, _ in drawn]) == pytest.approx(0.75, abs=0.04)
    scales = [scale for asset, scale in drawn if asset.category == 0]
    assert 0.5 <= min(scales) < 0.52
    assert 0.98 < max(scales) <= 1.0


def test_distractors_are_drawn_by_weights_of_their_own(rng: np.random.Generator) -> None:
    made = load_catalogue(
        Assets.parse(
            {
                "categories": {"a": {"shape": "box", "size_m": 0.1, "weight": 9}},
                "distractors": {
                    "rare": {"shape": "box", "size_m": 0.1},
                    "common": {"shape": "cone", "size_m": 0.1, "weight": 3},
                },
            }
        )
    )
    drawn = [made.draw(rng, distractor=True)[0].name for _ in range(2000)]
    assert drawn.count("common") / 2000 == pytest.approx(0.75, abs=0.04)
    assert set(drawn) == {"rare", "common"}


def test_the_typical_size_is_the_median_of_categories_at_their_mean_scale() -> None:
    """Each category counts once, with the middle of its sizes, regardless of its number of meshes."""
    made = load(
        small={"shape": "box", "size_m": [0.02, 0.04]},
        middle={"shape": "box", "size_m": [0.04, 0.10]},
        large={"shape": "box", "size_m": 0.5},
    )
    assert made.typical_size_m == pytest.approx(0.07)


def test_key_holds_the_content() -> None:
    first, same, other = (load(a={"shape": "box", "size_m": size}).groups[0][0] for size in (1, 1, 2))
    assert first.key == same.key
    assert first.key != other.key
    assert first.name == other.name == "a"


def test_every_shape_loads() -> None:
    made = load(**{name: {"shape": name, "size_m": 0.1} for name in SHAPES})
    assert made.typical_size_m == pytest.approx(0.1)
    assert made.names == tuple(SHAPES)
    for (asset,) in made.groups:
        distances = np.linalg.norm(asset.mesh.vertices_m - asset.center_of_mass_m, axis=1)
        assert distances.max() <= asset.radius_m * (1 + 1e-12)


@pytest.mark.parametrize("kind", ["dae", "3mf"])
def test_a_file_that_states_its_unit_needs_no_size(tmp_path: Path, kind: str) -> None:
    path = brick(tmp_path / f"brick.{kind}")
    (asset,) = load(brick={"path": str(path)}).groups[0]
    np.testing.assert_allclose(asset.mesh.extents_m, (0.06, 0.04, 0.02), rtol=1e-5)
    brick(path, 1e-4)
    with pytest.raises(CatalogueError, match=r"6e-06 m in the unit stated in the file; set its size_m"):
        load(brick={"path": str(path)})


def test_a_file_that_is_a_robot_is_read_too(tmp_path: Path) -> None:
    write(
        tmp_path / "one.urdf",
        "<robot name='a'><link name='a'><visual><geometry><box size='0.1 0.2 0.3'/></geometry></visual>"
        "</link></robot>",
    )
    (asset,) = load(robot={"path": str(tmp_path / "one.urdf")}).groups[0]
    assert asset.name == "robot"
    np.testing.assert_allclose(asset.mesh.extents_m, (0.1, 0.2, 0.3))
