"""Held-out assets and images: in one split only, divided by the shares, stable when items are added."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.heldout import hold_out
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.lamps import EnvironmentSettings
from scenes.scene import Scene
from scenes.spec import Body, SceneSpec, Surface
from scenes.split import Split, split_sizes
from tests.rig import streams

SHARES = {"train": 0.7, "val": 0.2, "test": 0.1}


def box(path: Path, number: int) -> None:
    """Writes a box with unique sides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(trimesh.creation.box((1.0, 0.9, 0.5 + 0.001 * number)).export(file_type="stl")))


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of 20 bolts, 5 nuts and 4 pieces of rubble, all different, and a folder with one mesh."""
    root = tmp_path_factory.mktemp("meshes")
    for number in range(20):
        box(root / "bolts" / f"b{number:02}.stl", number)
    for number in range(5):
        box(root / "nuts" / f"n{number}.stl", 100 + number)
    for number in range(4):
        box(root / "rubble" / f"r{number}.stl", 200 + number)
    box(root / "few" / "only.stl", 300)
    return root


def held(
    by: Any, categories: Mapping[str, Any], seed: int = 7, scene: Scene | None = None, **more: Any
) -> Any:
    """The catalogue of each split by its name, and the whole catalogue."""
    assets = Assets.parse({"categories": dict(categories), "distractors": more})
    scene = scene or Drop()
    whole = load_catalogue(assets, scene.image_folders)
    split = Split.parse({**SHARES, "by": by})
    return hold_out(split, seed, assets, scene, EnvironmentSettings(), whole), whole


def parts(root: Path, *names: str, size_m: float = 0.05) -> dict[str, Any]:
    return {name: {"path": str(root / name), "size_m": size_m} for name in names}


def contents(part: Catalogue) -> set[str]:
    return {asset.content for asset in part.assets.values()}


def owners(found: Any) -> dict[str, str]:
    """The split of each mesh, by its name."""
    pairs = [
        (asset.name, split) for split, part in found.catalogues.items() for asset in part.assets.values()
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_each_category_and_all_clutter_is_shared_out(meshes: Path) -> None:
    found, whole = held("asset", parts(meshes, "bolts", "nuts"), **parts(meshes, "rubble"))
    for rank in range(2):
        sizes = {split: len(part.groups[rank]) for split, part in found.catalogues.items()}
        assert sizes == split_sizes(len(whole.groups[rank]), SHARES)
    assert [len(part.distractor_groups[0]) for part in found.catalogues.values()] == [2, 1, 1]
    assert owners(found).keys() == {asset.name for asset in whole.assets.values()}
    for part in found.catalogues.values():
        assert part.typical_size_m == whole.typical_size_m
        assert (part.names, part.weights, part.images) == (whole.names, whole.weights, whole.images)


@pytest.mark.parametrize("by", ["asset", ["asset", "background"]], ids=str)
def test_all_splits_have_scenes_of_one_size_though_their_meshes_differ(tmp_path: Path, by: Any) -> None:
    """Scene settings are multiples of `typical_size_m`: a split of large meshes must not get wider piles."""
    for number in range(1, 11):
        path = tmp_path / "cubes" / f"c{number}.stl"
        path.parent.mkdir(exist_ok=True)
        trimesh.creation.box((0.02 * number,) * 3).export(path)
    found, whole = held(by, {"cube": {"path": str(tmp_path / "cubes")}})
    own = {
        np.median([asset.mesh.extents_m.max() for asset in part.groups[0]])
        for part in found.catalogues.values()
    }
    assert len(own) == len(SHARES)
    assert whole.typical_size_m == pytest.approx(0.11)
    assert [part.typical_size_m for part in found.catalogues.values()] == [whole.typical_size_m] * len(SHARES)


def test_by_scene_all_are_made_of_the_same(meshes: Path) -> None:
    found, whole = held("scene", parts(meshes, "bolts", "few"))
    assert all(part is whole for part in found.catalogues.values())
    assert found.tree() == {}


def test_a_mesh_is_one_thing_under_all_its_names_and_sizes(meshes: Path, tmp_path: Path) -> None:
    for number in (3, 11):
        box(tmp_path / "more" / f"other{number}.stl", number)
    box(tmp_path / "more" / "again.stl", 3)
    box(tmp_path / "more" / "new.stl", 400)
    categories = {**parts(meshes, "bolts"), **parts(tmp_path, "more", size_m=0.08)}
    found, whole = held("asset", categories)
    named = owners(found)
    assert named["more/other3"] == named["more/again"] == named["bolts/b03"]
    assert named["more/other11"] == named["bolts/b11"]
    everywhere = Counter(content for part in found.catalogues.values() for content in contents(part))
    assert set(everywhere.values()) == {1}
    assert len(everywhere) == 21
    keys = {asset.key.partition("@")[2] for asset in whole.assets.values()}
    assert len(keys) == 23  # the hash includes the size


def test_a_mesh_more_moves_hardly_any_other(meshes: Path, tmp_path: Path) -> None:
    (tmp_path / "bolts").symlink_to(meshes / "bolts")

    def shared_out(path: str, seed: int) -> dict[str, str]:
        return owners(held("asset", {"bolt": {"path": path, "size_m": 0.05}}, seed)[0])

    choices = [shared_out(f"{tmp_path}/bolts/*.stl", seed) for seed in range(8)]
    assert len({tuple(sorted(choice.items())) for choice in choices}) == 8
    for seed, before in enumerate(choices):
        box(tmp_path / "added" / "z.stl", 500 + seed)
        after = shared_out(f"{tmp_path}/*/*.stl", seed)
        assert len(after) == 21
        assert sum(after[name] != split for name, split in before.items()) <= len(SHARES) - 1


@pytest.mark.parametrize(
    ("names", "clutter", "message"),
    [
        (
            ("few", "nuts"),
            (),
            "assets.categories.few: split.by=asset needs a different mesh for each of train, val,",
        ),
        (
            ("nuts",),
            ("few",),
            "assets.distractors.few: split.by=asset needs a different mesh .* it has 1; add",
        ),
    ],
    ids=["category", "clutter"],
)
def test_too_few_meshes_are_refused(
    meshes: Path, names: tuple[str, ...], clutter: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CatalogueError, match=message):
        held("asset", parts(meshes, *names), **parts(meshes, *clutter))


def test_shapes_and_what_is_in_other_categories_cannot_be_shared_out(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"categories\.nut: .* it has 1 \(the same for bolt\)"):
        held("asset", {name: {"shape": name, "size_m": 0.05} for name in ("nut", "bolt")})
    # Each category has as many meshes as there are splits, but shares two of three, so no division works.
    for folder, numbers in (("a", (1, 2, 3)), ("b", (1, 2, 4)), ("c", (3, 4, 5)), ("d", (1, 3, 4))):
        for number in numbers:
            box(tmp_path / folder / f"{number}.stl", number)
    with pytest.raises(CatalogueError, match="its 3 are also in other categories"):
        held("asset", parts(tmp_path, *"abcd"))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Ten images of floors and six of walls; two of the walls are also floors."""
    for folder, numbers in (("floors", range(10)), ("walls", range(8, 14))):
        (tmp_path / folder).mkdir()
        for number in numbers:
            Image.new("RGB", (8, 8), (20 * number, 9, 9)).save(tmp_path / folder / f"{folder}{number}.png")
    return tmp_path


