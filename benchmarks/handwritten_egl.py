"""A hand-written script without sim2coco: PyBullet's EGL plug-in, masks from its ids, COCO, JPEG.

    python benchmarks/handwritten_egl.py SCENES.json OUT PROCESSES

A single, self-contained file without amodal masks, quality checks or augmentation; it cannot resume. It leaks
some MB for each scene with a texture, because resetting the simulation leaks memory in the plug-in.
"""

import json
import multiprocessing
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pybullet as p
import pybullet_data
from pycocotools import mask as coco_mask

WIDTH, HEIGHT = 640, 480
MAX_STEPS, CHECK_STEPS = 480, 10
NEAR_M, FAR_M = 0.02, 20.0
JPEG_QUALITY = 92


def start() -> None:
    """Connects this process to PyBullet, and PyBullet to OpenGL."""
    p.connect(p.DIRECT)
    plugin = find_spec("eglRenderer")
    assert plugin is not None and plugin.origin is not None
    assert p.loadPlugin(plugin.origin, "_eglRendererPlugin") >= 0
    p.setAdditionalSearchPath(pybullet_data.getDataPath())


def make_scene(job: tuple[int, dict[str, Any], str]) -> list[dict[str, Any]]:
    """Settles one scene, renders its images, and returns their COCO entries."""
    index, scene, out = job
    p.resetSimulation()
    p.setGravity(0, 0, -9.81)
    p.loadURDF("plane.urdf")
    bodies = {add(body): body["category"] + 1 for body in scene["bodies"]}
    settle(list(bodies))
    return [
        take(view, bodies, f"{out}/s{index:06d}_v{number}.jpg") for number, view in enumerate(scene["views"])
    ]


def add(body: dict[str, Any]) -> int:
    """Adds a mesh to the world, with its convex hull as the collision shape."""
    mesh, size = body["mesh"], [body["scale"]] * 3
    color = [*body["color_rgb"], 1] if body["color_rgb"] else [1, 1, 1, 1]
    visual = p.createVisualShape(p.GEOM_MESH, fileName=mesh, meshScale=size, rgbaColor=color)
    collision = p.createCollisionShape(p.GEOM_MESH, fileName=mesh, meshScale=size)
    body_id: int = p.createMultiBody(
        body["mass_kg"], collision, visual, body["position_m"], body["quat_xyzw"]
    )
    p.changeDynamics(body_id, -1, rollingFriction=0.001, spinningFriction=0.001)
    return body_id


def settle(bodies: list[int]) -> None:
    """Simulates until all bodies are at rest, at most for two seconds."""
    for step in range(MAX_STEPS):
        p.stepSimulation()
        if step % CHECK_STEPS == 0 and step > CHECK_STEPS and all(map(at_rest, bodies)):
            return


def at_rest(body: int) -> bool:
    """Whether a body hardly moves."""
    linear, angular = p.getBaseVelocity(body)
    return float(np.linalg.norm(linear)) < 0.005 and float(np.linalg.norm(angular)) < 0.1


def take(view: dict[str, Any], bodies: dict[int, int], path: str) -> dict[str, Any]:
    """Renders and writes one image, and returns its COCO entries."""
    _, _, rgba, _, ids = p.getCameraImage(
        WIDTH,
        HEIGHT,
        viewMatrix=p.computeViewMatrix(view["eye_m"], view["target_m"], view["up"]),
        projectionMatrix=p.computeProjectionMatrixFOV(view["fov_deg"], WIDTH / HEIGHT, NEAR_M, FAR_M),
        lightDirection=view["light"],
        renderer=p.ER_BULLET_HARDWARE_OPENGL,
    )
    image = np.asarray(rgba, np.uint8).reshape(HEIGHT, WIDTH, 4)
    ids = np.asarray(ids).reshape(HEIGHT, WIDTH)
    _, jpeg = cv2.imencode(".jpg", image[..., 2::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    Path(path).write_bytes(jpeg.tobytes())
    annotations = []
    for body, category in bodies.items():
        mask = ids == body
        if mask.any():
            annotations.append(annotation(mask, category))
    return {"file_name": Path(path).name, "width": WIDTH, "height": HEIGHT, "annotations": annotations}


def annotation(mask: Any, category: int) -> dict[str, Any]:
    """The COCO entry of one mask."""
    rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {
        "category_id": category,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": int(coco_mask.area(rle)),
        "iscrowd": 0,
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
    }


def main(scenes_file: str, out: str, processes: str) -> None:
    """Makes all images of all scenes, then the COCO file; prints the number of images after each scene."""
    scenes = json.loads(Path(scenes_file).read_text())
    (Path(out) / "images").mkdir(parents=True)
    jobs = [(index, scene, f"{out}/images") for index, scene in enumerate(scenes)]
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []

    def collect(pictures: list[dict[str, Any]]) -> None:
        for picture in pictures:
            images.append(picture | {"id": len(images) + 1})
            for entry in images[-1].pop("annotations"):
                annotations.append(entry | {"id": len(annotations) + 1, "image_id": len(images)})
        sys.stdout.write(f"{len(images)} images\n")
        sys.stdout.flush()

    if processes == "1":
        start()
        for job in jobs:
            collect(make_scene(job))
    else:
        with multiprocessing.get_context("spawn").Pool(int(processes), start) as pool:
            for pictures in pool.imap(make_scene, jobs):
                collect(pictures)
    names = sorted({entry["category_id"] for entry in annotations})
    coco = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": str(number)} for number in names],
    }
    (Path(out) / "instances.json").write_text(json.dumps(coco))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
