"""Folders become libraries: categories, tables, sizes, what is left out; resumed, checked, shown."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trimesh
from PIL import Image

from tests.commandline import PROGRAM, Outcome, run_apart, run_here, tree
from tests.library.meshes import FORMATS, brick, textured


def assets(here: Path, *arguments: str) -> Outcome:
    """`sim2coco assets ...`."""
    return run_here(here, "assets", *arguments)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bricks of two categories, and what programs leave beside them; tests must not change it."""
    things = tmp_path_factory.mktemp("things")
    for kind in FORMATS:
        brick(things / "bricks" / f"brick.{kind}")
    (things / "boxes").mkdir()
    textured(50.0).export(things / "boxes" / "printed.obj")
    brick(things / "single.stl")
    for rubbish in (".DS_Store", "bricks/._brick.obj", "boxes/Thumbs.db"):
        (things / rubbish).write_bytes(b"rubbish")
    (things / "readme.txt").write_text("bricks")
    (things / "textures").mkdir()
    (things / "textures" / "wood.png").write_bytes(b"")
    return things


@pytest.fixture
def here(things: Path, tmp_path: Path) -> Path:
    """A folder with a copy of `things`."""
    shutil.copytree(things, tmp_path / "things")
    return tmp_path


def index(library: Path) -> Any:
    return json.loads((library / "library.json").read_text())


def test_a_folder_becomes_a_library(here: Path) -> None:
    arguments = ("import", "things", "--out", "library", "--unit", "mm")
    done = run_apart(here, "assets", *arguments)
    assert (done.code, done.err) == (0, "")
    made = index(here / "library")
    assert made["categories"] == ["boxes", "bricks", "single"]
    assert [asset["name"] for asset in made["assets"]] == [
        "boxes/printed",
        *sorted(f"bricks/brick.{kind}" for kind in FORMATS),
        "single",
    ]
    for asset in made["assets"]:
        longest = 0.05 if asset["category"] == "boxes" else 0.06
        assert max(asset["extents_m"]) == pytest.approx(longest, rel=1e-5)
        assert asset["watertight"]
    assert "3 hidden or system files (.DS_Store, Thumbs.db, ._brick.obj)" in done.out
    assert "1 of unsupported types (readme.txt)" in done.out
    assert "wood.png" in done.out
    assert done.out.splitlines()[-1] == "library: 9 assets in 3 categories; 9 ok, 0 repaired, 0 refused"
    assert b"/" not in (here / "library" / "library.json").read_bytes().replace(b"bricks/", b"").replace(
        b"boxes/", b""
    )
    other = assets(here, "import", "things", "--out", "other", "--unit", "mm")  # as all tests below
    assert other.out == done.out.replace("library: ", "other: ")
    assert tree(here / "other") == tree(here / "library")


def test_the_same_command_again_does_nothing_anew(here: Path) -> None:
    arguments = ("import", "things", "--out", "library", "--unit", "mm")
    assert assets(here, *arguments).code == 0
    before = tree(here / "library")
    times = {path: path.stat().st_mtime_ns for path in (here / "library" / "rows").iterdir()}
    assert assets(here, *arguments).code == 0
    assert tree(here / "library") == before
    assert {path: path.stat().st_mtime_ns for path in (here / "library" / "rows").iterdir()} == times
    brick(here / "things" / "bricks" / "brick.stl", 1.5)
    assert assets(here, *arguments).code == 0
    new = [path for path, before_ns in times.items() if path.stat().st_mtime_ns != before_ns]
    assert [json.loads(path.read_text())["file"] for path in new] == ["bricks/brick.stl"]


def test_damaged_files_are_written_anew(tmp_path: Path) -> None:
    """Meshes, a texture, convex pieces, a mesh prepared for drawing: changed, cut short or missing."""
    things = tmp_path / "things"
    things.mkdir()
    textured(0.05).export(things / "printed.obj")
    trimesh.creation.annulus(0.03, 0.05, 0.02).export(things / "ring.stl")
    trimesh.creation.uv_sphere(0.05, count=(72, 72)).export(things / "ball.ply")  # just enough to be prepared
    arguments = ("import", "things", "--out", "library", "--unit", "m", "--up", "z", "--workers", "1")
    assert assets(tmp_path, *arguments).code == 0
    before = tree(tmp_path / "library")
    files = [path for name in ("meshes", "collision") for path in (tmp_path / "library" / name).iterdir()]
    assert {path.suffix for path in files} == {".glb", ".png", ".npz", ".obj"}
    for number, path in enumerate(sorted(files)):
        content = path.read_bytes()
        changed = (content[:99], bytes(len(content)), None)[number % 3]
        path.unlink() if changed is None else path.write_bytes(changed)
    assert assets(tmp_path, *arguments).code == 0
    assert tree(tmp_path / "library") == before


