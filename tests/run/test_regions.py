"""Regions of meshes as labels: where they are stated, what they are called, and data sets that have them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from scenes.assets.catalogue import Asset, Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.reading.naming import read_named
from sim.bullet import Client
from sim2coco import Recipe, generate
from sim2coco.audit import audit
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.exporting import export
from sim2coco.export.panoptic import Panoptic
from sim2coco.library.examine import Task, examine
from sim2coco.library.importing import _unchanged, import_meshes
from sim2coco.library.row import Override
from sim2coco.png import png
from sim2coco.records import from_bytes, to_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.deep import check_deep
from sim2coco.review.whereabouts import Whereabouts
from tests.crate import REGIONS, SIZE_M, put_crate
from tests.library.gltf_files import FACES, SQUARE, SQUARE_UVS, Gltf


def put_beside(mesh: Path, tree: object) -> Path:
    mesh.with_name(f"{mesh.stem}.regions.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return mesh


def catalogue_of(mesh: Path, **settings: Any) -> Catalogue:
    category = {"path": str(mesh), "size_m": SIZE_M, **settings}
    return load_catalogue(Assets.parse({"categories": {"crate": category}}))


def only(catalogue: Catalogue) -> Asset:
    (asset,) = catalogue.assets.values()
    return asset


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two images and their copies; the meshes lie beside it, and their regions beside them."""
    folder = tmp_path_factory.mktemp("regions")
    mesh = put_beside(put_crate(folder / "meshes"), {"regions": REGIONS})
    tree = {
        "seed": 3,
        "views": 2,
        "split": {"train": 1.0},
        "image": {"width": 200, "height": 150, "format": "png", "extra": ["semantic_ids"]},
        "assets": {"categories": {"crate": {"path": str(mesh), "size_m": SIZE_M}}},
        "scene": {
            "kind": "drop",
            "num_objects": [3, 3],
            "empty_share": 0.0,
            "defects": {"scratch": {"kind": "scratch", "share": 1.0, "size": [0.5, 0.8]}},
        },
        "augment": {"copies": 1, "geometry": {"turn": {"name": "Affine", "rotate": [-40, 40], "p": 1.0}}},
    }
    generate(Recipe.parse(tree), folder / "data", 4)
    return folder / "data"


def annotations(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "annotations/instances_train.json").read_text())
    return found


def test_regions_are_labels_of_their_own_categories(made: Path) -> None:
    tree = annotations(made)
    assert [one["name"] for one in tree["categories"]] == ["crate", "scratch", *REGIONS]
    assert [one["supercategory"] for one in tree["categories"]] == ["object", "defect"] + ["region"] * 3
    found = {one["category_id"] for one in tree["annotations"] if "on" in one["attributes"]}
    assert found == {2, 3, 4, 5}
    assert not any(one["category_id"] > 1 for one in tree["annotations"] if "on" not in one["attributes"])


def test_check_and_check_deep_and_audit_and_formats_accept_them(made: Path, tmp_path: Path) -> None:
    assert [str(fault) for fault in check(made).faults] == []
    assert [str(fault) for fault in check_deep(made, [made.parent], scenes=1).faults] == []
    report = audit(made, [made.parent / "meshes"])
    assert list(report.findings) == []
    assert any("regions" in note for note in report.notes)
    export(open_dataset(made), [Panoptic()], tmp_path / "panoptic")
    for path in (made / "records/000").iterdir():
        assert to_bytes(from_bytes(path.read_bytes())) == path.read_bytes()


def test_other_regions_than_those_of_the_run_are_told(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made.parent, tmp_path / "all")
    other = {**REGIONS, "lid": {"material": "Wood"}}
    put_beside(tmp_path / "all/meshes/crate.obj", {"regions": other})
    with pytest.raises(DataSetError, match="crate: the regions of this mesh have changed"):
        check_deep(tmp_path / "all/data", [tmp_path / "all/meshes"], scenes=1)


def test_a_copy_of_a_mesh_with_other_regions_is_passed_over(made: Path, tmp_path: Path) -> None:
    bare, other, same = (tmp_path / "all" / name for name in ("0", "1", "2"))
    for folder in (bare, other, same):
        shutil.copytree(made.parent / "meshes", folder)
    (bare / "crate.regions.yaml").unlink()
    put_beside(other / "crate.obj", {"regions": {**REGIONS, "lid": {"material": "Wood"}}})
    record, view, _ = next(iter(DataSet(made).pictures()))
    tree: dict[str, Any] = yaml.safe_load((made / "config.yaml").read_text())
    run = json.loads((made / "run.json").read_text())
    Whereabouts([tmp_path / "all"], run, [(record, view)]).put_into(tree, tmp_path)
    assert tree["assets"]["categories"]["crate"]["path"] == str(same / "crate.obj")


