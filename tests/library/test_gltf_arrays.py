"""Accessors of glTF files: each component type, normalised or not, interleaved or tight, sparse or not."""

import itertools
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenes.assets.reading.read import read_source
from scenes.assets.reading.refusal import Refused
from tests.library.gltf_files import FACES, SQUARE, Gltf

STORED: dict[str, list[list[float]]] = {
    "i1": [[-128, 0, 127], [127, 1, -127], [5, -7, 9], [100, 0, 0]],
    "u1": [[255, 0, 127], [1, 2, 3], [200, 100, 50], [0, 255, 9]],
    "i2": [[-32768, 0, 32767], [300, -301, 302], [5, -7, 9], [1000, 0, 0]],
    "u2": [[65535, 0, 127], [1, 20000, 3], [200, 100, 50], [0, 255, 40000]],
    "f4": [[0.5, -2.0, 1e-3], [1e6, 3.25, 0.0], [7.0, 8.0, 9.0], [-1.0, 0.0, 0.25]],
}
DIVISOR = {"i1": 127, "u1": 255, "i2": 32767, "u2": 65535}


@pytest.mark.parametrize("sparse", ["", "over", "alone"])
@pytest.mark.parametrize(
    ("stride", "offset"), [(None, 0), (16, 0), (28, 12)], ids=["tight", "wide", "shifted"]
)
@pytest.mark.parametrize(("dtype", "normalized"), [*itertools.product(DIVISOR, (False, True)), ("f4", False)])
def test_positions_of_every_kind_are_read(
    tmp_path: Path, dtype: str, normalized: bool, stride: int | None, offset: int, sparse: str
) -> None:
    file = Gltf(extensionsUsed=["KHR_mesh_quantization"], extensionsRequired=["KHR_mesh_quantization"])
    rows = np.array(STORED[dtype])
    position = file.accessor(rows, dtype, stride, offset, sparse, normalized=normalized)
    file.mesh({"attributes": {"POSITION": position}, "indices": file.accessor(FACES, "u1")})
    right = np.maximum(rows / DIVISOR[dtype], -1.0) if normalized else rows.astype(np.float32)
    np.testing.assert_allclose(file.corners(tmp_path).reshape(-1, 3), right[list(FACES)], rtol=1e-12)


