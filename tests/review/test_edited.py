"""Edited and damaged runs: `check` names each, and the command that made the run repairs or refuses it."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim2coco import generate
from sim2coco.check import check
from sim2coco.storage import StoreError
from tests.commandline import tree
from tests.review.hostile import RECIPE

RECORD, SECOND = "records/000/000000.json", "records/000/000001.json"
TRAIN, AMODAL = "annotations/instances_train.json", "annotations_amodal/amodal_train.json"
IMAGE, NEXT = "images/train/s000000_v00.png", "images/train/s000000_v01.png"
DEPTH = "depth/train/s000000_v00.png"
IMAGES, SECONDS = 6, 120
EDITED = "sha256 does not match the rest of the file: it was edited"
REPAIRED, STAYS, IN_THE_WAY = "repaired", "stays", "a folder where a file belongs"
"""What the command does, beside refusing: the tree is as it was; what is not of sim2coco stays beside it."""

Edit = Callable[[Path], object]
Get = Callable[[Any], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("edited") / "data"
    generate(RECIPE, out, IMAGES, card=False, report=False)
    assert check(out).faults == ()
    return out


def in_file(name: str, change: Get) -> Edit:
    """Changes the JSON tree of a file."""

    def edit(root: Path) -> None:
        content = json.loads((root / name).read_bytes())
        change(content)
        (root / name).write_text(json.dumps(content))

    return edit


def put(get: Get, key: Any, value: Any, name: str = RECORD) -> Edit:
    """Puts a value, or what a function makes of the old one, into a tree."""

    def change(content: Any) -> None:
        node = get(content)
        node[key] = value(node[key]) if callable(value) else value

    return in_file(name, change)


def view(record: Any) -> Any:
    return next(each for each in record["views"] if each["pictures"])


def picture(record: Any) -> Any:
    return view(record)["pictures"][0]


def label(record: Any) -> Any:
    return picture(record)["annotations"][0]


def spec(record: Any) -> Any:
    return record["settled"]["spec"]


def body(record: Any) -> Any:
    return spec(record)["bodies"][0]


def camera(record: Any) -> Any:
    return view(record)["shot"]["camera"]


def whole(content: Any) -> Any:
    return content


def more(step: float) -> Get:
    return lambda old: old + step


def moved(get: Get) -> Edit:
    return put(lambda record: get(record)["pose"], "position_m", lambda old: [old[0] + 0.02, *old[1:]])


def turned(get: Get) -> Edit:
    return put(lambda record: get(record)["pose"], "quat_xyzw", lambda old: [old[1], old[0], *old[2:]])


def content(name: str, new: bytes | Callable[[bytes], bytes]) -> Edit:
    """Gives a file another content."""

    def edit(root: Path) -> None:
        old = (root / name).read_bytes()
        (root / name).unlink()
        (root / name).write_bytes(new(old) if callable(new) else new)

    return edit


def half(old: bytes) -> bytes:
    return old[: len(old) // 2]


def flipped(old: bytes) -> bytes:
    return old[:-20] + bytes([old[-20] ^ 1]) + old[-19:]


def gone(name: str) -> Edit:
    return lambda root: (root / name).unlink()


def instead(name: str, make: Callable[[Path], object]) -> Edit:
    """Puts something else in the place of a file."""

    def edit(root: Path) -> None:
        (root / name).unlink()
        make(root / name)

    return edit


def swapped(one: str, other: str) -> Edit:
    def edit(root: Path) -> None:
        first, second = (root / one).read_bytes(), (root / other).read_bytes()
        (root / one).write_bytes(second)
        (root / other).write_bytes(first)

    return edit


def stray(name: str, source: str = IMAGE) -> Edit:
    """A copy of a file under another name."""

    def edit(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source, root / name)

    return edit


def all_of(*edits: Edit) -> Edit:
    return lambda root: [edit(root) for edit in edits]


def dropped(tree: Any) -> None:
    """Drops the last annotation."""
    tree["annotations"].pop()


def recategorised(tree: Any) -> None:
    """Swaps the categories of all annotations."""
    for annotation in tree["annotations"]:
        annotation["category_id"] = 3 - annotation["category_id"]


def swapped_everywhere(root: Path) -> None:
    """Swaps the categories in annotation files and in records, labels and bodies alike."""
    for name in (RECORD, SECOND):
        in_file(name, _swap_in_record)(root)
    for name in ("instances_train", "instances_val", "amodal_train", "amodal_val"):
        place = f"annotations{'_amodal' if 'amodal' in name else ''}/{name}.json"
        if (root / place).exists():
            in_file(place, recategorised)(root)


def _swap_in_record(record: Any) -> None:
    entries = [entry for each in record["views"] for one in each["pictures"] for entry in one["annotations"]]
    for entry in (*entries, *spec(record)["bodies"]):
        entry["category"] = 1 - entry["category"]


def dropped_everywhere(root: Path) -> None:
    """Drops the last label of a scene's last image in train, in both annotation files and in the record."""
    in_file(RECORD, lambda r: r["views"][-1]["pictures"][0]["annotations"].pop())(root)
    for name in (TRAIN, AMODAL):
        content = json.loads((root / name).read_bytes())
        rank = max(i for i, a in enumerate(content["annotations"]) if a["image_id"] == 2)
        del content["annotations"][rank]
        for number, annotation in enumerate(content["annotations"], 1):
            annotation["id"] = number
        (root / name).write_text(json.dumps(content))


