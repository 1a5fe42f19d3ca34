"""Axis and unit of a file: never guessed in silence, asked by file, answered for all at once."""

import csv
import io
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from sim2coco.library.closing import closing_lines
from sim2coco.library.columns import Columns
from sim2coco.library.draft import draft
from sim2coco.library.lengths import length, metres, sides
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError, Scan
from sim2coco.library.sizes import doubted, doubted_beside
from sim2coco.library.table import Flags, overrides, read_table
from tests.library.conftest import Look
from tests.library.solids import SILENT, STATING, egg, glb, obj, put
from tests.library.test_import import assets, index

CM_BOTTLE = egg("y", 0.01)
"""A bottle of which centimetres were written into a format of metres: 12 m long."""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder `mixed` of files that state unit and axis, and of files that do not."""
    for name, (write, up, unit_m) in STATING.items():
        put(tmp_path / "mixed" / "stated" / name, write, up, unit_m)
    for name, write in SILENT.items():
        put(tmp_path / "mixed" / "silent" / name, write, "y", 0.001)
    (tmp_path / "mixed" / "stated" / "cm.glb").write_bytes(glb(CM_BOTTLE))
    put(tmp_path / "mixed" / "stated" / "beside.obj", obj, "y", 0.001)
    return tmp_path


def table(text: str) -> dict[str, dict[str, str]]:
    return {row["file"]: row for row in csv.DictReader(io.StringIO(text))}


def test_every_file_that_would_be_asked_about_gets_its_question_mark(here: Path) -> None:
    done = assets(here, "import", "mixed", "--draft")
    assert done.code == 0
    assert (
        "12 meshes, 11 guesses marked with ?; correct them, then import (--unit mm or --up z settles"
        in done.out
    )
    rows = table((here / "mixed" / "assets.csv").read_text())
    silent = {file for file, row in rows.items() if row["up"]}
    assert silent == {f"silent/{name}" for name in SILENT} | {"stated/beside.obj"}
    assert {rows[file]["up"] for file in silent} == {"z?"}
    assert {rows[file]["unit"] for file in silent} == {"mm?"}
    # Its own unit is hard to believe: it is asked about, and does not speak for its neighbour.
    assert (rows["stated/cm.glb"]["unit"], rows["stated/cm.glb"]["up"]) == ("cm?", "")
    assert rows["stated/inch_y.dae"]["unit"] == ""
    assert rows["stated/inch_y.dae"]["size_in_file"].endswith(" mm")


def test_all_guesses_are_answered_at_once(here: Path) -> None:
    assert assets(here, "import", "mixed", "--draft").code == 0
    refused = assets(here, "import", "mixed", "--out", "library", "--unit", "mm")
    assert (refused.code, refused.out) == (2, "")
    assert "up: 'z?' is a guess: correct it, or remove the ?; --up z sets it for all files" in refused.err
    done = assets(here, "import", "mixed", "--out", "library", "--unit", "mm", "--up", "y")
    assert (done.code, done.err) == (3, "")
    first, last = done.out.splitlines()
    assert first.startswith("stated/cm.glb: is 12.3 m long, in the unit that its file states; set its unit")
    assert last.endswith("11 ok, 0 repaired, 0 refused; 1 left out until you answer")
    # All stand: files that state their axis were not turned by the flag.
    heights = {asset["name"]: asset["extents_m"][2] for asset in index(here / "library")["assets"]}
    assert all(height == pytest.approx(np.ptp(egg()[:, 2]), rel=1e-5) for height in heights.values())


def test_a_draft_with_flags_has_no_guess_left(here: Path) -> None:
    (here / "mixed" / "stated" / "cm.glb").unlink()
    done = assets(here, "import", "mixed", "--draft", "--unit", "mm", "--up", "y")
    assert "11 meshes, 0 guesses" in done.out
    rows = table((here / "mixed" / "assets.csv").read_text())
    assert {(row["unit"], row["up"]) for row in rows.values()} == {("", ""), ("mm", "y")}


def row(file: str, category: str, longest: float, unit: str = "", **facts: object) -> Row:
    up_from = "file" if unit == "file" else ""
    made = Row(
        file, Override(category, file), "ok", faces=1, extents_m=(longest,) * 3, unit=unit, up_from=up_from
    )
    return replace(made, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "units"),
    [
        ([row("a", "c", 60.0)], ["mm?"]),
        ([row("a", "c", 0.06, "file"), row("b", "c", 6.0)], ["", "cm?"]),
        # One of two disagrees by more than eight times: both are asked, and neither speaks for others.
        (
            [row("a", "c", 0.05, "file"), row("b", "c", 4.0, "file"), row("c", "c", 30.0)],
            ["m?", "cm?", "mm?"],
        ),
        # The one that asks is left out, the others speak.
        (
            [row(name, "c", 0.05, "file") for name in "abc"]
            + [row("d", "c", 4.0, "file"), row("e", "c", 2.0)],
            ["", "", "", "cm?", "in?"],
        ),
        ([row("a", "c", 9000.0, "file", asks="is 9 km long")], ["?"]),
    ],
    ids=range(5),
)
def test_units_of_a_draft(rows: list[Row], units: list[str]) -> None:
    text, guesses = draft(rows, {row.file: row.override for row in rows})
    found = table(text)
    assert [found[row.file]["unit"] for row in rows] == units
    assert guesses == sum(row["unit"].endswith("?") + row["up"].endswith("?") for row in found.values())


def test_a_flag_does_not_turn_files_that_state_their_axis(look: Look, tmp_path: Path) -> None:
    for name, (write, up, unit_m) in STATING.items():
        put(tmp_path / name, write, up, unit_m)
        found = look(tmp_path / name, up="z", sure_up=False)
        assert (found.up, found.up_from) == (up, "file")
        assert look(tmp_path / name, up="x").up_from == "table"
    put(tmp_path / "part.obj", obj, "y", 0.001)
    assert look(tmp_path / "part.obj", up="y", sure_up=False).up_from == "--up"
    assert (look(tmp_path / "part.obj").up, look(tmp_path / "part.obj").up_from) == ("z", "")


def test_what_stands_upright_must_have_an_axis(look: Look, tmp_path: Path) -> None:
    put(tmp_path / "part.obj", obj, "y", 0.001)
    put(tmp_path / "part.glb", *STATING["metres.glb"])
    rows = [
        look(tmp_path / "part.obj", upright=True),
        look(tmp_path / "part.obj", upright=True, up="y"),
        look(tmp_path / "part.obj", upright=False),
        look(tmp_path / "part.glb", upright=True),
    ]
    first, *others = (row.asks for row in doubted(rows))
    assert first.startswith("must stand upright, but no up axis is stated; set its up axis in assets.csv")
    assert others == ["", "", ""]


def test_forty_files_are_one_line() -> None:
    rows = [row(f"{number}.stl", "c", 0.06) for number in range(40)]
    (line,) = (line for line in closing_lines(Scan((), (), (), (), ()), rows) if "z up" in line)
    assert "40 files (0.stl, 1.stl, 2.stl, 3.stl, 4.stl and 35 more); --up z confirms it for all" in line
    stated = [replace(row, up_from="--up") for row in rows]
    assert not any("z up" in line for line in closing_lines(Scan((), (), (), (), ()), stated))


def test_the_sheet_shows_both_ways_until_the_axis_is_stated(tmp_path: Path) -> None:
    put(tmp_path / "parts" / "part.obj", obj, "y", 0.001)
    words = ("import", "parts", "--out", "library", "--unit", "mm")
    assert assets(tmp_path, *words).code == 0
    assert assets(tmp_path, "sheet", "library", "--to", "both.png").code == 0
    with Image.open(tmp_path / "both.png") as sheet:
        both = np.asarray(sheet)
    assert both.shape == (249, 2 * 192, 3)
    category = {"path": f"{tmp_path / 'library'}#part", "upright": True}
    made = load_catalogue(Assets.parse({"categories": {"part": category}}))
    (note,) = made.notes
    assert note.startswith(
        "assets.categories.part.path: part: is assumed to have z up, because the file does not state "
    )
    assert assets(tmp_path, *words, "--up", "y").code == 0
    assert assets(tmp_path, "sheet", "library", "--to", "one.png").code == 0
    with Image.open(tmp_path / "one.png") as sheet:
        one = np.asarray(sheet)
    # What the right half showed is what --up y gives.
    np.testing.assert_array_equal(one[:190, :190], both[:190, 192 : 192 + 190])
    assert load_catalogue(Assets.parse({"categories": {"part": category}})).notes == ()


@pytest.mark.parametrize(
    ("text", "in_metres"),
    [("0.3", 0.3), ("85 mm", 0.085), ("12mm", 0.012), ("0.3 m", 0.3), ("4 in", 0.1016), (" 1e2 CM ", 1.0)],
)
def test_lengths_are_read_as_people_write_them(text: str, in_metres: float) -> None:
    assert metres(text) == pytest.approx(in_metres)
    assert Columns.parse({"file": "a", "longest_m": text}).longest_m == pytest.approx(in_metres)


@pytest.mark.parametrize("text", ["", "mm", "4 inches", "0x3", "nan", "-1 mm", "0", "1,5 m"])
def test_what_is_no_length_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text(json.dumps([{"file": "a", "longest_m": text or "x"}]))
    with pytest.raises(LibraryError, match="entry 1: longest_m: must be "):
        read_table(path)


def test_lengths_are_written_as_people_write_them() -> None:
    assert [length(value) for value in (0.085, 0.9994, 0.9996, 1.2, 12.34, 0.00005)] == [
        *("85 mm", "999 mm", "1 m", "1.2 m", "12.3 m", "0.05 mm")
    ]
    assert (sides([1.2, 0.4, 0.3]), sides([0.085, 0.04, 0.0123])) == (
        "1.2 x 0.4 x 0.3 m",
        "85 x 40 x 12.3 mm",
    )


def test_words_of_yaml_are_names_in_a_table(tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text(
        "- {file: no, category: yes, upright: no, unit: ~}\n- {file: 1.0, category: on, density: null}\n"
    )
    first, second = (line.said for line in read_table(path))
    assert (first.file, first.category, first.upright, first.unit) == ("no", "yes", False, None)
    assert (second.file, second.category, second.density) == ("1.0", "on", None)


def test_tables_and_drafts_of_many_files_take_no_time(tmp_path: Path) -> None:
    """10,000 files that state their unit, and a pattern a line."""
    files = [f"c{number % 7}/part {number}.stl" for number in range(10_000)]
    path = tmp_path / "assets.csv"
    path.write_text("file,unit,up\n" + "".join(f"{file[:-3]}*,mm?,z\n" for file in files))
    begun = time.process_time()
    wanted = overrides(files, read_table(path, Flags(unit_m=0.001)), Flags(unit_m=0.001))
    rows = [
        replace(row(file, override.category, 0.1, "file"), override=override)
        for file, override in wanted.items()
    ]
    draft(rows, wanted)
    assert time.process_time() - begun < 5
    assert {override.up for override in wanted.values()} == {"z"}


ASKED: dict[str, tuple[list[Row], str]] = {
    # A scan in centimetres says metres; the others, whose unit nobody states, agree with each other.
    "one that states its unit among five": (
        [row("a", "c", 4.0, "file"), *(row(name, "c", 0.1 + 0.02 * n) for n, name in enumerate("bcdef"))],
        "a",
    ),
    # The mean of 0.15 and 4 is far from both, and 0.12 is like one of them.
    "one that agrees with one of two": (
        [row("a", "c", 4.0, "file"), row("b", "c", 0.15, "file"), row("c", "c", 0.12)],
        "a",
    ),
    "inches among five that state their unit": (
        [*(row(name, "c", 0.1, "file") for name in "abcde"), row("f", "c", 4.0)],
        "f",
    ),
    # Three inches of which nobody states the unit agree, but no part is 3 m long.
    "unlikely sizes that agree": (
        [row("a", "c", 0.1, "file"), row("b", "c", 3.0), row("c", "c", 3.5), row("d", "c", 4.0)],
        "abcd",
    ),
    "two: nobody knows which": ([row("a", "c", 4.0, "file"), row("b", "c", 0.1)], "ab"),
    "seven and eight times": ([row("a", "c", 0.1), row("b", "c", 0.7), row("c", "c", 0.8)], ""),
}


@pytest.mark.parametrize("case", ASKED)
def test_the_mesh_that_differs_is_asked_about(case: str) -> None:
    rows, files = ASKED[case]
    assert "".join(row.file for row in doubted(rows) if row.asks) == files


def test_of_two_that_differ_nobody_knows_which_is_wrong() -> None:
    rows = doubted([row("a.glb", "c", 4.0, "file"), row("b.obj", "c", 0.1)])
    first, second = (row.asks for row in rows)
    told = "is 4 m long, but the only other of 'c', b.obj, is 100 mm: one of the two is wrong; set its unit"
    assert first.startswith(told)
    assert "is 100 mm long, but the only other of 'c', a.glb, is 4 m: one of the two is wrong" in second
    sure = [row("a.glb", "c", 4.0), replace(row("b.obj", "c", 0.1), override=Override("c", "b", sure=True))]
    asked = [row.asks[:49] for row in doubted(sure)]
    assert asked == ["is 4 m long, but others of 'c' are about 100 mm; ", ""]


def test_new_meshes_beside_a_library_whose_sizes_differ() -> None:
    others = [row("x", "c", 0.1), row("y", "c", 4.0)]
    rows = [row("like x", "c", 0.12), row("like y", "c", 3.0), row("like neither", "c", 0.005)]
    asked = [row.file for row in doubted_beside(rows, {row.file for row in rows}, others) if row.asks]
    assert asked == ["like neither"]
