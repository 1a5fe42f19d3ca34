"""The audit of data sets of every kind of scene, renderer and camera, as the table of docs/audit.md.

python -m benchmarks.audit --images 200 --workers 2

Makes each data set and the library of `benchmarks.hard_meshes` in a temporary folder, audits it against the
original files, prints a line, and removes it.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.clock import machine
from benchmarks.hard_meshes import write
from sim2coco.audit import Audit, Report
from sim2coco.audit.comparing import MIN_PX
from sim2coco.audit.findings import Instance
from sim2coco.cli.config import settings_of
from sim2coco.engines.local import Local
from sim2coco.recipe import Recipe
from sim2coco.run import generate

RENDERS = ("tiny", "relit", "egl")
BUILT_IN, LIBRARY = "built-in", "library"
CAMERAS: dict[str, dict[str, Any]] = {
    "angle of view 20°": {"camera": {"fov_deg": 20.0}},
    "angle of view 110°": {"camera": {"fov_deg": 110.0}},
    "fx = 600, fy = 450, principal point (200, 300)": {
        "camera": {"fx": 600.0, "fy": 450.0, "cx": 200.0, "cy": 300.0}
    },
    "roll 180°": {"camera": {"roll_deg": 180.0}},
    "97×641 px": {"image": {"width": 97, "height": 641}},
}
HEADS = (
    "data set", "images", "instances", "failures", "equal", "wrong px / outline px", "centroid px",
    "mean centroid px", "fraction", "depth: px off", "the most in one", "left out",
)  # fmt: skip

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Row:
    """A data set.

    Attributes:
        name: What it is.
        scene, render, augment: The choices of settings.
        assets: Built-in meshes and shapes, or the library.
        share: Its number of images, as a fraction of the usual one.
        changes: Settings that are changed, by group.
    """

    name: str
    scene: str
    render: str
    assets: str
    share: float = 1.0
    augment: str = "none"
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def recipe(self, library: Path, seed: int) -> Recipe:
        """The settings of the data set."""
        image = {"extra": ["depth"]} | self.changes.get("image", {})
        return Recipe.parse(
            {
                "seed": seed,
                "views": 4,
                "image": image,
                "assets": _built_in() if self.assets == BUILT_IN else {"path": str(library)},
                "scene": settings_of("scene", self.scene),
                "camera": settings_of("camera", "shell") | self.changes.get("camera", {}),
                "light": settings_of("light", "day"),
                "render": settings_of("render", self.render),
                "quality": settings_of("quality", "default"),
                "augment": settings_of("augment", self.augment),
            }
        )


def _built_in() -> dict[str, Any]:
    everyday, shapes = settings_of("assets", "everyday"), settings_of("assets", "shapes")
    return everyday | {"categories": everyday["categories"] | shapes["categories"]}


def rows() -> Iterator[Row]:
    """All data sets."""
    for assets in (BUILT_IN, LIBRARY):
        for scene in ("drop", "floating"):
            for render in RENDERS:
                yield Row(f"{scene}, `{render}`, {assets}", scene, render, assets)
    for name, changes in CAMERAS.items():
        for render in RENDERS:
            yield Row(f"{name}, `{render}`, {LIBRARY}", "drop", render, LIBRARY, 0.2, changes=changes)
    for augment in ("light", "strong"):
        yield Row(f"`augment={augment}`, {BUILT_IN}", "drop", "relit", BUILT_IN, 0.5, augment)


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes, audits and prints."""
    options = _options(arguments)
    out.print(f"{machine()}\n")
    out.print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}", markup=False)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        meshes, library = Path(name) / "meshes", Path(name) / "library"
        write(meshes)
        _import(meshes, library, options.workers)
        for row in rows():
            if all(word in row.name for word in options.only):
                images = max(round(options.images * row.share), 1)
                report = audited(row, images, Path(name), options.workers, options.seed)
                out.print(line(row.name, report), markup=False)
                for finding in report.findings:
                    out.print(str(finding), markup=False)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=200, help="images of each scene and renderer (200)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--seed", type=int, default=11, help="seed of all data sets (11)")
    parser.add_argument(
        "--only", nargs="+", default=(), help="only the data sets with these words", metavar="WORD"
    )
    return parser.parse_args(arguments)


def _import(meshes: Path, library: Path, workers: int) -> None:
    program = [sys.executable, "-m", "sim2coco.cli", "assets", "import", str(meshes), "--out", str(library)]
    subprocess.run([*program, f"--workers={workers}"], check=True, stdout=subprocess.DEVNULL)


def audited(row: Row, images: int, folder: Path, workers: int, seed: int) -> Report:
    """Makes a data set in a folder beside `meshes` and `library`, audits it, and removes it."""
    data = folder / "data"
    try:
        recipe = row.recipe(folder / "library", seed)
        generate(recipe, data, images, workers=workers, engine=Local())
        return Audit(data, [folder / "meshes"]).report(workers)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def line(name: str, report: Report) -> str:
    """The numbers of a report as a line of the table; those of instances that are judged."""
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
    """The differences of occlusion, truncation and visible fraction of the instances that are judged."""
    for one in instances:
        if one.numbers["amodal_mask"]["ray_px"] >= MIN_PX:
            covered = "mask" not in one.numbers  # an augmentation may have covered parts
            for key in ("truncation",) if covered else ("truncation", "occlusion", "visible_fraction"):
                told, by_rays = one.numbers.get(key, (0.0, 0.0))
                yield abs(told - by_rays)


if __name__ == "__main__":
    main()
