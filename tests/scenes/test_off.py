"""OFF files: polygons of any shape and size, colours of vertices and faces, comments; and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh
from scenes.assets.reading.raw import GREY, Raw
from scenes.assets.reading.read import read_source
from scenes.assets.reading.source import Source
from tests.solids import HEIGHT, OUTLINES, area, off, prism

POINTS = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"
FACES = "3 0 1 2\n3 0 2 3\n"
PLAIN = f"OFF\n4 2 5\n{POINTS}{FACES}"
RED, GREEN, BLUE = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
PENTAGON = [(float(np.cos(a)), float(np.sin(a))) for a in 2 * np.pi * np.arange(5) / 5]


def source_of(path: Path, content: str) -> Source:
    path.write_text(content)
    return read_source(path, (path.parent,))


def raw_of(path: Path, content: str) -> Raw:
    (raw,) = source_of(path, content).raws
    return raw


@pytest.mark.parametrize("first", [0, 1, 4])
@pytest.mark.parametrize("name", [*OUTLINES, "pentagon"])
def test_polygons_of_any_shape(tmp_path: Path, name: str, first: int) -> None:
    outline = OUTLINES.get(name, PENTAGON)
    solid = prism(outline, first % len(outline))
    (tmp_path / "a.off").write_text(off(solid))
    mesh = read_mesh(tmp_path / "a.off")
    assert mesh.is_watertight
    assert len(mesh.faces) == 2 * (len(outline) - 2) + 2 * len(outline)
    assert mesh.volume_m3 == pytest.approx(area(outline) * HEIGHT, rel=1e-6)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("4 2 5", "4 2"),
        PLAIN.replace("OFF\n", "OFF "),
        PLAIN.replace("OFF\n", ""),
        PLAIN.replace("OFF\n", "\ufeffOFF # a square\n# größe: 1 m\n\n"),
        PLAIN.replace("1 1 0\n", "1 1 0 # the far corner\n\n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN + "and what comes after\n",
        PLAIN.replace("OFF", "NOFF").replace(" 0\n", " 0 0 0 1\n"),
        PLAIN.replace("OFF", "STNOFF").replace(" 0\n", " 0 0 0 1 0.5 0.5\n"),
    ],
)
def test_ways_to_write_a_square(tmp_path: Path, content: str) -> None:
    source = source_of(tmp_path / "a.off", content)
    assert source.raws[0].corners.tolist() == [
        [[0, 0, 0], [1, 0, 0], [1, 1, 0]],
        [[0, 0, 0], [1, 1, 0], [0, 1, 0]],
    ]
    assert (source.notes, source.looks) == ((), ())


@pytest.mark.parametrize("color", ["255 0 0", "1.0 0.0 0.0", "255 0 0 255", "1 0 0 0.5", "255.0 0 0"])
def test_colours_of_faces(tmp_path: Path, color: str) -> None:
    blue = "0 0 255" if "255" in color else "0 0 1"
    content = f"OFF\n4 2 5\n{POINTS}3 0 1 2  {color}\n3 0 2 3 {blue}\n"
    raw = raw_of(tmp_path / "a.off", content)
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [[RED] * 3, [BLUE] * 3]


def test_colours_of_polygons_and_faces_without(tmp_path: Path) -> None:
    raw = raw_of(tmp_path / "a.off", f"OFF\n4 2 5\n{POINTS}4 0 1 2 3 0 255 0\n3 2 1 0\n")
    assert raw.corner_colors is not None
    np.testing.assert_allclose(raw.corner_colors, [[GREEN] * 3] * 2 + [[GREY] * 3])


@pytest.mark.parametrize("most", ["255", "1.0"])
@pytest.mark.parametrize("alpha", ["", " 255"])
@pytest.mark.parametrize(
    ("keyword", "normal", "uv"), [("COFF", "", ""), ("CNOFF", " 0 0 1", ""), ("STCOFF", "", " 0 1")]
)
def test_colours_of_vertices(
    tmp_path: Path, keyword: str, normal: str, most: str, alpha: str, uv: str
) -> None:
    alpha = alpha.replace("255", most)
    colors = (f"{most} 0 0", f"{most} 0 0", f"0 0 {most}", f"0 0 {most}")
    rows = [
        f"{row}{normal} {color}{alpha}{uv}" for row, color in zip(POINTS.splitlines(), colors, strict=True)
    ]
    raw = raw_of(tmp_path / "a.off", f"{keyword}\n4 2 5\n" + "\n".join(rows) + f"\n{FACES}")
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [[RED, RED, BLUE], [RED, BLUE, BLUE]]
    assert (
        raw.normals is None if not normal else (raw.normals is not None and (raw.normals == (0, 0, 1)).all())
    )
    assert raw.uvs is None if not uv else (raw.uvs is not None and (raw.uvs == (0, 1)).all())


def test_what_is_not_used_is_told(tmp_path: Path) -> None:
    rows = POINTS.replace("\n", " 7 7 7\n")
    assert source_of(tmp_path / "a.off", f"OFF\n4 2 0\n{rows}{FACES}").looks == (
        "numbers after the vertex coordinates are ignored",
    )
    assert source_of(tmp_path / "b.off", PLAIN.replace("3 0 1 2", "3 0 1 2 5")).looks == (
        "face colours that are indices into a colour table are ignored",
    )
    assert source_of(tmp_path / "c.off", PLAIN.replace("3 0 1 2", "3 0 1 9")).notes == (
        "1 faces with missing vertices dropped",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("OFF\n", "numbers of vertices and faces are missing"),
        ("OFF\n4 many 0\n", "numbers of vertices and faces are missing"),
        ("OFF BINARY\n\0\0\0\4\0\0\0\2", "is a binary OFF file; only text is supported"),
        ("STCNOFF BINARY\n\0\0", "is a binary OFF file; only text is supported"),
        (PLAIN.replace("OFF", "4OFF"), "without three coordinates per vertex"),
        (PLAIN.replace("OFF", "nOFF\n2"), "without three coordinates per vertex"),
        (PLAIN.replace("4 2", "4 3"), "is truncated: its header declares 4 vertices and 3 faces"),
        (PLAIN.replace("4 2", f"{10**40} 2"), "is truncated"),
        (PLAIN.replace("4 2", "4 0"), "has no faces"),
        (PLAIN.replace("3 0 1 2", "4 0 1 2"), "a face line has fewer numbers"),
        (PLAIN.replace("3 0 1 2", "-1 0 1 2"), "a face line has fewer numbers"),
        (PLAIN.replace("3 0 1 2", "nan 0 1 2"), "a face line has fewer numbers"),
        (PLAIN.replace("1 1 0", "1 1"), "a vertex line has too few numbers"),
        (PLAIN.replace("OFF", "COFF"), "a vertex line has too few numbers"),
        (PLAIN.replace("1 1 0", "1 one 0"), "text where a number is expected"),
        (PLAIN.replace(" 0 ", " 7 ").replace("3 0", "3 8"), "vertices that do not exist"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.off").write_text(content)
    with pytest.raises(MeshError, match=words):
        read_mesh(tmp_path / "a.off")
