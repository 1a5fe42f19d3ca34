"""Wrong values anywhere in a glTF file are refused or read; test models are read as by another reader."""

import copy
import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.reading.gltf.read import read
from scenes.assets.reading.raw import Raw
from scenes.assets.reading.read import read_source
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import MeshResolver
from tests.library.gltf_files import SQUARE, SQUARE_UVS, Gltf
from tests.library.meshes import picture, png

MODELS = Path("/usr/share/assimp/models/glTF2")
VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 3, 4, 5, 6, 7, 255, 65535, 2**31, 2**32 - 1, 2**53, 10**30),
    *(0.5, -0.0, 1e308, float("nan"), float("inf"), "", "x", "../x.png", "data:,", "data:;base64,AAAA"),
    *([], [0], [0, 0], [1] * 20, [[]], [{}], {}, {"a": 1}),
    *("SCALAR", "VEC2", "VEC4", "MAT4", "BLEND", 5120, 5121, 5125, 5126, 33071),
)


def rich() -> Gltf:
    """A file with a bit of everything."""
    file = Gltf(extensionsUsed=["KHR_texture_transform", "ACME_x"])
    pixels = np.concatenate([picture(), np.full((64, 64, 1), 255, np.uint8)], axis=2)
    pixels[:20] = 0
    file.picture(png(pixels), {"wrapS": 33071, "wrapT": 33648}, name="leaf")
    info = {
        "index": 0,
        "texCoord": 0,
        "extensions": {"KHR_texture_transform": {"offset": [0.1, 0.2], "rotation": 0.3}},
    }
    base = {"baseColorTexture": info, "baseColorFactor": [0.5, 0.6, 0.7, 0.8]}
    material = {"name": "leaf", "alphaMode": "MASK", "pbrMetallicRoughness": base}
    colors = file.accessor(np.arange(16).reshape(4, 4) * 16, "u1", normalized=True)
    joints = {"JOINTS_0": file.accessor(np.zeros((4, 4)), "u1")}
    weights = {"WEIGHTS_0": file.accessor(np.full((4, 4), 0.25), sparse="over")}
    file.square(3 * np.array(SQUARE_UVS), material, COLOR_0=colors, **joints, **weights)
    file.tree["nodes"][0]["skin"] = file.add(
        "skins", joints=[0], inverseBindMatrices=file.accessor([np.eye(4).ravel()])
    )
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE, "i2", stride=8)}, "mode": 5})
    file.tree["meshes"][1]["primitives"][0]["targets"] = [{"POSITION": file.accessor(SQUARE, sparse="alone")}]
    file.tree["meshes"][1]["weights"] = [0.5]
    shifts = {"TRANSLATION": file.accessor([(0, 0, 0), (1, 2, 3)])}
    file.tree["nodes"][1]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": shifts}}
    file.add("nodes", children=[0, 1], rotation=[0.1, 0.2, 0.3, 0.9], scale=[1, -1, 2])
    file.tree.update(scenes=[{"nodes": [2]}], scene=0)
    return file


