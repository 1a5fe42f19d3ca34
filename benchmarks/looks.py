"""Cost of materials, reflections and metal: CPU time per image in short runs, and CPU time per material.

    python -m benchmarks.looks [IMAGES]

Each run is a separate process with one worker; the time of a run with one image is subtracted. The runs
differ only in surface appearance, so objects, physics and labels are identical.
"""

import os
import subprocess
import sys
import tempfile
import time

import cv2

from scenes.assets.images import Pictures, Texture
from scenes.assets.materials.kinds import MATERIALS
from sim2coco.memory import keep_freed_memory

MATTE = ("scene.floor.roughness=1", "scene.metallic=0")
RUNS = {
    "patterns": ("looks=abstract", *MATTE),
    "materials": MATTE,
    "materials, reflections": ("scene.metallic=0",),
    "materials, reflections, metal": (),
    "all floors reflect": ("scene.floor.roughness=0.2",),
}
REPEATS, VARIANTS = 3, 8


def cpu_s(images: int, *words: str) -> float:
    """CPU seconds of one run."""
    with tempfile.TemporaryDirectory() as folder:
        options = [f"out={folder}/data", f"num_images={images}", "seed=3", "quality=none", "engine=inline"]
        before = os.times()
        program = [sys.executable, "-m", "sim2coco.cli", "generate", *options, *words]
        subprocess.run(program, check=True, capture_output=True)
        after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def drawing_ms(kind: str) -> float:
    """Mean CPU milliseconds to generate a variant of a material."""
    pictures = Pictures({})
    pictures.material(Texture(kind, 99))  # blades of grass are generated once
    before = time.process_time()
    for index in range(VARIANTS):
        pictures.material(Texture(kind, index))
    return (time.process_time() - before) / VARIANTS * 1e3


def main(images: int) -> None:
    """Prints two tables."""
    keep_freed_memory()
    cv2.setNumThreads(1)
    for kind in MATERIALS:
        sys.stdout.write(f"{kind:15} {drawing_ms(kind):6.1f} ms\n")
    started = min(cpu_s(1, "scene.num_objects=1") for _ in range(REPEATS))
    costs = {name: min(cpu_s(images, *words) for _ in range(REPEATS)) for name, words in RUNS.items()}
    for name, cost in costs.items():
        each = (cost - started) / images * 1e3
        ratio = (cost - started) / (costs["patterns"] - started)
        sys.stdout.write(f"{name:32} {each:6.1f} ms an image  {ratio:5.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
