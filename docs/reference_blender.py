# /// script
# requires-python = "==3.11.*"
# dependencies = ["bpy>=4.5,<5", "numpy<2", "pillow"]
# ///
"""The objects of `assets=everyday`, path-traced by Blender: a reference for `benchmarks/experiments.py`.

uv run docs/reference_blender.py --meshes .venv/lib/python3.11/site-packages/pybullet_data --out data/blender

It shares nothing with sim2coco: Blender reads the files, places the objects, traces the light and, in a
second picture of flat colours, says which object each pixel shows. It continues where it was stopped.
"""

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Vector
from PIL import Image

OBJECTS = {
    "duck": ("duck.obj", 0.10, False),
    "teddy": ("teddy2_VHACD_CHs.obj", 0.14, True),
    "mug": ("objects/mug.obj", 0.12, True),
    "lego": ("lego/lego.obj", 0.06, False),
    "soccer_ball": ("soccerball.obj", 0.11, False),
    "domino": ("domino/domino.obj", 0.07, False),
}
"""File, longest side in metres, and whether its colour is random: as in conf/assets/everyday.yaml."""
AREA_M, GAP_M = 0.35, 0.005
LEAST_PX = 20
"""Objects with fewer visible pixels are marked as crowds, which do not count."""


def main() -> None:
    """Renders what is missing, and writes the annotation file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True, help="the folder of pybullet_data")
    parser.add_argument("--photos", type=Path, help="photographs for the floor; default: procedural floors")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--size", type=int, nargs=2, default=(160, 120), help="width and height in pixels")
    options = parser.parse_args()
    for folder in ("images/test", "ids", "annotations"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    for number in range(options.images):
        if not (options.out / f"ids/{number:04}.json").exists():
            render(options, number)
            sys.stdout.write(f"{number + 1}/{options.images}\n")
    (options.out / "annotations/instances_test.json").write_text(json.dumps(annotations(options)))


def render(options: argparse.Namespace, number: int) -> None:
    """Renders one image twice: traced, and with the colour of each object its number."""
    rng = np.random.Generator(np.random.PCG64([7, number]))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    settings(scene, options)
    names = [str(rng.choice(list(OBJECTS))) for _ in range(int(rng.integers(3, 9)))]
    objects = placed([loaded(options.meshes, name, rng) for name in names], rng)
    floor(scene, options.photos, rng)
    camera(scene, rng)
    lights(scene, rng)
    shot(scene, options.out / f"images/test/{number:04}.jpg", "JPEG")
    flat(scene, objects)
    with tempfile.TemporaryDirectory() as folder:
        shot(scene, Path(folder) / "ids.png", "PNG")
        ids = np.asarray(Image.open(Path(folder) / "ids.png").convert("RGB"))[..., 0]
    found = [found_in(ids, rank) | {"name": name} for rank, name in enumerate(names, 1)]
    (options.out / f"ids/{number:04}.json").write_text(json.dumps(found))


def settings(scene: Any, options: argparse.Namespace) -> None:
    """Cycles on the CPU."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = options.samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 1
    scene.render.resolution_x, scene.render.resolution_y = options.size
    scene.render.resolution_percentage = 100
    scene.world = bpy.data.worlds.new("world")


def loaded(meshes: Path, name: str, rng: np.random.Generator) -> Any:
    """An object in its size, with a random rotation, its middle at the origin."""
    file, side_m, coloured = OBJECTS[name]
    bpy.ops.wm.obj_import(filepath=str(meshes / file), forward_axis="Y", up_axis="Z")
    parts = list(bpy.context.selected_objects)
    bpy.context.view_layer.objects.active = parts[0]
    if len(parts) > 1:
        bpy.ops.object.join()
    item = bpy.context.view_layer.objects.active
    item.data.transform(item.matrix_world)
    points = np.array([vertex.co for vertex in item.data.vertices])
    low, high = points.min(0), points.max(0)
    item.data.transform(_moved(-(low + high) / 2))
    item.matrix_world = Euler(rng.uniform(0, 2 * math.pi, 3).tolist()).to_matrix().to_4x4()
    item.scale = [side_m / float((high - low).max())] * 3
    if coloured:
        item.data.materials.clear()
        item.data.materials.append(material(rng.uniform(0.05, 0.9, 3), float(rng.uniform(0.2, 0.9))))
    return item


def _moved(by: Any) -> Any:
    from mathutils import Matrix

    return Matrix.Translation(Vector(by.tolist()))


def material(rgb: Any, roughness: float) -> Any:
    """A plain material."""
    made = bpy.data.materials.new("colour")
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*[float(value) for value in rgb], 1.0)
    shader.inputs["Roughness"].default_value = roughness
    return made


def placed(objects: list[Any], rng: np.random.Generator) -> list[Any]:
    """Puts objects on the floor where their boxes do not meet; those without a place are moved away."""
    taken: list[tuple[Any, Any]] = []
    for item in objects:
        bpy.context.view_layer.update()
        corners = np.array([item.matrix_world @ vertex.co for vertex in item.data.vertices])
        low, high = corners.min(0), corners.max(0)
        for _ in range(200):
            at = rng.uniform(-AREA_M / 2, AREA_M / 2, 2)
            box = low[:2] + at - GAP_M, high[:2] + at + GAP_M
            if all((box[1] < other[0]).any() or (box[0] > other[1]).any() for other in taken):
                taken.append(box)
                item.location = (float(at[0]), float(at[1]), float(-low[2]))
                break
        else:
            item.location = (0.0, 0.0, -10.0)
    return objects


