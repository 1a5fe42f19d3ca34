"""The program that audits data sets of every kind, on two images."""

from pathlib import Path

import pytest

from benchmarks.audit import HEADS, main
from benchmarks.audit_rows import rows
from benchmarks.hard_meshes import write
from sim2coco.audit.meshfile import read
from sim2coco.cli.config import choices


def test_a_line_of_the_table_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command goes on after a stop: finished lines are printed again."""
    for name in ("library", "meshes"):
        (tmp_path / name).mkdir()  # this data set needs none
    arguments = ["--images", "4", "--workers", "1", "--folder", str(tmp_path)]
    arguments += ["--only", "floating,", "tiny", "built-in"]
    main(arguments)
    first = capsys.readouterr().out.splitlines()[-3:]
    cells = first[0].strip("| ").split(" | ")
    assert len(cells) == len(HEADS)
    assert cells[:2] + cells[3:4] == ["floating, `tiny`, built-in", "2", "0"]
    assert first[2].startswith("2 images, ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.audit.audited", None)
        main(arguments)
    assert capsys.readouterr().out.splitlines()[-3:] == first
    assert not (tmp_path / "data").exists()


def test_every_scene_renderer_and_camera_has_a_data_set() -> None:
    made = list(rows())
    kinds = {(row.scene, row.render, row.assets) for row in made}
    assert len(kinds) == len(choices("scene")) * 3 * 2
    assert {row.camera for row in made} == set(choices("camera"))
    assert len({row.name for row in made}) == len(made)


def test_the_hard_meshes_are_of_one_size(tmp_path: Path) -> None:
    """0.06 to 0.16 m, in the units that the table or the file states."""
    write(tmp_path)
    table = [text.split(",") for text in (tmp_path / "assets.csv").read_text().splitlines()[1:]]
    units = {name: 0.001 if unit == "mm" else 1.0 for name, unit, _ in table}
    files = sorted(path for path in tmp_path.rglob("*.*") if path.name != "assets.csv")
    assert len(files) == 21
    for path in files:
        found = read(path)
        unit_m = found.unit_m or units[path.relative_to(tmp_path).as_posix()]
        points = found.triangles.reshape(-1, 3)
        assert 0.04 < unit_m * float((points.max(axis=0) - points.min(axis=0)).max()) < 0.17, path.name