def test_a_wrong_label_of_a_region_is_found(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "data")
    place = tmp_path / "data/records/000/000000.json"
    tree = json.loads(place.read_text())
    pictures = (picture for view in tree["views"] for picture in view["pictures"])
    labels = (label for picture in pictures for label in picture["annotations"])
    next(label for label in labels if label.get("decal") == 1)["category"] = 2
    place.write_text(json.dumps(tree))
    assert any("category is 2" in str(fault) for fault in check(tmp_path / "data").faults)


def test_a_library_has_the_regions_beside_its_meshes(tmp_path: Path) -> None:
    mesh = put_beside(put_crate(tmp_path / "meshes"), {"regions": REGIONS})
    direct = only(catalogue_of(mesh))
    wrong = put_beside(
        Path(shutil.copy(mesh, mesh.with_name("wrong.obj"))), {"regions": {"cap": {"material": "Cap"}}}
    )
    said = {name: Override("crate", name[:-4], unit_m=0.1, sure_up=True) for name in (mesh.name, wrong.name)}
    told: list[tuple[str, bool]] = []
    rows = import_meshes(
        mesh.parent, said, tmp_path / "library", 1, lambda row, known: told.append((row.file, known))
    )
    assert [row.verdict for row in rows] == ["ok", "refused"]
    assert sorted(told) == [("crate.obj", False), ("wrong.obj", False)]
    assert "wrong.regions.yaml" in rows[1].remedy
    assert "region 'cap': no material 'Cap'; the mesh has the materials Wood, Lid" in rows[1].reason
    shutil.rmtree(mesh.parent)
    library = load_catalogue(Assets.parse({"path": str(tmp_path / "library")}))
    found = only(library)
    assert direct.regions is not None
    assert found.regions is not None
    assert dict(library.regions) == dict.fromkeys(REGIONS, "region")
    assert np.allclose(found.regions.corners_m, direct.regions.corners_m, atol=1e-12)
    for one, other in zip(found.regions.areas, direct.regions.areas, strict=True):
        assert np.array_equal(one.faces, other.faces)
        assert (one.mask is None) == (other.mask is None)
    (file,) = (tmp_path / "library/regions").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(
        CatalogueError, match="region file is damaged or was changed; import the meshes again"
    ):
        load_catalogue(Assets.parse({"path": str(tmp_path / "library")}))
    tree = {"path": str(tmp_path / "library"), "categories": {"crate": {"regions": REGIONS}}}
    with pytest.raises(CatalogueError, match=r"crate.regions.yaml next to crate.obj"):
        load_catalogue(Assets.parse(tree))


def test_regions_are_examined_with_their_mesh_and_again_if_they_change(
    client: Client, tmp_path: Path
) -> None:
    mesh = put_crate(tmp_path / "meshes")
    task = Task(mesh.parent, mesh.name, Override("crate", "crate", unit_m=0.1, sure_up=True), None)
    bare = examine(client, task)
    assert (bare.verdict, bare.regions) == ("ok", "")
    assert _unchanged(mesh.parent, bare.inputs)
    put_beside(mesh, {"regions": REGIONS})
    assert not _unchanged(mesh.parent, bare.inputs)
    found = examine(client, task)
    assert found.regions
    assert _unchanged(mesh.parent, found.inputs)
    mask = mesh.parent / "masks/label.png"
    mask.unlink()
    assert not _unchanged(mesh.parent, found.inputs)
    refused = examine(client, task)  # as `assets check` does
    assert (refused.verdict, refused.remedy) == ("refused", "correct crate.regions.yaml")
    assert "masks/label.png is missing" in refused.reason
    assert _unchanged(mesh.parent, refused.inputs)
    mask.symlink_to(tmp_path / "secret.png")
    (tmp_path / "secret.png").write_bytes(png(np.full((4, 4, 3), 255, np.uint8)))
    assert "a symbolic link to a file outside the given folder" in examine(client, task).reason