def floor(scene: Any, photos: Path | None, rng: np.random.Generator) -> None:
    """A floor with a photograph, or a pattern of Blender."""
    bpy.ops.mesh.primitive_plane_add(size=6.0)
    plane = bpy.context.view_layer.objects.active
    made = material(rng.uniform(0.1, 0.8, 3), float(rng.uniform(0.3, 1.0)))
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader, place = nodes["Principled BSDF"], nodes.new("ShaderNodeTexCoord")
    files = sorted(photos.iterdir()) if photos else []
    if files:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = bpy.data.images.load(str(files[int(rng.integers(len(files)))]))
        mapping = nodes.new("ShaderNodeMapping")
        mapping.inputs["Scale"].default_value = [float(rng.uniform(1.0, 4.0))] * 3
        links.new(place.outputs["Object"], mapping.inputs["Vector"])
        links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    else:
        kind = str(rng.choice(["ShaderNodeTexNoise", "ShaderNodeTexBrick", "ShaderNodeTexVoronoi"]))
        texture = nodes.new(kind)
        texture.inputs["Scale"].default_value = float(rng.uniform(3.0, 40.0))
        links.new(place.outputs["Object"], texture.inputs["Vector"])
    links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    plane.data.materials.append(made)


def camera(scene: Any, rng: np.random.Generator) -> None:
    """A camera that looks at the objects from above."""
    data = bpy.data.cameras.new("camera")
    data.angle = math.radians(float(rng.uniform(45, 60)))
    eye = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(eye)
    azimuth, elevation = rng.uniform(0, 2 * math.pi), math.radians(float(rng.uniform(20, 75)))
    distance = float(rng.uniform(0.4, 0.8))
    direction = (
        math.cos(azimuth) * math.cos(elevation),
        math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
    )
    eye.location = Vector(direction) * distance
    eye.rotation_euler = (-Vector(direction)).to_track_quat("-Z", "Y").to_euler()
    scene.camera = eye


def lights(scene: Any, rng: np.random.Generator) -> None:
    """A sky of one colour, and a lamp."""
    scene.world.use_nodes = True
    background = scene.world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*rng.uniform(0.6, 1.0, 3).tolist(), 1.0)
    background.inputs["Strength"].default_value = float(rng.uniform(0.2, 0.9))
    data = bpy.data.lights.new("lamp", "AREA")
    data.energy, data.size = float(rng.uniform(8, 40)), float(rng.uniform(0.1, 1.0))
    lamp = bpy.data.objects.new("lamp", data)
    scene.collection.objects.link(lamp)
    lamp.location = (*rng.uniform(-1, 1, 2).tolist(), float(rng.uniform(0.8, 1.6)))
    lamp.rotation_euler = (-lamp.location).to_track_quat("-Z", "Y").to_euler()


def shot(scene: Any, file: Path, kind: str) -> None:
    """Renders into a file."""
    scene.render.image_settings.file_format = kind
    scene.render.image_settings.quality = 92
    scene.render.filepath = str(file)
    bpy.ops.render.render(write_still=True)


def flat(scene: Any, objects: list[Any]) -> None:
    """Makes each object emit its number, in the red channel of a picture without filter and tone curve."""
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type = "BOX"
    scene.cycles.filter_width = 0.01
    scene.view_settings.view_transform = "Raw"
    scene.render.dither_intensity = 0.0
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.0
    for item in bpy.data.objects:
        if item.type == "LIGHT":
            item.data.energy = 0.0
        if item.type == "MESH":
            rank = objects.index(item) + 1 if item in objects else 0
            made = bpy.data.materials.new("number")
            made.use_nodes = True
            nodes = made.node_tree.nodes
            emission = nodes.new("ShaderNodeEmission")
            emission.inputs["Color"].default_value = (rank / 255, 0.0, 0.0, 1.0)
            made.node_tree.links.new(emission.outputs["Emission"], nodes["Material Output"].inputs["Surface"])
            item.data.materials.clear()
            item.data.materials.append(made)


def found_in(ids: Any, rank: int) -> dict[str, Any]:
    """Box and area of the visible part of an object."""
    y, x = np.nonzero(ids == rank)
    if not len(y):
        return {"area": 0, "bbox": [0, 0, 0, 0]}
    box = [int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1]
    return {"area": len(y), "bbox": box}


def annotations(options: argparse.Namespace) -> dict[str, Any]:
    """The COCO file."""
    names, (width, height) = list(OBJECTS), options.size
    images, entries = [], []
    for number in range(options.images):
        entry = {"id": number + 1, "file_name": f"{number:04}.jpg"}
        images.append(entry | {"width": width, "height": height})
        for own in json.loads((options.out / f"ids/{number:04}.json").read_text()):
            if own["area"]:
                crowd = int(own["area"] < LEAST_PX)
                entries.append(
                    {
                        "id": len(entries) + 1,
                        "image_id": number + 1,
                        "category_id": names.index(own["name"]) + 1,
                        "bbox": own["bbox"],
                        "area": own["area"],
                        "iscrowd": crowd,
                    }
                )
    categories = [{"id": rank, "name": name} for rank, name in enumerate(names, 1)]
    return {"images": images, "annotations": entries, "categories": categories}


if __name__ == "__main__":
    main()
