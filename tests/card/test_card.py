"""The card of a data set: what it says, who can read it, and when it is written."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

import sim2coco.export.coco as coco_format
from sim2coco import Recipe, generate
from sim2coco.card import Contents, Origin, write_card
from sim2coco.card.card import is_edited
from sim2coco.card.contents import NAMES, SHOWN
from sim2coco.card.licences import hugging_face, urls
from sim2coco.card.readme import readme
from sim2coco.card.sheet import sheet
from sim2coco.check import check
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage, Licence
from sim2coco.datasets.merging import merged
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.export.derived import write_derived
from sim2coco.store import LocalStore
from tests.commandline import tree

RECIPE = Recipe.parse(
    {
        "seed": 3,
        "views": 2,
        "image": {"width": 64, "height": 48, "format": "png", "extra": ["depth"]},
        "assets": {
            "categories": {
                "box": {"shape": "box", "size_m": 0.08, "licence": "CC BY 4.0"},
                "nut_m3|hex": {"shape": "nut", "size_m": 0.05, "licence": "mine"},
            }
        },
        "scene": {"kind": "drop", "num_objects": [1, 3]},
        "split": {"train": 0.5, "val": 0.5},
    }
)
OF_MLCROISSANT = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
CARD = ["README.md", "contact_sheet.jpg", "croissant.json"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of six images in two splits."""
    out = tmp_path_factory.mktemp("card") / "data"
    generate(RECIPE, out, 6)
    return out