@pytest.mark.parametrize(
    ("region", "told"),
    [
        (
            {"material": "Lit"},
            "crate.obj: region 'cap': no material 'Lit'; the mesh has the materials Wood, Lid and",
        ),
        ({"group": "handle"}, r"no group 'handle'; .* the groups crate, .*bottom"),
        ({"material": "Lid", "group": "front"}, "no triangle has both its material and its group"),
        ({"texture_mask": "none.png"}, "none.png is missing"),
        ({"texture_mask": "crate.obj"}, "crate.obj: cannot be read as an image"),
        (
            {"texture_mask": "long.png"},
            "long.png: 32767x1 is more than 32,766 pixels on a side; scale it down",
        ),
        ({"texture_mask": "link.png"}, "'link.png', a symbolic link to a file outside the given folder"),
        ({"texture_mask": "masks/../../x.png"}, "must be a relative path inside the folder of the mesh file"),
        ({}, "give material, group or texture_mask"),
        ({"materials": "Lid"}, "materials"),
    ],
)
def test_regions_that_the_mesh_does_not_have_are_told_in_one_line(
    tmp_path: Path, region: dict[str, Any], told: str
) -> None:
    mesh = put_crate(tmp_path / "meshes")
    mesh.with_name("long.png").write_bytes(png(np.full((1, 32767, 3), 255, np.uint8)))
    shutil.copy(mesh.parent / "masks/label.png", tmp_path / "outside.png")
    mesh.with_name("link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises((CatalogueError, ValidationError), match=told):
        catalogue_of(mesh, regions={"cap": region})
    put_beside(mesh, {"regions": {"cap": region}})
    with pytest.raises(CatalogueError, match=told) as error:
        catalogue_of(mesh)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("categories", "told"),
    [
        (
            {"crate": {"regions": {"crate": {"material": "Lid"}}}},
            "has the same name as a category; rename one of them",
        ),
        (
            {"box": {"shape": "box", "size_m": 1.0, "regions": {"lid": {"material": "x"}}}},
            "a shape cannot have regions",
        ),
        (
            {
                "crate": {"regions": {"lid": {"material": "Lid"}}},
                "chest": {"regions": {"lid": {"material": "Lid", "supercategory": "part"}}},
            },
            "chest: its region 'lid' has the supercategory 'part', but 'region' elsewhere",
        ),
        ({"crate": {"regions": {" ": {"material": "Lid"}}}}, "a region has no name"),
    ],
)
def test_regions_need_a_mesh_and_a_name_of_their_own(
    tmp_path: Path, categories: dict[str, Any], told: str
) -> None:
    mesh = put_crate(tmp_path / "meshes")
    tree = {
        name: one if "shape" in one else {"path": str(mesh), "size_m": 0.1, **one}
        for name, one in categories.items()
    }
    with pytest.raises((CatalogueError, ValidationError), match=told):
        load_catalogue(Assets.parse({"categories": tree}))


def test_a_distractor_has_no_regions(tmp_path: Path) -> None:
    one = {"path": str(put_crate(tmp_path / "meshes")), "size_m": 0.1}
    tree = {
        "categories": {"crate": one},
        "distractors": {"d": {**one, "regions": {"lid": {"material": "x"}}}},
    }
    with pytest.raises(ValidationError, match="distractors have no labels, so they cannot have regions"):
        Assets.parse(tree)


def test_a_defect_has_another_name_than_a_region(tmp_path: Path) -> None:
    category = {"path": str(put_crate(tmp_path / "meshes")), "size_m": 0.1, "regions": REGIONS}
    defects = {"label": {"kind": "dent"}}
    tree = {"assets": {"categories": {"crate": category}}, "scene": {"kind": "drop", "defects": defects}}
    with pytest.raises(CatalogueError, match="'label' is also a region of a mesh"):
        Recipe.parse(tree).load_catalogue()


def test_a_gltf_file_names_materials_and_nodes(tmp_path: Path) -> None:
    gltf = Gltf()
    attributes = {"POSITION": gltf.accessor(SQUARE), "TEXCOORD_0": gltf.accessor(SQUARE_UVS)}
    primitive = {"attributes": attributes, "indices": gltf.accessor(FACES, "u2")}
    red, blue = (gltf.add("materials", name=name) for name in ("red", "blue"))
    meshes = [
        gltf.add("meshes", name=name, primitives=[{**primitive, "material": material}])
        for name, material in (("plate", red), ("disc", blue), ("disc", red))
    ]
    for index, mesh in enumerate(meshes):
        gltf.add("nodes", name=f"part{index}", mesh=mesh, translation=[0, index, 0])
    gltf.add("nodes", name="arm", children=[1, 2])
    path = gltf.write(tmp_path)
    named = read_named(path, (tmp_path,))
    found = {
        (named.materials[material], named.groups[group])
        for material, group in zip(named.material_of, named.groups_of, strict=True)
    }
    assert found == {
        ("red", ("part0", "plate")),
        ("blue", ("part1", "arm", "disc")),
        ("red", ("part2", "arm", "disc")),
    }
    assert np.array_equal(named.uvs[0], 1 - np.array(SQUARE_UVS)[[0, 1, 2]] * (-1, 1) - (1, 0))