def looks(spec: SceneSpec) -> list[Any]:
    surfaces: list[Body | Surface] = [*spec.bodies, spec.background, *([spec.floor] if spec.floor else [])]
    return [surface.look.texture for surface in surfaces if surface.look.texture is not None]


def drawn(found: Any, scene: Scene, split: str, count: int = 40) -> list[SceneSpec]:
    return [
        scene.draw(index, split, 0, found.catalogues[split], streams(index, seed=3)) for index in range(count)
    ]


def test_no_picture_is_in_two_splits(photographs: Path, meshes: Path) -> None:
    scene = Drop.parse(
        {
            "floor": {"images": str(photographs / "floors"), "textured": 1.0},
            "background": {"images": str(photographs / "walls"), "textured": 1.0},
            "objects": {"pool": 5, "textured": 1.0, "textures": ["checker", "wood"]},
        }
    )
    categories = {"nut": {"path": str(meshes / "nuts"), "size_m": 0.05, "color": "random"}}
    found, _ = held("background", categories, scene=scene)
    seen = {
        split: {
            texture.source.partition("@")[2] or (texture.kind, texture.index)
            for spec in drawn(found, scene, split)
            for texture in looks(spec)
        }
        for split in SHARES
    }
    assert not any(seen[one] & seen[other] for one in SHARES for other in SHARES if one < other)
    # 14 photographs, and five variants each of checker and wood: each belongs to some split.
    assert sum(len(things) for things in seen.values()) == 24
    assert {("checker", 0), ("wood", 0)} <= seen["train"]


