"""`check` as a contract for COCO data sets of any origin: what each kind of fault is, and limits."""

import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from PIL import Image

from sim2coco.check import Report, check, faults
from sim2coco.check.faults import KINDS
from sim2coco.check.jsontext import NotJson
from sim2coco.check.stream import BLOCK, MAX_ENTRY, items
from tests.review.test_check import valid as valid_run

TRAIN, IMAGE = "annotations/instances_train.json", "images/train/a.jpg"
OUTLINE = [10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0]


def jpeg() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 30)).save(buffer, "JPEG")
    return buffer.getvalue()


def square(identity: int, **more: Any) -> dict[str, Any]:
    """An annotation of a square of 400 px."""
    box = {"bbox": [10, 10, 20, 20], "area": 400, "segmentation": [OUTLINE], "iscrowd": 0}
    return {"id": identity, "image_id": 1, "category_id": 1, **box, **more}


def dots(*triples: tuple[float, float, int]) -> list[float]:
    return [number for triple in triples for number in triple]


def valid() -> dict[str, Any]:
    """One image with a square, and a person with three keypoints, of which two are labelled."""
    person = {"id": 2, "name": "person", "keypoints": ["head", "hand", "foot"], "skeleton": [[1, 2], [1, 3]]}
    points = dots((12, 12, 2), (14, 20, 1), (0, 0, 0))
    return {
        "info": {},
        "licenses": [],
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "annotations": [square(1), square(2, category_id=2, keypoints=points, num_keypoints=2)],
        "categories": [{"id": 1, "name": "nut"}, person],
    }


def checked(root: Path, content: Any) -> Report:
    """The report on a data set of one image and this annotation file, a tree or bytes."""
    (root / TRAIN).parent.mkdir(parents=True, exist_ok=True)
    (root / IMAGE).parent.mkdir(parents=True, exist_ok=True)
    (root / IMAGE).write_bytes(jpeg())
    (root / TRAIN).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return check(root)


def test_a_valid_file_has_no_faults_and_a_note_on_overlaps(tmp_path: Path) -> None:
    report = checked(tmp_path, valid())
    assert (report.faults, report.counts) == ((), {})
    assert report.notes == (
        f"{TRAIN}: masks overlap in 1 images, which COCO allows (first: annotations 1 and 2)",
    )


Change = Callable[[dict[str, Any]], object]


def first(**values: Any) -> Change:
    """The first annotation gets other values."""
    return lambda tree: tree["annotations"][0].update(values)


def person(**values: Any) -> Change:
    """The annotation with keypoints gets other values."""
    return lambda tree: tree["annotations"][1].update(values)