def front(out: Path) -> dict[str, Any]:
    """The front matter of a card."""
    found = re.match(r"---\n(.*?)^---\n", (out / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    tree: dict[str, Any] = yaml.safe_load(found[1])
    return tree


def picture(path: Path) -> NDArray[np.uint8]:
    """An image as RGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def coco(out: Path, split: str) -> COCO:
    return COCO(out / "annotations" / f"instances_{split}.json")


def test_the_front_matter_is_what_hugging_face_reads(made: Path) -> None:
    card = front(made)
    assert card["license"] == ["cc-by-4.0", "other"]
    assert card["task_categories"] == ["object-detection", "image-segmentation"]
    assert card["size_categories"] == ["n<1K"]
    (config,) = card["configs"]
    for part in config["data_files"]:
        images = {path.name for path in made.glob(part["path"])}
        assert images == {image["file_name"] for image in coco(made, part["split"]).imgs.values()} != set()
    assert {part["split"] for part in config["data_files"]} == {"train", "val"}


def test_the_table_counts_what_coco_has(made: Path) -> None:
    text = (made / "README.md").read_text()
    splits = [coco(made, split) for split in ("train", "val")]
    for name, number in (("box", 1), (r"nut\_m3\|hex", 2)):
        counts = [len(split.getAnnIds(catIds=[number])) for split in splits]
        assert f"| labels: {name} | {counts[0]} | {counts[1]} | {sum(counts)} |" in text
    assert f"| images | {len(splits[0].imgs)} | {len(splits[1].imgs)} | 6 |" in text
    assert "| CC BY 4.0 |" in text
    assert "/" not in text.partition("## How")[2].partition("| identity")[0], "a path"


@OF_MLCROISSANT
def test_croissant_is_valid_and_reads_what_pycocotools_reads(
    made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        data = mlcroissant.Dataset(jsonld=made / "croissant.json")
    assert not data.metadata.ctx.issues.errors
    # There is no date, because the same run gives the same bytes, and nobody to cite.
    told = sorted(re.findall(r'Property "\S+?(\w+)" is recommended', caplog.text))
    assert set(told) <= {"citeAs", "datePublished"}
    assert "not standard" not in caplog.text
    for split in ("train", "val"):
        expected = coco(made, split)
        labels = list(data.records(f"{split}/annotations"))
        assert len(labels) == len(expected.anns) > 0
        for label in labels:
            entry = expected.anns[label[f"{split}/annotations/id"]]
            for key in ("image_id", "category_id", "area"):
                assert label[f"{split}/annotations/{key}"] == entry[key]
            assert list(label[f"{split}/annotations/bbox"]) == entry["bbox"]
        names = {image[f"{split}/images/file_name"].decode() for image in data.records(f"{split}/images")}
        files = {file[f"{split}/files/filename"].decode(): file for file in data.records(f"{split}/files")}
        assert names == set(files) == {image["file_name"] for image in expected.imgs.values()}
        for name, file in files.items():
            content = np.asarray(file[f"{split}/files/content"])
            assert np.array_equal(content, picture(made / "images" / split / name))
    found = [(row["categories/id"], row["categories/name"]) for row in data.records("categories")]
    assert found == [(1, "box"), (2, "nut_m3|hex")]
    assert {node.uuid for node in data.metadata.file_sets} >= {"images/train", "depth/train"}


def test_the_sheet_shows_the_images(made: Path) -> None:
    page = picture(made / "contact_sheet.jpg")
    labelled = [len(coco(made, split).getImgIds()) for split in ("train", "val")]
    assert sum(labelled) == 6
    assert page.shape == (2 * (180 + 4), 4 * (240 + 4), 3)
    assert page[:180, :240].std() > 5


def test_check_knows_the_card(made: Path) -> None:
    assert check(made).faults == ()


def test_the_same_run_writes_the_same_card_and_an_extension_another(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    generate(RECIPE, out, 4)
    before = {name: (out / name).read_bytes() for name in CARD}
    generate(RECIPE, out, 4)
    assert {name: (out / name).read_bytes() for name in CARD} == before
    generate(RECIPE, out, 6)
    assert tree(out) == tree(made)


def test_an_edited_card_stays(made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = tmp_path / "data"
    generate(RECIPE, out, 4)
    edited = {name: (out / name).read_bytes() + b"\n" for name in CARD}
    edited["croissant.json"] = edited["croissant.json"].replace(b'"version": "1.0.0"', b'"version": "1.0.1"')
    for name, content in edited.items():
        (out / name).write_bytes(content)
    generate(RECIPE, out, 6)
    for name, content in edited.items():
        assert (out / name).read_bytes() == content
        assert f"{name} was edited and stays as it is" in caplog.text
        (out / name).unlink()
    generate(RECIPE, out, 6)
    assert {name: (out / name).read_bytes() for name in CARD} == {
        name: (made / name).read_bytes() for name in CARD
    }


def test_there_is_no_card_where_none_is_wanted(tmp_path: Path) -> None:
    generate(RECIPE, tmp_path / "data", 2, card=False)
    assert [name for name in CARD if (tmp_path / "data" / name).exists()] == []


def image(number: int, name: str = "") -> LabelledImage:
    label = Label(0, (1.0, 1.0, 5.0, 5.0), 25, None)
    return LabelledImage("train", name or f"{number}.jpg", Path("missing.jpg"), 20, 10, (label,))


@pytest.mark.parametrize("number", [1, 11, 12, 13, 24, 25, 1000])
def test_the_images_shown_are_spread_evenly(number: int) -> None:
    contents = Contents(DatasetInfo(("train",), ("box",), ("object",)))
    for index in range(number):
        contents.add(image(index))
    shown = [int(Path(each.name).stem) for each in contents.shown]
    assert len(shown) == min(number, SHOWN)
    gaps = np.diff([*shown, number])
    assert shown[0] == 0
    assert max(gaps) <= 4 * min(gaps)


def test_a_data_set_of_others_gets_a_card(tmp_path: Path) -> None:
    """Without meshes, records and masks, with an image that is missing and names that mean markup."""
    store = LocalStore(tmp_path)
    info = DatasetInfo(("train", "val"), ("<b>[x](y)</b>\n| a",), ("",), (Licence("MIT", "https://x.org"),))
    contents = Contents(info)
    contents.add(replace(image(0), file=tmp_path / "none.jpg"))
    store.put("annotations/instances_train.json", b'{"images": [], "annotations": []}')
    write_card(store, contents, Origin())
    text = (tmp_path / "README.md").read_text()
    assert "# Images of \\<b\\>\\[x\\](y)\\</b\\> \\| a\n" in text
    assert "sim2coco" not in text.partition("<!--")[0]
    assert front(tmp_path)["license"] == "mit"
    assert json.loads((tmp_path / "croissant.json").read_text())["license"] == ["https://x.org"]
    assert not any(is_edited(store, name) for name in CARD)
    assert "synthetic" not in text + (tmp_path / "croissant.json").read_text()
    assert readme(contents, Origin()) in text


def test_images_on_the_sheet_are_rotated_as_their_labels_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    upright = np.zeros((10, 20, 3), np.uint8)
    upright[:, 10:] = 255  # the right half is white
    stored = Image.fromarray(np.rot90(upright).copy())
    stored.save(tmp_path / "a.png", exif=exif)
    whole = replace(image(0, "a.png"), file=tmp_path / "a.png", labels=())
    assert picture_of(sheet([whole]))[60, [40, 200]].mean(axis=1).round().tolist() == [0, 255]


def picture_of(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def test_code_in_what_formats_say_of_themselves_stays_code() -> None:
    contents = Contents(DatasetInfo((), (), ()))
    files = {"odd|name": "Writes `a_<split>.txt|x` and *stars*."}
    text = readme(contents, Origin(files=files))
    assert "| `odd\\|name` | Writes `a_<split>.txt\\|x` and \\*stars\\*. |\n" in text


def test_the_card_names_the_files_that_the_coco_format_writes() -> None:
    assert NAMES == coco_format.NAMES


def joined_names(sources: Mapping[str, Dataset]) -> list[str]:
    return sorted(sources, key=lambda name: sources[name].identity)


def test_a_merged_data_set_has_a_card(made: Path, tmp_path: Path) -> None:
    """Its counts are those of the data sets that it is made from."""
    other = tmp_path / "other"
    generate(RECIPE.model_copy(update={"seed": 4}), other, 4)
    sources = {"one": open_dataset(made), "other": open_dataset(other)}
    joined = merged(sources, None, 0)
    assert f"depth files are left out; they remain in {', '.join(joined_names(sources))}" in joined.notes
    write_derived(joined, tmp_path / "all", lambda done: None)
    text = (tmp_path / "all" / "README.md").read_text()
    counts = [len(coco(out, split).anns) for out in (made, other) for split in ("train", "val")]
    assert f"| labels | {counts[0] + counts[2]} | {counts[1] + counts[3]} | {sum(counts)} |" in text
    assert "`sources.json`" in text
    assert "synthetic" in front(tmp_path / "all")["tags"]
    assert str(tmp_path) not in text
    assert check(tmp_path / "all").faults == ()


@OF_MLCROISSANT
def test_an_empty_data_set_gets_a_card(tmp_path: Path) -> None:
    write_card(LocalStore(tmp_path), Contents(DatasetInfo((), (), ())), Origin())
    assert mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").metadata.name


@pytest.mark.parametrize(
    ("names", "licence", "address"),
    [
        (["MIT"], "mit", ["https://spdx.org/licenses/MIT.html"]),
        (["cc0"], "cc0-1.0", ["https://spdx.org/licenses/CC0-1.0.html"]),
        (["CC BY-SA 4.0"], "cc-by-sa-4.0", ["https://spdx.org/licenses/CC-BY-SA-4.0.html"]),
        (["unknown"], "unknown", ["unknown"]),
        (["our own", "theirs"], "other", ["our own", "theirs"]),
        ([], "unknown", ["unknown"]),
        (["unknown", "ODbL"], ["unknown", "odbl"], ["unknown", "https://spdx.org/licenses/ODbL-1.0.html"]),
    ],
)
def test_names_of_licences(names: list[str], licence: str | list[str], address: list[str]) -> None:
    licences = [Licence(name) for name in names]
    assert hugging_face(licences) == licence
    assert urls(licences) == address
