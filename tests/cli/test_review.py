"""preview, show, replay, check and doctor, on intact, moved and damaged data sets."""

import json
import re
import shutil
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from sim2coco.check.run import APART
from sim2coco.datasets.pixels import read_pixels
from sim2coco.datasets.reading import open_dataset
from sim2coco.png import png
from sim2coco.recipe import digest
from sim2coco.review.dataset import DataSet
from sim2coco.review.overlay import decoded, overlay, sheet
from tests.commandline import PROGRAM, TINY, Command, tree
from tests.library.meshes import brick
from tests.panoramas import white, with_spot, write_hdr

CUBE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def pixels(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path))
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "data"
    words = ("num_images=6", "views=2", "seed=4", *TINY)
    subprocess.run([PROGRAM, "generate", f"out={out}", *words], check=True)
    return out


@pytest.fixture
def data(here: Path, made: Path) -> Path:
    """A data set of six images with the default augmentation."""
    return Path(shutil.copytree(made, here / "data"))


@pytest.mark.parametrize("choice", ["scene=floating", "light=dusk", "scene=drop"])
def test_preview_writes_one_png(command: Command, here: Path, choice: str) -> None:
    outcome = command("preview", choice, "scene.num_objects=[2,4]", *TINY)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("preview.png: 8 labelled images; rejected: ")
    assert [path.name for path in here.iterdir()] == ["preview.png"]
    page = pixels(here / "preview.png")
    assert page.shape == (2 * 427, 4 * 404, 3)
    cells = [page[y : y + 400, x : x + 400] for y in (0, 427) for x in (0, 404, 808, 1212)]
    assert all(cell.std() > 5 for cell in cells)
    assert all((one != other).any() for one, other in pairwise(cells))


def test_preview_writes_where_it_is_told(command: Command, here: Path) -> None:
    only = "+assets.categories={only: {shape: box, size_m: 0.1}}"
    outcome = command("preview", "out=new/look.png", only, *TINY)
    assert (outcome.code, outcome.out) == (0, "new/look.png: 8 labelled images; rejected: none\n")
    assert list(tree(here)) == ["new/look.png"]


def test_preview_makes_the_pictures_that_generate_makes(command: Command, here: Path) -> None:
    words = ("views=1", "seed=3", "quality=none", "augment=none", "scene.empty_share=0", *TINY)
    assert command("preview", *words).code == 0
    assert command("generate", "out=data", "num_images=8", *words).code == 0
    data = open_dataset(here / "data")
    drawn = [
        (overlay(read_pixels(image), image, data.info.categories, 400), image.name) for image in data.images()
    ]
    page = png(sheet([image for image, _ in drawn], 4, titles=[name for _, name in drawn]))
    assert (here / "preview.png").read_bytes() == page


def test_show(command: Command, data: Path, here: Path) -> None:
    before = tree(data)
    outcome = command("show", "data", "s000000_v00")
    assert outcome.code == 0
    assert outcome.out.startswith("s000000_v00.png: ")
    assert pixels(here / "s000000_v00.png").shape == (512, 512, 3)
    assert command("show", "data", "s000000_v01.jpg", "--to", "look.png").code == 0
    assert (here / "look.png").exists()
    assert command("show", "data").out == "data_sheet.png: 6 images\n"
    assert command("show", "data").out == "data_sheet_2.png: 6 images\n"
    assert command("show", "data", "s000000_v00").out.startswith("s000000_v00_2.png: ")
    assert pixels(here / "data_sheet.png").shape == (347, 6 * 324, 3)
    assert command("show", str(data), "--sheet", "2", "--to", "two.png").out == "two.png: 2 images\n"
    assert pixels(here / "two.png").shape == (347, 2 * 324, 3)
    assert tree(data) == before


def test_the_overlay_is_drawn_on_labels_and_nowhere_else(command: Command, data: Path, here: Path) -> None:
    record, _, picture = next(DataSet(data).pictures())
    command("show", "data", picture.name, "--to", "look.png")
    plain = pixels(data / "images" / record.split / picture.name).repeat(8, axis=0).repeat(8, axis=1)
    changed = (pixels(here / "look.png") != plain).any(axis=2)
    assert picture.annotations
    for label in picture.annotations:
        visible = decoded(label.counts, picture).repeat(8, axis=0).repeat(8, axis=1)
        assert changed[visible].mean() > 0.9
    assert changed.mean() < 0.9