# name: (change to the valid file, kind of the only fault, text in it)
TREES: dict[str, tuple[Change, str, str]] = {
    "info a text": (lambda t: t.update(info="x"), "schema", "info is 'x', must be an object"),
    "licenses an object": (lambda t: t.update(licenses={}), "schema", "licenses is an object with 0 keys"),
    "values missing": (
        lambda t: t["annotations"].append({"id": 3}),
        "schema",
        "annotations[2]: image_id, category_id, bbox, area, iscrowd are missing",
    ),
    "id twice": (first(id=2), "duplicate_id", "annotations[1]: id 2 occurs twice"),
    "name twice": (
        lambda t: t["categories"].append({"id": 3, "name": "nut"}),
        "duplicate_name",
        "name 'nut' occurs twice",
    ),
    "label twice": (
        lambda t: t["annotations"].append(square(9)),
        "duplicate",
        "annotation 9: equals annotation 1 of the same image except for the id",
    ),
    "no such image": (first(image_id=7), "dangling", "image_id 7"),
    "upwards": (
        lambda t: t["images"].append({"id": 2, "file_name": "../b.jpg", "width": 1, "height": 1}),
        "file_name",
        "must be a relative path, without ..",
    ),
    "no file": (
        lambda t: t["images"].append({"id": 2, "file_name": "b.jpg", "width": 1, "height": 1}),
        "missing",
        "missing: image 2 has no file",
    ),
    "other size": (
        lambda t: [t["images"][0].update(width=60)],
        "size",
        "is 64 x 48, but its entry says 60 x 48",
    ),
    "polygon of two points": (first(segmentation=[[1, 1, 2, 2]]), "mask", "at least 3 points"),
    "polygon of no area": (first(segmentation=[[80, 80, 90, 80, 90, 90]]), "empty_mask", "empty"),
    "box of the mask": (first(bbox=[10, 10, 24, 20]), "bbox", "differs from the mask's bbox"),
    "area of the box": (first(area=900), "area", "area 900 differs from the mask's area 400"),
    "empty box": (first(bbox=[10, 10, 0, 20], segmentation=[]), "empty_bbox", "is empty"),
    "box outside": (first(bbox=[50, 10, 20, 20], segmentation=[]), "outside", "extends beyond the image"),
    "keypoints not in threes": (person(keypoints=[1, 2]), "keypoints", "a list of x, y, visibility"),
    "too few keypoints": (
        person(keypoints=[0, 0, 0], num_keypoints=0),
        "keypoints",
        "3 numbers, but the category needs 3 x 3",
    ),
    "keypoints without names": (
        lambda t: t["categories"][1].pop("keypoints"),
        "keypoints",
        "the category lists no keypoint names",
    ),
    "visibility": (person(keypoints=dots(*[(1, 1, 3)] * 3)), "keypoints", "must be 0 (not labelled)"),
    "keypoints not finite": (person(keypoints=[0, "x", 0] * 3), "keypoints", "must be finite numbers"),
    "number of keypoints": (person(num_keypoints=3), "keypoints", "num_keypoints is 3, but 2 are labelled"),
    "names of keypoints": (
        lambda t: t["categories"][0].update(keypoints=["a", "a"]),
        "keypoints",
        "a name occurs twice",
    ),
    "skeleton from 0": (
        lambda t: t["categories"][1].update(skeleton=[[0, 1]]),
        "keypoints",
        "pairs of numbers from 1 to 3",
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_each_fault_has_a_kind_and_is_told_once(tmp_path: Path, name: str) -> None:
    change, kind, told = TREES[name]
    tree = valid()
    change(tree)
    (fault,) = checked(tmp_path, tree).faults
    assert fault.kind == kind
    assert told in str(fault)


PLAIN = json.dumps(valid()).encode()

# name: (content of the file, kind of the only fault, text in it)
CONTENTS: dict[str, tuple[bytes, str, str]] = {
    "not UTF-8": (PLAIN.replace(b"nut", b"n\xfct"), "json", "invalid JSON: not UTF-8 near byte"),
    "UTF-16": (json.dumps(valid()).encode("utf-16"), "json", "not UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf" + PLAIN, "json", "begins with a byte order mark"),
    "truncated": (PLAIN[:-40], "json", "it is truncated"),
    "empty": (b"", "json", "the end of the file at byte 0"),
    "more behind": (PLAIN + b"{}", "json", "extra data after the end"),
    "a comma too many": (PLAIN.replace(b'"annotations": [', b'"annotations": [,'), "json", "at byte"),
    "no quotes": (PLAIN.replace(b'"info"', b"info"), "json", "expected a key in quotes"),
    "a list": (b"[]", "schema", "is a list, must be an object"),
    "NaN": (PLAIN.replace(b'"info": {}', b'"info": {"x": NaN}'), "json", "it contains NaN"),
    "infinity": (
        PLAIN.replace(b'"info": {}', b'"info": {"x": -Infinity}'),
        "json",
        "it contains -Infinity",
    ),
    "a key twice": (
        PLAIN.replace(b'"area": 400', b'"area": 400, "area": 400', 1),
        "repeated_key",
        "annotations[0]: key 'area' occurs twice in an object",
    ),
    "a list twice": (
        PLAIN.replace(b'"info": {}', b'"annotations": []'),
        "repeated_key",
        "key 'annotations' occurs twice",
    ),
    "a number of 5000 digits": (
        PLAIN.replace(b"400", b"1" * 5000, 1),
        "json",
        "Exceeds the limit (4300 digits)",
    ),
    "deep": (
        PLAIN.replace(b"{}", b'{"x":' + b"[" * 100_000, 1),
        "json",
        "invalid JSON: it is nested too deeply",
    ),
    "rather deep": (
        PLAIN.replace(b"{}", b'{"x":' + b"[" * 100 + b"]" * 100 + b"}", 1),
        "json",
        "it is nested too deeply",
    ),
    "a huge entry": (
        PLAIN.replace(b"{}", b'{"x":[' + b"[]," * 6_000_000 + b"0]}", 1),
        "json",
        f"is longer than {MAX_ENTRY // 2**20} MiB, or malformed",
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_plain_json_is_one_line(tmp_path: Path, name: str) -> None:
    content, kind, told = CONTENTS[name]
    (fault,) = checked(tmp_path, content).faults
    assert fault.kind == kind
    assert told in str(fault)
    assert len(str(fault)) < 200


def test_entries_are_found_across_the_borders_of_blocks(tmp_path: Path) -> None:
    rows = [{"id": number, "name": "é" * (number % 7), "x": [1.5] * (number % 50)} for number in range(5000)]
    for separators in ((",", ":"), (" ,\n", " :\t")):
        content = json.dumps(
            {"a": 12, "rows": rows, "b": [], "c": "é"}, ensure_ascii=False, separators=separators
        )
        path = tmp_path / "rows.json"
        path.write_text(content)
        assert path.stat().st_size > 2 * BLOCK
        with path.open("rb") as file:
            found = [(item.key, item.rank, item.value, item.start, item.length) for item in items(file)]
        assert [value for key, rank, value, *_ in found if rank is not None] == rows
        assert [value for key, rank, value, *_ in found if rank is None] == [12, [], [], "é"]
        raw = path.read_bytes()
        for _, rank, value, start, length in found:
            assert rank is None or json.loads(raw[start : start + length]) == value


def test_annotations_before_images_and_categories_are_read(tmp_path: Path) -> None:
    tree = valid()
    assert checked(tmp_path, {key: tree[key] for key in ("annotations", "categories", "images")}).faults == ()


def test_files_that_are_no_files_do_not_hang(tmp_path: Path) -> None:
    checked(tmp_path, valid())
    for name in (TRAIN, IMAGE):
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
    (tmp_path / "more.json").symlink_to("more.json")
    assert [fault.message for fault in check(tmp_path).faults] == ["cannot be read: not a regular file"]
    (tmp_path / TRAIN).unlink()
    (tmp_path / TRAIN).write_bytes(PLAIN)
    assert [fault.kind for fault in check(tmp_path).faults] == ["image"]


@pytest.mark.parametrize("name", ["run.json", "config.yaml", "records/000/000000.json"])
def test_pipes_in_a_run_do_not_hang(tmp_path: Path, name: str) -> None:
    valid_run().write(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    faults_of_file = {fault.kind for fault in check(tmp_path).faults if fault.file == name}
    assert faults_of_file <= {"unreadable", "missing"}
    assert faults_of_file


def test_a_million_empty_entries_take_seconds_and_are_counted(tmp_path: Path) -> None:
    number = 100_000 + 1
    start = process_time()
    report = checked(
        tmp_path, b'{"images": [], "categories": [], "annotations": [' + b"{}," * (number - 1) + b"{}]}"
    )
    assert process_time() - start < 5
    assert report.counts == {"schema": number}
    assert len(report.faults) == faults.MAX_KEPT < number


def test_panoptic_annotations_are_tolerated(tmp_path: Path) -> None:
    segments = [{"id": 3, "category_id": 1, "area": 9, "bbox": [1, 1, 3, 3], "iscrowd": 0}]
    tree = valid() | {
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": segments}],
    }
    report = checked(tmp_path, tree)
    assert report.faults == ()
    assert report.notes[0] == f"{TRAIN}: panoptic; its PNG files are not checked"
    segments[0]["category_id"] = 8
    (fault,) = checked(tmp_path, tree).faults
    assert str(fault).startswith(f"{TRAIN}: annotations[0].segments_info[0]: category_id 8 is not")


def test_a_category_without_annotations_is_a_note(tmp_path: Path) -> None:
    tree = valid()
    tree["categories"].append({"id": 9, "name": "pin"})
    report = checked(tmp_path, tree)
    assert report.faults == ()
    assert "categories without an annotation: 'pin'" in report.notes


def test_keypoint_files_alone_are_a_data_set(tmp_path: Path) -> None:
    checked(tmp_path, valid())
    (tmp_path / TRAIN).rename(tmp_path / "annotations/person_keypoints_train.json")
    report = check(tmp_path)
    assert (report.faults, report.annotations) == ((), 2)


def test_kinds_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs/checking.md").read_text().partition("## Kinds of faults")[2]
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == [*KINDS]


def test_an_error_behind_a_block_is_found_at_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'{"rows": [' + b'"\xc3\xa9", ' * BLOCK + b"1 2]}")
    with path.open("rb") as file, pytest.raises(NotJson, match=f"'2' at byte {10 + 6 * BLOCK + 2}, "):
        [*items(file)]
