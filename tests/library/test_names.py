"""Names of files that are no text, or that break lines and tables: read, told and used by a readable name."""

import csv
import io
import json
import os
import resource
from pathlib import Path

import pytest

from scenes.assets.categories import Assets
from scenes.assets.filenames import readable, real_path
from scenes.assets.loading import load_catalogue
from sim2coco.library.draft import write_draft
from sim2coco.library.scan import LibraryError, scan
from tests.commandline import Outcome, run_apart
from tests.library.solids import egg, obj, stl
from tests.library.test_import import assets

NAMES = {
    b"latin\xfc.obj": r"latin\xfc.obj",
    b"cut\xc3.obj": r"cut\xc3.obj",
    b"two\nlines.obj": r"two\x0alines.obj",
    b"tab\there.obj": r"tab\x09here.obj",
    b"quo\"te,d'.obj": "quo\"te,d'.obj",
    b"-dash.obj": "-dash.obj",
    b" space .obj": " space .obj",
    b"back\\slash.obj": r"back\slash.obj",
    b"escaped\\xfc.obj": r"escaped\xfc.obj",
    "\U0001f600\u00e9\u65e5\u672c.obj".encode(): "\U0001f600\u00e9\u65e5\u672c.obj",
    "line\u2028sep.obj".encode(): r"line\xe2\x80\xa8sep.obj",
    b"#%[1]{a}$(b).obj": "#%[1]{a}$(b).obj",
    b"x" * 240 + b".obj": "x" * 240 + ".obj",
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder `parts` with a mesh of each name, in millimetres, also below a folder that is no text."""
    for name in NAMES:
        for folder in (b"parts", b"parts/\xfc ber"):
            path = tmp_path / os.fsdecode(folder) / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(obj(egg(unit_m=0.001)))
    return tmp_path


def test_a_readable_name_leads_back_to_its_file(here: Path) -> None:
    assert {readable(os.fsdecode(name)): os.fsdecode(name) for name in NAMES} == {
        shown: real_path(here / "parts", shown).name for shown in NAMES.values()
    }
    assert all(readable(os.fsdecode(name)) == shown for name, shown in NAMES.items())
    assert not real_path(here, r"nothing\xfc\x00").exists()


def test_scan_gives_readable_names(here: Path) -> None:
    found = scan(here / "parts").meshes
    assert set(found) == {*NAMES.values(), *(rf"\xfc ber/{shown}" for shown in NAMES.values())}


def test_the_program_imports_them_all(here: Path) -> None:
    """Draft, table, import, check, with letters of all scripts and, as a program, under the C locale."""
    draft = ("import", "parts", "--draft", "--unit", "mm", "--up", "z", "--table")
    for done in (assets(here, *draft, "table0.csv"), in_c(here, *draft, "table1.csv")):
        assert (done.code, done.err) == (0, "")
    text = (here / "table0.csv").read_text()
    assert (here / "table1.csv").read_text() == text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["file"] for row in rows if "/" not in row["file"]} == set(NAMES.values())
    done = assets(here, "import", "parts", "--out", "library", "--table", "table0.csv")
    assert (done.code, done.err) == (0, ""), done.out
    tree = json.loads((here / "library" / "library.json").read_text())
    assert {asset["source"] for asset in tree["assets"]} == {row["file"] for row in rows}
    assert {round(max(asset["extents_m"]), 3) for asset in tree["assets"]} == {0.123}
    again = in_c(here, "import", "parts", "--out", "library", "--table", "table0.csv")
    assert (again.code, again.out) == (0, done.out)
    checked = in_c(here, "check", "parts", "--unit", "mm", "--up", "z")
    assert (checked.code, checked.err, len(checked.out.splitlines())) == (0, "", 2 + len(rows))


def in_c(folder: Path, *words: str) -> Outcome:
    """`sim2coco assets ...` as a program under the C locale, whose output is UTF-8 nevertheless."""
    return run_apart(folder, "assets", *words, LC_ALL="C")


def test_patterns_and_folders_of_path(here: Path) -> None:
    """Each mesh becomes an asset with a name that a record can hold."""
    for path in (f"{here / 'parts'}", f"{here / 'parts'}/*.obj"):
        made = load_catalogue(Assets.parse({"categories": {"part": {"path": path, "size_m": 0.1}}}))
        names = [asset.name for asset in made.groups[0]]
        assert len(set(names)) == len(NAMES)
        assert "".join(names).isprintable()
        assert json.dumps(names, ensure_ascii=False).encode()


def test_a_bad_mesh_of_such_a_name_is_told_in_a_line(tmp_path: Path) -> None:
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.stl"))
    bad.write_bytes(b"no mesh")
    (tmp_path / "good.stl").write_bytes(stl(egg()))
    with pytest.raises(ValueError, match=r"b\\xff\.stl: is not an STL file") as told:
        load_catalogue(Assets.parse({"categories": {"part": {"path": str(tmp_path)}}}))
    assert str(told.value).isprintable()
    done = assets(tmp_path.parent, "check", tmp_path.name, "--unit", "m")
    assert (done.code, done.err) == (1, "")
    assert r"b\xff.stl" in done.out


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_draft(tmp_path / "assets.csv", "\udcff")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(LibraryError, match=r"assets\.csv: cannot be written: File too large"):
            write_draft(tmp_path / "assets.csv", "text")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