def test_show_replaces_nothing_unasked(command: Command, data: Path, here: Path) -> None:
    (here / "mine.png").write_text("mine")
    for words in (("show", "data"), ("show", "data", "s000000_v00"), ("replay", "data", "s000000_v00")):
        outcome = command(*words, "--to", "mine.png")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == "sim2coco: --out: mine.png exists; add --force to replace it\n"
        assert (here / "mine.png").read_text() == "mine"
    refused = command("preview", "out=mine.png", *TINY)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("sim2coco: out: mine.png exists; name another file, or delete it")
    assert (here / "mine.png").read_text() == "mine"
    assert command("show", "data", "--to", "mine.png", "--force").code == 0
    assert pixels(here / "mine.png").shape == (347, 6 * 324, 3)
    assert command("show", "data").code == 0
    assert command("show", "data", "--force").out.startswith("data_sheet.png: ")


def test_show_chooses_images_and_labels(command: Command, data: Path, here: Path) -> None:
    records = DataSet(data)
    held = Counter(record.split for record, _, _ in records.pictures())
    for split in ("train", "val"):
        outcome = command("show", "data", "--split", split, "--to", f"{split}.png")
        if held[split]:
            assert outcome.out == f"{split}.png: {held[split]} image{'s' * (held[split] > 1)}\n"
        else:
            assert (outcome.code, outcome.err) == (2, "sim2coco: data: has no such images yet\n")
    name = "torus"
    number = records.names.index(name)
    with_it = [p for _, _, p in records.pictures() if number in {a.category for a in p.annotations}]
    outcome = command("show", "data", "--category", name, "--to", "some.png")
    assert outcome.out == f"some.png: {len(with_it)} image{'s' * (len(with_it) > 1)}\n"
    labels = sum(label.category == number for label in with_it[0].annotations)
    one = command("show", "data", with_it[0].name, "--category", name)
    assert f": {labels} label{'s' * (labels > 1)}, 0 ignored\n" in one.out


@pytest.mark.parametrize("flags", [("--boxes",), ("--outlines",), ("--boxes", "--outlines"), ()])
def test_show_draws_what_is_asked_for(
    command: Command, data: Path, here: Path, flags: tuple[str, ...]
) -> None:
    record, _, picture = next(DataSet(data).pictures())
    assert command("show", "data", picture.name, *flags, "--to", "look.png").code == 0
    plain = pixels(data / "images" / record.split / picture.name).repeat(8, axis=0).repeat(8, axis=1)
    changed = (pixels(here / "look.png") != plain).any(axis=2)
    for label in picture.annotations:
        visible = decoded(label.counts, picture).repeat(8, axis=0).repeat(8, axis=1)
        inside = cv2.erode(visible.astype(np.uint8), np.ones((5, 5))).astype(bool)
        rim = visible & ~cv2.erode(visible.astype(np.uint8), np.ones((3, 3))).astype(bool)
        assert (changed[rim].mean() > 0.9) == ("--outlines" in flags or not flags)
        assert (changed[inside].mean() > 0.9) == (not flags)
        x, y, width, height = (8 * int(value) for value in label.bbox)
        row = changed[min(y + height, 511), x : x + width]
        assert row.all() == ("--boxes" in flags or not flags)