@pytest.mark.slow
def test_categories_keep_their_place_when_others_come(here: Path) -> None:
    arguments = ("import", "things", "--out", "library", "--unit", "mm")
    assert assets(here, *arguments).code == 0
    brick(here / "things" / "anvils" / "anvil.stl")
    assert assets(here, *arguments).code == 0
    assert index(here / "library")["categories"] == ["boxes", "bricks", "single", "anvils"]


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(here: Path) -> None:
    for workers in ("1", "3"):
        out = f"library{workers}"
        assert assets(here, "import", "things", "--out", out, "--unit", "mm", "--workers", workers).code == 0
    assert tree(here / "library1") == tree(here / "library3")


def test_sizes_that_are_hard_to_believe_are_asked_about(here: Path) -> None:
    done = assets(here, "import", "things", "--out", "library")
    assert done.code == 3
    lines = done.out.splitlines()
    assert sum("is 60 m long, assuming metres" in line for line in lines) == 5
    assert all("assets.csv" in line for line in lines if " m long" in line)
    assert [asset["name"] for asset in index(here / "library")["assets"]] == [
        "bricks/brick.3mf",
        "bricks/brick.dae",
        "bricks/brick.glb",
    ]
    assert "3 ok, 0 repaired, 0 refused; 6 left out until you answer" in lines[-1]


def test_one_file_is_checked_alone_with_what_the_table_says_of_it(here: Path) -> None:
    done = assets(here, "check", "things/bricks/brick.glb")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "things/bricks/brick.glb: 1 ok, 0 repaired, 0 refused"
    assert "60 x 40 x 20 mm" in done.out
    (here / "things" / "assets.csv").write_text("file,unit\nbricks/brick.stl,cm\nsingle.stl,mm\n")
    (row,) = json.loads(assets(here, "check", "things/single.stl", "--json").out)
    assert (row["file"], row["unit"], row["metres_per_unit"]) == ("single.stl", "table", 0.001)
    (here / "page.html").write_text("<html>")
    for words, told in (
        (("check", "page.html"), "page.html: is not a mesh file; supported file types: .obj, "),
        (("check", "nowhere.obj"), "nowhere.obj: no such folder"),
        (
            ("import", "things/single.stl", "--out", "l"),
            "things/single.stl: is a file; name its folder",
        ),
    ):
        refused = assets(here, *words)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith(f"sim2coco: {told}")


def test_files_that_are_taken_as_metres_are_named(here: Path) -> None:
    for number in range(7):
        brick(here / "small" / f"brick{number}.stl", 0.001 * (1 + number / 10))
    done = assets(here, "check", "small")
    assert (done.code, done.err) == (0, "")
    (line,) = (line for line in done.out.splitlines() if line.startswith("assumed to be in metres"))
    assert "7 files (brick0.stl 60 mm, brick1.stl 66 mm, " in line
    assert (
        "brick4.stl 84 mm and 2 more); if that is wrong, use --unit mm, or set the unit in the table" in line
    )


def test_a_mesh_far_from_the_others_of_its_category_is_asked_about(here: Path) -> None:
    brick(here / "things" / "bricks" / "inches.stl", 25.4)
    done = assets(here, "import", "things", "--out", "library", "--unit", "mm")
    assert done.code == 3
    assert "bricks/inches.stl: is 1.52 m long, but others of 'bricks' are about 60 mm; set" in done.out

    (here / "things" / "assets.csv").write_text("file,unit\nbricks/inches.stl,mm\n")
    assert assets(here, "import", "things", "--out", "library", "--unit", "mm").code == 0


