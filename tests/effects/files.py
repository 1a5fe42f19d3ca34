"""Files that settings name: pictures, the calibration of a camera, an environment map, meshes."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from scenes.geometry import on_sphere
from sim2coco.library.importing import import_meshes
from sim2coco.library.scan import scan
from sim2coco.library.table import Flags, overrides
from tests.panoramas import with_spot, write_hdr

PICTURES, CALIBRATION, PANORAMA = "<pictures>", "<calibration>", "<panorama>"
MESHES, TWO_PARTS = "<meshes>", "<two parts>"
REFERENCE, DARK, LIBRARY = "<reference>", "<dark>", "<library>"
"""What stands in place of paths."""
CUBE = "0 0 0  1 0 0  0 1 0  1 1 0  0 0 1  1 0 1  0 1 1  1 1 1"
FACES = "1 3 4 2  5 6 8 7  1 2 6 5  3 7 8 4  1 5 7 3  2 4 8 6"


def written(folder: Path) -> dict[str, str]:
    """Writes the files, and returns their paths by what stands in place of them."""
    return {
        PICTURES: pictures(folder / "pictures"),
        CALIBRATION: calibration(folder / "calibration.yaml"),
        PANORAMA: panorama(folder / "panorama.hdr"),
        MESHES: meshes(folder / "meshes"),
        TWO_PARTS: two_parts(folder / "two_parts"),
    }


def pictures(folder: Path) -> str:
    """Writes two pictures into a new folder, and returns its path."""
    folder.mkdir()
    for index in (1, 2):
        cv2.imencode(".png", np.full((8, 12, 3), 80 * index, np.uint8))[1].tofile(folder / f"{index}.png")
    return str(folder)


def calibration(path: Path) -> str:
    """Writes a file that ROS would write, with the principal point (30, 25) from the edges of the image."""
    path.write_text(
        "image_width: 64\nimage_height: 48\ndistortion_model: plumb_bob\n"
        "camera_matrix: {data: [80, 0, 29.5, 0, 81, 24.5, 0, 0, 1]}\n"
        "distortion_coefficients: {data: [-0.05, 0, 0, 0, 0]}\n"
    )
    return str(path)


def panorama(path: Path) -> str:
    """Writes a green map with a bright spot in the direction +x, 40 degrees above the horizon."""
    spot = with_spot(32, on_sphere(0.0, np.radians(40)), 0.15, 60.0) * (0.6, 1.0, 0.6)
    write_hdr(path, spot)
    return str(path)


def meshes(folder: Path) -> str:
    """Writes four boxes of different lengths."""
    folder.mkdir()
    for length in (1, 2, 3, 4):
        (folder / f"box_{length}.obj").write_text(box(length, "lid", "Red"))
    return str(folder)


def two_parts(folder: Path) -> str:
    """Writes two boxes in one file: the group `left` of the material `Red`, and `right` of `Blue`; a mask."""
    folder.mkdir()
    colours = "newmtl Red\nKd 1 0 0\nmap_Kd skin.png\nnewmtl Blue\nKd 0 0 1\nmap_Kd skin.png\n"
    (folder / "both.mtl").write_text(colours)
    for name in ("skin.png", "mask.png"):
        cv2.imencode(".png", np.full((8, 8, 3), 255, np.uint8))[1].tofile(folder / name)
    both = box(1, "left", "Red") + box(1, "right", "Blue", 1.5, 8)
    (folder / "both.obj").write_text("mtllib both.mtl\nvt 0.5 0.5\n" + both)
    return str(folder / "both.obj")


def library(meshes: Path, folder: Path) -> str:
    """Imports a folder of meshes into a library in a new folder, and returns its path."""
    shutil.copytree(meshes, meshes.parent / "library_of" / "boxes")
    wanted = overrides(scan(meshes.parent / "library_of").meshes, [], Flags(unit_m=0.1))
    import_meshes(meshes.parent / "library_of", wanted, folder, 1, lambda row, known: None)
    return str(folder)


def box(length: float, group: str, material: str, x: float = 0.0, before: int = 0) -> str:
    """The lines of an OBJ file with a box, after a number of vertices."""
    corners = np.array(CUBE.split(), float).reshape(8, 3) * (length, 1, 1) + (x, 0, 0)
    faces = np.array(FACES.split(), int).reshape(6, 4) + before
    textured = "/1" if group in ("left", "right") else ""
    lines = [f"v {x} {y} {z}" for x, y, z in corners.tolist()] + [f"g {group}", f"usemtl {material}"]
    lines += ["f " + " ".join(f"{corner}{textured}" for corner in face) for face in faces.tolist()]
    return "\n".join(lines) + "\n"