def test_the_tint_leaves_the_looks(command: Command, data: Path, here: Path) -> None:
    record, _, picture = next(DataSet(data).pictures())
    assert command("show", "data", picture.name, "--to", "look.png").code == 0
    plain = pixels(data / "images" / record.split / picture.name).repeat(8, axis=0).repeat(8, axis=1)
    drawn = pixels(here / "look.png")
    for label in picture.annotations:
        visible = decoded(label.counts, picture).repeat(8, axis=0).repeat(8, axis=1)
        inside = cv2.erode(visible.astype(np.uint8), np.ones((5, 5))).astype(bool)
        for channel in range(3):
            before, after = (image[..., channel][inside].astype(float) for image in (plain, drawn))
            assert np.median(np.abs(after - before)) <= 0.2 * 255


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("show data --split tset", "--split: no split 'tset'; allowed: train, val"),
        ("show data --split vla", "--split: no split 'vla'; did you mean 'val'?"),
        ("show data --category spher", "--category: no category 'spher'; did you mean 'sphere'?"),
        ("show data s000000_v00 --category spher", "did you mean 'sphere'?"),
        ("show data s000000_v00 --split val", "scene 0 has no accepted image 's000000_v00' in split val"),
        ("show data s000000_v00 --sheet 3", "--sheet: cannot be combined with an image"),
        ("show data --sheet 999999", "--sheet: at most 2000 images"),
        ("show data s000099_v00", "data: no image 's000099_v00'; names look like s000057_v02"),
        ("show data s000000_v07", "data: scene 0 has no accepted image 's000000_v07'"),
        ("show data ../../etc/passwd", "no image"),
        ("show data s000000_v00 --to no/such/folder.png", "--out: cannot write no/such/folder.png"),
        ("show data --sheet 3 --to /proc/sheet.png", "--out: cannot write /proc/sheet.png"),
        ("replay data x", "data: no image 'x'"),
        ("replay data s000000_v00 --to data", "--out: cannot write data"),
    ],
)
def test_what_is_not_there_is_said(command: Command, data: Path, arguments: str, words: str) -> None:
    outcome = command(*arguments.split())
    assert (outcome.code, outcome.out) == (2, "")
    (line,) = outcome.err.splitlines()
    assert line.startswith("sim2coco: ")
    assert words in line


def test_a_damaged_data_set_is_told_in_one_line(command: Command, data: Path) -> None:
    (picture,) = data.glob("images/*/s000000_v00.jpg")
    picture.write_bytes(b"no picture")
    for arguments in (("show", "data", "s000000_v00"), ("show", "data")):
        outcome = command(*arguments)
        assert outcome.code == 2
        (line,) = outcome.err.splitlines()
        assert "s000000_v00.jpg" in line
    faults = command("check", "data")
    assert (faults.code, faults.err) == (1, "")
    assert "s000000_v00.jpg" in faults.out
    assert command("replay", "data", "s000000_v00").code == 1
    (data / "config.yaml").write_text("seed: [")
    broken = command("replay", "data", "s000000_v00")
    assert (broken.code, len(broken.err.splitlines())) == (2, 1)
    assert "config.yaml" in broken.err


def test_replay_gives_the_same_bytes(command: Command, data: Path, here: Path) -> None:
    moved = here / "elsewhere" / "renamed"
    moved.parent.mkdir()
    shutil.move(data, moved)
    for picture in sorted((moved / "images").rglob("*.jpg")):
        outcome = command("replay", str(moved), picture.stem, "--to", "again.jpg", "--force")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == f"{picture.stem}: rendered again; the files are identical\n"
        assert (here / "again.jpg").read_bytes() == picture.read_bytes()


def test_a_data_set_from_when_export_was_the_codec(command: Command, data: Path, made: Path) -> None:
    """Older versions wrote the image format as `export: {format: jpg, jpeg_quality: 92}`."""

    def before(settings: dict[str, Any]) -> dict[str, Any]:
        codec = {key: settings["image"].pop(key) for key in ("format", "jpeg_quality")}
        return {**settings, "export": codec}

    config, run = (yaml.safe_load((data / name).read_text()) for name in ("config.yaml", "run.json"))
    (data / "config.yaml").write_text(yaml.safe_dump(before(config), sort_keys=False))
    del run["formats"]
    run["recipe"] = before(run["recipe"])
    run["identity"] = digest({key: value for key, value in run.items() if key not in APART})
    (data / "run.json").write_text(json.dumps(run))
    assert command("replay", "data", "s000000_v01").out.endswith("the files are identical\n")
    assert command("show", "data").code == 0
    assert command("check", "data").code == 0
    again = command("generate", "out=data", "num_images=6", "views=2", "seed=4", *TINY)
    assert (again.code, again.err) == (0, "")
    assert tree(data) == tree(made)


