"""The report: its numbers, what it does not contain, and when it is written."""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO
from scipy.spatial.transform import Rotation

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import open_dataset
from sim2coco.report.differences import differences
from sim2coco.report.gathering import Gathering, gathered
from sim2coco.report.making import Making
from sim2coco.report.report import Compared, write_report
from sim2coco.report.short import in_short
from sim2coco.report.viewpoints import CELLS, cell_of
from sim2coco.statistics.histograms import QUANTITIES, histograms
from sim2coco.statistics.measuring import measure
from sim2coco.statistics.values import Values
from tests.cocosets import small
from tests.report.pages import Page

RECIPE = Recipe.parse(
    {
        "seed": 5,
        "views": 2,
        "image": {"width": 96, "height": 64},
        "assets": {
            "categories": {
                "box": {"shape": "box", "size_m": 0.08},
                '<b>nut</b> & "co"': {"shape": "nut", "size_m": 0.06},
            }
        },
        "scene": {"kind": "drop", "num_objects": [2, 5]},
        "split": {"train": 0.6, "val": 0.4},
        "quality": {"checks": {"dark": {"kind": "too_dark", "min_grey": 130.0}}},
    }
)
"""Names that mean markup, and a check that rejects some of the views."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of ten images in two splits, with its report."""
    out = tmp_path_factory.mktemp("report") / "data"
    generate(RECIPE, out, 10)
    return out


@pytest.fixture(scope="session")
def page(made: Path) -> Page:
    return Page((made / "report.html").read_text())


@pytest.fixture(scope="session")
def splits(made: Path) -> dict[str, COCO]:
    return {split: COCO(made / f"annotations/instances_{split}.json") for split in ("train", "val")}


