"""A format is one class: it receives each image once, and writes complete files or none."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from scenes.assets.loading import load_catalogue
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.cli.config import RunOptions
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.own import dataset_info, labelled_images
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.coco import Coco
from sim2coco.export.format import Add, Format, write_formats
from sim2coco.export.settings import Export
from sim2coco.messages import build
from sim2coco.records import from_bytes
from sim2coco.storage import Store, StoreError
from sim2coco.store import LocalStore
from tests.commandline import tree

SMALL = {
    "seed": 5,
    "views": 2,
    "image": {"width": 64, "height": 64},
    "assets": {
        "categories": {"nut": {"shape": "nut", "size_m": 0.06}, "box": {"shape": "box", "size_m": 0.08}}
    },
    "scene": {"kind": "drop", "num_objects": [1, 3]},
}
CHANGED = {"run.json", "README.md", "report.html"}
"""Files of a data set that name its formats."""
RECIPE = Recipe.parse(SMALL)
INFO = dataset_info(RECIPE.split.shares, load_catalogue(RECIPE.assets))


@pytest.fixture
def listing() -> Iterator[type[Format]]:
    """A format that exists only in this test: one line per label."""

    class Listing(Format):
        kind: Literal["listing"] = "listing"
        separator: str = " "
        """Separator of the words of a line."""

        @contextmanager
        def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
            lines = [self.separator.join(info.categories)]

            def add(image: LabelledImage) -> None:
                for label in image.labels:
                    lines.append(self.separator.join((image.path, info.categories[label.category])))

            yield add
            target.put("listing.txt", "\n".join(lines).encode())

    yield Listing
    del Format.family["listing"]


def lines(out: Path) -> list[str]:
    return (out / "listing.txt").read_text().splitlines()


def expected(out: Path) -> list[str]:
    """The expected lines, from the records alone."""
    expected_lines = ["nut box"]
    for path in sorted((out / "records").rglob("*.json")):
        record = from_bytes(path.read_bytes())
        for view in record.views:
            for picture in view.pictures:
                if (out / "images" / record.split / picture.name).exists():
                    names = (["nut", "box"][label.category] for label in picture.annotations)
                    expected_lines += [f"images/{record.split}/{picture.name} {name}" for name in names]
    return expected_lines


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of eight images, with only COCO annotations."""
    out = tmp_path_factory.mktemp("plain") / "data"
    generate(RECIPE, out, 8)
    return out


def test_a_format_is_one_class(plain: Path, listing: type[Format], tmp_path: Path) -> None:
    export = Export.parse({"formats": ["coco", "listing"]})
    assert export.formats == (Coco(), listing(kind="listing"))
    generate(RECIPE, tmp_path / "data", 8, formats=export.formats)
    made = tree(tmp_path / "data")
    assert lines(tmp_path / "data") == expected(tmp_path / "data")
    assert json.loads(made["run.json"])["formats"] == [
        {"kind": "coco", "segmentation": "rle", "rle": "compressed", "boxes_3d": False},
        {"kind": "listing", "separator": " "},
    ]
    # `run.json`, the card and the report name the format.
    same = tree(plain).keys() - CHANGED
    assert {name: made[name] for name in same} == {name: tree(plain)[name] for name in same}
    assert not check(tmp_path / "data").faults


def test_the_check_of_a_run_ends_at_its_last_image(plain: Path) -> None:
    told: list[tuple[int, int]] = []
    check(plain, lambda done, total: told.append((done, total)))
    images = sum(size.images for size in open_dataset(plain).sizes().values())
    assert told == [(done, images) for done in range(1, images + 1)]


def test_a_format_can_be_chosen_with_settings(listing: type[Format], tmp_path: Path) -> None:
    formats = [{"kind": "listing", "separator": ";"}]
    options: RunOptions = build(RunOptions, {"out": "data", "export": {"formats": formats}})
    generate(RECIPE, tmp_path / "data", 2, formats=options.export.formats)
    assert lines(tmp_path / "data")[0] == "nut;box"
    assert (tmp_path / "data" / "annotations").is_dir()  # COCO is written even if it is not listed


