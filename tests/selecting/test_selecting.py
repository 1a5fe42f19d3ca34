"""Selecting images: faults, near-duplicates, verdicts, coverage, targets, and the files that say why."""

import csv
import json
from collections import Counter
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.check import check
from sim2coco.cli.main import _run
from sim2coco.datasets.reading import open_dataset
from sim2coco.datasets.verdicts import Verdict, to_line
from sim2coco.selecting.matching import matching, uniform
from sim2coco.selecting.removing import REMOVED, Verdicts
from sim2coco.selecting.selecting import Wish, selected
from sim2coco.statistics.histograms import earth_movers_distance, histograms
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.measuring import measure

NUMBER = 40


def picture(seed: int) -> NDArray[np.uint8]:
    rng = np.random.Generator(np.random.PCG64(seed))
    coarse = rng.integers(40, 215, (5, 6, 3)).astype(np.uint8)
    image = np.asarray(cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(5):
        x, y, side, *rgb = rng.integers(0, [140, 100, 30, 255, 255, 255]).tolist()
        cv2.rectangle(image, (x, y), (x + side + 6, y + side + 6), rgb, -1)
    return image


def boxes(seed: int) -> list[tuple[int, list[float]]]:
    """Categories, most of them the first one, and boxes of one to four objects."""
    rng = np.random.Generator(np.random.PCG64(seed))
    number = int(rng.integers(1, 5))
    sizes = rng.integers(12, 60, (number, 2))
    return [
        (1 if rng.random() < 0.7 else 2 + int(rng.integers(2)), [5.0, 5.0, *map(float, wh)]) for wh in sizes
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COCO data set of 40 images: a black one, a blurred one and a duplicate among them."""
    root = tmp_path_factory.mktemp("made") / "data"
    (root / "images" / "train").mkdir(parents=True)
    (root / "annotations").mkdir()
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number in range(NUMBER):
        pixels = picture(number)
        if number == 5:
            pixels = np.asarray(pixels // 40, np.uint8)
        if number == 7:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.5), np.uint8)
        if number == 9:
            pixels = picture(2)
        name = f"{number:02}.jpg"
        (root / "images" / "train" / name).write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
        images.append({"id": number + 1, "file_name": name, "width": 160, "height": 120})
        for category, box in boxes(number):
            area = box[2] * box[3]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number + 1,
                    "category_id": category,
                    "bbox": box,
                    "area": area,
                    "iscrowd": 0,
                }
            )
    categories = [{"id": 1 + place, "name": name} for place, name in enumerate("abc")]
    tree = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations" / "instances_train.json").write_text(json.dumps(tree))
    return root


@pytest.fixture(scope="module")
def measured(root: Path) -> list[ImageMeasures]:
    return list(measure(open_dataset(root), 2))


def rows(out: Path) -> dict[str, dict[str, str]]:
    text = (out / "selection.csv").read_text()
    return {row["image"]: row for row in csv.DictReader(StringIO(text))}


def test_the_command_writes_a_valid_data_set_and_says_why(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = tmp_path / "verdicts.json"
    verdicts.write_bytes(to_line(Verdict("train/11.jpg", "reject", "Ann", "wrong label")))
    outs = [tmp_path / "first", tmp_path / "second"]
    for out in outs:
        assert (
            _run(["select", str(root), "--keep", "25%", "--out", str(out), "--verdicts", str(verdicts)]) == 0
        )
    told = capsys.readouterr().out
    assert "10 images of 40" in told and "Vendi score" in told
    files = [sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()) for out in outs]
    assert files[0] == files[1]
    assert all((outs[0] / name).read_bytes() == (outs[1] / name).read_bytes() for name in files[0])
    assert not check(outs[0]).faults
    found = rows(outs[0])
    assert len(found) == NUMBER and Counter(row["kept"] for row in found.values()) == {"yes": 10, "no": 30}
    reasons = {name: (row["reason"], row["detail"]) for name, row in found.items() if row["reason"]}
    assert reasons["train/11.jpg"] == ("rejected", "Ann: wrong label")
    assert reasons["train/05.jpg"][0] == "black" and reasons["train/07.jpg"][0] == "blurred"
    assert reasons["train/09.jpg"] == ("duplicate", "of train/02.jpg")
    assert Counter(reason for reason, _ in reasons.values())["not_chosen"] == 26
    linked = outs[0] / "images" / "train"
    assert all(
        (root / "images/train" / file.name).stat().st_ino == file.stat().st_ino for file in linked.iterdir()
    )
    numbers = json.loads((outs[0] / "selection.json").read_text())
    assert numbers["kept"] == 10 and numbers["removed"]["not_chosen"] == 26


def wish(**changes: object) -> Wish:
    settings = {"share": 0.25, "number": None, "target": {}, "rules": REMOVED, "seed": 0} | changes
    return Wish(**settings)  # type: ignore[arg-type]  # the tests below give values of the right types


def test_chosen_images_are_more_diverse_than_random_ones(measured: list[ImageMeasures]) -> None:
    found = selected(measured, wish(), Verdicts()).diversity
    assert found is not None
    assert found.vendi_kept > 1.04 * found.vendi_random and found.coverage_kept > found.coverage_random


def test_without_rules_only_the_number_counts(measured: list[ImageMeasures]) -> None:
    every = selected(measured, wish(share=None, rules=()), Verdicts())
    assert every.kept == [*range(NUMBER)]
    some = selected(measured, wish(share=None, number=7, rules=()), Verdicts())
    assert len(some.kept) == 7


def test_balance_makes_categories_equally_frequent(measured: list[ImageMeasures]) -> None:
    names = ("a", "b", "c")
    target = uniform(names, measured)
    kept = selected(measured, wish(share=0.4, target=target), Verdicts()).kept
    before = histograms(measured, names)["categories"].counts
    after = histograms([measured[index] for index in kept], names)["categories"].counts
    assert after.max() / after.min() < 0.6 * before.max() / before.min()


def test_a_target_brings_every_histogram_nearer(measured: list[ImageMeasures]) -> None:
    dark = [image for image in measured if image.brightness < 125 and len(image.objects) < 3]
    found = histograms(dark, ("a", "b", "c"))
    target = {name: found[name] for name in ("objects", "box_size", "brightness", "occlusion")}
    rng = np.random.Generator(np.random.PCG64(1))
    kept = [measured[index] for index in matching(measured, target, 10, rng)]
    before, after = histograms(measured, ("a", "b", "c")), histograms(kept, ("a", "b", "c"))
    for name in ("objects", "brightness"):
        far = earth_movers_distance(before[name], target[name])
        assert earth_movers_distance(after[name], target[name]) < far / 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--keep", "0"), "--keep: '0' is neither"),
        (("--keep", "120%"), "--keep: '120%' is neither"),
        (("--remove", "blured"), "--remove: no rule 'blured'; did you mean 'blurred'?"),
        (("--verdicts", "none.json"), "none.json: cannot be read"),
        (("--like", "none.json"), "none.json: no such folder"),
        (("--embedding", "none.onnx"), "none.onnx: no such file"),
        (("--balance", "--like", "x"), "not allowed with argument --balance"),
    ],
)
def test_wrong_arguments_are_named(
    root: Path, tmp_path: Path, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = _run(["select", str(root), "--out", str(tmp_path / "out"), *arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    shown = capsys.readouterr()
    assert code == 2 and told in shown.err.replace("\n", " ")
    assert not (tmp_path / "out").exists()