def places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to each value below the root."""
    if above:
        yield above
    for key in tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield from places(tree[key], (*above, key))


def changed(tree: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """The JSON of a file with up to three values removed, repeated or replaced."""
    tree = copy.deepcopy(tree)
    for _ in range(int(rng.integers(1, 4))):
        found = list(places(tree))
        *above, last = found[int(rng.integers(len(found)))]
        parent: Any = tree
        for key in above:
            parent = parent[key]
        match int(rng.integers(8)):
            case 0:
                del parent[last]
            case 1 if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[0]))
            case _:
                parent[last] = copy.deepcopy(VALUES[int(rng.integers(len(VALUES)))])
    return tree


def container(tree: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(binary), len(text), 0x4E4F534A)
    return head + text + struct.pack("<II", len(binary), 0x004E4942) + binary


def check_raw(raw: Raw) -> None:
    assert raw.corners.shape[1:] == (3, 3)
    assert raw.normals is None or raw.normals.shape == raw.corners.shape
    assert raw.uvs is None or raw.uvs.shape == (*raw.corners.shape[:2], 2)
    assert all(0 <= channel <= 1 for channel in raw.color_rgb)
    assert raw.texture is None or (raw.texture.shape[2] == 3 and raw.texture.dtype == np.uint8)


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_wrong_values_anywhere_end_in_a_refusal_or_a_mesh(
    tmp_path: Path, rng: np.random.Generator, count: int
) -> None:
    whole = rich().glb()
    (length,) = struct.unpack_from("<I", whole, 12)
    tree, binary = json.loads(whole[20 : 20 + length]), whole[28 + length :]
    (tmp_path / "a.glb").write_bytes(whole)
    assert len(read_source(tmp_path / "a.glb", (tmp_path,)).raws) == 2
    refused = 0
    for _ in range(count):
        data = bytearray(binary)
        for at in rng.integers(len(data), size=int(rng.integers(4))):
            data[at] = int(rng.integers(256))
        content = container(changed(tree, rng), bytes(data))
        start = time.process_time()
        try:
            with np.errstate(all="ignore"):
                raws = read(content, MeshResolver(tmp_path / "a.glb", (tmp_path,)), [])
        except Refused as error:
            assert error.sentence
            refused += 1
        else:
            for raw in raws:
                check_raw(raw)
        assert time.process_time() - start < 5
    assert 0.5 * count < refused < 0.99 * count


def by_trimesh(path: Path) -> NDArray[np.float64]:
    """The triangles (m, 3, 3) of a file by another reader."""
    scene: Any = trimesh.load_scene(path, process=False)
    found = []
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        geometry = scene.geometry[name]
        if isinstance(geometry, trimesh.Trimesh):
            corners = np.asarray(geometry.vertices, float)[geometry.faces]
            found.append(corners @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)


SAME = (
    "2CylinderEngine-glTF-Binary/2CylinderEngine.glb",
    "BoxTexcoords-glTF/boxTexcoords.gltf",
    "BoxTextured-glTF/BoxTextured.gltf",
    "BoxTextured-glTF-Binary/BoxTextured.glb",
    "BoxTextured-glTF-Embedded/BoxTextured.gltf",
    "BoxTextured-glTF-pbrSpecularGlossiness/BoxTextured.gltf",
    "ClearCoat-glTF/ClearCoatTest.gltf",
    "cameras/Cameras.gltf",
    "glTF-Sample-Models/AnimatedMorphCube-glTF/AnimatedMorphCube.gltf",
    "issue_3269/texcoord_crash.gltf",
    "textureTransform/TextureTransformTest.gltf",
)


@pytest.mark.parametrize("name", SAME)
def test_models_are_read_as_by_another_reader(name: str) -> None:
    path = MODELS / name
    if not path.is_file():
        pytest.skip("needs the Debian package assimp-testmodels")
    ours = np.concatenate([raw.corners for raw in read_source(path, (path.parent,)).raws]).reshape(-1, 9)
    theirs = by_trimesh(path).reshape(-1, 9)
    assert len(ours) == len(theirs)
    size = float(np.ptp(ours))
    for column in range(9):  # the order of the materials differs
        np.testing.assert_allclose(np.sort(ours[:, column]), np.sort(theirs[:, column]), atol=1e-6 * size)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("draco/2CylinderEngine.gltf", "is compressed (KHR_draco_mesh_compression)"),
        ("RecursiveNodes/RecursiveNodes.gltf", "its nodes form a cycle"),
        ("MissingBin/BoxTextured.gltf", "refers to 'BoxTextured0.bin', which does not exist"),
        ("IndexOutOfRange/AllIndicesOutOfRange.gltf", "its faces refer to vertices that do not exist"),
        ("SchemaFailures/sceneWrongType.gltf", "scene must be a whole number"),
        ("wrongTypes/badArray.gltf", "meshes[0].primitives must be a list"),
        ("wrongTypes/badExtension.gltf", "KHR_texture_transform must be an object"),
        ("wrongTypes/badObject.gltf", "pbrMetallicRoughness must be an object"),
        ("wrongTypes/badUint.gltf", "index must be a whole number of at least 0, not -1"),
    ],
)
def test_models_that_are_wrong_are_refused_by_what_is_wrong(name: str, words: str) -> None:
    path = MODELS / name
    if not path.is_file():
        pytest.skip("needs the Debian package assimp-testmodels")
    with pytest.raises(Refused) as refused:
        read_source(path, (path.parent,))
    assert words in refused.value.sentence


def test_many_copies_of_many_points_take_no_time(tmp_path: Path) -> None:
    """Primitives are counted once for each mesh, however often it is shown."""
    file = Gltf()
    file.square()
    points = {"attributes": {"POSITION": 0}, "mode": 0}
    file.tree["meshes"][0]["primitives"] += [points] * 5000
    file.tree["nodes"] += [{"mesh": 0}] * 5000
    start = time.process_time()
    assert len(file.corners(tmp_path)) == 2 * 5001
    assert time.process_time() - start < 10
