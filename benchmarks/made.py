"""Makes data sets for trainings with the command line, at 160x120, and measures their CPU time."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from sim2coco.store import LocalStore

COMMON = ("image.width=160", "image.height=120", "export.card=false", "seed=1")
"""Settings of all data sets; the settings of a data set replace them."""


def made(folder: Path, settings: Sequence[str], images: int, workers: int = 1) -> tuple[Path, float]:
    """Makes a data set in its own folder; returns the folder and the CPU seconds.

    An existing data set is used as it is; a stopped run is continued.

    Args:
        folder: Folder of all data sets.
        settings: Arguments of `sim2coco generate`.
        images: Number of images.
        workers: Number of worker processes.
    """
    arguments = [*COMMON, *settings, f"num_images={images}"]
    root = folder / sha256(json.dumps(arguments).encode()).hexdigest()[:12]
    spent = LocalStore(folder), f"{root.name}.json"
    if not (folder / spent[1]).exists():
        before = _children_s()
        command = [sys.executable, "-m", "sim2coco.cli", "generate", f"out={root}", f"workers={workers}"]
        subprocess.run([*command, *arguments], check=True, stdout=subprocess.DEVNULL)
        content = {"settings": arguments, "cpu_s": _children_s() - before}
        spent[0].put(spent[1], json.dumps(content).encode())
    return root, float(json.loads((folder / spent[1]).read_text())["cpu_s"])


def derived(root: Path, command: Sequence[str]) -> Path:
    """Derives a data set from `root` with a command such as `select --keep 25%`, unless the result exists."""
    target = root.with_name(f"{root.name}-{sha256(json.dumps(command).encode()).hexdigest()[:6]}")
    if not target.exists():
        name, *options = command
        words = [sys.executable, "-m", "sim2coco.cli", name, str(root), "--out", str(target), *options]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return target


def _children_s() -> float:
    """CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