def test_a_draft_is_filled_in_corrected_and_used(here: Path) -> None:
    done = assets(here, "import", "things", "--draft")
    assert (done.code, done.err) == (0, "")
    table = here / "things" / "assets.csv"
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(table.read_text()))}
    assert len(rows) == 9
    assert rows["bricks/brick.stl"]["unit"] == "mm?"
    assert rows["bricks/brick.glb"]["unit"] == ""
    assert rows["bricks/brick.stl"]["size_in_file"] == "60 x 40 x 20"
    assert rows["single.stl"]["category"] == "single"
    refused = assets(here, "import", "things", "--out", "library")
    assert (refused.code, refused.out) == (2, "")
    assert "assets.csv line 2: unit: 'mm?' is a guess" in refused.err
    table.write_text(table.read_text().replace("?", "").replace("single.stl,single", "single.stl,bricks"))
    assert assets(here, "import", "things", "--out", "library").code == 0
    assert index(here / "library")["categories"] == ["boxes", "bricks"]
    again = assets(here, "import", "things", "--draft")
    assert again.code == 2
    assert "already exists" in again.err


def test_a_table_says_what_files_do_not(here: Path) -> None:
    (here / "things" / "assets.yaml").write_text(
        "- {file: '*', unit: mm, licence: CC0-1.0}\n"
        "- {file: 'bricks/*', category: clay, density: 1900}\n"
        "- {file: single.stl, longest_m: 0.3, unit: m, up: y}\n"
    )
    assert assets(here, "import", "things", "--out", "library").code == 0
    made = {asset["name"]: asset for asset in index(here / "library")["assets"]}
    assert {asset["category"] for asset in made.values()} == {"boxes", "clay", "single"}
    assert made["bricks/brick.stl"]["mass_kg"] == pytest.approx(1900 * 48e-6)
    assert {asset["licence"] for asset in made.values()} == {"CC0-1.0"}
    assert made["single"]["extents_m"] == pytest.approx([0.3, 0.1, 0.2])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("file,unit\nbricks/brick.stl,mile\n", "line 2: unit: must be one of m, cm, mm"),
        ("file,unitt\nbricks/brick.stl,mm\n", "unknown column 'unitt'"),
        ("unit\nmm\n", "missing column 'file'"),
        ("file,unit\nno/such.stl,mm\n", "line 2: no mesh 'no/such.stl'"),
        ("file,longest_m\nsingle.stl,-1\n", "line 2: longest_m: must be greater than 0 (got -1.0)"),
        (
            "file,unit\nsingle.stl,mm\nsingle.stl,cm\n",
            "line 3: 'single.stl' is also listed in things/assets.csv line 2",
        ),
        ("file,upright\nsingle.stl,maybe\n", "line 2: upright: must be one of yes, true, 1, no"),
        ("file,density\nsingle.stl,heavy\n", "line 2: density: must be a number, "),
        ("file,density\nsingle.stl,inf\n", "line 2: density: must be a finite number"),
        ("file,category\nsingle.stl,a/b\n", 'line 2: category: must not contain / or # (got "a/b")'),
        ("file,unit\n,mm\n", "line 2: file: missing"),
        ("file,collision\nsingle.stl,box\n", 'line 2: collision: must be one of hull, convex (got "box")'),
        ("file,unit\nsingle.stl,mm,cm\n", "line 2: more cells than columns"),
    ],
)
def test_a_wrong_table_is_refused_by_line(here: Path, table: str, words: str) -> None:
    (here / "things" / "assets.csv").write_text(table)
    done = assets(here, "import", "things", "--out", "library")
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert words in done.err
    assert not (here / "library").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "required: import|check|sheet"),
        ("improt things", "invalid choice: 'improt'"),
        ("import things", "--out: name the library"),
        ("import nothing --out library", "nothing: no such folder"),
        ("import things/textures --out library", "contains no meshes"),
        ("import things --out things", "contains other files"),
        ("import things --out things/readme.txt", "is a file"),
        ("import things --out library --workers 0", "--workers: must be 1 or more"),
        ("import things --out library --unit mile", "--unit: invalid choice: 'mile'"),
        ("import things --out library --table no.csv", "--table: no file"),
        ("check nothing", "no such folder"),
        ("import things --out /proc/x", "--out: cannot write to /proc/x"),
        (
            "sheet things",
            "contains no library.json; to create a library, run sim2coco assets import things --out LIBRARY",
        ),
        ("sheet nothing", "no such folder"),
    ],
)
def test_wrong_commands(here: Path, arguments: str, words: str) -> None:
    before = tree(here)
    done = assets(here, *arguments.split())
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert words in done.err
    assert tree(here) == before