RECORDS: dict[str, Edit] = {
    "a body moved": moved(body),
    "a body turned": turned(body),
    "a body scaled": put(body, "scale", lambda old: old * 1.1),
    "category of a body": put(body, "category", lambda old: 1 - old),
    "mesh of a body": put(body, "asset", "box@0123456789abcdef"),
    "look of a body": put(lambda r: body(r)["look"], "color_rgb", [0.5, 0.5, 0.5]),
    "friction of a body": put(body, "friction", 0.123),
    "roughness of a body": put(body, "roughness", 0.123),
    "a metal body": put(body, "metallic", True),
    "a fixed body": put(body, "fixed", True),
    "a body less": in_file(RECORD, lambda r: spec(r)["bodies"].pop()),
    "a body more": in_file(RECORD, lambda r: spec(r)["bodies"].append(body(r))),
    "bodies in another order": put(spec, "bodies", lambda old: old[::-1]),
    "floor": put(spec, "floor", None),
    "time to settle": put(lambda r: r["settled"], "seconds", 99.0),
    "attempt": put(spec, "attempt", more(1)),
    "scene of the spec": put(spec, "scene", more(1)),
    "no scene": put(whole, "settled", None),
    "split": put(whole, "split", lambda old: {"train": "val", "val": "train"}[old]),
    "status failed": put(whole, "status", "failed"),
    "status rejected": put(whole, "status", "rejected"),
    "number of the scene": put(whole, "scene", 7),
    "format": put(whole, "format", 2),
    "no views": put(whole, "views", []),
    "a view less": in_file(RECORD, lambda r: r["views"].pop()),
    "views in another order": put(whole, "views", lambda old: old[::-1]),
    "number of a view": put(view, "view", 5),
    "lighting": put(view, "lighting", 1),
    "a view rejected": put(view, "reasons", ["too_dark"]),
    "camera moved": moved(camera),
    "camera turned": turned(camera),
    "focal length": put(camera, "fx", lambda old: old * 1.01),
    "principal point": put(camera, "cx", more(0.5)),
    "size of the camera": put(camera, "width", 640),
    "direction of the sun": put(lambda r: view(r)["shot"]["light"], "direction", [0.0, 0.0, 1.0]),
    "exposure": put(lambda r: view(r)["shot"]["light"], "exposure_ev", more(0.1)),
    "ambient light": put(lambda r: view(r)["shot"]["light"], "ambient", more(0.01)),
    "a lens": put(lambda r: view(r)["shot"], "lens", {"aperture_m": 0.01, "focus_m": 1.0}),
    "name of an image": put(picture, "name", "s000000_v09.png"),
    "number of a copy": put(picture, "copy", 1),
    "width of an image": put(picture, "width", 65),
    "hash of an image": put(picture, "sha256", "0" * 64),
    "camera of an image": moved(lambda r: picture(r)["camera"]),
    "further files": put(picture, "other_files", {}),
    "hash of a further file": put(picture, "other_files", {DEPTH: "0" * 64}),
    "no labels": put(picture, "annotations", []),
    "a label less": in_file(RECORD, lambda r: picture(r)["annotations"].pop()),
    "a label twice": in_file(RECORD, lambda r: picture(r)["annotations"].append(label(r))),
    "area": put(label, "area", more(1)),
    "mask": put(label, "counts", "0"),
    "box": put(label, "bbox", [0.0, 0.0, 5.0, 5.0]),
    "amodal mask": put(label, "amodal_counts", "0"),
    "amodal area": put(label, "amodal_area", more(1)),
    "visible fraction": put(label, "visible_fraction", 0.5),
    "occlusion": put(label, "occlusion", 0.5),
    "truncation": put(label, "truncation", 0.5),
    "pose": moved(label),
    "whole area": put(label, "whole_px", more(7)),
    "whole box": put(label, "whole_bbox", [0.0, 0.0, 5.0, 5.0]),
    "outermost points": put(label, "outermost_m", lambda old: old[::-1]),
    "box in space": put(label, "box_m", [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    "number of an instance": put(label, "instance", 9),
    "body of a label": put(label, "body", more(1)),
    "category of a label": put(label, "category", lambda old: 1 - old),
    "mesh of a label": put(label, "asset", "nit"),
    "unseen": put(picture, "unseen", [0]),
    "transform from the file": put(lambda r: r["from_file"], 0, lambda old: old[::-1]),
    "rejected draws": put(whole, "unlucky", ["unsettled"]),
    "an error": put(whole, "error", "took too long"),
    "only written otherwise": in_file(RECORD, lambda r: None),
}  # fmt: skip
"""Edits of one value of a record."""

MISSING_OR_BROKEN: dict[str, tuple[Edit, str, str]] = {
    "record empty": (content(RECORD, b""), f"{RECORD}: invalid JSON", REPAIRED),
    "record cut": (content(RECORD, half), f"{RECORD}: invalid JSON", REPAIRED),
    "record of NaN": (content(RECORD, b"NaN"), RECORD, REPAIRED),
    "record nested": (content(RECORD, b"[" * 100_000), f"{RECORD}: invalid JSON", REPAIRED),
    "record with a mark": (content(RECORD, lambda old: b"\xef\xbb\xbf" + old), RECORD, REPAIRED),
    "record not UTF-8": (content(RECORD, lambda old: old.replace(b"box", b"b\xf6x")), "not UTF-8", REPAIRED),
    "record with a key twice": (
        content(RECORD, lambda old: old.replace(b'"scene":0', b'"scene":0,"scene":0', 1)),
        RECORD,
        REPAIRED,
    ),
    "record gone": (gone(RECORD), "the record of scene 0 is missing", REPAIRED),
    "record a pipe": (instead(RECORD, os.mkfifo), f"{RECORD}: cannot be read", REPAIRED),
    "record a folder": (instead(RECORD, os.mkdir), "the record of scene 0 is missing", IN_THE_WAY),
    "record a loop": (instead(RECORD, lambda p: p.symlink_to(p.name)), RECORD, REPAIRED),
    "record a link to another": (instead(RECORD, lambda p: p.symlink_to("000001.json")), RECORD, REPAIRED),
    "record a device": (instead(RECORD, lambda p: p.symlink_to("/dev/zero")), RECORD, REPAIRED),
    "records a link to the folder around": (
        all_of(
            lambda root: shutil.rmtree(root / "records"), lambda root: (root / "records").symlink_to("..")
        ),
        "records: a link to a folder that contains this data set",
        "records is a link to a folder that contains the data set; remove it",
    ),
    "records swapped": (swapped(RECORD, SECOND), "belongs to scene 1", REPAIRED),
    "a record of a later scene": (stray("records/000/000099.json", RECORD), "000099.json", REPAIRED),
    "image: a bit": (content(IMAGE, flipped), IMAGE, REPAIRED),
    "image cut": (content(IMAGE, half), f"{IMAGE}: cannot be decoded", REPAIRED),
    "image empty": (content(IMAGE, b""), IMAGE, REPAIRED),
    "image of text": (content(IMAGE, b"<html>404</html>"), IMAGE, REPAIRED),
    "image gone": (gone(IMAGE), f"{IMAGE}: missing", REPAIRED),
    "image a pipe": (instead(IMAGE, os.mkfifo), IMAGE, REPAIRED),
    "image a folder": (instead(IMAGE, os.mkdir), IMAGE, IN_THE_WAY),
    "image a loop": (instead(IMAGE, lambda p: p.symlink_to(p.name)), IMAGE, REPAIRED),
    "images swapped": (swapped(IMAGE, NEXT), "sha256 differs", REPAIRED),
    "depth: a bit": (content(DEPTH, flipped), DEPTH, REPAIRED),
    "depth of a terabyte": (lambda root: os.truncate(root / DEPTH, 2**40), DEPTH, REPAIRED),
    "depth gone": (gone(DEPTH), f"{DEPTH}: missing", REPAIRED),
    "annotations gone": (gone(TRAIN), TRAIN, REPAIRED),
    "annotations empty": (content(TRAIN, b""), TRAIN, REPAIRED),
    "annotations cut": (content(TRAIN, half), TRAIN, REPAIRED),
    "annotations a pipe": (instead(TRAIN, os.mkfifo), TRAIN, REPAIRED),
    "annotations a folder": (instead(TRAIN, os.mkdir), TRAIN, IN_THE_WAY),
    "amodal annotations gone": (gone(AMODAL), f"{AMODAL}: missing", REPAIRED),
    "all annotations gone": (lambda root: shutil.rmtree(root / "annotations"), "annotations", REPAIRED),
    "images a file": (
        all_of(lambda root: shutil.rmtree(root / "images"), lambda root: (root / "images").touch()),
        "images/train",
        "is not a folder",
    ),
}  # fmt: skip

FILES: dict[str, tuple[Edit, str, str]] = {
    "an annotation less": (in_file(TRAIN, dropped), TRAIN, REPAIRED),
    "an annotation less in both": (
        all_of(in_file(TRAIN, dropped), in_file(AMODAL, dropped)),
        TRAIN,
        REPAIRED,
    ),
    "categories swapped in both": (
        all_of(in_file(TRAIN, recategorised), in_file(AMODAL, recategorised)),
        "category",
        REPAIRED,
    ),
    "categories swapped everywhere": (swapped_everywhere, EDITED, REPAIRED),
    "a label less everywhere": (dropped_everywhere, EDITED, REPAIRED),
    "area of an annotation": (put(lambda t: t["annotations"][0], "area", more(1), TRAIN), "area", REPAIRED),
    "box of an annotation": (
        put(lambda t: t["annotations"][0], "bbox", [0, 0, 3, 3], TRAIN),
        "bbox",
        REPAIRED,
    ),
    "name of a category": (put(lambda t: t["categories"][0], "name", "bix", TRAIN), "categories", REPAIRED),
    "name of a file": (put(lambda t: t["images"][0], "file_name", "x.png", TRAIN), "x.png", REPAIRED),
    "an image less": (in_file(TRAIN, lambda t: t["images"].pop()), TRAIN, REPAIRED),
    "id of an annotation": (put(lambda t: t["annotations"][0], "id", 77, TRAIN), TRAIN, REPAIRED),
    "a crowd": (put(lambda t: t["annotations"][0], "iscrowd", 1, TRAIN), "iscrowd", REPAIRED),
    "attributes": (
        put(lambda t: t["annotations"][0]["attributes"], "occlusion", 0.9, TRAIN),
        "occlusion",
        REPAIRED,
    ),
    "identity": (put(whole, "identity", "0f" * 32, "run.json"), "identity does not match the rest", REPAIRED),
    "seed": (
        put(lambda r: r["recipe"], "seed", 5, "run.json"),
        "identity does not match the rest",
        "seed: 5 there, 4 here",
    ),
    "hash of a mesh": (
        put(lambda r: r["assets"], 0, "box@0123456789abcdef", "run.json"),
        "is not among the assets of run.json",
        "another run's data (assets",
    ),
    "mass of a mesh": (
        put(whole, "masses_kg", {}, "run.json"),
        "identity does not match the rest",
        "another run's data (masses_kg",
    ),
    "a version": (
        put(lambda r: r["versions"], "numpy", "1.0", "run.json"),
        "identity does not match the rest",
        "versions.numpy",
    ),
    "CPU": (put(whole, "cpu", {}, "run.json"), "identity does not match the rest", "another run's data (cpu"),
    "fewer images": (put(whole, "num_images", 4, "run.json"), "no record lists it", REPAIRED),
    "more images": (put(whole, "num_images", 40, "run.json"), "is 40, but", "already contains 40 images"),
    "unfinished": (put(whole, "num_images", 0, "run.json"), "is 0: the run is unfinished", REPAIRED),
    "run.json empty": (content("run.json", b""), "run.json: invalid JSON", "cannot be read"),
    "run.json cut": (content("run.json", half), "run.json: invalid JSON", "cannot be read"),
    "run.json a list": (content("run.json", b"[]"), "run.json", "cannot be read"),
    "run.json gone": (gone("run.json"), "run.json: missing", "contains other files"),
    "run.json a pipe": (instead("run.json", os.mkfifo), "run.json: cannot be read", "cannot be read"),
    "config edited": (
        content("config.yaml", lambda old: old.replace(b"seed: 4", b"seed: 5")),
        "config.yaml: differs from the recipe in run.json: 'seed'",
        REPAIRED,
    ),
    "config empty": (content("config.yaml", b""), "config.yaml: differs from the recipe", REPAIRED),
    "config gone": (gone("config.yaml"), "config.yaml: missing", REPAIRED),
    "config no YAML": (content("config.yaml", b"a: [\n"), "config.yaml: invalid YAML", REPAIRED),
    "config with aliases": (content("config.yaml", b"a: &a 1\nb: *a\n"), "has aliases", REPAIRED),
    "config a pipe": (instead("config.yaml", os.mkfifo), "config.yaml: ", REPAIRED),
    "a further image": (stray("images/train/new.png"), "new.png: has no entry", STAYS),
    "an image of no split": (stray("images/test/new.png"), "new.png: belongs to no split", STAYS),
    "an image beside the splits": (stray("images/new.png"), "new.png: belongs to no split", STAYS),
    "a further depth file": (stray("depth/train/new.png"), "new.png: no record lists it", STAYS),
    "an image of a later scene": (stray("images/train/s000099_v00.png"), "s000099_v00.png", REPAIRED),
    "another annotation file": (stray("annotations/old.json", TRAIN), "old.json: sim2coco does not", STAYS),
    "a temporary file": (stray(f"images/train/.tmp-{'a' * 32}"), "a temporary file", REPAIRED),
}  # fmt: skip
CASES: dict[str, tuple[Edit, str, str]] = {
    **{f"record: {name}": (edit, RECORD, REPAIRED) for name, edit in RECORDS.items()},
    **MISSING_OR_BROKEN,
    **FILES,
}
SOME = 20
"""Every so manyth case is tried in all runs of the tests, all in the long ones."""


@pytest.fixture(autouse=True)
def _never_for_ever() -> Iterator[None]:
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if rank % SOME == 3 else pytest.mark.slow)
        for rank, name in enumerate(CASES)
    ],
)
def test_what_was_edited_is_named_and_then_repaired_or_refused(made: Path, tmp_path: Path, name: str) -> None:
    edit, told, outcome = CASES[name]
    out, before = tmp_path / "data", tree(made)
    shutil.copytree(made, out)
    edit(out)
    assert any(told in line for line in map(str, check(out).faults)), list(map(str, check(out).faults))
    if outcome in (REPAIRED, STAYS):
        generate(RECIPE, out, IMAGES, card=False, report=False)
        found = tree(out)
        assert before.items() <= found.items()
        assert (len(found) > len(before)) == (outcome == STAYS)
        assert bool(check(out).faults) == (outcome == STAYS)
    else:
        with pytest.raises(StoreError) as refused:
            generate(RECIPE, out, IMAGES, card=False, report=False)
        assert outcome in str(refused.value)
        assert "\n" not in str(refused.value)


def test_there_are_enough_kinds() -> None:
    assert len(CASES) >= 120