def test_another_format_is_added_to_a_finished_data_set(listing: type[Format], tmp_path: Path) -> None:
    out = tmp_path / "data"
    generate(RECIPE, out, 6)
    before = tree(out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*/*/*") if path.is_file()}
    generate(RECIPE, out, 6, formats=[listing(kind="listing")])
    after = tree(out)
    assert lines(out) == expected(out)
    assert after.keys() - before.keys() == {"listing.txt"}
    assert {name for name in before if after[name] != before[name]} == CHANGED
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_formats_written_before_are_updated_by_an_extension(listing: type[Format], tmp_path: Path) -> None:
    out = tmp_path / "data"
    generate(RECIPE, out, 4, formats=[listing(kind="listing")])
    before = lines(out)
    generate(RECIPE, out, 8)
    assert lines(out)[: len(before)] == before
    assert lines(out) == expected(out)
    assert len(lines(out)) > len(before)


def test_a_data_set_with_an_unknown_format_is_refused(plain: Path, tmp_path: Path) -> None:
    run = json.loads((plain / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(run | {"formats": [{"kind": "listing"}]}))
    before = tree(tmp_path)
    with pytest.raises(StoreError, match=r"run\.json: formats: unknown kind 'listing'; allowed: .*coco"):
        generate(RECIPE, tmp_path, 9)
    assert tree(tmp_path) == before


def test_records_are_read_once_for_all_formats(plain: Path, listing: type[Format]) -> None:
    reads: Counter[str] = Counter()

    class Counting(LocalStore):
        def get(self, name: str) -> bytes:
            reads[name] += 1
            return super().get(name)

    store = Counting(plain)
    before = tree(plain)
    scenes = len(list((plain / "records").rglob("*.json")))
    formats = [Coco(), listing(kind="listing"), listing.parse({"kind": "listing", "separator": ","})]
    labels = write_formats(formats, store, INFO, labelled_images(store, INFO, scenes, 8))
    assert reads == {f"records/000/{scene:06d}.json": 1 for scene in range(scenes)}
    assert labels == Counter(line.split()[1] for line in expected(plain)[1:])
    (plain / "listing.txt").unlink()
    assert tree(plain) == before


def test_no_file_is_written_if_one_format_fails(plain: Path, tmp_path: Path) -> None:
    class Failing(Format):
        @contextmanager
        def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
            taken = 0

            def add(image: LabelledImage) -> None:
                nonlocal taken
                taken += 1
                if taken == 3:
                    raise RuntimeError("full")

            yield add

    store = LocalStore(tmp_path / "data")
    pictures = labelled_images(LocalStore(plain), INFO, 4, 8)
    with pytest.raises(RuntimeError, match="full"):
        write_formats([Coco(), Failing(kind="failing")], store, INFO, pictures)
    assert not (tmp_path / "data" / "annotations").exists()


def test_dataset_info_matches_the_coco_files(plain: Path) -> None:
    coco = json.loads((plain / "annotations" / "instances_train.json").read_text())
    assert INFO.splits == ("train", "val")
    assert INFO.categories == tuple(entry["name"] for entry in coco["categories"]) == ("nut", "box")
    assert INFO.supercategories == tuple(entry["supercategory"] for entry in coco["categories"])
    assert [licence.name for licence in INFO.licences] == [entry["name"] for entry in coco["licenses"]]


def test_a_format_in_a_new_folder_is_the_one_of_the_run(plain: Path, tmp_path: Path) -> None:
    store = LocalStore(plain)
    scenes = len(list((plain / "records").rglob("*.json")))
    write_formats([Coco()], LocalStore(tmp_path), INFO, labelled_images(store, INFO, scenes, 8))
    own = {name: content for name, content in tree(plain).items() if name[:5] in ("annot", "image")}
    assert tree(tmp_path) == own
    assert all((tmp_path / name).samefile(plain / name) for name in own if name.startswith("images/"))


def test_files_of_a_format_for_surplus_images_are_deleted(
    listing: type[Format], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "folders", ("texts",))
    out = tmp_path / "data"
    stray = ("texts/train/s000099_v00.txt", "texts/train/note.txt", "other/s000099_v00.txt")
    generate(RECIPE, out, 2)
    for name in stray:
        LocalStore(out).put(name, b"")
    generate(RECIPE, out, 2, formats=[listing(kind="listing")])
    assert [(out / name).exists() for name in stray] == [False, True, True]


@pytest.mark.parametrize(
    "coco", [Coco(segmentation="polygons"), Coco(rle="uncompressed")], ids=["polygons", "uncompressed"]
)
def test_our_check_compares_every_style_of_masks_with_the_records(coco: Coco, tmp_path: Path) -> None:
    out = tmp_path / "data"
    generate(RECIPE, out, 4, formats=[coco])
    assert check(out).faults == ()
    path = out / "annotations_amodal" / "amodal_train.json"
    tree = json.loads(path.read_text())
    first = tree["annotations"][0]
    x, y, width, height = first["bbox"]
    first["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    path.write_text(json.dumps(tree))
    faults = [str(fault) for fault in check(out).faults]
    assert any("amodal_counts differs from annotation 1" in fault for fault in faults)


def test_amodal_files_of_earlier_versions_are_read_and_moved(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(plain, out)
    for file in (out / "annotations_amodal").iterdir():
        file.rename(out / "annotations" / file.name)
    (out / "annotations_amodal").rmdir()
    assert check(out).faults == ()
    generate(RECIPE, out, 8)
    assert tree(out) == tree(plain)


def test_facts_of_categories_are_carried_into_annotations(tmp_path: Path) -> None:
    facts = {"sku": 17, "glued": True, "material": "PA12"}
    nut = {"shape": "nut", "size_m": 0.06, "attributes": facts}
    assets = {"categories": {"nut": nut, "box": {"shape": "box", "size_m": 0.08}}}
    generate(Recipe.parse({**SMALL, "assets": assets}), tmp_path / "data", 8)
    assert check(tmp_path / "data").faults == ()
    found = set()
    for name in ("annotations/instances_train.json", "annotations_amodal/amodal_train.json"):
        coco = json.loads((tmp_path / "data" / name).read_text())
        assert [entry.get("attributes") for entry in coco["categories"]] == [facts, None]
        for entry in coco["annotations"]:
            own = {key: value for key, value in entry["attributes"].items() if key in facts}
            assert own == (facts if entry["category_id"] == 1 else {})
            found.add(entry["category_id"])
    assert found == {1, 2}
    (image, *_) = open_dataset(tmp_path / "data").images()
    assert {label.attributes.get("sku") for label in image.labels} <= {17, None}


def test_facts_do_not_take_the_names_of_computed_ones() -> None:
    wrong = {"shape": "nut", "size_m": 0.06, "attributes": {"occlusion": 1.0}}
    with pytest.raises(ValueError, match="occlusion is computed for each object; choose another name"):
        Recipe.parse({**SMALL, "assets": {"categories": {"nut": wrong}}})