def test_check_tells_what_import_would_say_and_writes_nothing(here: Path) -> None:
    (here / "things" / "bricks" / "nan.obj").write_text("v nan 0 0\nv 1 nan 0\nv 0 1 nan\nf 1 2 3\n")
    before = tree(here)
    done = assets(here, "check", "things", "--unit", "mm")
    assert (done.code, done.err) == (1, "")
    assert tree(here) == before
    assert "non-finite: none of its faces has finite corners; export it again" in done.out
    assert done.out.splitlines()[-1] == "things: 9 ok, 0 repaired, 1 refused (non-finite 1)"
    (line,) = (line for line in done.out.splitlines() if line.endswith("boxes/printed.obj"))
    assert line.split() == [
        *("ok", "12", "50", "x", "50", "x", "50", "mm", "yes", "made", "file"),
        *("1", "found", "1", "100%", "1", "boxes/printed.obj"),
    ]
    rows = json.loads(assets(here, "check", "things", "--unit", "mm", "--json").out)
    assert [row["verdict"] for row in rows].count("refused") == 1
    assert {row["file"] for row in rows} >= {"bricks/nan.obj", "single.stl"}


def test_each_axis_may_be_up(here: Path) -> None:
    brick(here / "one" / "brick.stl")
    assert "20 x 40 x 60" in assets(here, "check", "one", "--unit", "mm", "--up", "x").out


def test_check_and_sheet_of_a_library(here: Path) -> None:
    assert assets(here, "import", "things", "--out", "library", "--unit", "mm").code == 0
    checked = assets(here, "check", "library")
    assert (checked.code, checked.err) == (0, "")
    assert "boxes/printed (boxes/printed.obj)\n" in checked.out
    done = assets(here, "sheet", "library")
    assert (done.code, done.out) == (0, "library_sheet.png: 9 assets\n")
    with Image.open(here / "library_sheet.png") as sheet:
        assert sheet.size == (6 * 192, 3 * 232)  # nobody says the axis of six of them: they are there twice
        colors = sheet.convert("RGB").crop((0, 0, 192, 192)).getcolors(10**6)
    assert colors is not None
    assert len(colors) > 4
    (mesh,) = {asset["mesh"] for asset in index(here / "library")["assets"] if asset["name"] == "single"}
    stored = here / "library" / "meshes" / f"{mesh}.glb"
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    broken = assets(here, "check", "library")
    assert broken.code == 1
    assert "its file is damaged or was changed; import the meshes again" in broken.out
    shutil.rmtree(here / "library" / "pictures")
    gone = assets(here, "sheet", "library")
    assert (gone.code, len(gone.err.splitlines())) == (2, 1)
    assert "import the meshes again" in gone.err


def test_a_mesh_that_kills_its_reader_is_a_row(here: Path, tmp_path: Path) -> None:
    """The reader's memory is bounded: what needs more than that is refused, and the others are read."""
    huge = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    huge += "element face 99999999999\nproperty list uchar int vertex_indices\nend_header\n"
    huge += "0 0 0\n1 0 0\n0 1 0\n"
    (here / "things" / "bricks" / "huge.ply").write_text(huge)
    done = assets(here, "check", "things", "--unit", "mm")
    assert done.code == 1
    assert done.out.splitlines()[-1].startswith("things: 9 ok, 0 repaired, 1 refused")


@pytest.mark.slow
def test_import_goes_on_where_it_was_killed(here: Path) -> None:
    for number in range(20):
        brick(here / "things" / "many" / f"{number}.stl", 1 + number / 20)
    arguments = [PROGRAM, "assets", "import", "things", "--out", "library", "--unit", "mm", "--workers", "1"]
    words = [str(word) for word in arguments]
    running = subprocess.Popen(words, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = here / "library" / "rows"
    while not rows.is_dir() or len(list(rows.iterdir())) < 5:
        assert running.poll() is None
    running.kill()
    running.wait()
    assert not (here / "library" / "library.json").exists()
    known = {path: path.stat().st_mtime_ns for path in rows.glob("*.json")}
    assert assets(here, "import", "things", "--out", "library", "--unit", "mm").code == 0
    assert len(index(here / "library")["assets"]) == 29
    assert {path: path.stat().st_mtime_ns for path in known} == known
