"""What of a mesh file is not used is told once: by `path:`, by import, on the command line, in the log."""

import logging
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.reading.file import read_mesh_file
from sim2coco import generate
from tests.commandline import PROGRAM
from tests.library.conftest import Look
from tests.library.meshes import gltf, picture, png
from tests.library.plates import Make, mapped, plate
from tests.library.recipes import recipe


def missing(folder: Path) -> Path:
    return plate(folder, mapped("not_there.png", "0.2 0.4 0.6"))


def unsupported(folder: Path) -> Path:
    return plate(folder, mapped("quad.png", "0.2 0.4 0.6"), content=b"no picture")


def of_no_known_kind(folder: Path) -> Path:
    return plate(folder, mapped("quad.pic", "0.2 0.4 0.6"), "quad.pic", b"no picture")


def damaged(folder: Path) -> Path:
    whole = png(np.tile(picture(256), (2, 2, 1)) ^ np.arange(512, dtype=np.uint8)[:, None, None])
    return plate(folder, mapped("quad.png", "0.2 0.4 0.6"), content=whole[: len(whole) // 2])


def without_material(folder: Path) -> Path:
    path = plate(folder, "")
    (folder / "plate.mtl").unlink()
    return path


def without_uvs(folder: Path) -> Path:
    path = plate(folder, mapped("quad.png", "0.2 0.4 0.6"))
    path.write_text(path.read_text().replace("f 1/1 2/2 3/3\nf 1/1 3/3 4/4", "f 1 2 3\nf 1 3 4"))
    return path


LOST = [
    (missing, "texture 'not_there.png' is missing: the material colour is used"),
    (unsupported, "texture 'quad.png' is unsupported: the material colour is used"),
    (of_no_known_kind, "texture 'quad.pic' is unsupported: the material colour is used"),
    (damaged, "texture 'quad.png' is damaged (OSError): the material colour is used"),
    (without_material, "'plate.mtl' is missing"),
    (without_uvs, "a texture is ignored because there are no texture coordinates"),
]


@pytest.mark.parametrize(("make", "note"), LOST, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_not_used_is_told_by_path_and_by_import(
    look: Look, tmp_path: Path, make: Make, note: str
) -> None:
    path = make(tmp_path / "meshes")
    made = load_catalogue(Assets.parse({"categories": {"part": {"path": str(path)}}}))
    assert made.notes == (f"assets.categories.part.path: plate.obj: {note}",)
    if make is not without_material:
        np.testing.assert_allclose(made.groups[0][0].mesh.parts[0].color_rgb, (0.2, 0.4, 0.6), atol=1 / 255)
    row = look(path, unit_m=1.0)
    assert (row.verdict, row.notes) == ("ok", (note,))


def test_looks_that_are_not_drawn_are_not_missed(tmp_path: Path) -> None:
    path = str(missing(tmp_path / "meshes"))
    for color, told in (("random", 0), ([0.1, 0.2, 0.3], 0), ("own", 1)):
        category = {"path": path, "color": color}
        assert len(load_catalogue(Assets.parse({"categories": {"part": category}})).notes) == told


def test_a_picture_inside_a_glb_that_cannot_be_read_is_told(look: Look, tmp_path: Path) -> None:
    images = [{"uri": "data:image/png;base64,bm8gcGljdHVyZQ==", "name": "skin"}]
    path = gltf(tmp_path / "meshes", images=images)
    notes = ("texture 'skin' is unsupported: the material colour is used",)
    found = read_mesh_file(path)
    assert (found.looks, found.notes, found.mesh.parts[0].texture) == (notes, (), None)
    row = look(path)
    assert (row.notes, row.images) == (notes, {"skin": "unsupported"})


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    small = ("num_images=1", "views=1", "image.width=64", "image.height=64", "engine=inline", "quality=none")
    command: list[str | Path] = [
        PROGRAM,
        "generate",
        "assets=shapes",
        "~assets.categories",
        "out=data",
        *small,
        *words,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_program_tells_it_once_in_a_line_each(tmp_path: Path) -> None:
    missing(tmp_path)
    done = run(tmp_path, "+assets.categories={part: {path: plate.obj}}")
    assert done.returncode == 0
    note = LOST[0][1]
    assert done.stderr.splitlines() == [f"sim2coco: assets.categories.part.path: plate.obj: {note}"]
    for number in range(8):
        shutil.copy(tmp_path / "plate.obj", tmp_path / f"plate{number}.obj")
    done = run(tmp_path, "+assets.categories={part: {path: '*.obj'}}", "out=more")
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), lines[-1]) == (
        0,
        6,
        "sim2coco: and 4 more warnings about mesh files",
    )


def test_the_library_logs_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = missing(tmp_path / "meshes")
    with caplog.at_level(logging.WARNING, "sim2coco"):
        generate(recipe({"part": {"path": str(path)}}), tmp_path / "data", 1)
    assert [(record.name, record.levelname) for record in caplog.records] == [("sim2coco", "WARNING")]
    assert LOST[0][1] in caplog.text


def bounded(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the program does for a user who may not read everything."""
    command: list[str | Path] = [PROGRAM, *words]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root reads everything, and setpriv is not there")
        command = [setpriv, "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("quad.png", "texture 'quad.png' is unreadable: the material colour is used"),
        ("plate.mtl", "'plate.mtl' cannot be read"),
        ("tex", "texture 'tex/quad.png' is unreadable: the material colour is used"),
    ],
)
def test_what_may_not_be_read_is_told(tmp_path: Path, name: str, told: str) -> None:
    texture = "tex/quad.png" if name == "tex" else "quad.png"
    plate(tmp_path, mapped(texture), texture)
    (tmp_path / name).chmod(0)
    try:
        check = bounded(tmp_path, "assets", "check", ".", "--unit", "m")
        read = bounded(
            tmp_path,
            *("generate", "assets=shapes", "~assets.categories", "out=data", "num_images=1", "quality=none"),
            *("+assets.categories={part: {path: plate.obj}}", "image.width=64", "image.height=64"),
        )
    finally:
        (tmp_path / name).chmod(0o755)
    assert (check.returncode, read.returncode) == (0, 0), (check, read)
    assert told in check.stdout
    assert read.stderr.splitlines() == [f"sim2coco: assets.categories.part.path: plate.obj: {told}"]
