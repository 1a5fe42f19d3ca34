"""The library without Hydra: the same scenes under two lights, and how many masks the two data sets share.

python examples/library.py data/library
"""

import json
import sys
from pathlib import Path

from sim2coco import Recipe, generate

SETTINGS = {
    "seed": 7,
    "assets": {
        "categories": {"nut": {"shape": "nut", "size_m": 0.04}, "bolt": {"shape": "bolt", "size_m": 0.06}}
    },
    "scene": {"kind": "drop", "num_objects": [2, 6]},
    "image": {"width": 160, "height": 120},
}
LIGHTS = {"noon": {"elevation_deg": 80}, "evening": {"elevation_deg": [10, 20], "saturation": [0.3, 0.5]}}


def masks(folder: Path) -> dict[tuple[str, int], str]:
    """The visible masks (RLE) of a data set, by file name and instance."""
    coco = json.loads((folder / "annotations" / "instances_train.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    return {
        (names[label["image_id"]], label["attributes"]["instance"]): label["segmentation"]["counts"]
        for label in coco["annotations"]
    }


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for name, light in LIGHTS.items():
        result = generate(Recipe.parse({**SETTINGS, "light": light}), root / name, num_images=4)
        print(f"{name}: {result.images} images of {result.scenes} scenes")
    noon, evening = (masks(root / name) for name in LIGHTS)
    print(f"{len(noon.items() & evening.items())} of {len(noon)} masks are the same under both lights")
