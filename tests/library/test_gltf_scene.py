"""Triangles of glTF files: strips and fans, nodes, copies, morph targets, skins, and extensions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.centroid import signed_volume
from scenes.assets.reading.refusal import Refused
from tests.library.gltf_files import FACES, SQUARE, Gltf

CUBE = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
CUBE_FACES = np.array(
    [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
        (1, 5, 7),
        (1, 7, 3),
    ]
)
CUBE_STRIP = (3, 7, 1, 5, 4, 7, 6, 3, 2, 1, 0, 4, 2, 6)
"""A strip around the cube."""


def cube(**node: Any) -> Gltf:
    """A cube of 1 m on a node, in a scene."""
    file = Gltf()
    file.mesh(
        {"attributes": {"POSITION": file.accessor(CUBE)}, "indices": file.accessor(CUBE_FACES.ravel(), "u1")}
    )
    file.tree["nodes"][0].update(node)
    return file


def moved(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (12, 3, 3) of the cube after a transform (4, 4)."""
    return np.asarray((CUBE @ matrix[:3, :3].T + matrix[:3, 3])[CUBE_FACES])


def canonical(corners: NDArray[np.float64]) -> list[tuple[float, ...]]:
    """Triangles in an order of their own, each from its smallest corner on, which keeps their sides."""
    rows = [np.roll(corner, -int(np.lexsort(corner.T[::-1])[0]), axis=0) for corner in corners.round(9) + 0.0]
    return sorted(tuple(row.ravel().tolist()) for row in rows)


