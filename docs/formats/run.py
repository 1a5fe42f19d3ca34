"""Lets other programs read a data set in each format, and writes the table of docs/formats.md.

`python docs/formats/run.py` runs every `read_*.py` beside it; with names, such as `ultralytics`, it runs only
these, and leaves the page as it is. Each program has an environment of its own in `data/envs`, made
from the packages that it lists at its top. The data set lies in `data/formats`. A reader that cannot be
installed, or fails, is named in the table with the reason.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATA = ROOT / "data" / "formats"
PAGE = ROOT / "docs" / "formats.md"
FIRST, LAST = "<!-- readers: written by make formats -->\n", "<!-- /readers -->"
FORMATS = "coco,yolo,voc,{kind: webdataset, shard_images: 7},imagefolder,panoptic,roboflow"
EXPORTS = {
    "coco": ["coco"],
    "coco_polygons": ["coco", "segmentation=polygons"],
    "yolo_detect": ["yolo", "task=detect"],
    "yolo_obb": ["yolo", "task=obb"],
    "voc_edges": ["voc", "first_pixel=0"],
}
SCENE = [
    "assets=shapes",
    "scene.num_objects=[8,14]",
    "image.width=320",
    "image.height=240",
    "num_images=24",
    "views=2",
    "seed=3",
]

POSES = [
    "assets=everyday",
    "~assets.distractors.clutter",
    "scene.size_jitter=1",
    "augment=none",
    "image.extra=[depth]",
]  # what BOP and KITTI need: poses, and one size for each mesh


def sim2coco(*words: str) -> None:
    """Runs a command of sim2coco.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    subprocess.run([sys.executable, "-m", "sim2coco.cli", *words], cwd=ROOT, check=True)


def make_data() -> None:
    """Writes the data set: `run` and `poses` with formats, and exports of `run` with other settings."""
    shutil.rmtree(DATA, ignore_errors=True)
    sim2coco("generate", *SCENE, f"export.formats=[{FORMATS}]", f"out={DATA / 'run'}")
    poses = [word for word in SCENE if not word.startswith("assets=")] + POSES
    sim2coco("generate", *poses, "export.formats=[coco,bop,kitti]", f"out={DATA / 'poses'}")
    for folder, (kind, *settings) in EXPORTS.items():
        words = [word for setting in settings for word in ("--set", setting)]
        sim2coco("export", str(DATA / "run"), "--format", kind, "--out", str(DATA / folder), *words)


def header(program: Path) -> dict[str, Any]:
    """The packages that a program needs, from the comment at its top (PEP 723)."""
    block = re.search(r"^# /// script\n((?:#.*\n)+?)# ///$", program.read_text(), re.MULTILINE)
    assert block, f"{program.name} names no packages"
    return tomllib.loads("\n".join(line[2:] for line in block[1].splitlines()))


def environment(program: Path) -> Path:
    """The Python of the environment of a program, which is made if its packages have changed.

    Raises:
        subprocess.CalledProcessError: A package cannot be installed.
    """
    needs = header(program)
    folder = ROOT / "data" / "envs" / program.stem.removeprefix("read_")
    python, stamp = folder / "bin" / "python", folder / "packages"
    digest = hashlib.sha256(json.dumps(needs).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *needs["dependencies"]], check=True)
    alone, older = (needs.get("tool", {}).get("formats", {}).get(key) for key in ("no-deps", "python-3-10"))
    if alone:
        subprocess.run([*pip, "--no-deps", *alone], check=True)
    if older:  # wheels for Python 3.10, whose Python files run with later ones too
        place = next((folder / "lib").glob("python*/site-packages"))
        wheels = ["--no-deps", "--only-binary=:all:", "--python-version=3.10", f"--target={place}"]
        subprocess.run([*pip, *wheels, *older], check=True)
    stamp.write_text(digest)
    return python


def results(program: Path) -> list[dict[str, Any]]:
    """What a program has found, or why it found nothing."""
    try:
        python = environment(program)
    except subprocess.CalledProcessError:
        return [{"format": "", "note": "cannot be installed"}]
    with tempfile.TemporaryDirectory() as home:
        places = dict.fromkeys(("HOME", "HF_HOME", "YOLO_CONFIG_DIR"), home)
        words = [str(python), str(program), str(DATA)]
        surroundings = os.environ | places | {"HF_HUB_OFFLINE": "1"}
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=surroundings)
    sys.stderr.write(done.stderr[-4000:])
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return [{"format": "", "note": f"failed: {last[:200]}"}]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert isinstance(found, list)
    return found


def release(program: Path) -> str:
    """The name of a program's reader, and its version or the start of its commit."""
    needs = header(program)
    listed = [*chain(*needs.get("tool", {}).get("formats", {}).values()), *needs["dependencies"]]
    name = program.stem.removeprefix("read_").replace("_", "-")
    found = (
        re.fullmatch(rf"{name}(?:\[\w+\])?(?:==([\w.]+)| @ git\+\S+@(\w{{7}})\w*)", word) for word in listed
    )
    version = next((match[1] or match[2] for match in found if match), "")
    return f"{name} {version}".strip()


def rows(program: Path, found: Sequence[dict[str, Any]]) -> list[str]:
    """The rows of the table for a program."""
    lines = []
    for result in found:
        counts = [
            result.get(key, [0, 0]) for key in ("images", "boxes", "categories", "masks", "masks_in_parts")
        ]
        cells = [f"{equal} of {total}" if total else "" for equal, total in counts]
        told = "; ".join(dict.fromkeys(filter(None, [result.get("note", ""), *result.get("warnings", [])])))
        lines.append(
            f"| {release(program)} | {result['format']} | {' | '.join(cells)} | {told.replace('|', '/')} |\n"
        )
    return lines


def main(names: Sequence[str]) -> int:
    """Runs the programs, and writes the table if none was left out; returns 0."""
    programs = [HERE / f"read_{name}.py" for name in names] or sorted(HERE.glob("read_*.py"))
    make_data()
    table = "| reader | format | images | boxes | categories | masks in one part | masks in several | |\n"
    table += "|---|---|---|---|---|---|---|---|\n"
    for program in programs:
        table += "".join(rows(program, results(program)))
        sys.stdout.write(table.rpartition("|---|\n")[2])
    if not names:
        before, _, rest = PAGE.read_text().partition(FIRST)
        PAGE.write_text(f"{before}{FIRST}\n{table}\n{LAST}{rest.partition(LAST)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
