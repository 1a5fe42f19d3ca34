"""Mutated data sets, the same for the same number; as a program, checks a range of them under limits."""

import json
import resource
import shutil
import signal
import sys
import tempfile
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from sim2coco.check import CheckError, Report, check
from sim2coco.check.faults import KINDS
from sim2coco.repair import RepairError, repair
from tests.review.test_check import DataSet, foreign, valid

GIB = 2**30
SECONDS = 10
"""Time limit of a case."""
RLE = {"size": [24, 32], "counts": [0, 768]}
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    2**31,
    2**63,
    10**30,
    10**400,
    0.5,
    -0.0,
    1e30,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    -float("inf"),
    "",
    "1",
    "\ud800",
    "a\x00b",
    "../a.jpg",
    "/etc/passwd",
    "C:\\a.jpg",
    "x" * 5000,
    "\x1b[2J\r\n",
    "é漢😀",
    [],
    {},
    [[]],
    [[[]]],
    [None],
    [0] * 1000,
    [1e30] * 6,
    [[0, 0, 1e9, 0, 0, 1e9]],
    [[5, 5, 5, 5, 5, 5]],
    [[-5, -5, 99, -5, 99, 99]],
    [[1, 1, 30, 1, 30, 20, 1, 20], [2, 2]],
    RLE,
    {"size": [24, 32], "counts": "0" * 50},
    {"size": [24, 32], "counts": "Po0"},
    {"size": [200_000, 200_000], "counts": [200_000 * 200_000]},
    {"size": [24, 32], "counts": "~\x7f"},
    {"size": [24, 32], "counts": [10**20]},
    {"counts": "0"},
    {"size": [0, 0], "counts": []},
)
"""Values that are put anywhere."""
TOKENS = (
    b"NaN", b"-Infinity", b"1e999", b"1" * 5000, b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u",
    b"\\ud800", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x00", b"[" * 3000, b'{"a":' * 3000, b"null", b"//",
    b'"id":1,', b'"annotations":[],', b"-", b".", b"e", b"\xe2\x80\xa8",
)  # fmt: skip
"""Bytes that are put anywhere in a file."""

Draw = np.random.Generator


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path, as keys and indices, to every value of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(deeper for key, value in inner for deeper in nodes(value, (*path, key)))][not path :]


def pick(draw: Draw, values: Any) -> Any:
    """One of the values."""
    return values[int(draw.integers(len(values)))]


def parent_of(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        tree = tree[key]
    return tree


def change(draw: Draw, tree: Any) -> None:
    """Changes one value of a tree: replaces, removes, repeats, moves or adds it."""
    path = pick(draw, nodes(tree))
    node, key = parent_of(tree, path), path[-1]
    way = int(draw.integers(8))
    if way < 3:
        node[key] = deepcopy(pick(draw, STRANGE))
    elif way == 3:
        del node[key]
    elif way == 4 and isinstance(node, list):
        node[key:key] = [deepcopy(node[key])] * int(draw.integers(1, 4))
    elif way == 5 and type(node[key]) in (int, float) and abs(node[key]) < 1e300:
        node[key] = node[key] * pick(draw, (-1, 0, 2, 0.5, 1.001, 1e6)) + pick(draw, (-1, 0, 1, 0.5))
    elif way == 6:
        other = pick(draw, nodes(tree))
        node[key] = deepcopy(parent_of(tree, other)[other[-1]])
    elif isinstance(node, dict):
        node[pick(draw, ("id", "area", "bbox", "keypoints", "segments_info", "segmentation", ""))] = deepcopy(
            pick(draw, STRANGE)
        )


def damage(draw: Draw, content: bytes) -> bytes:
    """Changes bytes of a file: replaces, removes, repeats or adds some, or cuts the end off."""
    if not content:
        content = b" "
    start = int(draw.integers(len(content)))
    end = min(start + int(draw.integers(1, 40)), len(content))
    way = int(draw.integers(6))
    if way == 0:
        return content[:start] + draw.bytes(end - start) + content[end:]
    if way == 1:
        return content[:start] + content[end:]
    if way == 2:
        return content[:end] + content[start:]
    if way == 3:
        return content[:start]
    return content[:start] + TOKENS[int(draw.integers(len(TOKENS)))] + content[start if way == 4 else end :]


def richer(data: DataSet) -> DataSet:
    """The data set of another tool, with keypoints, a second image that has no label, info and licences."""
    (name,) = data.trees
    tree = data.trees[name]
    tree["categories"].append({"id": 19, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]})
    points = {"keypoints": [3, 3, 2, 0, 0, 0], "num_keypoints": 1}
    tree["annotations"].append({**deepcopy(tree["annotations"][0]), "id": 15, "category_id": 19, **points})
    tree["images"].append({**tree["images"][0], "id": 10, "file_name": "sub/cat.jpg"})
    data.files["images/train/sub/cat.jpg"] = data.files["images/train/dog.jpg"]
    tree |= {"info": {"year": 2024}, "licenses": [{"id": 1, "name": "CC0", "url": ""}], "videos": [{"a": 1}]}
    return data


