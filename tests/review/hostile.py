"""Hostile data sets, the same for the same number, through the commands that read data sets.

As a program, makes a data set, edits it in a range of ways, and runs the commands on each under limits:

    python -m tests.review.hostile FIRST LAST [STEP]
"""

import json
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from sim2coco import Recipe, generate
from sim2coco.cli.reporting import plain
from sim2coco.ordinary import read_ordinary
from tests.commandline import Outcome, run_here
from tests.forks import told_by_fork
from tests.review import fuzzing
from tests.review.fuzzing import Draw, change, damage, nodes, pick

CPU_S, WALL_S = 10, 120
"""Limits of a command: its own time, and that of a clock, which other programs on the machine slow down."""
GIB, MAX_BYTES = 2**30, 2**24
ADDRESSES = 3 * GIB
"""Limit of the address space; what is imported alone takes more than one."""
PEAK_MIB = 1024
RECORD = "records/000/000000.json"
PICTURE = "s000000_v00"
RECIPE = Recipe.parse(
    {
        "seed": 4,
        "views": 2,
        "split": {"train": 0.6, "val": 0.4},
        "image": {"width": 64, "height": 48, "format": "png", "extra": ["depth"]},
        "assets": {
            "categories": {"box": {"shape": "box", "size_m": 0.08}, "nut": {"shape": "nut", "size_m": 0.06}}
        },
        "scene": {"kind": "drop", "num_objects": [2, 3], "empty_share": 0.0},
        "quality": {},
    }
)
TREES = (
    *(RECORD,) * 4,
    "run.json",
    "annotations/instances_train.json",
    "annotations_amodal/amodal_train.json",
    "records/000/000001.json",
)
"""JSON files of the run; the first record is edited most."""
PLACES = (
    *TREES,
    "config.yaml",
    f"images/train/{PICTURE}.png",
    f"depth/train/{PICTURE}.png",
    "images",
    "records",
)
NUMBERS = (10**5, 10**6, 2**31 - 1, 2**32, 2**63, 2**70, -(2**70), 1e400, -1e-320, float("nan"))
TEXTS = (
    "\ud800",
    "a\x00b",
    "\x1b[2J\x1b]0;x\x07",
    "a\nb",
    "\u202e",
    "x" * 100_000,
    "../../etc/passwd",
    "/etc/passwd",
)
COUNTS = (
    "",
    "0",
    "o" * 5000,
    "@@@@",
    "P`h0",
    "\ud800",
    "Y" * 60,
    "~~~~~~",
    "111111111111",
    "\x00",
    "PPPPP0",
)

Edit = Callable[[Draw, Path], None]


def place(draw: Draw, root: Path, names: tuple[str, ...] = PLACES) -> Path:
    """One of the files, which is removed."""
    path = Path(root / pick(draw, names))
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path


def ordinary(path: Path) -> bytes:
    """The content of a file that an earlier edit may have replaced by something else."""
    return read_ordinary(path, MAX_BYTES)


def pipe(draw: Draw, root: Path) -> None:
    os.mkfifo(place(draw, root))


def listening(draw: Draw, root: Path) -> None:
    path = place(draw, root)
    with socket.socket(socket.AF_UNIX) as server:
        short = Path(tempfile.mkdtemp(dir="/tmp"))  # names of sockets are short
        server.bind(str(short / "s"))
        (short / "s").rename(path)
        short.rmdir()


def folder(draw: Draw, root: Path) -> None:
    place(draw, root).mkdir()


def to_itself(draw: Draw, root: Path) -> None:
    path = place(draw, root)
    path.symlink_to(path.name)


def to_a_device(draw: Draw, root: Path) -> None:
    place(draw, root).symlink_to(pick(draw, ("/dev/zero", "/dev/full", "/proc/self/mem", "/dev/tty")))


def outside(draw: Draw, root: Path) -> None:
    place(draw, root).symlink_to(pick(draw, ("/etc", "/etc/hostname", "/", "..", "/nowhere")))


def sparse(draw: Draw, root: Path) -> None:
    with place(draw, root).open("wb") as file:
        file.truncate(2**40)


def closed(draw: Draw, root: Path) -> None:
    (root / pick(draw, PLACES)).chmod(0)


def empty(draw: Draw, root: Path) -> None:
    place(draw, root).touch()


def flood(draw: Draw, root: Path) -> None:
    """A list of a record, or of an annotation file, gets a very large number of entries."""
    path = root / pick(draw, TREES)
    tree = json.loads(ordinary(path))
    lists = [where for where in nodes(tree) if isinstance(at(tree, where), list)]
    found = at(tree, pick(draw, lists))
    found.extend(([deepcopy(found[0])] if found else [{}]) * int(pick(draw, (1_000, 20_000, 200_000))))
    path.write_text(json.dumps(tree))


