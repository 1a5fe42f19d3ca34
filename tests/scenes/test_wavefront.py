"""OBJ and MTL files as people and programs write them."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.reading.mtl import Material, parse_materials
from scenes.assets.reading.read import read_source
from tests.library.meshes import picture, png
from tests.library.plates import GREEN, RED, colors, mapped, plate

Shape = list[tuple[float, float]]
DART: Shape = [(0, 0), (4, 0), (1, 1), (0, 4)]
CHANNEL: Shape = [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)]
STRAIGHT: Shape = [(0, 0), (1, 0), (2, 0), (3, 0), (3, 2), (2, 2), (2, 1), (1, 1), (0, 1)]
STAR: Shape = [
    (float(r * np.cos(k * np.pi / 7)), float(r * np.sin(k * np.pi / 7)))
    for k in range(14)
    for r in [1 - 0.7 * (k % 2)]
]


def prism(shape: Shape, first: int = 0, relative: bool = False) -> str:
    """A solid of height 1 over a polygon, with one polygon for each of its faces."""
    n = len(shape)
    lines = [f"v {x!r} {y!r} {z}" for z in (0, 1) for x, y in shape]
    faces = [[*range(2 * n - 1, n - 1, -1)][::-1], [*range(n - 1, -1, -1)]]
    faces = [face[first:] + face[:first] for face in faces]
    faces += [[k, (k + 1) % n, n + (k + 1) % n, n + k] for k in range(n)]
    shift = -2 * n if relative else 1
    return "\n".join([*lines, *("f " + " ".join(str(k + shift) for k in face) for face in faces)]) + "\n"


def shoelace(shape: Shape) -> float:
    x, y = np.array(shape).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def read(folder: Path, text: str | bytes) -> Mesh:
    path = folder / "mesh.obj"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mesh(path)


@pytest.mark.parametrize(
    "shape", [DART, CHANNEL, STRAIGHT, STAR], ids=["dart", "channel", "straight", "star"]
)
def test_concave_polygons_are_filled_exactly(tmp_path: Path, shape: Shape) -> None:
    for first in range(len(shape)):
        mesh = read(tmp_path, prism(shape, first))
        assert mesh.is_watertight
        assert mesh.volume_m3 == pytest.approx(shoelace(shape), rel=1e-9)
        corners = mesh.vertices_m[mesh.faces]
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
        assert np.abs(flat).sum() == pytest.approx(4 * shoelace(shape), rel=1e-9)


def test_relative_indices_count_from_where_they_stand(tmp_path: Path) -> None:
    """Two objects, each with indices relative to its own vertices."""
    second = prism([(x + 10, y) for x, y in CHANNEL], relative=True)
    mesh = read(tmp_path, f"o a\n{prism(DART, relative=True)}o b\n{second}")
    assert mesh.is_watertight
    assert mesh.volume_m3 == pytest.approx(shoelace(DART) + shoelace(CHANNEL), rel=1e-9)
    assert mesh.extents_m[0] == pytest.approx(13)


def continued(text: str) -> str:
    return text.replace(" 2 3", " 2 \\\n3").replace("v 0 4", "v 0 \\\r\n 4")


def commented(text: str) -> str:
    return "\n".join(f"  {line} # {number}\n#\n" for number, line in enumerate(text.splitlines()))


def tabs(text: str) -> str:
    return "\n".join("\t" + line.replace(" ", "\t ") + " \t" for line in text.splitlines())


def carriage_returns(text: str) -> str:
    return text.replace("\n", "\r")


def line_ends_of_windows(text: str) -> str:
    return text.replace("\n", "\r\n")


def with_weights(text: str) -> str:
    return "".join(f"{line} 1.0\n" if line.startswith("v") else f"{line}\n" for line in text.splitlines())


def marked(text: str) -> str:
    return "\ufeff" + text


def empty_slashes(text: str) -> str:
    return "".join(
        f"{line.replace(' ', '// ')}//\n".replace("f//", "f", 1) if line[0] == "f" else f"{line}\n"
        for line in text.splitlines()
    )


def groups_between(text: str) -> str:
    return text.replace("f ", "g a b\ns 1\nusemtl none\no c\ns off\nf ")


@pytest.mark.parametrize(
    "change",
    [
        continued, commented, tabs, carriage_returns, line_ends_of_windows, with_weights, marked,
        empty_slashes, groups_between,
    ],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_ways_of_writing_change_nothing(tmp_path: Path, change: object) -> None:
    assert callable(change)
    plain = prism(DART)
    changed = change(plain)
    assert changed != plain
    assert read(tmp_path, changed).content_hash == read(tmp_path, plain).content_hash


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "o Größe\n" + prism(DART)
    assert read(tmp_path, text.encode(encoding)).content_hash == read(tmp_path, text).content_hash


def corner_colors(folder: Path, text: str) -> NDArray[np.float64]:
    path = folder / "mesh.obj"
    path.write_text(text)
    (raw,) = read_source(path, (folder,)).raws
    assert raw.corner_colors is not None
    return raw.corner_colors


@pytest.mark.parametrize("scale", [1, 255])
def test_colours_of_vertices(tmp_path: Path, scale: int) -> None:
    shares = [(1, 0, 0), (0, 1, 0), (0, 0.2, 1)]
    lines = [
        f"v {x} {y} 0 " + " ".join(f"{scale * c:g}" for c in color)
        for x, y, color in zip((0, 1, 0), (0, 0, 1), shares, strict=True)
    ]
    found = corner_colors(tmp_path, "\n".join([*lines, "f 1 2 3"]))
    np.testing.assert_allclose(found, [shares], atol=1e-9)
    without = corner_colors(tmp_path, "\n".join([*lines, "v 1 1 0", "f 1 2 3", "f 2 4 3"]))
    np.testing.assert_allclose(without[0], shares, atol=1e-9)
    np.testing.assert_allclose(without[1, 1], 0.7)


def test_colours_of_vertices_are_used_with_a_material_without_texture(tmp_path: Path) -> None:
    (tmp_path / "a.mtl").write_text("newmtl a\nKd 0.8 0.8 0.8\n")
    text = "mtllib a.mtl\nusemtl a\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 0 0 1\nf 1 2 3\n"
    np.testing.assert_allclose(corner_colors(tmp_path, text), [np.eye(3)])


def test_the_same_colour_of_all_vertices_is_the_colour_of_the_part(tmp_path: Path) -> None:
    path = tmp_path / "mesh.obj"
    path.write_text("v 0 0 0 1 0.2 0\nv 1 0 0 1 0.2 0\nv 0 1 0 1 0.2 0\nf 1 2 3\n")
    (raw,) = read_source(path, (tmp_path,)).raws
    assert (raw.color_rgb, raw.corner_colors) == ((1, 0.2, 0), None)


def test_faces_without_texture_coordinates_keep_their_colour_beside_others(tmp_path: Path) -> None:
    path = plate(tmp_path, mapped("quad.png", "0.25 0.5 1"))
    text = path.read_text().replace("f 1/1 3/3 4/4", "f 1 3 4")
    path.write_text(text)
    found = read_mesh_file(path)
    assert found.looks == ("1 faces without texture coordinates have the material colour",)
    plain, textured = sorted(found.mesh.parts, key=lambda part: part.texture is not None)
    assert (len(plain.faces), len(textured.faces)) == (1, 1)
    np.testing.assert_allclose(plain.color_rgb, (0.25, 0.5, 1), atol=1 / 255)
    assert textured.texture is not None


def test_texture_coordinates_that_are_not_there_are_missing(tmp_path: Path) -> None:
    path = plate(tmp_path, mapped("quad.png"))
    path.write_text(path.read_text().replace("4/4", "4/9"))
    assert read_mesh_file(path).looks == ("1 faces without texture coordinates have the material colour",)


def test_normals_may_be_missing_for_some_corners(tmp_path: Path) -> None:
    path = tmp_path / "mesh.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0.6 0.8\nf 1//1 2 3//1\n")
    (raw,) = read_source(path, (tmp_path,)).raws
    np.testing.assert_array_equal(raw.normals, [[(0, 0.6, 0.8), (np.nan,) * 3, (0, 0.6, 0.8)]])


TRIANGLES = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl a\nf 1 2 3\nusemtl b\nf 1 3 4\n"


@pytest.mark.parametrize(
    "head",
    ["mtllib one.mtl two.mtl", "mtllib one.mtl\nmtllib two.mtl", "mtllib one.mtl  two.mtl gone.mtl"],
)
def test_several_material_files(tmp_path: Path, head: str) -> None:
    (tmp_path / "one.mtl").write_text("newmtl a\nKd 1 0 0\n")
    (tmp_path / "two.mtl").write_text("newmtl b\nKd 0 0 1\nnewmtl a\nKd 0 1 0\n")
    mesh = read(tmp_path, f"{head}\n{TRIANGLES}")
    assert sorted(part.color_rgb for part in mesh.parts) == [(0, 0, 1), (1, 0, 0)]


def test_names_with_blanks(tmp_path: Path) -> None:
    (tmp_path / "my paints.mtl").write_text("newmtl dark  red\nKd 0.5 0 0\nnewmtl blue\nKd 0 0 1\n")
    (tmp_path / "more.mtl").write_text("newmtl blue\nKd 0 1 0\n")
    text = TRIANGLES.replace("usemtl a", "usemtl dark red").replace("usemtl b", "usemtl blue ")
    for head in ("mtllib my paints.mtl", 'mtllib "my paints.mtl"', "mtllib my paints.mtl more.mtl"):
        mesh = read(tmp_path, f"{head}\n{text}")
        found = sorted(part.color_rgb for part in mesh.parts)
        np.testing.assert_allclose(found, [(0, 0, 1), (0.5, 0, 0)], atol=1 / 255)


def test_a_material_that_no_file_defines_is_told(tmp_path: Path) -> None:
    (tmp_path / "one.mtl").write_text("newmtl a\nKd 1 0 0\n")
    path = tmp_path / "mesh.obj"
    path.write_text("mtllib one.mtl\n" + TRIANGLES)
    assert read_mesh_file(path).looks == ("material 'b' is not defined in any material file",)


def test_free_form_surfaces_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mesh.obj"
    path.write_text(TRIANGLES + "cstype bspline\nsurf 0 1 0 1 1 2 3 4\nend\n")
    assert read_mesh_file(path).notes == ("its free-form curves and surfaces are ignored",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("v 1,5 2,0 3,0", "'1,5 2,0 3,0' has a word that is not a number"),
        ("f 1 2 three", "'1 2 three' has a word that is not a number"),
        ("f 1/a 2/b 3/c", "'1/a 2/b 3/c' has a word that is not a number"),
        ("f 0 9 99999999999999999999", None),
    ],
)
def test_a_line_that_cannot_be_read_is_quoted(tmp_path: Path, line: str, words: str | None) -> None:
    path = tmp_path / "mesh.obj"
    path.write_text(f"{TRIANGLES}{line}\n")
    if words is None:
        assert read_mesh_file(path).notes == ("1 faces with missing vertices dropped",)
        return
    with pytest.raises(MeshError) as caught:
        read_mesh(path)
    assert words in str(caught.value)


MTL = """# comment
newmtl a
Kd 0.5
newmtl b b
  MAP_KD -s 2 3 -o .25 -1e-1 -clamp on -bm 1.0 my picture.png
