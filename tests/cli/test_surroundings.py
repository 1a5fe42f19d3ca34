"""Pipes, locales, deleted folders and full disks around the program."""

import errno
import os
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from scenes.assets.paths import AssetPath
from sim2coco.cli import reporting
from tests.commandline import PROGRAM, TINY, Command, tree

ONE = ("num_images=1", "views=1", "quality=none", *TINY)
CUBE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "generate --help",
        "generate -sc install=bash",
        "generate out=x --cfg job",
        "check data --json",
    ],
)
def test_a_reader_that_stops_reading_costs_no_traceback(here: Path, command: Command, words: str) -> None:
    if "data" in words:
        assert command("generate", "out=data", *ONE).code == 0
    line = f"{PROGRAM} {words} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 141)  # 141: it ended because nobody reads


@pytest.mark.parametrize("words", ["generate out=x", "show data", "check data", "preview"])
def test_a_deleted_working_directory_is_told(tmp_path: Path, words: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && {PROGRAM} {words}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "sim2coco: the working directory has been deleted; change to another one with cd\n"


@pytest.mark.parametrize("locale", ["C", pytest.param("POSIX", marks=pytest.mark.slow)])
def test_names_in_any_script_in_a_plain_locale(program: Command, here: Path, locale: str) -> None:
    plain = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = ("out=データ", "+assets.categories={鸭子: {shape: box, size_m: 0.1}}", *ONE)
    made = program("generate", *words, **plain)
    assert (made.code, made.err) == (0, "")
    assert made.out.splitlines()[0] == "データ: 1 image, 1 worker"
    shown = program("show", "データ", "--category", "鸭子", **plain)
    assert shown.code in (0, 2)
    assert "Traceback" not in shown.err
    before = tree(here / "データ")
    assert program("generate", "out=again", *words[1:]).code == 0
    assert tree(here / "again") == before


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("command_run", "free", "said"),
    [
        ("generate", 0, ["set TMPDIR to a folder with more space", "run the same command again to resume"]),
        ("generate", 2**40, ["run the same command again to resume"]),
        ("preview", 0, ["set TMPDIR to a folder with more space"]),
        ("show", 2**40, []),
    ],
)
def test_a_full_disk_names_the_folder_for_temporary_files(
    monkeypatch: pytest.MonkeyPatch, command_run: str, free: int, said: list[str]
) -> None:
    monkeypatch.setattr(reporting, "commands_run", [command_run])
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(2**40, 0, free))
    message = reporting.of_the_system(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    folder = [f"the folder for temporary files, {tempfile.gettempdir()}, is full"] if free == 0 else []
    assert message.startswith("No space left on device")
    for sentence in (*folder, *said):
        assert sentence in message
    assert ("resume" in message) == (command_run == "generate")


def test_a_missing_folder_for_temporary_files_is_told(command: Command, here: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:  # not while the output is captured: that takes such a folder
        patch.setattr(tempfile, "tempdir", "/proc/nowhere")
        done = command("generate", "out=data", *ONE)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith(
        "sim2coco: temporary files cannot be written (No such file or directory: /proc/nowh"
    )
    assert line.endswith("; set TMPDIR to a writable folder")
    assert not (here / "data").exists()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("dir/[v2]/*.obj", ["dir/[v2]/a.obj"]),
        ("dir/[v2]x*.obj", ["dir/[v2]x1.obj"]),
        ("dir/[v2]", ["dir/[v2]/a.obj"]),
        ("dir/[v2]/a.obj", ["dir/[v2]/a.obj"]),
        ("dir/[ab]*.obj", ["dir/a1.obj", "dir/b1.obj"]),
        ("dir/[[]v2]x*.obj", ["dir/[v2]x1.obj"]),
    ],
)
def test_brackets_in_paths_are_names_first(command: Command, here: Path, path: str, found: list[str]) -> None:
    for name in ("[v2]/a.obj", "[v2]x1.obj", "v/a.obj", "a1.obj", "b1.obj", "2x1.obj"):
        (here / "dir" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "dir" / name).write_text(CUBE)
    assert [str(file) for file in AssetPath.parse(path).files()] == found


def test_replay_finds_folders_with_brackets(command: Command, here: Path) -> None:
    (here / "[v2]").mkdir()
    (here / "[v2]" / "a.obj").write_text(CUBE)
    for number, path in enumerate(("[v2]", "[v2]/*.obj", "[v2]/a.obj")):
        words = (f"+assets.categories.a.path='{path}'", "+assets.categories.a.size_m=0.05")
        assert command("generate", f"out=data{number}", *words, "seed=4", *ONE).code == 0
        folders = ("--meshes", ".") if number else ()
        again = command("replay", f"data{number}", "s000000_v00", *folders)
        assert (again.code, again.err) == (0, "")


def test_what_repairs_is_the_command_that_made_the_data(command: Command, here: Path) -> None:
    words = ("out=data", *ONE)
    assert command("generate", *words).code == 0
    before = tree(here / "data")
    repairs = "run the generate command of the data set again to repair it"
    for name in ("records/000/000000.json", "images/train/s000000_v00.jpg", "config.yaml"):
        (here / "data" / name).write_text("{")
        action = (
            ("replay", "data", "s000000_v00") if name == "config.yaml" else ("show", "data", "--to", "x.png")
        )
        outcome = command(*action)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert repairs in outcome.err
        assert command("generate", *words).code == 0
        assert tree(here / "data") == before


def test_rejections_come_with_advice(command: Command, here: Path) -> None:
    """Objects that need longer than twice 0.15 s to come to rest are rejected as `unsettled`."""
    words = ("scene.physics.max_seconds=0.15", "scene.num_objects=[3,6]", *TINY)
    outcome = command("preview", *words)
    assert "unsettled" in outcome.out + outcome.err
    assert "scene.physics.max_seconds" in outcome.err
