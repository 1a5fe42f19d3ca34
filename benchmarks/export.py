"""Time and peak memory for writing COCO files, by the number of annotations.

python -m benchmarks.export            10 thousand and 100 thousand
python -m benchmarks.export --full     and a million
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.clock import machine
from benchmarks.workload import recipe
from sim2coco.context import WorkerContext
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.own import dataset_info, labelled_image
from sim2coco.export.coco import Coco
from sim2coco.export.format import write_formats
from sim2coco.pipeline import make_scene
from sim2coco.records import from_bytes, kept_views, record_name, to_bytes
from sim2coco.storage import Store
from sim2coco.store import LocalStore

SIZES = (10_000, 100_000, 1_000_000)
OBJECTS, VIEWS = 20, 5

out = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures each size in a separate process and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="a million annotations too")
    parser.add_argument("--annotations", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.annotations:
        made, seconds, peak_kib = written(options.annotations)
        out.print(f"{made} {seconds:.3f} {peak_kib}")
        return
    out.print(f"{machine()}\n")
    for size in SIZES if options.full else SIZES[:2]:
        program = [sys.executable, "-m", "benchmarks.export", "--annotations", str(size)]
        words = subprocess.run(program, check=True, capture_output=True, text=True).stdout.split()
        made, seconds, peak_mib = int(words[0]), float(words[1]), int(words[2]) / 1024
        rate = 1e6 * seconds / made
        out.print(f"{made:>9,} annotations: {seconds:6.1f} s, {rate:.0f} µs each, peak {peak_mib:.0f} MiB")


def written(annotations: int) -> tuple[int, float, int]:
    """Writes COCO files; returns the number of annotations, the seconds, and the peak memory in KiB."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        settings = recipe(objects=OBJECTS, views=VIEWS, image={"width": 320, "height": 240}, quality={})
        with closing(WorkerContext(settings, Path(folder) / "scratch")) as context:
            record, pictures = make_scene(context, 0)
            catalogue = context.catalogue
        store = LocalStore(Path(folder) / "data")
        for picture in pictures:
            for name, content in picture.files.items():
                store.put(name, content)
        store.put(record_name(0), to_bytes(record))
        begun = time.perf_counter()
        info = dataset_info(settings.split.shares, catalogue)
        counts = write_formats([Coco()], store, info, images(store, info, annotations))
        seconds = time.perf_counter() - begun
    return counts.total(), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def images(store: Store, info: DatasetInfo, annotations: int) -> Iterator[LabelledImage]:
    """Yields the images of one real scene again and again, each time with a new scene index."""
    scene = 0
    while True:
        record = replace(from_bytes(store.get(record_name(0))), scene=scene)
        for view in kept_views(record, VIEWS):
            for picture in view.pictures:
                annotations -= len(picture.annotations)
                yield labelled_image(store, info, record, view, picture)
            if annotations <= 0:
                return
        scene += 1


if __name__ == "__main__":
    main()