def deep(draw: Draw, root: Path) -> None:
    """A value of a file is nested deeply."""
    path, level = root / pick(draw, (*TREES, "config.yaml")), int(pick(draw, (200, 3_000, 100_000)))
    opening, closing = pick(draw, (("[", "]"), ('{"a":', "}")))
    inner = opening * level + "1" + closing * level
    text = ordinary(path).decode()
    path.write_text(text.replace("0", inner, 1) if draw.random() < 0.5 else inner)


def at(tree: Any, where: tuple[Any, ...]) -> Any:
    for key in where:
        tree = tree[key]
    return tree


def of_key(key: str, *values: Any) -> Edit:
    """Puts a value at one of the keys of that name in a record."""

    def edit(draw: Draw, root: Path) -> None:
        record = json.loads(ordinary(root / RECORD))
        found = [where for where in nodes(record) if where[-1] == key]
        where = pick(draw, found)
        at(record, where[:-1])[key] = deepcopy(pick(draw, values))
        (root / RECORD).write_text(json.dumps(record))

    return edit


def of_numbers(draw: Draw, root: Path) -> None:
    """Up to three numbers of a record are others."""
    record = json.loads(ordinary(root / RECORD))
    for _ in range(int(draw.integers(1, 4))):
        found = [where for where in nodes(record) if type(at(record, where)) in (int, float)]
        where = pick(draw, found)
        old = at(record, where)
        at(record, where[:-1])[where[-1]] = pick(draw, (*NUMBERS, -old, old * 1000, old + 1, 0, -1))
    (root / RECORD).write_text(json.dumps(record).replace("Infinity", "1e400"))


def of_trees(draw: Draw, root: Path) -> None:
    """Up to five values of a file are strange."""
    path = root / pick(draw, TREES)
    tree = json.loads(ordinary(path))
    for _ in range(int(draw.integers(1, 6))):
        if isinstance(tree, dict | list) and nodes(tree):
            change(draw, tree)
    path.write_bytes(json.dumps(tree).encode("utf-8", "surrogatepass"))


def of_bytes(draw: Draw, root: Path) -> None:
    """Bytes of a file are others."""
    path = root / pick(draw, (*TREES, "config.yaml", f"images/train/{PICTURE}.png"))
    content = ordinary(path)
    for _ in range(int(draw.integers(1, 5))):
        content = damage(draw, content)
    path.write_bytes(content)


def bodies(draw: Draw, root: Path) -> None:
    """The scene gets very many bodies."""
    record = json.loads(ordinary(root / RECORD))
    listed = record["settled"]["spec"]["bodies"]
    listed += [deepcopy(listed[0])] * int(pick(draw, (300, 70_000, 100_000)))
    (root / RECORD).write_text(json.dumps(record))


def resized(draw: Draw, root: Path) -> None:
    """All cameras and images get another size."""
    record = json.loads(ordinary(root / RECORD))
    size = pick(draw, (-5, 0, 1, 20_000, 200_000, 10**6, 2**31, 2**70))
    for where in nodes(record):
        if where[-1] in ("width", "height"):
            at(record, where[:-1])[where[-1]] = size
    (root / RECORD).write_text(json.dumps(record))


SIZES = ("width", "height", "fx", "category", "body", "instance", "scale")
SHAPES: tuple[Any, ...] = (
    [0, 0, 0],
    [1e300, 0, 0],
    [float("nan")] * 3,
    [],
    [0] * 4,
    [1e400, 1, 1],
    None,
    "0",
)
EDITS: tuple[Edit, ...] = (
    *(of_trees,) * 6, *(of_numbers,) * 4, *(of_bytes,) * 3,
    pipe, listening, folder, to_itself, to_a_device, outside, sparse, closed, empty,
    flood, deep, bodies, resized,
    *(of_key(key, *SHAPES) for key in ("position_m", "quat_xyzw", "bbox", "pose", "color_rgb")),
    *(of_key(key, *COUNTS) for key in ("counts", "amodal_counts")),
    *(of_key(key, *TEXTS) for key in ("name", "split", "asset", "sha256", "status")),
    *(of_key(key, *NUMBERS, 0, -1) for key in SIZES),
    of_key("annotations", None, {}, [{}], [[]], 5), of_key("pictures", None, {}, [{}]),
    of_key("bodies", None, {}, [], [{}]), of_key("settled", None, {}, []), of_key("shot", None, {}, []),
)  # fmt: skip


