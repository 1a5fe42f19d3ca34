"""PLY files of all kinds: text and binary, lists of any type, strips, colours and textures."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.reading.raw import Raw
from scenes.assets.reading.read import read_source
from tests.solids import CHANNEL, HEIGHT, area, prism

STRUCT = {
    "char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I", "float": "f",
    "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f",
    "double": "d", "float64": "d", "int64": "q", "uint64": "Q",
}  # fmt: skip
Row = list[float | list[float]]
FORMS = ("ascii", "binary_little_endian", "binary_big_endian")
XYZ = ("float x", "float y", "float z")
SQUARE: list[Row] = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def packed(each: str, value: float | list[float], order: str) -> tuple[list[str], bytes]:
    """A value of a property, such as `list uchar int vertex_indices`, as words and as bytes."""
    kinds = [STRUCT[word] for word in each.split()[:-1] if word != "list"]
    numbers = value if isinstance(value, list) else [value]
    counted = [len(numbers)] if isinstance(value, list) else []
    content = b"".join(struct.pack(order + kinds[0], count) for count in counted)
    for number in numbers:
        content += struct.pack(order + kinds[-1], number if kinds[-1] in "fd" else int(number))
    return [str(number) for number in (*counted, *numbers)], content


def written(
    path: Path,
    *elements: Any,
    form: str = "binary_little_endian",
    comments: tuple[str, ...] = (),
    newline: str = "\n",
) -> Path:
    """A PLY file of the given elements: name, properties and rows."""
    head = ["ply", f"format {form} 1.0", *(f"comment {comment}" for comment in comments)]
    for name, properties, rows in elements:
        head += [f"element {name} {len(rows)}", *(f"property {each}" for each in properties)]
    content = newline.join([*head, "end_header", ""]).encode()
    order = ">" if form == "binary_big_endian" else "<"
    for _, properties, rows in elements:
        for row in rows:
            values = [packed(each, value, order) for each, value in zip(properties, row, strict=True)]
            if form == "ascii":
                content += (" ".join(word for words, _ in values for word in words) + newline).encode()
            else:
                content += b"".join(packed_value for _, packed_value in values)
    path.write_bytes(content)
    return path


def raws_of(path: Path) -> tuple[Raw, ...]:
    return read_source(path, (path.parent,)).raws


def faces_of(*polygons: list[float], kind: str = "uchar int vertex_indices") -> Any:
    return "face", (f"list {kind}",), [[polygon] for polygon in polygons]


def area_of(path: Path) -> float:
    a, b, c = np.moveaxis(np.concatenate([raw.corners for raw in raws_of(path)]), 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", [0, 3, 6])
def test_concave_polygons_of_any_size(tmp_path: Path, form: str, first: int) -> None:
    solid = prism(CHANNEL, first)
    vertices: list[Row] = [list(row) for row in solid.vertices.tolist()]
    faces = faces_of(*(list(map(float, face)) for face in solid.polygons))
    mesh = read_mesh(written(tmp_path / "a.ply", ("vertex", XYZ, vertices), faces, form=form))
    assert mesh.is_watertight
    assert mesh.volume_m3 == pytest.approx(area(CHANNEL) * HEIGHT, rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "kind",
    ["uchar int vertex_index", "int int vertex_indices", "uint8 uint32 vertex_indices",
     "ushort ushort vertex_index", "char char vertex_indices", "uint64 int64 vertex_indices",
     "uchar float vertex_indices"],
)  # fmt: skip
def test_lists_of_any_type(tmp_path: Path, form: str, kind: str) -> None:
    """Triangles alone, and triangles among others, whose rows have different lengths."""
    vertex = ("vertex", XYZ, SQUARE)
    alone = written(tmp_path / "a.ply", vertex, faces_of([0, 1, 2], [0, 2, 3], kind=kind), form=form)
    mixed = written(tmp_path / "b.ply", vertex, faces_of([0, 1, 2, 3], [0, 3, 2], kind=kind), form=form)
    assert (area_of(alone), area_of(mixed)) == (1.0, 1.5)


@pytest.mark.parametrize("form", FORMS)
def test_other_elements_and_properties_are_passed_over(tmp_path: Path, form: str) -> None:
    others = ("list uchar double weights", "short id", "list ushort uchar name")
    extra = ("patch", others, [[[0.5, 0.25], 3, [1, 2, 3]], [[], -1, [7]]])
    edges = ("edge", ("int vertex1", "int vertex2"), [[0, 1], [1, 2], [2, 0]])
    vertices: list[Row] = [[7, *row[:2], [1, 2], row[2]] for row in SQUARE]
    vertex = ("vertex", ("uchar quality", "float x", "double y", "list uchar int rings", "float z"), vertices)
    rows: list[Row] = [[9, [0.5] * 3, [0, 1, 2], 1], [9, [], [0, 2, 3], 2]]
    properties = ("uchar flags", "list uchar float areas", "list uchar int vertex_indices", "int group")
    path = written(
        tmp_path / "a.ply",
        extra,
        edges,
        vertex,
        ("empty", (), [[]] * 9),
        ("face", properties, rows),
        form=form,
    )
    assert area_of(path) == 1.0
    before = written(tmp_path / "b.ply", ("face", properties, rows), vertex, form=form)
    assert area_of(before) == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_strips(tmp_path: Path, form: str) -> None:
    """Two strips in one list: a fold of two squares, and a triangle; all turned the same way."""
    vertices: list[Row] = [[x, y, 0] for x in range(3) for y in (1, 0)]
    strips = ("tristrips", ("list int int vertex_indices",), [[[0, 1, 2, 3, 4, 5, -1, 5, 4, 3]]])
    path = written(tmp_path / "a.ply", ("vertex", XYZ, vertices), strips, form=form)
    (raw,) = raws_of(path)
    normals = np.cross(raw.corners[:, 1] - raw.corners[:, 0], raw.corners[:, 2] - raw.corners[:, 0])
    assert normals[:, 2].tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("names", "kind", "most"),
    [
        ("red green blue", "uchar", 255),
        ("red green blue", "float", 1.0),
        ("red green blue", "float", 255.0),
        ("red green blue", "ushort", 65535),
        ("red green blue", "int", 255),
        ("diffuse_red diffuse_green diffuse_blue", "uint8", 255),
        ("r g b", "double", 1.0),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_colours_of_vertices(tmp_path: Path, names: str, kind: str, most: float, form: str) -> None:
    colors: list[Row] = [[most, 0, 0], [most, 0, 0], [0, 0, most], [0, 0, most]]
    properties = (*XYZ, *(f"{kind} {name}" for name in names.split()))
    vertices = [row + color for row, color in zip(SQUARE, colors, strict=True)]
    path = written(tmp_path / "a.ply", ("vertex", properties, vertices), faces_of([0, 1, 2, 3]), form=form)
    (raw,) = raws_of(path)
    assert raw.corner_colors is not None
    below = raw.corners[..., 1] == 0
    assert (raw.corner_colors[below] == RED).all()
    assert (raw.corner_colors[~below] == BLUE).all()


@pytest.mark.parametrize("form", FORMS)
def test_colours_of_polygons(tmp_path: Path, form: str) -> None:
    properties = ("list uchar int vertex_indices", "uchar red", "uchar green", "uchar blue")
    faces = ("face", properties, [[[0, 1, 2, 3], 255, 0, 0], [[3, 2, 1], 0, 0, 255]])
    (raw,) = raws_of(written(tmp_path / "a.ply", ("vertex", XYZ, SQUARE), faces, form=form))
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [[list(RED)] * 3] * 2 + [[list(BLUE)] * 3]


def test_normals_are_kept_for_import(tmp_path: Path) -> None:
    vertices = [[*row, 0.6, 0, 0.8] for row in SQUARE]
    properties = (*XYZ, "float nx", "float ny", "double nz")
    (raw,) = raws_of(written(tmp_path / "a.ply", ("vertex", properties, vertices), faces_of([0, 1, 2, 3])))
    assert raw.normals is not None
    np.testing.assert_allclose(raw.normals, np.broadcast_to((0.6, 0, 0.8), (2, 3, 3)), atol=1e-7)


def picture(path: Path, color: tuple[float, float, float]) -> None:
    Image.fromarray(np.full((8, 8, 3), 255, np.uint8) * np.array(color, np.uint8)).save(path)


def seen(raw: Raw) -> NDArray[np.float64]:
    """The colour of the first pixel of the texture."""
    assert raw.texture is not None
    return np.asarray(raw.texture[0, 0] / 255)


@pytest.mark.parametrize("names", ["s t", "u v", "texture_u texture_v", "texture_s texture_t"])
@pytest.mark.parametrize("form", FORMS)
def test_texture_coordinates_of_vertices(tmp_path: Path, names: str, form: str) -> None:
    picture(tmp_path / "my red.png", RED)
    vertices = [row + row[:2] for row in SQUARE]
    properties = (*XYZ, *(f"float {name}" for name in names.split()))
    path = written(
        tmp_path / "a.ply", ("vertex", properties, vertices), faces_of([0, 1, 2, 3]),
        form=form, comments=("TextureFile my red.png",),
    )  # fmt: skip
    (raw,) = raws_of(path)
    assert raw.uvs is not None
    assert np.array_equal(raw.uvs, raw.corners[..., :2])
    assert np.array_equal(seen(raw), RED)


@pytest.mark.parametrize("form", FORMS)
def test_texture_coordinates_and_textures_of_faces(tmp_path: Path, form: str) -> None:
    picture(tmp_path / "red.png", RED)
    picture(tmp_path / "blue.png", BLUE)
    wedge: list[float] = [0, 0, 1, 0, 1, 1, 0, 1]
    rows: list[Row] = [[[0, 1, 2, 3], wedge, 1], [[0, 1, 2], wedge[:6], 0], [[0, 2, 3], [0] * 6, -1]]
    faces = ("face", ("list uchar int vertex_indices", "list uchar float texcoord", "int texnumber"), rows)
    comments = ("made by hand", "TextureFile red.png", "TextureFile blue.png")
    path = written(tmp_path / "a.ply", ("vertex", XYZ, SQUARE), faces, form=form, comments=comments)
    plain, red, blue = raws_of(path)
    assert (plain.texture, len(plain.corners), len(red.corners), len(blue.corners)) == (None, 1, 1, 2)
    assert np.array_equal((seen(red), seen(blue)), (RED, BLUE))
    for raw in (red, blue):
        assert raw.uvs is not None
        assert np.array_equal(raw.uvs, raw.corners[..., :2])


def test_a_missing_texture_leaves_the_colours(tmp_path: Path) -> None:
    vertices = [[*row, *row[:2], 255, 0, 0] for row in SQUARE]
    properties = (*XYZ, "float s", "float t", "uchar red", "uchar green", "uchar blue")
    path = written(
        tmp_path / "a.ply",
        ("vertex", properties, vertices),
        faces_of([0, 1, 2, 3]),
        comments=("TextureFile no.png",),
    )
    found = read_mesh_file(path)
    assert found.looks == ("texture 'no.png' is missing: the material colour is used",)
    assert [part.color_rgb for part in found.mesh.parts] == [RED]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", FORMS)
def test_line_ends_and_comments(tmp_path: Path, form: str, newline: str) -> None:
    """The first byte of the numbers is that of a line end."""
    vertices: list[Row] = [[10, 0, 0, 0], [13, 1, 0, 0], [10, 0, 1, 0]]
    vertex = ("vertex", ("char id", *XYZ), vertices)
    comments = ("its end_header comes later", "größe")
    path = written(
        tmp_path / "a.ply", vertex, faces_of([0, 1, 2]), form=form, comments=comments, newline=newline
    )
    assert area_of(path) == 0.5


def test_words_of_programs_in_the_header_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ply", ("vertex", XYZ, SQUARE), faces_of([0, 1, 2, 3]), form="ascii")
    path.write_text(
        path.read_text().replace("element face", "Created by Blender3D 247\nobj_info x 3\nelement face")
    )
    assert area_of(path) == 1


HEAD = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
FACE = "element face 1\nproperty list uchar int vertex_indices\n"
POINTS = "end_header\n0 0 0\n1 0 0\n0 1 0\n"
ONE = "element face 1\nproperty {} vertex_indices\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("ply\nformat ascii 1.0\n", "header has no end_header"),
        ("ply\nformat utf8 1.0\nend_header\n", "the format 'utf8'"),
        (HEAD + "element face many\nend_header\n", "'element face many'"),
        (HEAD + ONE.format("list uchar half") + POINTS, "'list uchar half"),
        (HEAD + ONE.format("list float int") + POINTS, "'list float int"),
        (HEAD + ONE.format("int") + POINTS + "3\n", "no list property vertex_indices"),
        (HEAD + POINTS, "has no faces"),
        (HEAD + FACE + POINTS, "some of its 1 rows of 'face' are missing"),
        (HEAD + FACE + POINTS + "3 0 1\n", "some of its 1 rows of 'face' are missing"),
        (HEAD + FACE + POINTS + "-1 0 1 2\n", "some of its 1 rows of 'face' are missing"),
        (HEAD + FACE + POINTS.replace("1 0 0", "1 0 zero") + "3 0 1 2\n", "text where a number is expected"),
        (HEAD + FACE + POINTS + "3 0 1 3\n", "vertices that do not exist"),
        (HEAD + FACE + POINTS + "3 0 1 -2\n", "vertices that do not exist"),
        (HEAD + FACE + POINTS + "3 0 1 nan\n", "vertices that do not exist"),
        (HEAD.replace("vertex 3", f"vertex {10**30}") + FACE + POINTS, "rows of 'vertex' are missing"),
        (HEAD + FACE.replace("face 1", f"face {10**18}") + POINTS + "3 0 1 2\n", "more than 500,000"),
        (HEAD.replace(" y\n", " why\n") + FACE + POINTS + "3 0 1 2\n", "no x, y and z"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.ply").write_text(content)
    with pytest.raises(MeshError, match=words):
        read_mesh(tmp_path / "a.ply")


def test_cut_off_anywhere(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ply", ("vertex", XYZ, SQUARE), faces_of([0, 1, 2, 3], [0, 1, 2]))
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(MeshError):
            read_mesh(path)


def test_a_polygon_of_which_one_vertex_is_missing_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ply", ("vertex", XYZ, SQUARE), faces_of([0, 1, 2, 3], [0, 1, 9]))
    source = read_source(path, (tmp_path,))
    assert source.notes == ("1 faces with missing vertices dropped",)
    assert len(source.raws[0].corners) == 2