def test_replay_with_meshes_and_images_of_the_user(command: Command, here: Path) -> None:
    parts, floors = here / "mine" / "parts", here / "mine" / "floors"
    parts.mkdir(parents=True)
    floors.mkdir()
    (parts / "thing.obj").write_text(CUBE)
    cv2.imencode(".png", np.full((32, 32, 3), (30, 90, 160), np.uint8))[1].tofile(floors / "a.png")
    thing = "+assets.categories.thing={path: mine/parts/thing.obj, size_m: 0.1, weight: 50}"
    images = ("scene.floor.images=mine/floors", "scene.floor.textured=1")
    made = command("generate", "out=data", "num_images=1", *TINY, thing, *images)
    assert (made.code, made.err) == (0, "")
    shutil.move(here / "mine", here / "moved")
    assert command("check", "--deep", "data").out.endswith("1 image rendered again: no faults\n")
    for name in ("parts", "floors"):
        shutil.move(here / "moved" / name, here / "moved" / f"new_{name}")
    shutil.move(here / "moved" / "new_parts" / "thing.obj", here / "moved" / "new_parts" / "part.obj")

    lost = command("replay", "data", "s000000_v00")
    assert (lost.code, len(lost.err.splitlines())) == (2, 1)
    assert f"thing.obj: not found in the working directory, {here}" in lost.err
    assert "--meshes FOLDER" in lost.err
    folders = ("--meshes", "moved")
    found = command("replay", "data", "s000000_v00", *folders)
    assert (found.code, found.err) == (0, "")
    assert "identical" in found.out
    shutil.move(here / "moved" / "new_parts" / "part.obj", here / "moved" / "new_parts" / "thing.obj")
    (here / "moved" / "new_parts" / "thing.obj").write_text(CUBE.replace("v 0 0 1", "v 0 0 2"))
    other = command("replay", "data", "s000000_v00", *folders)
    assert (other.code, len(other.err.splitlines())) == (2, 1)
    assert "sim2coco: thing.obj: moved/new_parts/thing.obj has changed; restore" in other.err


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image made from a library, meshes, photographs and an environment map that have all been moved."""
    root = tmp_path_factory.mktemp("moved")
    brick(root / "raw" / "Gear parts" / "wheel.stl")
    for number in range(2):
        brick(root / "mine" / "rods" / f"rod{number}.stl", 0.0015)
        (root / "mine" / "floors").mkdir(exist_ok=True)
        image = np.full((32, 32, 3), (30, 90, 160 + 9 * number), np.uint8)
        cv2.imencode(".png", image)[1].tofile(root / "mine" / "floors" / f"{number}.png")
    write_hdr(root / "sky.hdr", with_spot(32, np.array([0.6, 0.0, 0.8]), 0.2, 30.0))
    words = (
        *("out=data", "num_images=1", "views=1", "seed=3", "assets.path=parts", "engine=inline"),
        *("+assets.categories.rods={path: mine/rods}", "scene.num_objects=8", "quality=none"),
        *("scene.floor.images=mine/floors", "scene.floor.textured=1", "light.environment=sky.hdr"),
        *("image.width=64", "image.height=64", "augment=none"),
    )
    for arguments in (("assets", "import", "raw", "--out", "parts", "--unit", "mm"), ("generate", *words)):
        subprocess.run([PROGRAM, *arguments], cwd=root, check=True)
    away = root / "away"
    away.mkdir()
    shutil.move(root / "parts", away / "my library")
    shutil.move(root / "sky.hdr", away / "evening.hdr")
    shutil.move(root / "mine", away / "b" / "c")
    shutil.rmtree(root / "raw")
    return root


@pytest.fixture
def there(moved: Path, here: Path) -> Path:
    shutil.copytree(moved, here, dirs_exist_ok=True)
    return here


def again(command: Command, *folders: str) -> str:
    words = [word for folder in folders for word in ("--meshes", folder)]
    outcome = command("replay", "data", "s000000_v00", *words)
    lines = [line for line in (outcome.out + outcome.err).splitlines() if line]
    assert len(lines) == 1
    return lines[0]


def test_replay_finds_files_by_name_or_content_in_all_depths(command: Command, there: Path) -> None:
    away = there / "away"
    write_hdr(away / "aaa.hdr", white(16))  # neither file has the wanted content
    (away / "aaa.png").write_bytes(b"no picture")
    (away / "b" / "c" / "rods" / "rod0.stl").rename(away / "b" / "c" / "rods" / "renamed.stl")
    (away / "b" / "c" / "rods").rename(away / "staves")
    (away / "b" / "c" / "floors" / "0.png").rename(away / "floor.png")
    assert again(command, "away").endswith("the files are identical")
    (away / "b" / "c" / "floors" / "1.png").rename(away / "another.png")
    shutil.move(away / "my library", there / "x" / "parts")
    assert again(command, "away", "x/parts").endswith("the files are identical")
    assert again(command, "away", "x").endswith("the files are identical")


def test_replay_names_what_it_does_not_find(command: Command, there: Path) -> None:
    rest = "not found in away by name or content; add its current folder with another --meshes"
    for name, sought in (("evening.hdr", "sky.hdr"), ("my library", "the library parts"), ("b", "rods")):
        (there / "away" / name).rename(there / name)
        line = again(command, "away")
        assert line.startswith(f"sim2coco: {sought}")
        assert rest in line
        (there / name).rename(there / "away" / name)
    assert "#" not in again(command)
    assert again(command, "no/such") == "sim2coco: --meshes: no folder 'no/such'"


def test_lights_and_pictures_of_all_around_of_the_user(command: Command, here: Path) -> None:
    (here / "skies").mkdir()
    write_hdr(here / "skies" / "b.hdr", with_spot(32, np.array([0.6, 0.0, 0.8]), 0.2, 30.0))
    write_hdr(here / "skies" / "a.hdr", white(16), packed=True)
    words = ("lightings=2", "light.environment.path=skies", "augment=none", "seed=4")
    made = command("generate", "out=data", "num_images=4", *TINY, *words)
    assert (made.code, made.err) == (0, "")
    run = (here / "data" / "run.json").read_text()
    assert all(f'"{name}.hdr@' in run for name in ("a", "b"))
    assert str(here) not in run + (here / "data" / "config.yaml").read_text()
    assert command("check", "data").out.endswith(" annotations: no faults\n")
    assert command("show", "data", "s000000_v00_l1", "--to", "one.png").code == 0

    shutil.move(here / "skies", here / "moved")
    lost = command("replay", "data", "s000000_v00_l1")
    assert (lost.code, len(lost.err.splitlines())) == (2, 1)
    assert "--meshes FOLDER" in lost.err
    found = command("replay", "data", "s000000_v00_l1", "--meshes", "moved")
    assert (found.code, found.err) == (0, "")
    assert "identical" in found.out

    extended = command(
        "generate", "out=data", "num_images=6", *TINY, words[0], "light.environment.path=moved", *words[2:]
    )
    assert extended.code == 2
    shutil.move(here / "moved", here / "skies")
    assert command("generate", "out=data", "num_images=6", *TINY, *words).code == 0
    write_hdr(here / "skies" / "a.hdr", 2 * white(16))
    other = command("generate", "out=data", "num_images=8", *TINY, *words)
    assert (other.code, len(other.err.splitlines())) == (2, 1)
    assert "images.environment" in other.err


def test_check(command: Command, data: Path) -> None:
    right = command("check", "data")
    assert (right.code, right.err) == (0, "")
    held, verdict = right.out.splitlines()
    assert re.fullmatch(r"train: \d+ meshes, \d+ textures", held)
    assert verdict.startswith("data: 6 images, ")
    assert verdict.endswith(" annotations: no faults")
    next(data.glob("images/*/*.jpg")).unlink()
    wrong = command("check", "data")
    assert (wrong.code, wrong.err) == (1, "")
    assert wrong.out.splitlines()[-1].endswith(" annotations: 1 fault")
    assert '"faults"' in command("check", "data", "--json").out


def test_doctor_finds_this_installation_right(program: Command) -> None:
    assert PROGRAM.exists()
    outcome = program("doctor")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_category_that_never_shows_is_told(command: Command, here: Path) -> None:
    two = "categories: {box: {shape: box, size_m: 0.1}, speck: {shape: box, size_m: 0.012}}"
    (here / "assets").mkdir()
    (here / "assets" / "two.yaml").write_text(two)
    outcome = command("generate", "out=data", "num_images=20", *TINY[1:], "--config-dir", ".", "assets=two")
    assert outcome.code == 0
    first, second = outcome.err.splitlines()
    assert first.startswith("no label of speck: ")
    told = "speck: 0.012 m, 1/8.33 of the median of the others (0.1 m); if that is wrong, correct its size_m"
    assert second == f"assets.categories.speck.size_m: {told}"
