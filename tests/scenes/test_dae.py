"""COLLADA files: primitives of all kinds, holes, scenes, materials and colours; and what is refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.mesh import MeshError
from scenes.assets.reading.dae import nodes
from scenes.assets.reading.file import read_mesh
from scenes.assets.reading.raw import GREY, Raw
from scenes.assets.reading.read import read_source
from scenes.assets.reading.source import Source
from tests.solids import HEIGHT, OUTLINES, Solid, area, prism, rows

SQUARE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
TWO = '<triangles count="2" material="m">{inputs}<p>0 1 2 0 2 3</p></triangles>'
VERTEX = '<input semantic="VERTEX" source="#v" offset="0"/>'
HERE = '<instance_geometry url="#g"/>'


def source(name: str, values: object, names: Sequence[str | None] = ("X", "Y", "Z")) -> str:
    """A source with one row for each of `values`; a parameter without a name is not read."""
    table = np.array(values, float)
    parameters = "".join("<param/>" if each is None else f'<param name="{each}"/>' for each in names)
    return (
        f'<source id="{name}"><float_array id="{name}-a" count="{table.size}">{rows(table)}</float_array>'
        f'<technique_common><accessor source="#{name}-a" count="{len(table)}" stride="{table.shape[1]}">'
        f"{parameters}</accessor></technique_common></source>"
    )


def geometry(primitives: str, vertices: object = SQUARE, more: str = "", inputs: str = "") -> str:
    """A geometry; `{inputs}` in the primitives stands for the vertices."""
    inner = source("s", vertices) + more
    inner += f'<vertices id="v"><input semantic="POSITION" source="#s"/>{inputs}</vertices>'
    return f'<geometry id="g"><mesh>{inner}{primitives.replace("{inputs}", VERTEX)}</mesh></geometry>'


def dae(geometries: str, scene: str = f"<node>{HERE}</node>", libraries: str = "", asset: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema"><asset>{asset}</asset>'
        f"<library_geometries>{geometries}</library_geometries>{libraries}"
        f'<library_visual_scenes><visual_scene id="other"/><visual_scene id="this">{scene}</visual_scene>'
        '</library_visual_scenes><scene><instance_visual_scene url="#this"/></scene></COLLADA>'
    )


def source_of(folder: Path, content: str) -> Source:
    (folder / "a.dae").write_text(content)
    return read_source(folder / "a.dae", (folder,))


def raw_of(folder: Path, content: str) -> Raw:
    (raw,) = source_of(folder, content).raws
    return raw


def areas(raw: Raw) -> NDArray[np.float64]:
    a, b, c = np.moveaxis(raw.corners, 1, 0)
    return np.cross(b - a, c - a) / 2


def of_solid(solid: Solid, kind: str) -> str:
    faces = [" ".join(map(str, face)) for face in solid.polygons]
    if kind == "polylist":
        counts = " ".join(str(len(face)) for face in solid.polygons)
        inner = f"<polylist>{{inputs}}<vcount>{counts}</vcount><p>{' '.join(faces)}</p></polylist>"
    else:
        inner = "<polygons>{inputs}" + "".join(f"<p>{face}</p>" for face in faces) + "</polygons>"
    return geometry(inner, solid.vertices)


@pytest.mark.parametrize("first", [0, 2, 3])
@pytest.mark.parametrize("kind", ["polylist", "polygons"])
@pytest.mark.parametrize("name", OUTLINES)
def test_concave_polygons(tmp_path: Path, name: str, kind: str, first: int) -> None:
    (tmp_path / "a.dae").write_text(dae(of_solid(prism(OUTLINES[name], first), kind)))
    mesh = read_mesh(tmp_path / "a.dae")
    assert mesh.is_watertight
    assert mesh.volume_m3 == pytest.approx(area(OUTLINES[name]) * HEIGHT, rel=1e-6)


STRIP = [(x, y, 0) for x in range(3) for y in (1, 0)]
FAN = [(1, 1, 0), (0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0)]


@pytest.mark.parametrize(
    ("primitive", "vertices", "triangles", "covered"),
    [
        ("<triangles>{inputs}<p>0 1 2 0 2 3</p></triangles>", SQUARE, 2, 1),
        ("<triangles>{inputs}<p>0 1 2</p><p>0 2 3 1</p></triangles>", SQUARE, 2, 1),
        ("<tristrips>{inputs}<p>0 1 2 3 4 5</p></tristrips>", STRIP, 4, 2),
        ("<tristrips>{inputs}<p>0 1 2 3 3 2 2 3 4 5</p><p>0 1 2</p></tristrips>", STRIP, 5, 2.5),
        ("<trifans>{inputs}<p>0 1 2 3 4 1</p><p>0 1 2</p></trifans>", FAN, 5, 5),
        ("<polylist>{inputs}<vcount>4 3</vcount><p>0 1 2 3 0 1 2</p></polylist>", SQUARE, 3, 1.5),
        ("<polygons>{inputs}<p>0 1 2 3</p><p>0 1 2</p></polygons>", SQUARE, 3, 1.5),
        ("<lines>{inputs}<p>0 1 2 3</p></lines><triangles>{inputs}<p>0 1 2</p></triangles>", SQUARE, 1, 0.5),
    ],
)
def test_primitives_of_all_kinds(
    tmp_path: Path, primitive: str, vertices: object, triangles: int, covered: float
) -> None:
    """All triangles are turned the same way."""
    raw = raw_of(tmp_path, dae(geometry(primitive, vertices)))
    assert len(raw.corners) == triangles
    assert (areas(raw)[:, 2] > 0).all()
    assert areas(raw)[:, 2].sum() == covered


RINGS = [
    *((x, y, 0) for x, y in ((0, 0), (6, 0), (6, 6), (0, 6))),
    *((x, y, 0) for x, y in ((1, 1), (1, 2), (2, 2), (2, 1))),
]
RINGS += [(x, y, 0) for x, y in ((3, 3), (5, 3), (4, 5))]


@pytest.mark.parametrize("turn", [0, 1, 2])
@pytest.mark.parametrize("holes", ["<h>4 5 6 7</h>", "<h>7 6 5 4</h>", "<h>4 5 6 7</h><h>8 9 10</h>"])
def test_polygons_with_holes(tmp_path: Path, holes: str, turn: int) -> None:
    """In any plane; the corners of the holes are corners of triangles."""
    primitive = f"<polygons>{{inputs}}<p>0 1 2</p><ph><p>0 1 2 3</p>{holes}</ph></polygons>"
    raw = raw_of(tmp_path, dae(geometry(primitive, np.roll(RINGS, turn, axis=1))))
    covered = 18 + 36 - 1 - (2 if "8" in holes else 0)
    assert areas(raw)[:, (2 + turn) % 3].sum() == pytest.approx(covered)
    assert np.linalg.norm(areas(raw), axis=1).sum() == pytest.approx(covered)


def test_places_of_numbers_in_sources_and_corners(tmp_path: Path) -> None:
    """Parameters without a name are passed over; corners name position, normal, two sets, and colour."""
    points = np.insert(np.array(SQUARE, float), 1, 9, axis=1)
    more = source("n", [(0, 0, 1)]) + source("t", [(9, 9, 9), (0.5, 0.25, 0)], ("S", "T", "P"))
    more += source("c", [(1, 0, 0, 1), (0, 0, 1, 1)], ("R", "G", "B", "A"))
    inner = source("s", points, ("X", None, "Y", "Z")) + more
    inputs = '<input semantic="POSITION" source="#s"/><input semantic="NORMAL" source="#n"/>'
    inner += f'<vertices id="v">{inputs}</vertices>'
    inputs = VERTEX.replace('offset="0"', 'offset="1"') + (
        '<input semantic="TEXCOORD" source="#t" offset="0" set="3"/>'
        '<input semantic="COLOR" source="#c" offset="3"/>'
        '<input semantic="EXTRA" source="#nowhere" offset="2"/>'
    )
    corners = " ".join(f"1 {index} 7 {index % 2}" for index in (0, 1, 2))
    raw = raw_of(
        tmp_path,
        dae(
            f'<geometry id="g"><mesh>{inner}<triangles>{inputs}<p>{corners}</p></triangles></mesh></geometry>'
        ),
    )
    assert raw.corners.tolist() == [[list(row) for row in SQUARE[:3]]]
    assert raw.uvs is not None
    assert raw.uvs.tolist() == [[[0.5, 0.25]] * 3]
    assert raw.normals is not None
    assert raw.normals[0, 0].tolist() == [0, 0, 1]
    assert np.isnan(raw.normals[0, 1:]).all()  # there is one normal only
    assert raw.corner_colors is not None
    np.testing.assert_allclose(raw.corner_colors, [np.array([RED, BLUE, RED]) * GREY])


@pytest.mark.parametrize(
    ("transforms", "image"),
    [
        ("<translate>1 2 3</translate>", (2, 2, 3)),
        ("<scale>2 3 4</scale>", (2, 0, 0)),
        ("<rotate>0 0 2 90</rotate>", (0, 1, 0)),
        ("<rotate>0 0 0 90</rotate>", (1, 0, 0)),
        ("<translate>1 0 0</translate><rotate>0 1 0 90</rotate><scale>3 1 1</scale>", (1, 0, -3)),
        ("<scale>3 1 1</scale><translate>1 0 0</translate>", (6, 0, 0)),
        ("<matrix>0 -1 0 5  1 0 0 6  0 0 1 7  0 0 0 1</matrix>", (5, 7, 7)),
        ("<lookat>1 2 3  1 2 0  0 1 0</lookat>", (2, 2, 3)),
        ("<lookat>0 0 0  1 0 0  0 0 1</lookat>", (0, -1, 0)),
        ("<skew>45 1 0 0  0 1 0</skew>", (1, 1, 0)),
    ],
)
def test_transforms_of_nodes(tmp_path: Path, transforms: str, image: tuple[float, float, float]) -> None:
    """Where the point (1, 0, 0) comes to."""
    scene = f"<node>{transforms}{HERE}</node>"
    raw = raw_of(tmp_path, dae(geometry("<triangles>{inputs}<p>1 2 3</p></triangles>"), scene))
    assert min(np.abs(raw.corners[0] - image).max(axis=1)) < 1e-12


def test_nodes_in_nodes_and_instances_of_nodes(tmp_path: Path) -> None:
    move = "<translate>10 0 0</translate>"
    library = f'<library_nodes><node id="n"><scale>1 1 -2</scale>{HERE}</node></library_nodes>'
    scene = f'<node>{move}<node>{move}{HERE}</node><instance_node url="#n"/></node><node>{HERE}</node>'
    raw = raw_of(tmp_path, dae(geometry(TWO), scene, library))
    assert sorted(raw.corners[..., 0].min(axis=1).tolist()) == [0, 0, 10, 10, 20, 20]
    assert (areas(raw)[:, 2] > 0).sum() == 4  # those that are mirrored in z face down, as they should


def test_a_document_without_a_scene_is_all_its_geometries(tmp_path: Path) -> None:
    content = dae(geometry(TWO) + geometry(TWO).replace('"g"', '"h"'))
    for tag in ("library_visual_scenes", "scene"):
        head, _, rest = content.partition(f"<{tag}>")
        content = head + rest.partition(f"</{tag}>")[2]
    assert len(raw_of(tmp_path, content).corners) == 4


@pytest.mark.parametrize(
    ("asset", "unit_m", "up"),
    [
        ("", 1, "y"),
        ('<unit meter="0.01"/><up_axis>Z_UP</up_axis>', 0.01, "z"),
        ('<unit name="inch" meter="0.0254"/><up_axis>X_UP</up_axis>', 0.0254, "x"),
    ],
)
def test_units_and_axes(tmp_path: Path, asset: str, unit_m: float, up: str) -> None:
    found = source_of(tmp_path, dae(geometry(TWO), asset=asset))
    assert (found.unit_m, found.up) == (unit_m, up)


def effect(shading: str, parameters: str = "") -> str:
    return (
        '<library_materials><material id="mat"><instance_effect url="#e"/></material></library_materials>'
        f'<library_effects><effect id="e"><profile_COMMON>{parameters}<technique sid="common">{shading}'
        "</technique></profile_COMMON></effect></library_effects>"
    )


def bound(more: str = "") -> str:
    material = f'<instance_material symbol="m" target="#mat">{more}</instance_material>'
    return (
        '<node><instance_geometry url="#g"><bind_material><technique_common>'
        f"{material}</technique_common></bind_material></instance_geometry></node>"
    )


@pytest.mark.parametrize(
    ("shading", "parameters"),
    [
        ("<phong><diffuse><color>1 0 0 1</color></diffuse></phong>", ""),
        (
            "<lambert><emission/><diffuse><color>1 0 0</color></diffuse></lambert>",
            "",
        ),
        ("<blinn><diffuse><color>1,000 0,000 0,000 1</color></diffuse></blinn>", ""),
        ("<constant><emission><color>1 0 0 1</color></emission></constant>", ""),
        (
            '<phong><diffuse><param ref="c"/></diffuse></phong>',
            '<newparam sid="c"><float4>1 0 0 1</float4></newparam>',
        ),
    ],
)
def test_colours_of_materials(tmp_path: Path, shading: str, parameters: str) -> None:
    raw = raw_of(tmp_path, dae(geometry(TWO), bound(), effect(shading, parameters)))
    assert (raw.color_rgb, raw.corner_colors) == (RED, None)


def test_a_material_that_is_not_bound_is_the_one_of_that_name(tmp_path: Path) -> None:
    red = effect("<phong><diffuse><color>1 0 0 1</color></diffuse></phong>")
    assert raw_of(tmp_path, dae(geometry(TWO), libraries=red.replace('"mat"', '"m"'))).color_rgb == RED
    assert raw_of(tmp_path, dae(geometry(TWO), libraries=red)).color_rgb == GREY


SAMPLER = (
    '<newparam sid="surf"><surface type="2D"><init_from>img</init_from></surface></newparam>'
    '<newparam sid="samp"><sampler2D><source>surf</source></sampler2D></newparam>'
)
DIRECT = '<newparam sid="samp"><sampler2D><instance_image url="#img"/></sampler2D></newparam>'
TEXTURED = '<phong><diffuse><texture texture="samp" texcoord="UV"/></diffuse></phong>'
SETS = source("t", [(9, 9)] * 4, ("S", "T")) + source("u", [row[:2] for row in SQUARE], ("S", "T"))
PAINTED = geometry(
    f'<triangles material="m">{VERTEX}<input semantic="TEXCOORD" source="#t" offset="1" set="0"/>'
    '<input semantic="TEXCOORD" source="#u" offset="1" set="1"/><p>0 0 1 1 2 2</p></triangles>', more=SETS
)  # fmt: skip
SECOND = '<bind_vertex_input semantic="UV" input_semantic="TEXCOORD" input_set="1"/>'


def image(start: str) -> str:
    return f'<library_images><image id="img">{start}</image></library_images>'


@pytest.mark.parametrize(
    ("start", "shading", "parameters"),
    [
        ("<init_from>red.png</init_from>", TEXTURED, SAMPLER),
        ("<init_from>./red.png</init_from>", TEXTURED.replace("samp", "surf"), SAMPLER),
        ("<init_from>red.png</init_from>", TEXTURED.replace("samp", "img"), ""),
        ("<init_from><ref>red.png</ref></init_from>", TEXTURED, DIRECT),
        ("<init_from> Red.PNG\n</init_from>", TEXTURED, SAMPLER),
    ],
)
def test_textures(tmp_path: Path, start: str, shading: str, parameters: str) -> None:
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
    found = source_of(tmp_path, dae(PAINTED, bound(SECOND), effect(shading, parameters) + image(start)))
    (raw,) = found.raws
    assert raw.texture is not None
    assert raw.uvs is not None
    assert (raw.texture == (255, 0, 0)).all()
    assert raw.uvs.tolist() == [[list(row[:2]) for row in SQUARE[:3]]]
    assert (list(found.images.values()), found.looks) == (["found"], ())


def test_textures_that_are_not_there_are_told(tmp_path: Path) -> None:
    library = effect(TEXTURED, SAMPLER) + image("<init_from>no.png</init_from>")
    assert source_of(tmp_path, dae(PAINTED, bound(), library)).looks == (
        "texture 'no.png' is missing: the material colour is used",
    )
    library = effect(TEXTURED, SAMPLER)
    assert source_of(tmp_path, dae(PAINTED, bound(), library)).looks == (
        "a texture is ignored because its image is missing",
    )
    library += image("<init_from><hex>00</hex></init_from>")
    assert source_of(tmp_path, dae(PAINTED, bound(), library)).looks == (
        "a texture embedded in the file is ignored",
    )


def test_many_pieces_of_one_material_are_one(tmp_path: Path) -> None:
    """20 instances with the same texture: as textures of their own they would be too many to draw."""
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
    library = effect(TEXTURED, SAMPLER) + image("<init_from>red.png</init_from>")
    raw = raw_of(tmp_path, dae(PAINTED, bound(SECOND) * 20, library))
    assert len(raw.corners) == 20


def test_colours_of_vertices_times_that_of_the_material(tmp_path: Path) -> None:
    colors = source("c", [RED, GREEN, BLUE, (1, 1, 1)], ("R", "G", "B"))
    inputs = '<input semantic="COLOR" source="#c"/>'
    half = effect("<phong><diffuse><color>0.5 1 1 1</color></diffuse></phong>")
    raw = raw_of(tmp_path, dae(geometry(TWO, more=colors, inputs=inputs), bound(), half))
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [
        [[0.5, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.5, 0, 0], [0, 0, 1], [0.5, 1, 1]],
    ]


SKIN = (
    '<library_controllers><controller id="c"><skin source="#{}">'
    "<bind_shape_matrix>2 0 0 0 0 2 0 0 0 0 2 5 0 0 0 1</bind_shape_matrix></skin></controller>"
    '<controller id="d"><morph source="#g"/></controller></library_controllers>'
)


@pytest.mark.parametrize(("source", "url", "z"), [("g", "c", 5), ("d", "c", 5), ("g", "d", 9)])
def test_skins_and_morphs_are_drawn_as_they_start_and_told(
    tmp_path: Path, source: str, url: str, z: float
) -> None:
    """A skin is where its bind shape matrix puts it; a morph is where its node is."""
    scene = f'<node><translate>0 0 9</translate><instance_controller url="#{url}"/></node>'
    found = source_of(tmp_path, dae(geometry(TWO), scene, SKIN.format(source)))
    assert (found.raws[0].corners[..., 2] == z).all()
    assert np.ptp(found.raws[0].corners[..., 0]) == (2 if url == "c" else 1)
    assert found.looks == ("its skeleton or morphing is ignored: the undeformed shape is used",)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    scene = f'<node>{HERE}<instance_geometry url="#no"/><instance_node url="other.dae#n"/>'
    scene += '<instance_controller url="#q"/></node>'
    assert source_of(tmp_path, dae(geometry(TWO), scene)).looks == (
        "a geometry is left out because it is not in the file",
        "a node is left out because it is not in the file",
        "a controller without a geometry is left out",
    )
    spline = geometry(TWO).replace("</geometry>", "<spline/></geometry>")
    assert source_of(tmp_path, dae(spline)).looks == ("splines are ignored",)
    missing = geometry("<triangles>{inputs}<p>0 1 2 0 1 9</p></triangles>")
    assert source_of(tmp_path, dae(missing)).notes == ("1 faces with missing vertices dropped",)


TWICE = '<node id="n{0}"><instance_node url="#n{1}"/><instance_node url="#n{1}"/></node>'
DOUBLING = (
    "<library_nodes>"
    + "".join(TWICE.format(n, n - 1) for n in range(1, 40))
    + f'<node id="n0">{HERE}</node></library_nodes>'
)
LOOP = '<library_nodes><node id="n39"><instance_node url="#n39"/></node></library_nodes>'
FAR = '<node><instance_node url="#n39"/></node>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (dae(""), "has no faces"),
        (dae(geometry("")), "has no faces"),
        (dae(geometry("<triangles>{inputs}</triangles>")), "has no faces"),
        (
            dae(geometry("<polylist>{inputs}<vcount>4 4</vcount><p>0 1 2 3</p></polylist>")),
            "has fewer corners than it declares",
        ),
        (
            dae(geometry("<polylist>{inputs}<vcount>-4</vcount><p>0 1 2 3</p></polylist>")),
            "has fewer corners than it declares",
        ),
        (dae(geometry("<triangles>{inputs}<p>0 one 2</p></triangles>")), "text where a number is expected"),
        (dae(geometry("<triangles><p>0 1 2</p></triangles>")), "polygons without positions"),
        (dae(geometry("<triangles>{inputs}<p>7 8 9</p></triangles>")), "vertices that do not exist"),
        (dae(geometry(TWO), f"<node><matrix>1 0 0</matrix>{HERE}</node>"), "fewer than 16 finite numbers"),
        (
            dae(geometry(TWO), f"<node><translate>nan 0 0</translate>{HERE}</node>"),
            "fewer than 3 finite numbers",
        ),
        (dae(geometry(TWO), FAR, LOOP), "or a node that contains itself"),
        (dae(geometry(TWO), FAR, DOUBLING), "has more than 10,000 nodes and geometries"),
        (dae(geometry(TWO))[:-9], "is not valid XML"),
        (
            dae(geometry(TWO)).replace("<COLLADA", '<!DOCTYPE a [<!ENTITY b "c">]><COLLADA'),
            "defines XML entities",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(MeshError, match=words):
        (tmp_path / "a.dae").write_text(content)
        read_mesh(tmp_path / "a.dae")


def test_too_many_triangles_are_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scenes.assets.reading import polygons

    monkeypatch.setattr(polygons, "MAX_FACES", 100)
    monkeypatch.setattr(nodes, "MAX_PLACES", 10**9)
    (tmp_path / "a.dae").write_text(dae(geometry(TWO), FAR, DOUBLING))
    with pytest.raises(MeshError, match="has 102 faces, more than 100"):
        read_mesh(tmp_path / "a.dae")
