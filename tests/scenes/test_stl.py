"""STL files: text and binary, cut off, with colours."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.reading.raw import GREY
from scenes.assets.reading.read import read_source

BOX = trimesh.creation.box((1, 2, 3))
CORNERS = np.asarray(BOX.triangles, np.float64)


def binary(attributes: NDArray[np.uint16] | int = 0, head: bytes = b"") -> bytes:
    facets = np.zeros(len(CORNERS), [("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")])
    facets["c"], facets["a"] = CORNERS, attributes
    return head.ljust(80, b" ") + np.uint32(len(CORNERS)).tobytes() + facets.tobytes()


def text(name: str = "box") -> str:
    facets = (
        "facet normal 0 0 0\n outer loop\n" + "".join(f"  vertex {x!r} {y!r} {z!r}\n" for x, y, z in corners)
        + " endloop\nendfacet\n" for corners in CORNERS.tolist()
    )  # fmt: skip
    return f"solid {name}\n{''.join(facets)}endsolid {name}\n"


def two_solids() -> str:
    facets = text().splitlines(keepends=True)
    return "".join([*facets[:43], "endsolid box\nsolid more\n", *facets[43:]])


@pytest.mark.parametrize(
    "content",
    [
        binary(),
        binary(head=b"solid of a program that writes binary"),
        text().encode(),
        text().upper().encode(),
        text().replace("\n", "\r\n").encode(),
        text().replace("\n", "\r").encode(),
        text().replace(" ", "\t").encode(),
        b"\xef\xbb\xbf" + text().encode(),
        text("Größe").encode("utf-16"),
        text("Größe").encode("latin-1"),
        b"  \n" + text().encode(),
        text("").encode(),
        two_solids().encode(),
    ],
    ids=range(13),
)
def test_ways_of_writing_a_box(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "box.stl"
    path.write_bytes(content)
    found = read_mesh_file(path)
    assert found.notes == ()
    assert (found.mesh.is_watertight, len(found.mesh.faces)) == (True, 12)
    assert found.mesh.volume_m3 == pytest.approx(6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (binary()[:-30], "is truncated: it declares 12 triangles but contains 11"),
        (text().encode()[:-60], "is truncated: a triangle does not have three corners"),
        (
            text().replace("vertex -0.5 ", "vertex ").encode(),
            "is truncated: a triangle does not have three corners",
        ),
        (text().replace("0.5", "0,5").encode(), "has a word that is not a number"),
        (b"garbage", "is not an STL file: it has 7 bytes"),
        (b"solid nothing\nfacet\nendsolid\n", "has no faces"),
    ],
)
def test_what_is_cut_off_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "box.stl").write_bytes(content)
    with pytest.raises(MeshError, match=words):
        read_mesh(tmp_path / "box.stl")


def test_text_without_its_end_is_told(tmp_path: Path) -> None:
    facets = text().splitlines(keepends=True)
    (tmp_path / "box.stl").write_text("".join(facets[:-8]))
    found = read_mesh_file(tmp_path / "box.stl")
    assert (len(found.mesh.faces), found.notes) == (11, ("ends without endsolid: it may be truncated",))


def test_bytes_at_the_end_are_told(tmp_path: Path) -> None:
    (tmp_path / "box.stl").write_bytes(binary() + bytes(7))
    assert read_mesh_file(tmp_path / "box.stl").notes == ("7 bytes after its last triangle left out",)


MARKED = 0x8000
MAGICS = b"COLOR=\x80\x40\x20\xff,MATERIAL="
OWN = (128 / 255, 64 / 255, 32 / 255)


@pytest.mark.parametrize(
    ("head", "attribute", "color"),
    [
        (b"", 0, GREY),
        (b"", 1234, GREY),
        (b"", MARKED | 31 << 10, (1, 0, 0)),
        (b"", MARKED | 31, (0, 0, 1)),
        (MAGICS, MARKED, OWN),
        (MAGICS, 0, OWN),
        (MAGICS, 31, (1, 0, 0)),
        (MAGICS, 31 << 10, (0, 0, 1)),
    ],
)
def test_colours(tmp_path: Path, head: bytes, attribute: int, color: tuple[float, float, float]) -> None:
    (tmp_path / "box.stl").write_bytes(binary(attribute, head))
    (part,) = read_mesh(tmp_path / "box.stl").parts
    np.testing.assert_allclose(part.color_rgb, color)


def test_each_facet_has_its_colour(tmp_path: Path) -> None:
    attributes = np.where(np.arange(12) % 2, MARKED | 31 << 10, 0).astype(np.uint16)
    (tmp_path / "box.stl").write_bytes(binary(attributes))
    (raw,) = read_source(tmp_path / "box.stl", (tmp_path,)).raws
    assert raw.corner_colors is not None
    np.testing.assert_allclose(raw.corner_colors[0::2], np.broadcast_to(GREY, (6, 3, 3)))
    np.testing.assert_allclose(raw.corner_colors[1::2], np.broadcast_to((1, 0, 0), (6, 3, 3)))