def test_an_image_keeps_its_number_in_the_folder(photographs: Path, meshes: Path) -> None:
    floors = {"images": str(photographs / "floors"), "textured": 1.0}
    scene = Drop.parse({"floor": floors})
    found, whole = held("background", parts(meshes, "nuts"), scene=scene)
    for split in SHARES:
        for spec in drawn(found, scene, split, 20):
            assert spec.floor is not None
            texture = spec.floor.look.texture
            assert texture is not None
            assert whole.images["floor"][texture.index].key == texture.source


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        ({"floor": {"pool": 2}}, r"scene\.floor\.pool: split\.by=background needs at least 3"),
        (
            {"background": {"images": "walls"}},
            r"scene\.background\.images: .* a different image for each of train",
        ),
    ],
    ids=["pool", "folder"],
)
def test_too_few_pictures_are_refused(
    scene: dict[str, dict[str, Any]],
    message: str,
    meshes: Path,
    photographs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(photographs)
    for number in range(10, 14):
        (photographs / "walls" / f"walls{number}.png").unlink()
    with pytest.raises(CatalogueError, match=message):
        held("background", parts(meshes, "nuts"), scene=Drop.parse(scene))
    settings = {name: {**look, "textured": 0.0} for name, look in scene.items()}
    held("background", parts(meshes, "nuts"), scene=Drop.parse(settings))  # nothing is drawn from them


def turned(spec: SceneSpec) -> list[Any]:
    """All attributes of the bodies except the mesh within the category and what depends on it."""
    return [
        (body.category, body.pose.quat_xyzw, body.roughness, body.friction, body.look) for body in spec.bodies
    ]


@pytest.mark.parametrize("scene", [Drop(), Floating()], ids=["drop", "floating"])
def test_what_is_held_out_moves_no_other_draw(scene: Scene, meshes: Path) -> None:
    def specs(by: Any) -> list[SceneSpec]:
        found, _ = held(by, parts(meshes, "bolts", "nuts"), scene=scene, **parts(meshes, "rubble"))
        return drawn(found, scene, "val", 12)

    plain, by_asset, by_background = specs("scene"), specs("asset"), specs("background")
    for one, two, three in zip(plain, by_asset, by_background, strict=True):
        assert [body.pose for body in three.bodies] == [body.pose for body in one.bodies]
        assert [body.asset for body in three.bodies] == [body.asset for body in one.bodies]
        assert (two.floor, two.background) == (one.floor, one.background)
        assert turned(two) == turned(one)
        if isinstance(scene, Drop):  # heights depend on the size of the mesh
            points = [[body.pose.position_m[:2] for body in spec.bodies] for spec in (one, two)]
            np.testing.assert_allclose(points[0], points[1], atol=0.01)
    assert any(one != two for one, two in zip(plain, by_asset, strict=True))
