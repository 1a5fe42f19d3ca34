"""A library made from several folders: nothing is replaced unasked, no name is there twice."""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scenes.assets.library import read_library
from sim2coco.library.columns import Columns
from sim2coco.library.folders import Joining, MeshFolder
from sim2coco.library.importing import import_meshes
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError, scan
from sim2coco.library.sizes import doubted
from sim2coco.library.table import Flags, Line, overrides
from tests.commandline import tree
from tests.library.meshes import brick
from tests.library.test_import import assets


def bring(
    root: Path, folder: str, joining: Joining = "ask", unit_m: float = 0.001
) -> tuple[list[Row], list[str]]:
    """Imports a folder of `root` into its library; the rows, and the files that were read anew."""
    anew: list[str] = []

    def report(row: Row, known: bool) -> None:
        if not known:
            anew.append(row.file)

    wanted = overrides(scan(root / folder).meshes, [], Flags(unit_m=unit_m))
    rows = import_meshes(root / folder, wanted, root / "library", 1, report, joining)
    return rows, anew


def named(root: Path) -> dict[str, tuple[str, str]]:
    """The category and mesh of each asset of the library, by its name."""
    entries = read_library(root / "library").entries
    found = {entry.name: (entry.category, entry.mesh) for entry in entries}
    assert len(found) == len(entries)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library from two folders that have a category and the name of a file in common."""
    root = tmp_path_factory.mktemp("sources")
    brick(root / "ours" / "bolts" / "m4.stl", 1.0)
    brick(root / "ours" / "bolts" / "m5.stl", 1.2)
    brick(root / "ours" / "nuts" / "m4.stl", 0.5)
    brick(root / "theirs" / "bolts" / "m4.stl", 1.4)
    brick(root / "theirs" / "anvils" / "small.stl", 2.0)
    bring(root, "ours")
    before = tree(root / "library")
    with pytest.raises(
        LibraryError, match=r"is made from .*/ours; --add adds the meshes of .*/theirs, --replace"
    ):
        bring(root, "theirs")
    assert tree(root / "library") == before
    bring(root, "theirs", "add")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "root"))


def test_the_folders_lie_side_by_side(root: Path) -> None:
    found = named(root)
    assert sorted(found) == ["anvils/small", "bolts/m4", "bolts/m5", "nuts/m4", "theirs/bolts/m4"]
    assert found["theirs/bolts/m4"][0] == "bolts"
    # Those that were there first keep their places, and so their ids.
    assert read_library(root / "library").categories == ("bolts", "nuts", "anvils")
    text = (root / "library" / "sources.json").read_text()
    assert json.loads(text) == {"ours": "../ours", "theirs": "../theirs"}


def test_one_folder_is_brought_up_to_date_and_the_other_stays(root: Path) -> None:
    before = named(root)
    (root / "ours" / "bolts" / "m4.stl").unlink()
    rows, anew = bring(root, "ours")
    assert (len(rows), anew) == (2, [])
    assert named(root) == {name: asset for name, asset in before.items() if name != "bolts/m4"}
    # A name that is free now does not call an old asset otherwise.
    rows, anew = bring(root, "theirs")
    assert ([row.override.name for row in rows], anew) == (["anvils/small", "theirs/bolts/m4"], [])
    assert read_library(root / "library").categories == ("bolts", "nuts", "anvils")


def test_folders_that_moved_with_their_library_are_known(root: Path) -> None:
    before = named(root)
    moved = root.rename(root.parent / "elsewhere")
    assert [bring(moved, folder)[1] for folder in ("ours", "theirs")] == [[], []]
    assert named(moved) == before


def test_a_folder_that_moved_alone_takes_its_place_when_told_so(root: Path) -> None:
    shutil.rmtree(root / "theirs")
    (root / "new").mkdir()
    (root / "ours").rename(root / "new" / "ours")
    with pytest.raises(LibraryError, match="also if the folder has moved"):
        bring(root, "new/ours")
    _, anew = bring(root, "new/ours", "replace")
    assert anew == []
    assert sorted(named(root)) == ["bolts/m4", "bolts/m5", "nuts/m4"]


def test_a_third_of_the_same_name_and_a_size_that_nobody_believes(root: Path) -> None:
    brick(root / "more" / "ours" / "bolts" / "m4.stl", 20.0)
    brick(root / "more" / "ours" / "bolts" / "m5.stl", 21.0)
    (first, second), _ = bring(root, "more/ours", "add")
    assert first.asks.startswith("is 1.2 m long, but others of 'bolts' are about")
    assert not first.usable
    assert second.override.name == "ours-2/bolts/m5"
    assert sorted(named(root)) == ["anvils/small", "bolts/m4", "bolts/m5", "nuts/m4", "theirs/bolts/m4"]
    (first, second), _ = bring(root, "more/ours", unit_m=0.0001)
    assert (first.asks, second.asks) == ("", "")
    assert {"ours-2/bolts/m4", "ours-2/bolts/m5"} <= named(root).keys()


def test_on_the_command_line(root: Path) -> None:
    refused = assets(root, "import", "ours", "--out", "library", "--add", "--replace")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    shutil.copytree(root / "ours" / "bolts", root / "third" / "bolts")
    refused = assets(root, "import", "third", "--out", "library", "--unit", "mm")
    assert (refused.code, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert line.startswith(
        "sim2coco: --out: library is made from ours, theirs; --add adds the meshes of third,"
    )
    added = assets(root, "import", "third", "--out", "library", "--unit", "mm", "--add")
    assert (added.code, added.err) == (0, "")
    told, last = (line for line in added.out.splitlines() if not line.startswith("assumed to"))
    assert told == "renamed, because the name is taken: bolts/m4 is now third/bolts/m4, and 1 more"
    assert last == "library: 2 assets in 1 category, and 5 from other folders; 2 ok, 0 repaired, 0 refused"
    found = named(root)
    assert found["third/bolts/m4"] == found["bolts/m4"]


def source(own: Sequence[tuple[str, str]], others: Sequence[str]) -> MeshFolder:
    return MeshFolder(
        "b",
        {},
        tuple({"source": file, "name": name} for file, name in own),
        tuple({"source": name, "name": name} for name in others),
    )


@pytest.mark.parametrize(
    ("own", "others", "names"),
    [
        ([], [], ["x/m", "b/x/m"]),
        ([], ["x/m"], ["b-2/x/m", "b/x/m"]),
        ([], ["x/m", "b/x/m"], ["b-2/x/m", "b/b/x/m"]),
        ([("x/m.stl", "b-2/x/m")], [], ["b-2/x/m", "b/x/m"]),
        ([("x/m.stl", "other")], [], ["x/m", "b/x/m"]),
        ([("x/m.stl", "x/m")], ["b/x/m"], ["x/m", "b/b/x/m"]),
    ],
    ids=str,
)
def test_names(own: list[tuple[str, str]], others: list[str], names: list[str]) -> None:
    files = {file: Override("x", file.removesuffix(".stl")) for file in ("x/m.stl", "b/x/m.stl")}
    found = source(own, others).named(files)
    assert [override.name for override in found.values()] == names


def said(file: str) -> Columns:
    return Columns.parse({"file": file, "unit": "mm"})


def test_a_line_a_file_takes_no_time() -> None:
    """What takes each with each takes minutes."""
    files = [f"c{number % 7}/part [{number}].stl" for number in range(10_000)]
    lines = [Line(f"line {number}", said(file)) for number, file in enumerate(files)]
    begun = time.process_time()
    wanted = overrides(files, lines, Flags())
    rows = [Row(file, override, "ok", extents_m=(0.1, 0.1, 0.1)) for file, override in wanted.items()]
    assert doubted(rows) == rows
    assert time.process_time() - begun < 5
    assert [override.name for override in wanted.values()] == [file.removesuffix(".stl") for file in files]
    assert {override.unit_m for override in wanted.values()} == {0.001}


def test_a_name_that_no_table_can_hold_has_its_category() -> None:
    files = ["a\\b/\udcff.stl", "?"]
    found = overrides(files, [Line("line 1", said("*"))], Flags())
    assert [(found[file].category, found[file].unit_m) for file in files] == [("a\\b", 0.001), ("?", 0.001)]


def test_a_name_with_brackets_is_that_name() -> None:
    files = ["part [1].stl", "part 1.stl"]
    found = overrides(files, [Line("line 1", said(files[0]))], Flags())
    assert [found[file].unit_m for file in files] == [0.001, None]
    found = overrides(files, [Line("line 1", said("part [0-9].stl"))], Flags())
    assert [found[file].unit_m for file in files] == [None, 0.001]
