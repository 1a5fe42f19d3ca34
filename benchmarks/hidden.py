"""Measures how closely `sim2coco match` approximates data sets with unknown settings.

    python -m benchmarks.hidden --out data/hidden

Prints the result of `match` for each of three data sets: the earth mover's distances before and after.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.made import COMMON, made

HIDDEN = {
    "many small objects in dim, flat light": (
        *("scene.num_objects=[14,18]", "scene.empty_share=0", "camera.fill=[0.4,0.5]", "image.height=160"),
        *("light.exposure_ev=[-1.5,-1]", "light.ambient=0.55", "light.diffuse=0.2", "augment=none"),
    ),
    "few large objects, bright": (
        *("scene.num_objects=[1,3]", "scene.empty_share=0.2", "camera.fill=[1.2,1.4]"),
        *("light.exposure_ev=[0.6,1.2]", "image.width=200"),
    ),
    "tabletop at dusk": (
        *("scene=tabletop", "scene.num_objects=[3,5]", "camera.fill=[0.3,0.5]", "light=dusk"),
        *("image.width=120", "image.height=160"),
    ),
}
"""The settings of each data set, by its description."""


def main() -> None:
    """Makes the data sets, and matches each, starting from the default settings of its kind of scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the data sets are kept")
    parser.add_argument("--images", type=int, default=60, help="images of each data set and each trial")
    options = parser.parse_args()
    out = Console(highlight=False, soft_wrap=True)
    for name, settings in HIDDEN.items():
        root, _ = made(options.out, [*settings, "views=1", "engine=inline", "seed=7"], options.images)
        kind = [word for word in settings if word.startswith("scene=")]
        words = ["match", str(root), "--force", f"--num={options.images}", f"--to={root}.yaml"]
        command = [sys.executable, "-m", "sim2coco.cli", *words, *COMMON[:2], *kind, "engine=inline"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        out.print(f"\n{name}\n{told}", markup=False)


if __name__ == "__main__":
    main()
