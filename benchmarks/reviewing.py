"""Measures how long the page of `sim2coco review` takes with 10,000 images, in a headless Chromium.

    python -m benchmarks.reviewing --images 10000

The data set is synthetic: images of 160x120 with five boxes each.
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from sim.temporary import temporary_folder

WIDTH, HEIGHT, LABELS, CATEGORIES, STEPS = 160, 120, 5, 8, 30
SHOWN = (
    "() => document.querySelectorAll('#overlay .label').length && document.getElementById('picture').complete"
)
WAIT = """
  const shown = () => document.getElementById('picture').complete
    && document.getElementById('picture').naturalWidth
    && document.querySelectorAll('#overlay .label').length;
  const frame = () => new Promise(requestAnimationFrame);
  const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
"""
NEXT = f"""async (steps) => {{ {WAIT}
  const times = [];
  for (let step = 0; step < steps; step += 1) {{
    const begun = performance.now(), before = document.getElementById('caption').textContent;
    document.getElementById('next').click();
    while (document.getElementById('caption').textContent === before || !shown()) await frame();
    times.push(performance.now() - begun);
  }}
  return [median(times), times[times.length - 1]];
}}"""
CHANGE = f"""async ([name, value]) => {{ {WAIT}
  const begun = performance.now(), select = document.getElementById(name);
  select.value = value;
  select.dispatchEvent(new Event('change', {{ bubbles: true }}));
  const script = performance.now() - begun;
  while (!shown()) await frame();
  return [script, performance.now() - begun];
}}"""


def drawn(root: Path, images: int) -> None:
    """Writes a COCO data set with the given number of images."""
    rng = np.random.Generator(np.random.PCG64(1))
    (root / "images/train").mkdir(parents=True)
    (root / "annotations").mkdir()
    tree: dict[str, list[dict[str, Any]]] = {"images": [], "annotations": [], "categories": []}
    tree["categories"] = [{"id": rank + 1, "name": f"part {rank}"} for rank in range(CATEGORIES)]
    for number in range(1, images + 1):
        pixels = np.full((HEIGHT, WIDTH, 3), rng.integers(60, 200, 3), np.uint8)
        for _ in range(LABELS):
            x, y, side = (int(value) for value in rng.integers([0, 0, 12], [WIDTH - 40, HEIGHT - 40, 40]))
            cv2.rectangle(pixels, (x, y), (x + side, y + side), rng.integers(0, 255, 3).tolist(), -1)
            own = {"id": len(tree["annotations"]) + 1, "image_id": number, "iscrowd": 0, "area": side * side}
            place = {"bbox": [x, y, side, side], "category_id": int(rng.integers(CATEGORIES)) + 1}
            tree["annotations"].append(own | place)
        name = f"{number:05}.jpg"
        (root / "images/train" / name).write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
        tree["images"].append({"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT})
    (root / "annotations/instances_train.json").write_text(json.dumps(tree))


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serves the review of a data set, and yields its address."""
    command = [sys.executable, "-m", "sim2coco.cli", "review", str(root), "--no-browser", "--reviewer", "Ann"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)))[0]
        finally:
            process.kill()


def measured(page: Page, address: str) -> Iterator[tuple[str, str]]:
    """Measures the page; yields the name and the time of each measurement."""
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_function(SHOWN)
    yield "the first image is shown", f"{time.perf_counter() - begun:.2f} s"
    page.wait_for_function("() => complete", timeout=600_000)
    yield "all images are listed", f"{time.perf_counter() - begun:.1f} s"
    yield "next image, median", f"{page.evaluate(NEXT, STEPS)[0]:.0f} ms"
    for name, change in {
        "filter by category": ["category", "3"],
        "all images again": ["category", ""],
        "lowest visible fraction first": ["order", "visible"],
    }.items():
        script, whole = page.evaluate(CHANGE, change)
        yield name, f"{script:.0f} ms in the script, {whole:.0f} ms until the image is shown"
    page.keyboard.press("End")
    page.wait_for_function(SHOWN)
    yield (
        "next image near the end, median",
        f"{page.evaluate(NEXT.replace('next', 'previous'), STEPS)[0]:.0f} ms",
    )
    yield "thumbnails in the page", str(page.evaluate("document.querySelectorAll('.cell').length"))
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    yield "memory of the page's script", f"{heap / 1e6:.0f} MB"


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="number of images")
    images, out = parser.parse_args().images, Console(highlight=False, soft_wrap=True)
    with temporary_folder() as folder, sync_playwright() as playwright:
        drawn(Path(folder) / "set", images)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        with served(Path(folder) / "set") as address:
            for name, took in measured(page, address):
                out.print(f"| {name} | {took} |", markup=False)
        browser.close()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    out.print(f"CPU time of server and browser: {spent.ru_utime + spent.ru_stime:.0f} s")


if __name__ == "__main__":
    main()
