"""A crate with named regions, whose places in an image follow from its planes: for tests of regions."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.rig import Array, Mask

SIZE_M = 0.2
LABEL = (0.55, 0.45, 0.3)
"""Centre and radius of the label in the texture of the front, in texture coordinates, v up."""
REGIONS: dict[str, Any] = {
    "box": {"group": ["crate", "bottom"]},
    "lid": {"material": "Li*"},
    "label": {"material": ["Wood"], "group": "front", "texture_mask": "masks/label.png"},
}
OBJ = """mtllib crate.mtl
v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
o crate
usemtl Wood
g front big
f 1/1 2/2 6/3 5/4
g
f 2/1 3/2 7/3 6/4
f 3/1 4/2 8/3 7/4
f 4/1 1/2 5/3 8/4
g bottom
f 4/1 3/2 2/3 1/4
usemtl Lid
g top side
f 5/1 6/2 7/3 8/4
"""


def put_crate(folder: Path) -> Path:
    """Writes the crate, 2 units wide, and the mask of its label; returns the path of the mesh."""
    (folder / "masks").mkdir(parents=True)
    (folder / "crate.mtl").write_text("newmtl Wood\nKd 0.6 0.4 0.2\nnewmtl Lid\nKd 0.8 0.1 0.1\n")
    u, v = np.meshgrid((np.arange(512) + 0.5) / 512, 1 - (np.arange(256) + 0.5) / 256)
    inside = np.hypot(u - LABEL[0], v - LABEL[1]) <= LABEL[2]
    (folder / "masks/label.png").write_bytes(cv2.imencode(".png", 255 * inside.astype(np.uint8))[1].tobytes())
    path = folder / "crate.obj"
    path.write_text(OBJ)
    return path


def expected(eye_m: Array, rays: Array) -> dict[str, Mask]:
    """The pixels that show the regions of a crate at the origin, as if it were alone.

    Args:
        eye_m: (3,) the camera, outside of the crate.
        rays: (h, w, 3) directions of the rays through the pixels.
    """
    with np.errstate(divide="ignore"):
        steps = np.stack([(side * SIZE_M / 2 - eye_m) / rays for side in (-1, 1)])
    enters, leaves = steps.min(axis=0), steps.max(axis=0)
    step, axis = enters.max(axis=-1), enters.argmax(axis=-1)
    seen = step < leaves.min(axis=-1)
    x, _, z = np.moveaxis((eye_m + rays * step[..., None]) / SIZE_M + 0.5, -1, 0)
    lid = seen & (axis == 2) & (rays[..., 2] < 0)
    front = seen & (axis == 1) & (rays[..., 1] > 0)
    label = front & (np.hypot(x - LABEL[0], z - LABEL[1]) <= LABEL[2])
    return {"lid": lid, "label": label}