def annotations(splits: dict[str, COCO]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each annotation with its image."""
    for split in splits.values():
        for annotation in split.anns.values():
            yield annotation, split.imgs[annotation["image_id"]]


def test_the_counts_are_those_of_pycocotools(page: Page, splits: dict[str, COCO]) -> None:
    table = page.tables["Labels of each category"]
    assert table[0][1:4] == ["train", "val", "all"]
    numbers = {"box": 1, '<b>nut</b> & "co"': 2}
    for name, *counts, _ in table[1:]:
        number = numbers.pop(name)
        found = [len(split.getAnnIds(catIds=[number])) for split in splits.values()]
        assert list(map(int, counts)) == [*found, sum(found)]
    assert not numbers
    rows = {row[0]: list(map(int, row[1:])) for row in page.tables["Images and labels of each split"][1:]}
    images = [len(split.imgs) for split in splits.values()]
    assert rows["images"] == [*images, 10]
    assert rows["labels"][2] == sum(len(split.anns) for split in splits.values())
    ignored = [sum(len(image["ignored"]) for image in split.imgs.values()) for split in splits.values()]
    assert rows["visible objects without a label"] == [*ignored, sum(ignored)]
    areas = np.array([coco.annToMask(each).sum() for coco in splits.values() for each in coco.anns.values()])
    expected = [(areas < 1024).sum(), ((areas >= 1024) & (areas < 9216)).sum(), (areas >= 9216).sum()]
    assert page.column("Labels by COCO size class", 2) == expected


def test_the_histograms_are_those_of_numpy(page: Page, splits: dict[str, COCO], made: Path) -> None:
    boxes = np.array([each["bbox"] for each, _ in annotations(splits)])
    numbers = [len(split.getAnnIds(imgIds=[image])) for split in splits.values() for image in split.imgs]
    luma = np.array([greys(made, split, name) for split, name in names_of(splits)])
    expected: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {
        "Objects per image": (np.array(numbers), np.arange(-0.5, 65)),
        "Size of boxes": (np.sqrt(boxes[:, 2] * boxes[:, 3] / (96 * 64)), np.geomspace(1 / 256, 1, 33)),
        "Aspect of boxes": (boxes[:, 2] / boxes[:, 3], np.geomspace(1 / 16, 16, 33)),
        "Brightness": (luma.mean(axis=(1, 2)), np.linspace(0, 256, 33)),
        "Contrast": (luma.std(axis=(1, 2)), np.linspace(0, 128, 33)),
    }
    for key, title in (("visible_fraction", "Visible fraction"), ("truncation", "Truncation")):
        values = np.array([each["attributes"][key] for each, _ in annotations(splits)])
        expected[title] = values, np.linspace(0, 1, 21)
    for title, (values, edges) in expected.items():
        counts = np.histogram(values, edges)[0]
        told = page.column(title)
        assert sum(told) == len(values) == counts.sum()
        used = np.flatnonzero(counts)
        expected_counts = counts[used[0] : used[-1] + 1].tolist()
        if title in ("Brightness", "Contrast"):  # a value at the edge of a bin may be rounded either way
            moved = np.cumsum(np.array(np.trim_zeros(told)) - expected_counts)
            assert np.abs(moved).max() <= 1, title
        else:
            assert np.trim_zeros(told) == expected_counts, title
    x, y = boxes[:, :2].T + boxes[:, 2:].T / 2
    thirds = np.histogram2d(y, x, (np.linspace(0, 64, 4), np.linspace(0, 96, 4)))[0]
    assert [page.column("Position of objects", column) for column in (1, 2, 3)] == thirds.T.tolist()


def names_of(splits: dict[str, COCO]) -> list[tuple[str, str]]:
    return [(name, image["file_name"]) for name, split in splits.items() for image in split.imgs.values()]


def greys(made: Path, split: str, name: str) -> NDArray[np.uint8]:
    found = cv2.imread(str(made / "images" / split / name), cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return np.asarray(found, np.uint8)


def test_the_viewpoints_are_those_of_the_records(page: Page, made: Path) -> None:
    """The camera in the frame of the mesh is -R' t, computed with SciPy from the records."""
    cells, distances = [], []
    for path in sorted(made.rglob("records/*/*.json")):
        record = json.loads(path.read_text())
        pictures = [picture for view in record["views"] for picture in view["pictures"]]
        for label in (label for picture in pictures for label in picture["annotations"] if label["pose"]):
            pose = label["pose"]
            camera = -Rotation.from_quat(pose["quat_xyzw"]).inv().apply(pose["position_m"])
            distances.append(float(np.linalg.norm(camera)))
            height, angle = camera[2] / distances[-1], np.degrees(np.arctan2(camera[1], camera[0]))
            ring = min(int(abs(height) * 6), 5)
            cells.append((height < 0, ring, int((angle + 180) // 15) % 24))
    row = page.tables["Directions and distances"][1]
    assert row[:2] == ["all objects", str(len(cells))]
    covered = 100 * len(set(cells)) / CELLS
    assert float(row[2].split()[0]) == pytest.approx(covered, abs=0.51)
    assert float(row[4]) == pytest.approx(float(np.median(distances)), rel=0.01)


def test_the_cells_of_the_sphere_are_of_equal_area(rng: np.random.Generator) -> None:
    x, y, z = rng.standard_normal((3, CELLS * 400))
    cells = cell_of(np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y))))
    counts = np.bincount(cells, minlength=CELLS)
    assert len(counts) == CELLS
    assert counts.min() > 300 and counts.max() < 500


def test_the_values_have_the_histograms_of_all_images(made: Path) -> None:
    data = open_dataset(made)
    expected = histograms(measure(data), data.info.categories)
    values = Values()
    for image in measure(data):
        values.add(image)
    for quantity in QUANTITIES:
        assert np.array_equal(values.histogram(quantity.name).counts, expected[quantity.name].counts)


def test_rejections_are_told_by_reason(page: Page, made: Path) -> None:
    reasons = [
        reason
        for path in made.rglob("records/*/*.json")
        for view in json.loads(path.read_text())["views"]
        for reason in view["reasons"]
    ]
    assert page.tables["Rejected views and scenes by reason; a view may have several"][1][:2] == [
        "dark",
        str(reasons.count("dark")),
    ]
    assert len(reasons) > 0


def test_the_page_needs_nothing_else_and_tells_no_secrets(page: Page, made: Path) -> None:
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert not {"script", "link", "iframe", "object", "b"} & set(page.tags)
    assert "default-src 'none'; img-src data:;" in page.text
    assert not re.search(r"https?:|url\(|@import", page.text)
    assert "<b>nut" not in page.text
    for word in (str(made), made.parent.name, str(Path.home()), "/tmp"):
        assert word not in page.text
    assert "sim2coco generate --config-dir FOLDER --config-name config +out=NEW +num_images=10" in page.text


def test_every_drawing_has_a_text_and_every_plot_a_table(page: Page) -> None:
    assert all(drawing["aria-label"] for drawing in page.drawings)
    titles = re.findall(r"<h3>(.*?)</h3>", page.text)
    assert len(titles) >= 10
    assert all(title in page.tables for title in titles)
    assert page.tags.count("input") == 4 == page.text.count('<label for="show-')
    assert page.tags.count("h1") == 1
    assert all("tabindex" in each for each in re.findall('<div class="scroll"[^>]*>', page.text))


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_stand_out_from_the_paper(page: Page, scheme: int) -> None:
    """Contrast of at least 4.5 for texts and 3 for what plots draw, as WCAG asks for."""
    blocks = re.findall(r":root \{(.*?)\}", page.text, re.DOTALL)
    colors = dict(re.findall(r"--(\w+): (#\w+);", blocks[scheme]))
    paper = luminance(colors["paper"])
    for name, least in (("ink", 4.5), ("soft", 4.5), ("link", 4.5), ("bar", 3.0), ("other", 3.0)):
        low, high = sorted((paper, luminance(colors[name])))
        assert (high + 0.05) / (low + 0.05) >= least, name


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    linear = ((np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)]) / 255 + 0.055) / 1.055) ** 2.4
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_same_data_set_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    for workers in (1, 3):
        write_report(open_dataset(made), tmp_path / "a.html", workers=workers)
        assert (tmp_path / "a.html").read_bytes() == (made / "report.html").read_bytes()