@pytest.mark.parametrize("sparse", ["", "over", "alone"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
def test_indices_of_every_kind_are_read(tmp_path: Path, dtype: str, sparse: str) -> None:
    file = Gltf()
    indices = file.accessor(FACES, dtype, sparse=sparse)
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": indices})
    np.testing.assert_allclose(file.corners(tmp_path).reshape(-1, 3), np.array(SQUARE)[list(FACES)])


def test_a_stride_counts_for_vertices_only(tmp_path: Path) -> None:
    """Other data are tightly packed by the specification, whatever their buffer view says."""
    file = Gltf()
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": file.accessor(FACES, "u2")})
    file.tree["bufferViews"][1]["byteStride"] = 8
    np.testing.assert_allclose(file.corners(tmp_path).reshape(-1, 3), np.array(SQUARE)[list(FACES)])


def test_attributes_share_a_view(tmp_path: Path) -> None:
    """Positions and normals side by side, as most exporters write them; the bounds are not trusted."""
    file = Gltf()
    rows = np.concatenate([np.array(SQUARE, "f4"), np.tile(np.array([0, 1, 0], "f4"), (4, 1))], axis=1)
    view = file.view(rows.tobytes(), byteStride=24)
    of = {"bufferView": view, "componentType": 5126, "count": 4, "type": "VEC3"}
    position = file.add("accessors", **of, min=[0, 0, 0], max=[9, 9, 9])
    normal = file.add("accessors", **of, byteOffset=12)
    file.mesh({"attributes": {"POSITION": position, "NORMAL": normal}, "indices": file.accessor(FACES, "u4")})
    (raw,) = file.source(tmp_path).raws
    np.testing.assert_allclose(raw.corners.reshape(-1, 3), np.array(SQUARE)[list(FACES)])
    assert raw.normals is not None
    np.testing.assert_allclose(raw.normals, np.tile((0.0, 1.0, 0.0), (2, 3, 1)))


def test_a_few_faces_of_many_vertices(tmp_path: Path) -> None:
    file = Gltf()
    many = np.arange(30_000).reshape(-1, 3)
    indices = file.accessor([7, 9999, 8, 8, 9999, 100], "u2")
    file.mesh({"attributes": {"POSITION": file.accessor(many)}, "indices": indices})
    np.testing.assert_allclose(file.corners(tmp_path).reshape(-1, 3), many[[7, 9999, 8, 8, 9999, 100]])


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "more rows than bytes": ("accessors", {"count": 5}, "ends at byte 60, but its buffer view has only 48"),
    "an offset beyond the end": (
        "accessors",
        {"byteOffset": 4},
        "ends at byte 52, but its buffer view has only 48",
    ),
    "a huge count": ("accessors", {"count": 10**15}, "ends at byte 12,000,000,000,000,000"),
    "a negative count": (
        "accessors",
        {"count": -1},
        "accessors[0].count must be a whole number of at least 0",
    ),
    "a negative offset": ("accessors", {"byteOffset": -4}, "byteOffset must be a whole number"),
    "a count in words": ("accessors", {"count": "four"}, "not 'four'"),
    "a truth value as count": ("accessors", {"count": True}, "not True"),
    "a fraction as count": ("accessors", {"count": 3.5}, "not 3.5"),
    "an unknown component": ("accessors", {"componentType": 5124}, "must be one of 5120"),
    "no component": ("accessors", {"componentType": None}, "accessors[0].componentType is missing"),
    "an unknown type": ("accessors", {"type": "VEC5"}, "must be one of SCALAR"),
    "another type": ("accessors", {"type": "VEC2"}, "accessors[0] must be VEC3"),
    "a view that is not there": ("accessors", {"bufferView": 9}, "refers to bufferViews[9], but has 2"),
    "a view beyond its buffer": (
        "bufferViews",
        {"byteLength": 4000},
        "ends at byte 4,000, but its buffer has only 60",
    ),
    "a view that begins beyond": ("bufferViews", {"byteOffset": 10**9}, "bufferViews[0] ends at byte"),
    "a narrow stride": ("bufferViews", {"byteStride": 8}, "rows of 12 bytes, but a stride of 8"),
    "a wide stride": ("bufferViews", {"byteStride": 2**40}, "ends at byte"),
    "another buffer": ("bufferViews", {"buffer": 1}, "refers to buffers[1], but has 1"),
    "a list as view": ("bufferViews", {"buffer": [0]}, "not [0]"),
    "sparse without values": (
        "accessors",
        {"sparse": {"count": 1, "indices": {}}},
        "sparse.values is missing",
    ),
    "sparse with floats": (
        "accessors",
        {
            "sparse": {
                "count": 1,
                "indices": {"bufferView": 1, "componentType": 5126},
                "values": {"bufferView": 0},
            }
        },
        "must be one of 5121, 5123, 5125",
    ),
    "sparse that decreases": (
        "accessors",
        {
            "sparse": {
                "count": 4,
                "indices": {"bufferView": 1, "componentType": 5123},
                "values": {"bufferView": 0},
            }
        },
        "must increase, and be less than 4",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_refused_before_it_is_read(tmp_path: Path, case: str) -> None:
    key, change, words = WRONG[case]
    file = Gltf()
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": file.accessor(FACES, "u2")})
    assert len(file.corners(tmp_path)) == 2
    file.tree[key][0].update(change)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused) as refused:
        file.source(tmp_path)
    assert refused.value.kind == "unreadable"
    assert words in refused.value.sentence, refused.value.sentence
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("indexed", [True, False])
def test_an_array_without_data_is_zeros_and_takes_no_memory(tmp_path: Path, indexed: bool) -> None:
    file = Gltf()
    position = file.add("accessors", componentType=5126, count=2**40, type="VEC3")
    primitive: dict[str, Any] = {"attributes": {"POSITION": position}}
    if indexed:
        primitive["indices"] = file.accessor([0, 10**9, 2], "u4")
    file.mesh(primitive)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if indexed:
        np.testing.assert_array_equal(file.corners(tmp_path), np.zeros((1, 3, 3)))
    else:
        with pytest.raises(Refused, match="more than 500,000"):
            file.source(tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("where", ["embedded", "percent", "beside", "second"])
def test_buffers_are_found_where_they_are(tmp_path: Path, where: str) -> None:
    file = Gltf()
    file.mesh({"attributes": {"POSITION": file.accessor(SQUARE)}, "indices": file.accessor(FACES, "u2")})
    content = file.text()
    if where == "percent":
        content = file.text("data:," + "".join(f"%{byte:02X}" for byte in file.binary))
    if where in ("beside", "second"):
        (tmp_path / "größe 1.bin").write_bytes(bytes(file.binary) + b"more")
        content = file.text("gr%C3%B6%C3%9Fe%201.bin")
    if where == "second":  # the binary chunk is the first buffer
        for view in file.tree["bufferViews"]:
            view["buffer"] = 1
        file.tree["buffers"] = [{"byteLength": len(file.binary), "uri": "größe 1.bin"}]
        content = file.glb()
    path = tmp_path / f"a.{'glb' if where == 'second' else 'gltf'}"
    path.write_bytes(content)
    (raw,) = read_source(path, (tmp_path,)).raws
    np.testing.assert_allclose(raw.corners.reshape(-1, 3), np.array(SQUARE)[list(FACES)])


def test_chunks_of_other_kinds_are_skipped(tmp_path: Path) -> None:
    file = Gltf()
    file.square()
    (tmp_path / "a.glb").write_bytes(file.glb((0x12345678, b"12345678"), (0x004E4942, b"none")))
    (raw,) = read_source(tmp_path / "a.glb", (tmp_path,)).raws
    assert len(raw.corners) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content[:-8], "is truncated: it declares"),
        (lambda content: content[:16] + b"BIN\x00" + content[20:], "its first chunk is not JSON"),
        (lambda content: content[:4] + b"\x01" + content[5:], "is GLB version 1"),
        (
            lambda content: content[:12] + b"\xff\xff\xff\x7f" + content[16:],
            "is truncated in the chunk at byte 12",
        ),
        (
            lambda content: content.replace(b'"version": "2.0"', b'"version": "1.0"'),
            "is glTF 1.0; only version 2.0 is supported",
        ),
        (
            lambda content: content.replace(b'"version": "2.0"', b'"minVersion":"2"'),
            "is glTF without a version",
        ),
        (lambda content: content.replace(b'{"asset"', b'["asset"', 1), "is not a glTF file"),
        (lambda content: b"solid" + content, "begins with neither glTF nor {"),
        (lambda content: content[:10], "10 bytes, and the header alone has 12"),
    ],
)
def test_damaged_containers_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    file = Gltf()
    file.square()
    (tmp_path / "a.glb").write_bytes(change(file.glb()))
    with pytest.raises(Refused, match=r"truncated|glTF|GLB") as refused:
        read_source(tmp_path / "a.glb", (tmp_path,))
    assert words in refused.value.sentence