def rotation(axis: tuple[float, float, float], angle: float) -> NDArray[np.float64]:
    """The rotation (3, 3) about a unit axis, by Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def test_a_strip_around_a_cube_faces_outward_everywhere(tmp_path: Path) -> None:
    file = Gltf()
    indices = file.accessor(CUBE_STRIP, "u2")
    file.mesh({"attributes": {"POSITION": file.accessor(CUBE)}, "indices": indices, "mode": 5})
    corners = file.corners(tmp_path)
    assert len(corners) == 12
    assert abs(signed_volume(corners - 0.5)) == pytest.approx(1.0)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = np.einsum("ij,ij->i", normals, corners.mean(axis=1) - 0.5)
    assert (np.sign(outward) == np.sign(outward[0])).all()


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("mode", [4, 5, 6])
def test_lists_strips_and_fans_are_the_triangles_of_the_specification(
    tmp_path: Path, mode: int, indexed: bool, rng: np.random.Generator
) -> None:
    points = rng.random((9, 3)).astype(np.float32)
    order = rng.permutation(9)
    file = Gltf()
    primitive: dict[str, Any] = {"attributes": {"POSITION": file.accessor(points)}, "mode": mode}
    if indexed:
        primitive["indices"] = file.accessor(order, "u2")
    file.mesh(primitive)
    v = points[order].astype(float) if indexed else points.astype(float)
    right = {
        4: [(v[3 * i], v[3 * i + 1], v[3 * i + 2]) for i in range(3)],
        5: [(v[i], v[i + 1 + i % 2], v[i + 2 - i % 2]) for i in range(7)],
        6: [(v[i + 1], v[i + 2], v[0]) for i in range(7)],
    }[mode]
    np.testing.assert_allclose(file.corners(tmp_path), np.array(right))


def test_a_brick_with_a_fan_as_its_top_is_closed(tmp_path: Path) -> None:
    file = Gltf()
    position = file.accessor(CUBE)
    sides = [face for face in CUBE_FACES if not (CUBE[face, 1] == 1).all()]
    primitives = [
        {"attributes": {"POSITION": position}, "indices": file.accessor(np.ravel(sides), "u1")},
        {"attributes": {"POSITION": position}, "indices": file.accessor((2, 3, 7, 6), "u1"), "mode": 6},
    ]
    file.add("nodes", mesh=file.add("meshes", primitives=primitives))
    corners = file.corners(tmp_path)
    assert len(corners) == 12
    assert signed_volume(corners - 0.5) == pytest.approx(signed_volume(moved(np.eye(4)) - 0.5))


def test_triangles_without_area_that_join_strips_are_left_out(tmp_path: Path) -> None:
    file = Gltf()
    indices = file.accessor((0, 1, 3, 3, 1, 1, 2, 3), "u2")
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": indices, "mode": 5})
    source = file.source(tmp_path)
    assert len(source.raws[0].corners) == 2
    assert source.notes == ()


@pytest.mark.parametrize(("dtype", "restart"), [("u1", 255), ("u2", 65535), ("u4", 2**32 - 1)])
def test_a_restart_in_a_strip_is_refused(tmp_path: Path, dtype: str, restart: int) -> None:
    file = Gltf()
    indices = file.accessor((0, 1, 2, restart, 0, 2, 3), dtype)
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": indices, "mode": 5})
    with pytest.raises(Refused, match=f"contains the primitive restart value {restart}"):
        file.source(tmp_path)


@pytest.mark.parametrize("stray", [255, 4, 77])
def test_a_triangle_whose_vertex_is_not_there_is_dropped_and_told(tmp_path: Path, stray: int) -> None:
    file = Gltf()
    indices = file.accessor((*FACES, 0, stray, 2), "u1")
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": indices})
    source = file.source(tmp_path)
    assert len(source.raws[0].corners) == 2
    assert source.notes == ("1 faces with missing vertices dropped",)


def test_corners_left_over_are_told(tmp_path: Path) -> None:
    file = Gltf()
    file.mesh(
        {"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": file.accessor((*FACES, 1, 2), "u1")}
    )
    assert file.source(tmp_path).notes == ("2 corners after its last triangle left out",)


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_lines_and_points_are_left_out_and_told(tmp_path: Path, mode: int) -> None:
    file = Gltf()
    lines = {"attributes": {"POSITION": file.accessor(SQUARE)}, "mode": mode}
    file.mesh(lines)
    with pytest.raises(Refused) as refused:
        file.source(tmp_path)
    assert refused.value.kind == "no faces"
    file.square()
    source = file.source(tmp_path)
    assert (len(source.raws), source.notes) == (1, ("points and lines left out",))


def test_unknown_modes_are_refused(tmp_path: Path) -> None:
    file = Gltf()
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "mode": 7})
    with pytest.raises(Refused, match="mode must be 0 to 6, not 7"):
        file.source(tmp_path)


TURN = rotation((0.6, 0.0, 0.8), 0.7)
QUAT = (0.6 * np.sin(0.35), 0.0, 0.8 * np.sin(0.35), np.cos(0.35))


def placed(linear: NDArray[np.float64], shift: tuple[float, float, float]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, shift
    return matrix


@pytest.mark.parametrize(
    ("node", "matrix"),
    [
        ({}, np.eye(4)),
        ({"translation": [1, 2, 3]}, placed(np.eye(3), (1, 2, 3))),
        ({"rotation": QUAT, "translation": [1, 0, 0]}, placed(TURN, (1, 0, 0))),
        ({"rotation": [3 * q for q in QUAT]}, placed(TURN, (0, 0, 0))),
        ({"scale": [1, 2, 3], "rotation": QUAT}, placed(TURN @ np.diag([1, 2, 3]), (0, 0, 0))),
        ({"scale": [-1, 1, 2]}, placed(np.diag([-1.0, 1, 2]), (0, 0, 0))),
        ({"scale": [-1, -2, -1]}, placed(np.diag([-1.0, -2, -1]), (0, 0, 0))),
        ({"matrix": placed(2 * TURN, (4, 5, 6)).T.ravel().tolist()}, placed(2 * TURN, (4, 5, 6))),
    ],
)
def test_a_node_places_its_mesh_and_its_faces_point_outward(
    tmp_path: Path, node: dict[str, Any], matrix: NDArray[np.float64]
) -> None:
    corners = cube(**{key: list(value) for key, value in node.items()}).corners(tmp_path)
    right = moved(matrix)
    if np.linalg.det(matrix) < 0:
        right = right[:, ::-1]
    np.testing.assert_allclose(corners, right, atol=1e-12)
    volume = signed_volume(corners - corners.mean(axis=(0, 1)))
    assert volume * signed_volume(moved(np.eye(4)) - 0.5) > 0


def test_transforms_of_parents_come_last_and_a_mesh_may_be_shown_twice(tmp_path: Path) -> None:
    file = cube(translation=[1, 0, 0])
    file.add("nodes", children=[0, 2], scale=[2, 2, 2])
    file.add("nodes", mesh=0, translation=[0, 5, 0])
    file.add("nodes", children=[1], rotation=list(QUAT), translation=[0, 0, 7])
    file.tree.update(scenes=[{"nodes": [3]}], scene=0)
    above = placed(TURN, (0, 0, 7)) @ np.diag([2.0, 2, 2, 1])
    right = np.concatenate([moved(above @ placed(np.eye(3), shift)) for shift in ((1, 0, 0), (0, 5, 0))])
    assert canonical(file.corners(tmp_path)) == canonical(right)
    (raw,) = file.source(tmp_path).raws  # one material, one part
    assert len(raw.corners) == 24


@pytest.mark.parametrize(
    ("tree", "shown"),
    [
        ({"scenes": [{"nodes": [0]}, {"nodes": [1]}], "scene": 1}, [1]),
        ({"scenes": [{"nodes": [0]}, {"nodes": [1]}]}, [0]),
        ({"scenes": [{"nodes": [1, 1]}], "scene": 0}, [1]),
        ({}, [0, 1]),
        ({"scenes": []}, [0, 1]),
    ],
)
def test_the_scene_says_what_is_shown(tmp_path: Path, tree: dict[str, Any], shown: list[int]) -> None:
    file = cube()
    file.add("nodes", mesh=0, translation=[10, 0, 0])
    file.tree.update(tree)
    source = file.source(tmp_path)
    lows = np.concatenate([raw.corners for raw in source.raws])[::12].min(axis=1)
    assert lows[:, 0].round().tolist() == [10 * index for index in shown]
    assert source.notes == (("only one of its 2 scenes is read",) if len(tree.get("scenes", [])) > 1 else ())


def test_meshes_without_nodes_are_shown(tmp_path: Path) -> None:
    file = cube()
    del file.tree["nodes"]
    assert canonical(file.corners(tmp_path)) == canonical(moved(np.eye(4)))


@pytest.mark.parametrize(
    ("children", "words"),
    [
        ([[1], [0]], "form a cycle"),
        ([[0], []], "form a cycle"),
        ([[1], [2], [1]], "node 1 has two parents, 0 and 2"),
        ([[1, 1], []], "node 1 has two parents"),
        ([[5], []], "refers to node 5, but there are 2"),
    ],
)
def test_nodes_that_are_no_trees_are_refused(tmp_path: Path, children: list[list[int]], words: str) -> None:
    file = cube()
    file.tree["nodes"] = [{"mesh": 0, "children": below} for below in children]
    file.tree.update(scenes=[{"nodes": [0]}], scene=0)
    with pytest.raises(Refused, match=words):
        file.source(tmp_path)


def test_a_chain_of_many_nodes_is_followed(tmp_path: Path) -> None:
    file = cube(translation=[0.001, 0, 0])
    file.tree["nodes"] += [{"children": [index], "translation": [0.001, 0, 0]} for index in range(3000)]
    assert file.corners(tmp_path)[..., 0].min() == pytest.approx(3.001)


def test_hidden_nodes_are_left_out_with_all_below(tmp_path: Path) -> None:
    file = cube()
    file.add("nodes", mesh=0, translation=[5, 0, 0])
    hidden = {"KHR_node_visibility": {"visible": False}}
    file.add("nodes", children=[1], extensions=hidden)
    file.tree["extensionsUsed"] = ["KHR_node_visibility"]
    source = file.source(tmp_path)
    assert (len(source.raws[0].corners), source.notes) == (12, ("1 hidden nodes left out",))


def test_copies_by_the_instancing_extension_are_shown(tmp_path: Path) -> None:
    file = cube(translation=[0, 100, 0])
    shifts, quats = [(0, 0, 0), (3, 0, 0), (0, 0, 4)], [(0, 0, 0, 1), QUAT, QUAT]
    attributes = {
        "TRANSLATION": file.accessor(shifts),
        "ROTATION": file.accessor(np.rint(np.array(quats) * 32767), "i2", normalized=True),
        "SCALE": file.accessor([(1, 1, 1), (2, 2, 2), (1, 1, -1)]),
    }
    file.tree["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    file.tree.update(
        extensionsUsed=["EXT_mesh_gpu_instancing"], extensionsRequired=["EXT_mesh_gpu_instancing"]
    )
    above = placed(np.eye(3), (0, 100, 0))
    linear = [np.eye(3), 2 * TURN, TURN @ np.diag([1.0, 1, -1])]
    right = [moved(above @ placed(one, shift)) for one, shift in zip(linear, shifts, strict=True)]
    right[2] = right[2][:, ::-1]
    np.testing.assert_allclose(file.corners(tmp_path), np.concatenate(right), atol=1e-3)


def test_copies_count_before_they_are_made(tmp_path: Path) -> None:
    file = cube()
    shifts = file.add("accessors", componentType=5126, count=400_000, type="VEC3")
    file.tree["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": shifts}}}
    with pytest.raises(Refused, match="has 4,800,000 faces, more than 500,000"):
        file.source(tmp_path)


@pytest.mark.parametrize(
    ("of_mesh", "of_node", "used"),
    [(None, None, (0.0, 0.0)), ([0.25, 2.0], None, (0.25, 2.0)), ([0.25, 2.0], [1.0, 0.0], (1.0, 0.0))],
)
@pytest.mark.parametrize("sparse", ["", "alone"])
def test_morph_targets_move_vertices_by_their_weights(
    tmp_path: Path,
    of_mesh: list[float] | None,
    of_node: list[float] | None,
    used: tuple[float, float],
    sparse: str,
) -> None:
    file = cube()
    shifts = np.arange(48).reshape(2, 8, 3) / 10
    targets = [{"POSITION": file.accessor(shift, sparse=sparse)} for shift in shifts]
    file.tree["meshes"][0]["primitives"][0]["targets"] = targets
    if of_mesh:
        file.tree["meshes"][0]["weights"] = of_mesh
    if of_node:
        file.tree["nodes"][0]["weights"] = of_node
    right = (CUBE + np.einsum("t,tnc->nc", used, shifts))[CUBE_FACES]
    np.testing.assert_allclose(file.corners(tmp_path), right, atol=1e-6)


@pytest.mark.parametrize("dtype", ["f4", "u1", "u2"])
def test_a_skin_follows_its_joints_and_not_its_node(tmp_path: Path, dtype: str) -> None:
    """Each vertex moves by the mean of joint times inverse bind matrix; the node of the mesh is ignored."""
    file = cube(translation=[50, 0, 0], skin=0)
    share = CUBE[:, 1] * 0.6
    weights = np.stack([1 - share, share, 0 * share, 0 * share], axis=1)
    full = {"f4": 1.0, "u1": 255.0, "u2": 65535.0}[dtype]
    stored = weights * full if dtype == "f4" else np.rint(weights * full)
    attributes = file.tree["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = file.accessor(np.tile((0, 1, 9, 9), (8, 1)) * (weights > 0), "u1")
    attributes["WEIGHTS_0"] = file.accessor(stored, dtype, normalized=dtype != "f4")
    bind = [placed(np.eye(3), (0, -1, 0)), placed(2 * np.eye(3), (0, 0, 1))]
    inverse = file.accessor([matrix.T.ravel() for matrix in bind])
    file.add("nodes", children=[2], translation=[0, 3, 0])
    file.add("nodes", rotation=list(QUAT))
    file.add("skins", joints=[1, 2], inverseBindMatrices=inverse)
    world = [placed(np.eye(3), (0, 3, 0)), placed(TURN, (0, 3, 0))]
    means = np.einsum("nj,jab->nab", weights[:, :2], [a @ b for a, b in zip(world, bind, strict=True)])
    right = np.einsum("nab,nb->na", means, np.column_stack([CUBE, np.ones(8)]))[:, :3]
    np.testing.assert_allclose(
        file.corners(tmp_path), right[CUBE_FACES], atol=0.02 if dtype == "u1" else 1e-4
    )


def test_a_joint_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = cube(skin=0)
    attributes = file.tree["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = file.accessor(np.full((8, 4), 7), "u1")
    attributes["WEIGHTS_0"] = file.accessor(np.full((8, 4), 0.25))
    file.add("skins", joints=[0])
    with pytest.raises(Refused, match="refers to joint 7, but there are 1"):
        file.source(tmp_path)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (
            {"extensionsRequired": ["ACME_shapes"]},
            "requires the glTF extension ACME_shapes, which is not supported",
        ),
        (
            {"extensionsRequired": ["KHR_draco_mesh_compression"]},
            "is compressed (KHR_draco_mesh_compression)",
        ),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "is compressed (EXT_meshopt_compression)"),
        ({"extensionsRequired": ["KHR_gaussian_splatting"]}, "extension KHR_gaussian_splatting"),
        ({"extensionsRequired": "KHR_x"}, "extensionsRequired must be a list of strings"),
    ],
)
def test_what_a_file_requires_and_is_not_supported_is_refused_by_name(
    tmp_path: Path, tree: dict[str, Any], words: str
) -> None:
    file = cube()
    file.tree.update(tree)
    with pytest.raises(Refused) as refused:
        file.source(tmp_path)
    assert words in refused.value.sentence


@pytest.mark.parametrize("place", ["primitive", "view", "buffer"])
def test_compressed_data_is_refused_even_if_not_required(tmp_path: Path, place: str) -> None:
    file = cube()
    packed: dict[str, Any] = {"EXT_meshopt_compression": {}}
    if place == "primitive":
        file.tree["meshes"][0]["primitives"][0]["extensions"] = {
            "KHR_draco_mesh_compression": {"bufferView": 0}
        }
    elif place == "view":
        file.tree["bufferViews"][0]["extensions"] = packed
    else:
        file.tree["buffers"] = [{"byteLength": 100, "extensions": packed}]
        file.tree["bufferViews"][0]["buffer"] = 1
    with pytest.raises(Refused, match="is compressed"):
        file.source(tmp_path)


@pytest.mark.parametrize(
    ("used", "looks"),
    [
        (["KHR_lights_punctual", "KHR_xmp"], ()),
        (
            ["KHR_materials_transmission", "KHR_materials_sheen"],
            ("rendered without KHR_materials_transmission, KHR_materials_sheen",),
        ),
        (["ACME_shapes", "KHR_lights_punctual"], ("rendered without ACME_shapes (not supported)",)),
        (["KHR_materials_unlit", "KHR_texture_transform", "KHR_mesh_quantization"], ()),
    ],
)
def test_what_a_file_uses_and_is_ignored_is_told_if_it_changes_looks(
    tmp_path: Path, used: list[str], looks: tuple[str, ...]
) -> None:
    file = cube()
    file.tree["extensionsUsed"] = used
    assert file.source(tmp_path).looks == looks
    required = [name for name in used if not name.startswith("ACME")]
    file.tree["extensionsRequired"] = required
    assert file.source(tmp_path).looks == looks