def test_an_edited_report_stays(made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = tmp_path / "data"
    generate(RECIPE, out, 2)
    assert check(out).faults == ()
    report = out / "report.html"
    report.write_text(report.read_text().replace("images", "pictures", 1))
    edited = report.read_bytes()
    with caplog.at_level(logging.WARNING):
        generate(RECIPE, out, 2)
    assert "report.html was edited and stays as it is" in caplog.text
    with pytest.raises(DataSetError, match="add --force to replace it"):
        write_report(open_dataset(out), report)
    assert report.read_bytes() == edited
    write_report(open_dataset(out), report, force=True)
    before = report.read_bytes()
    assert before != edited
    report.unlink()
    generate(RECIPE, out, 2, report=False)
    assert not report.exists()
    generate(RECIPE, out, 2)
    assert report.read_bytes() == before


@pytest.fixture
def found(made: Path) -> Gathering:
    return gathered(open_dataset(made), 1, lambda done: None)


def scaled(
    root: Path, boxes: float, names: tuple[str, str] = ("cat", "dog"), spread: float = 1.0
) -> Gathering:
    """A COCO data set without masks whose boxes are larger or smaller, or differ more from each other."""
    file = small(names, images=12)
    for rank, label in enumerate(file.annotations):
        side = boxes * (5 + spread * (rank % 3 - 1))
        label |= {"segmentation": [], "bbox": [2, 3, side, side], "area": side**2, "iscrowd": 0}
    file.write(root / "labels.json", root / "images")
    return gathered(open_dataset(root), 1, lambda done: None)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.5, "Your boxes are half as large as theirs: the median is 7.2 %, theirs 14 %."),
        (2.0, "Your boxes are twice as large as theirs"),
        (3.0, "Your boxes are three times as large as theirs"),
        (1.5, "Your boxes are larger than theirs"),
    ],
)
def test_the_largest_difference_is_told_first(tmp_path: Path, ratio: float, words: str) -> None:
    yours, theirs = scaled(tmp_path / "yours", ratio), scaled(tmp_path / "theirs", 1.0)
    first, *others = differences(yours, theirs)
    assert first.startswith(words)
    assert not others
    assert differences(theirs, theirs) == []


def test_a_difference_in_spread_names_its_quantity(tmp_path: Path) -> None:
    yours, theirs = scaled(tmp_path / "yours", 1.0, spread=2.0), scaled(tmp_path / "theirs", 1.0)
    (told,) = differences(yours, theirs)
    assert told == "Size of boxes: 80 % of yours are from 8.7 % to 20 %, 80 % of theirs from 12 % to 17 %."


def test_categories_of_one_data_set_only_are_told(tmp_path: Path) -> None:
    yours, theirs = scaled(tmp_path / "a", 1.0), scaled(tmp_path / "b", 1.0, ("cat", "cow"))
    told = differences(yours, theirs)
    assert told == [
        "Only you have labels of dog: 33 % of yours.",
        "Only they have labels of cow: 33 % of theirs.",
    ]


def test_a_data_set_of_other_tools_is_compared(made: Path, tmp_path: Path) -> None:
    scaled(tmp_path / "real <i>", 1.0)
    data, real = open_dataset(tmp_path / "real <i>"), open_dataset(made)
    write_report(data, tmp_path / "one.html")
    one = Page((tmp_path / "one.html").read_text())
    assert "plot-viewpoints" not in one.ids and "rejected" not in one.ids
    assert one.tables["Labels of each category"][1][0] == "cat"
    write_report(real, tmp_path / "both.html", Compared(data, "real <i>"))
    both = Page((tmp_path / "both.html").read_text())
    assert "<i>" not in both.text
    assert "Only they have labels of cat and dog" in both.text.replace("cat, dog", "cat and dog")
    head, *rows = both.tables["Size of boxes"]
    assert head[1:] == ["objects here", "objects of the other data set"]
    assert sum(int(row[2]) for row in rows) == 36