def case(number: int) -> DataSet:
    """The data set of a number: most are those of other tools, each fifth one is that of sim2coco."""
    draw = np.random.Generator(np.random.PCG64([number, 20]))
    data = valid() if number % 5 == 0 else richer(foreign())
    name = pick(draw, sorted(data.trees))
    for _ in range(int(draw.integers(1, 6)) if draw.random() < 0.85 else 0):
        if isinstance(data.trees[name], dict | list) and nodes(data.trees[name]):
            change(draw, data.trees[name])
    separators = pick(draw, ((", ", ": "), (",", ":"), (" ,\n", "\t: ")))
    text = json.dumps(data.trees.pop(name), ensure_ascii=bool(draw.integers(2)), separators=separators)
    content = text.encode("utf-8", "surrogatepass")
    for _ in range(int(draw.integers(1, 5)) if draw.random() < 0.4 else 0):
        content = damage(draw, content)
    data.files[name] = content
    if draw.random() < 0.1:
        other = pick(draw, sorted(data.files))
        data.files[other] = damage(draw, data.files[other])
    return data


def try_case(number: int, root: Path) -> tuple[Report, bool]:
    """Checks a case and repairs it; returns the report, and whether a copy could be written.

    Raises:
        AssertionError: A fault is not one short line of a known kind, or the copy has faults.
    """
    case(number).write(root / "data")
    report = check(root / "data")
    told = [str(fault) for fault in report.faults]
    assert all(line.isprintable() and len(line) < 1500 for line in told), told
    assert report.counts.keys() <= KINDS.keys()
    json.dumps(asdict(report))
    try:
        copy = repair(root / "data", root / "copy")
    except (RepairError, CheckError) as refused:
        assert "\n" not in str(refused)
        return report, False
    assert copy.report.faults == (), [str(fault) for fault in copy.report.faults]
    assert all(len(str(each)) < 1500 and str(each).isprintable() for each in copy.changes)
    return report, True


def limit() -> None:
    """Gives this process 1 GiB of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))


def try_cases(first: int, last: int) -> dict[str, float]:
    """Tries a range of cases in this process; each has `SECONDS`."""
    sums = {"cases": 0, "with faults": 0, "copies": 0}
    signal.signal(signal.SIGALRM, _late)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, last):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            report, copied = try_case(number, Path(folder))
            signal.setitimer(signal.ITIMER_REAL, 0)
            found = {"cases": True, "with faults": bool(report.faults), "copies": copied}
            sums = {key: sums[key] + found[key] for key in sums}
            for inner in Path(folder).iterdir():
                shutil.rmtree(inner)
    return {**sums, "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _late(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


if __name__ == "__main__":
    limit()
    sys.stdout.write(json.dumps(try_cases(int(sys.argv[1]), int(sys.argv[2]))))