Kd 1 0.5 0 # warm
newmtl c
map_Kd -imfchan r -mm 0.1 0.9 C:\\pictures\\a-b -1.png -s 2
newmtl d
Kd xyz 1 1 1
newmtl a
Kd 0.25
"""


def test_material_files() -> None:
    expected = {
        "a": Material((0.25, 0.25, 0.25)),
        "b b": Material((1, 0.5, 0), "my picture.png", (2, 3), (0.25, -0.1), clamped=True),
        "c": Material(None, "C:\\pictures\\a-b -1.png", (2, 1), unused=("-mm", "-imfchan")),
        "d": Material(),
    }
    for text in (MTL, MTL.replace("\n", "\r"), MTL.replace("\n", "\r\n"), "\ufeff" + MTL):
        assert parse_materials(text.encode()) == expected
    assert parse_materials(MTL.encode("utf-16")) == expected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("-mm 0.2 0.5", ("texture 'quad.png': -mm in its material file is ignored",)),
        ("-imfchan r", ("texture 'quad.png': -imfchan in its material file is ignored",)),
        ("-clamp on -s 2 2", ("texture 'quad.png' repeats; -clamp in its material file is ignored",)),
        ("-clamp on", ()),
        ("-clamp off -s 2 2", ()),
        ("-bm 0.5 -blendu on -texres 8", ()),
    ],
)
def test_options_that_are_not_used_are_told(tmp_path: Path, options: str, told: tuple[str, ...]) -> None:
    path = plate(tmp_path, mapped(f"{options} quad.png"))
    assert read_mesh_file(path).looks == told


def test_many_materials_and_one_texture_take_no_longer(tmp_path: Path) -> None:
    """Ten thousand materials with a texture of 25 megapixels, which is decoded once."""
    Image.new("RGB", (5000, 5000)).save(tmp_path / "big.png")
    names = [f"m{index}" for index in range(10_000)]
    (tmp_path / "a.mtl").write_text("".join(f"newmtl {name}\nmap_Kd big.png\n" for name in names))
    lines = ["mtllib a.mtl", *(f"v {x} {x % 7} {x % 5}\nvt 0 0" for x in range(30))]
    lines += [f"usemtl {name}\nf {i % 9 + 1} {i % 9 + 2} {i % 9 + 4}" for i, name in enumerate(names)]
    (tmp_path / "mesh.obj").write_text("\n".join(lines))
    start = time.process_time()
    assert len(read_source(tmp_path / "mesh.obj", (tmp_path,)).raws) == 10_000
    assert time.process_time() - start < 5


def test_only_textures_of_materials_in_use_are_missed(tmp_path: Path) -> None:
    path = plate(tmp_path, mapped("quad.png") + mapped("gone.png").replace("newmtl m", "newmtl other"))
    (tmp_path / "quad.png").write_bytes(png(picture()))
    found = read_mesh_file(path)
    assert found.looks == ()
    np.testing.assert_allclose(colors(found.mesh, 2)[0], [RED, GREEN])


def test_reading_needs_neither_trimesh_nor_scipy(tmp_path: Path) -> None:
    (tmp_path / "mesh.obj").write_text(TRIANGLES)
    code = (
        "import sys; from pathlib import Path; from scenes.assets.reading.file import read_mesh; "
        "read_mesh(Path(sys.argv[1])); print({'trimesh', 'scipy'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, str(tmp_path / "mesh.obj")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
