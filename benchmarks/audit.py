"""Audits data sets with every kind of scene, renderer and camera, and prints the table of docs/audit.md.

python -m benchmarks.audit --images 200 --workers 2 --folder FOLDER

Makes a library of the meshes of `benchmarks.hard_meshes` in a folder. Then makes each data set of
`benchmarks.audit_rows` in this folder, audits it against the original files, prints a row, and removes it.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.audit_rows import Row, rows
from benchmarks.clock import machine
from benchmarks.hard_meshes import write
from sim2coco.audit import Audit, Report
from sim2coco.audit.comparing import MIN_PX
from sim2coco.audit.findings import Instance
from sim2coco.run import generate

HEADS = (
    "data set", "images", "instances", "failures", "equal", "wrong px / outline px", "centroid px",
    "mean centroid px", "fraction", "depth: px off", "the most in one", "left out",
)  # fmt: skip

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Done:
    """The audit's findings for a data set.

    Attributes:
        row: The name of the data set, its number of images, and the seed.
        line: The row of the data set in the table.
        images, instances: Number of images and instances that were compared.
        findings: The broken rules.
    """

    row: tuple[str, int, int]
    line: str
    images: int
    instances: int
    findings: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes and audits the data sets, and prints the table."""
    options = _options(arguments)
    out.print(f"{machine()}\n")
    out.print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}", markup=False)
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        _make_library(folder, options.workers)
        done = list(_print_each(_done(folder, options)))
    images, instances = sum(one.images for one in done), sum(one.instances for one in done)
    failures = sum(len(one.findings) for one in done)
    out.print(f"\n{images} images, {instances} instances, {failures} failures")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=200, help="images of each scene and renderer (200)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--seed", type=int, default=11, help="seed of all data sets (11)")
    parser.add_argument(
        "--only", nargs="+", default=(), help="only the data sets with these words", metavar="WORD"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="keeps the library, the finished lines and the data sets with failures; "
        "the same command goes on after a stop",
    )
    return parser.parse_args(arguments)


def _make_library(folder: Path, workers: int) -> None:
    meshes, library = folder / "meshes", folder / "library"
    if library.exists():
        return
    write(meshes)
    program = [sys.executable, "-m", "sim2coco.cli", "assets", "import", str(meshes), "--out", str(library)]
    subprocess.run([*program, f"--workers={workers}"], check=True, stdout=subprocess.DEVNULL)


def _done(folder: Path, options: argparse.Namespace) -> Iterator[Done]:
    """Yields the findings for each data set; findings listed in the folder's `rows.jsonl` are reused."""
    file = folder / "rows.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {tuple(tree["row"]): tree for tree in map(json.loads, lines)}
    for row in rows():
        if all(word in row.name for word in options.only):
            key = row.name, max(round(options.images * row.share), 1), options.seed
            if key not in known:
                known[key] = asdict(_found_apart(row, key, folder, options.workers))
                with file.open("a", encoding="utf-8") as end:
                    end.write(json.dumps(known[key], ensure_ascii=False) + "\n")
            yield Done(**known[key] | {"row": key})


def _found_apart(row: Row, key: tuple[str, int, int], folder: Path, workers: int) -> Done:
    """Audits a data set in a separate process, which frees PyBullet's memory when it ends."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_found, row, key, folder, workers).result()


def _found(row: Row, key: tuple[str, int, int], folder: Path, workers: int) -> Done:
    report = audited(row, key[1], folder, workers, key[2])
    findings = tuple(map(str, report.findings))
    return Done(key, line(row.name, report), report.images, len(report.instances), findings)


def _print_each(done: Iterator[Done]) -> Iterator[Done]:
    for one in done:
        out.print(one.line, markup=False)
        for finding in one.findings:
            out.print(finding, markup=False)
        yield one


def audited(row: Row, images: int, folder: Path, workers: int, seed: int) -> Report:
    """Makes a data set in a folder beside `meshes` and `library`, and audits it.

    The data set is removed afterwards; if a rule is broken, a copy is kept in the folder `failed`.
    """
    data, recipe = folder / "data", row.recipe(folder / "library", seed)
    shutil.rmtree(data, ignore_errors=True)
    generate(recipe, data, images, workers=workers, card=False, report=False)
    report = Audit(data, [folder / "meshes"]).report(workers)
    if report.findings:
        failed = folder / "failed" / re.sub(r"\W+", "_", row.name)
        shutil.rmtree(failed, ignore_errors=True)
        shutil.copytree(data, failed)
    shutil.rmtree(data)
    return report


def line(name: str, report: Report) -> str:
    """The numbers of a report as a row of the table; comparisons of masks leave out small instances."""
    masks = list(_masks(report.instances))
    depths = [one.numbers["depth"] for one in report.instances if "depth" in one.numbers]
    off = sum(depth["wrong_px"] for depth in depths)
    compared = sum(depth["px"] for depth in depths)
    cells = (
        name,
        report.images,
        len(report.instances),
        len(report.findings),
        f"{_share(mask['wrong_px'] == 0 for mask in masks):.1%}",
        f"{max((mask['wrong_px'] / max(mask['outline_px'], 1) for mask in masks), default=0.0):.3f}",
        f"{max((max(map(abs, mask['shift_px'])) for mask in masks), default=0.0):.3f}",
        ", ".join(f"{value:+.4f}" for value in report.mean_shift_px or ()),
        f"{max(_fractions(report.instances), default=0.0):.4f}",
        f"{off} of {compared}",
        f"{max((depth['wrong_px'] / max(depth['px'], 1) for depth in depths), default=0.0):.5f}",
        sum(report.left_out.values()),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _share(facts: Iterable[bool]) -> float:
    listed = list(facts)
    return sum(listed) / max(len(listed), 1)


def _masks(instances: Iterable[Instance]) -> Iterator[dict[str, Any]]:
    for one in instances:
        for key in ("mask", "amodal_mask"):
            mask = one.numbers.get(key)
            if mask is not None and max(mask["label_px"], mask["ray_px"]) >= MIN_PX:
                yield mask


def _fractions(instances: Iterable[Instance]) -> Iterator[float]:
    """Yields the errors of occlusion, truncation and visible fraction of all but small instances."""
    for one in instances:
        if one.numbers["amodal_mask"]["ray_px"] >= MIN_PX:
            covered = "mask" not in one.numbers  # an augmentation may have covered parts
            for key in ("truncation",) if covered else ("truncation", "occlusion", "visible_fraction"):
                told, by_rays = one.numbers.get(key, (0.0, 0.0))
                yield abs(told - by_rays)


if __name__ == "__main__":
    main()
