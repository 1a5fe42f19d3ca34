"""Measures wall time, CPU time and memory of a program and all its processes from outside."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

WARM_UP = 0.2
"""Fraction of the images before rates are measured; meanwhile, caches fill and processes start."""
TICKS = os.sysconf("SC_CLK_TCK")
PACKAGES = ("sim2coco", "pybullet", "numpy", "opencv-python", "albumentations", "pycocotools", "scipy")


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of a run at a time when it printed its number of images.

    `main_kib` is the memory of the main process, `child_kib` that of its largest descendant. `descriptors`
    and `threads` are counted over all processes; `temporary` is the number of temporary files.
    """

    images: int
    wall_s: float
    cpu_s: float
    child_kib: int
    main_kib: int
    descriptors: int = 0
    threads: int = 0
    temporary: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run, with a mark at each new number of images and at the end of the run.

    `peak_kib` is the peak memory as printed by the run, or 0. Rates are measured between two marks with
    equally many unfinished scenes: the first one after the warm-up, and the last one at which all workers
    were still busy. Rates exclude the work at the end of the run.
    """

    marks: tuple[Mark, ...]
    workers: int
    peak_kib: int

    @property
    def images(self) -> int:
        """Number of images in the whole run."""
        return self.marks[-1].images

    @property
    def whole_s(self) -> float:
        """Wall time from the start of the program to its end."""
        return self.marks[-1].wall_s

    @property
    def wall_ms(self) -> float:
        """Marginal wall time in ms: the cost of one more image."""
        first, last = self._ends()
        return 1000 * (last.wall_s - first.wall_s) / (last.images - first.images)

    @property
    def cpu_ms(self) -> float:
        """Marginal CPU time of an image in ms, over all processes."""
        first, last = self._ends()
        return 1000 * (last.cpu_s - first.cpu_s) / (last.images - first.images)

    def _ends(self) -> tuple[Mark, Mark]:
        scenes = self.marks[: -self.workers]
        warm = [mark for mark in scenes if mark.images >= WARM_UP * self.images]
        if not warm or warm[0].images == warm[-1].images:
            raise ValueError("too few scenes to tell a rate: ask for more images")
        return warm[0], warm[-1]


class Failed(Exception):
    """A program failed; the message contains its last line of output."""


def watch(command: Sequence[str], workers: int) -> Run:
    """Runs a program with `workers` workers that prints `N images` after each scene and `done` at the end.

    A repeated number of images sets no mark: its time belongs to the next images.

    Raises:
        Failed: The program ended before it printed `done`.
    """
    begun = time.perf_counter()
    marks: list[Mark] = []
    peak_kib = -1
    with (
        tempfile.TemporaryFile("w+") as errors,
        tempfile.TemporaryDirectory(prefix="benchmark-") as scratch,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "TMPDIR": scratch},
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            words = line.split()
            if words[1:] == ["images"] and words[0].isdigit():
                if int(words[0]) > (marks[-1].images if marks else 0):
                    marks.append(_mark(process.pid, int(words[0]), begun, Path(scratch)))
            elif words[:1] == ["done"]:
                marks.append(_mark(process.pid, marks[-1].images, begun, Path(scratch)))
                peak_kib = int(words[1]) if words[1:] else 0
        if process.wait() or peak_kib < 0:
            errors.seek(0)
            last = errors.read().strip().rpartition("\n")[2]
            raise Failed(f"exit code {process.returncode}: {last}")
    return Run(tuple(marks), workers, peak_kib)


def _mark(pid: int, images: int, begun: float, scratch: Path) -> Mark:
    wall_s = time.perf_counter() - begun
    tree, cpu_s = _spent(pid)
    children = [_rss_kib(child) for child in tree if child != pid]
    descriptors, threads = (sum(_entries(each, kind) for each in tree) for kind in ("fd", "task"))
    temporary = sum(len(files) for _, _, files in os.walk(scratch))
    memory = max(children, default=0), _rss_kib(pid)
    return Mark(images, wall_s, cpu_s, *memory, descriptors, threads, temporary)


def _entries(pid: int, kind: str) -> int:
    """The number of open descriptors (`fd`) or threads (`task`) of a process."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/{kind}").iterdir())
    except OSError:
        return 0


def _spent(pid: int) -> tuple[list[int], float]:
    """The IDs of a process and all its descendants, and their total CPU time in s.

    If processes start or end meanwhile, all times are read again: an ended process counts for its parent.
    """
    while True:
        tree = list(family(pid))
        cpu_s = sum(map(_cpu_s, tree))
        if list(family(pid)) == tree:
            return tree, cpu_s


def family(pid: int) -> Iterator[int]:
    """Yields the IDs of a process and all its descendants."""
    yield pid
    try:
        listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return
    for child in " ".join(listed).split():
        yield from family(int(child))


def _cpu_s(pid: int) -> float:
    """CPU time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def _rss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def machine() -> str:
    """The processor, its load, and the versions of the measured packages, in two lines."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = names[0].partition(":")[2].strip() if names else "unknown processor"
    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{model}, {os.cpu_count()} cores, load {load:.1f} at the start\n{versions}"