def write(number: int, made: Path, root: Path) -> str:
    """Writes the data set of a number: every second one is a run of ours; returns the name of an image."""
    draw = np.random.Generator(np.random.PCG64([number, 41]))
    if number % 2:
        fuzzing.case(number).write(root)
        return "dog" if number % 5 else PICTURE
    shutil.copytree(made, root)
    EDITS[number // 2 % len(EDITS)](draw, root)
    for _ in range(int(draw.integers(2))):
        with suppress(
            OSError, KeyError, ValueError, TypeError, RecursionError, MemoryError
        ):  # the first is in the way
            pick(draw, EDITS)(draw, root)
    return PICTURE


def commands(number: int, image: str) -> list[tuple[str, ...]]:
    """What is tried; commands that are not about single data sets, or slow, on some only."""
    always = [
        ("check", "data"),
        ("show", "data", image, "--to", "one.png", "--force"),
        ("show", "data", "--sheet", "4", "--to", "sheet.png", "--force"),
        ("replay", "data", image),
    ]
    some = [
        ("report", "data", "--out", "report.html", "--force", "--workers", "1"),
        ("status", "data"),
        ("merge", "data", "--out", "merged"),
        ("check", "data", "--json"),
        ("select", "data", "--keep", "50%", "--out", "selected"),
        ("export", "data", "export.formats=[coco,yolo]"),
    ]
    return [*always, some[number // 2 % len(some)]] if number % 4 < 2 else always


class TooLong(BaseException):
    """A command took longer than it may."""


def _late(number: int, frame: FrameType | None) -> None:
    raise TooLong(f"longer than {CPU_S} s of CPU or {WALL_S} s")


def faults_of(outcome: Outcome) -> list[str]:
    """What a command must not do."""
    said = outcome.out + outcome.err
    found = {
        "exit code": outcome.code not in (0, 1, 2),
        "traceback": "Traceback" in said or "internal error" in said,
        "not printable": plain(said) != said,
        "long line": max(map(len, said.splitlines()), default=0) > 3000,
        "many lines": outcome.code == 2 and len(outcome.err.splitlines()) > 1,
        "no reason": outcome.code == 2 and not outcome.err.strip(),
    }
    return [name for name, is_so in found.items() if is_so]


def try_case(number: int, made: Path, root: Path) -> list[str]:
    """What the commands did wrong with a case."""
    image, found = write(number, made, root / "data"), []
    before_mib = peak_mib()
    for words in commands(number, image):
        start = time.process_time()
        try:
            signal.setitimer(signal.ITIMER_PROF, CPU_S)
            signal.setitimer(signal.ITIMER_REAL, WALL_S)
            outcome = run_here(root, *words)
        except TooLong as late:
            found.append(f"{number}: {' '.join(words)}: {late}")
            continue
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        if wrong := faults_of(outcome):
            told = f"{number}: {' '.join(words)}: {', '.join(wrong)}; {time.process_time() - start:.1f} s"
            found.append(f"{told}; {outcome.code}; {outcome.out[-300:]!r} {outcome.err[-2500:]}")
        if (grown_mib := peak_mib() - before_mib) > PEAK_MIB:
            found.append(f"{number}: {' '.join(words)}: {grown_mib:.0f} MiB more")
            break
    return found


def peak_mib() -> float:
    """The most memory that this process has had; a fork begins with what the process before it had."""
    # `ru_maxrss` would count the process that started this one, too.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def in_child(number: int, made: Path, root: Path) -> list[str]:
    """Tries a case in a fork of this process, which may die of it."""

    def work() -> str:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
        for kind in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(kind, _late)
        return "\n".join(map(repr, try_case(number, made, root)))

    told, code = told_by_fork(work)
    return [*told.splitlines(), *([f"{number}: exit code {code}"] if code else [])]


def make(root: Path) -> Path:
    """Makes the data set that is edited."""
    generate(RECIPE, root, 6)
    return root


def warm(root: Path) -> None:
    """Imports what the cases need, once for all forks."""
    shutil.copytree(root / "made", root / "warm" / "data")
    for number in range(0, 24, 4):
        for words in commands(number, PICTURE)[3:]:
            run_here(root / "warm", *words)
    shutil.rmtree(root / "warm")


def try_cases(first: int, last: int, made: Path, root: Path) -> list[str]:
    """Tries a range of cases; returns what went wrong."""
    found = []
    for number in range(first, last):
        (root / "case").mkdir()
        found += in_child(number, made, root / "case")
        for path in (root / "case").rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(0o600)
        shutil.rmtree(root / "case")
    return found


def main(first: int, last: int, step: int = 1) -> None:
    """Prints what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder) / "made")
        warm(Path(folder))
        for number in range(first, last, step):
            for line in try_cases(number, number + 1, made, Path(folder)):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        sys.stdout.write(f"done {last - first}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
