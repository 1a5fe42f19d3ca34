"""Thirty kinds of files are loaded, warned about or refused as they should be; the library tells it again."""

import json
from pathlib import Path

import pytest

from tests.library.kinds import ASKS, OK, REFUSED, REPAIRED, write
from tests.library.test_import import assets


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kinds")
    (root / "meshes").mkdir()
    (root / "told.json").write_text(json.dumps(write(root / "meshes")))
    return root


def test_check_import_and_check_of_the_library_agree(here: Path) -> None:
    told: dict[str, tuple[str, str]] = json.loads((here / "told.json").read_text())
    flags = ("--unit", "mm", "--up", "y", "--collision", "hull")
    done = assets(here, "check", "meshes", "--json", *flags)
    assert (done.code, done.err) == (1, "")
    rows = {row["file"]: row for row in json.loads(done.out)}
    outcomes = {file: ASKS if row["asks"] else row["verdict"] for file, row in rows.items()}
    assert outcomes == {file: outcome for file, (outcome, _) in told.items()}
    for file, (_, words) in told.items():
        row = rows[file]
        said = "; ".join([row["kind"], row["reason"], row["asks"], *row["notes"]])
        assert words in said, (file, said)
    imported = assets(here, "import", "meshes", "--out", "library", *flags)
    assert (imported.code, imported.err) == (3, "")
    number = {verdict: list(outcomes.values()).count(verdict) for verdict in (OK, REPAIRED, ASKS, REFUSED)}
    tally = f"{number[OK]} ok, {number[REPAIRED]} repaired"
    assert f"; {tally}, {number[REFUSED]} refused (" in imported.out.splitlines()[-1]
    for file, (outcome, words) in told.items():
        lines = [line for line in imported.out.splitlines() if line.startswith(f"{file}: ")]
        assert bool(lines) == (outcome != OK or words != ""), file
        assert not lines or any(words in line for line in lines), (words, lines)
        assert any(": repaired: " in line for line in lines) == (outcome == REPAIRED), lines
    checked = assets(here, "check", "library", "--json")
    assert (checked.code, checked.err) == (0, "")
    again = {row["file"].partition("(")[2].rstrip(")"): row for row in json.loads(checked.out)}
    usable = {file for file, outcome in outcomes.items() if outcome in (OK, REPAIRED)}
    assert set(again) == usable
    for file in again:
        assert again[file]["verdict"] == outcomes[file], file
        assert set(rows[file]["notes"]) <= set(again[file]["notes"])
    assert {
        asset["source"] for asset in json.loads((here / "library" / "library.json").read_text())["assets"]
    } == usable
    sheet = assets(here, "sheet", "library", "--to", "sheet.png")
    assert (sheet.code, sheet.out) == (0, f"sheet.png: {len(usable)} assets\n")