def test_hostile_data_sets_are_told_in_one_line(tmp_path: Path) -> None:
    file = small(images=2)
    file.write(tmp_path / "x/labels.json", tmp_path / "x/images")
    (tmp_path / "x/images/img1.png").write_bytes(b"no image")
    with pytest.raises(DataSetError, match=r"img1\.png"):
        write_report(open_dataset(tmp_path / "x"), tmp_path / "x.html")
    with pytest.raises(DataSetError, match="is a folder; name a file"):
        write_report(open_dataset(tmp_path / "x"), tmp_path / "x")
    assert not (tmp_path / "x.html").exists()
    small(images=0).write(tmp_path / "none/labels.json", tmp_path / "none/images")
    with pytest.raises(DataSetError, match="has no images yet"):
        write_report(open_dataset(tmp_path / "none"), tmp_path / "x.html")


def test_near_duplicates_are_shown(made: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    """A copy with noise in another split is a group with the image."""
    names = [path.name for path in sorted((made / "images/train").glob("*"))]
    for split, chosen in (("train", names), ("val", names[:1])):
        images = []
        for number, name in enumerate(chosen, 1):
            pixels = cv2.imread(str(made / "images/train" / name))
            assert pixels is not None
            if split == "val":
                noise = rng.normal(0, 4, pixels.shape)
                pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
            images.append({"id": number, "file_name": name, "width": 96, "height": 64})
            target = tmp_path / f"data/images/{split}/{name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        tree = {"images": images, "annotations": [], "categories": []}
        (tmp_path / "data/annotations").mkdir(exist_ok=True)
        (tmp_path / f"data/annotations/instances_{split}.json").write_text(json.dumps(tree))
    write_report(open_dataset(tmp_path / "data"), tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    assert "At least 1 group of images shows nearly the same view" in text
    assert "1 group is in more than one split" in text
    assert f"<code>train/{names[0]}</code> <code>val/{names[0]}</code>" in text
    assert len(re.findall(r'<img src="data:image/jpeg', text)) == 2


def test_a_report_that_fails_does_not_keep_a_run_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sim2coco.statistics.measuring.measure_image", _fails)
    result = generate(RECIPE, tmp_path / "data", 2)
    assert (result.images, check(tmp_path / "data").faults) == (2, ())
    assert not (tmp_path / "data" / "report.html").exists()
    assert "report.html is not written: 2 images cannot be measured, the first: too large" in caplog.text


def _fails(image: object, categories: int) -> None:
    raise DataSetError("too large")


def test_the_sentences_at_the_top_are_those_of_the_annotations(
    page: Page, found: Gathering, splits: dict[str, COCO]
) -> None:
    told = " ".join(in_short(found, Making(), 0))
    assert "short" in page.ids and "A box measures" in page.text
    labels = [len(split.getAnnIds(imgIds=[image])) for split in splits.values() for image in split.imgs]
    assert f"An image has {np.median(labels):g} label" in told
    areas = [annotation["bbox"][2] * annotation["bbox"][3] for annotation, _ in annotations(splits)]
    assert f"A box measures {np.median(np.sqrt(areas)):.0f} px" in told
    names = {category["id"]: category["name"] for category in splits["train"].cats.values()}
    counts = Counter(names[annotation["category_id"]] for annotation, _ in annotations(splits))
    assert f"has the most labels ({max(counts.values())})" in told
    assert f"fewest ({min(counts.values())})" in told


def test_what_is_missing_or_uneven_is_told_at_the_top(tmp_path: Path) -> None:
    for split, categories in (("train", (0, 0, 0, 0, 0, 1)), ("val", (0, 0, 0, 0, 0, 0))):
        file = small(("a", "b", "c"), images=2)
        for label, category in zip(file.annotations, categories, strict=True):
            label |= {"category_id": file.categories[category]["id"], "iscrowd": 0}
        file.write(tmp_path / f"annotations/instances_{split}.json", tmp_path / "images" / split)
    found = gathered(open_dataset(tmp_path), 1, lambda done: None)
    told = in_short(found, Making(reasons=Counter(dark=7), views=3, rejected=7), 2)
    assert told[2:] == [
        "The categories are uneven: 11 to 1; a has the most labels (11), b the fewest (1).",
        "Categories without labels: c.",
        "The split val has no labels of b.",
        "100 % of the labels are small in COCO's sense (below 32² px), which detectors find worst.",
        "70 % of the views were rejected, most often for dark.",
        "There are 2 groups of near-duplicates.",
    ]
