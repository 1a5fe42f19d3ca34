"""3MF files: things on the plate, components, types of objects, colours and textures; and what is refused."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenes.assets.mesh import MeshError
from scenes.assets.reading.file import read_mesh, read_mesh_file
from scenes.assets.reading.raw import GREY, Raw
from scenes.assets.reading.read import read_source
from scenes.assets.reading.source import Source
from scenes.assets.reading.threemf import read as threemf
from scenes.assets.reading.triangulate import triangulate
from tests.solids import HEIGHT, OUTLINES, Solid, area, prism

MICROSOFT = "http://schemas.microsoft.com/3dmanufacturing/"
SPACES = (
    f'xmlns="{MICROSOFT}core/2015/02" xmlns:m="{MICROSOFT}material/2015/02" '
    f'xmlns:p="{MICROSOFT}production/2015/06" xmlns:s="{MICROSOFT}slice/2015/07"'
)
RED, GREEN, BLUE = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
POINTS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
BASE = '<basematerials id="9"><base displaycolor="#FF0000"/><base displaycolor="#0000FFFF"/></basematerials>'
COLORS = (
    '<m:colorgroup id="8"><m:color color="#FF0000"/><m:color color="#00FF00"/>'
    '<m:color color="#0000ff"/></m:colorgroup>'
)


def mesh(triangles: str, vertices: object = POINTS) -> str:
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in np.array(vertices).tolist())
    return f"<mesh><vertices>{points}</vertices><triangles>{triangles}</triangles></mesh>"


def triangle(a: int, b: int, c: int, more: str = "") -> str:
    return f'<triangle v1="{a}" v2="{b}" v3="{c}" {more}/>'


SQUARE = mesh(triangle(0, 1, 2) + triangle(0, 2, 3))


def body(content: str = SQUARE, name: int = 1, more: str = "") -> str:
    return f'<object id="{name}" {more}>{content}</object>'


def components(*placed: tuple[int, str]) -> str:
    """Components: the id of the object, and its transform or an empty text."""
    inner = "".join(
        f'<component objectid="{name}" {f"""transform="{move}" """ if move else ""}/>'
        for name, move in placed
    )
    return f"<components>{inner}</components>"


def model(resources: str, build: str = '<item objectid="1"/>', more: str = 'unit="meter"') -> bytes:
    inner = f"<resources>{resources}</resources><build>{build}</build>"
    return f"<?xml version='1.0' encoding='UTF-8'?><model {SPACES} {more}>{inner}</model>".encode()


def packed(path: Path, content: bytes, **others: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", content)
        for name, other in others.items():
            archive.writestr(name, other)
    return path


def source_of(folder: Path, content: bytes, **others: bytes) -> Source:
    return read_source(packed(folder / "a.3mf", content, **others), (folder,))


def raw_of(folder: Path, content: bytes, **others: bytes) -> Raw:
    (raw,) = source_of(folder, content, **others).raws
    return raw


def of_solid(solid: Solid) -> str:
    counts = np.array([len(polygon) for polygon in solid.polygons])
    corners = np.concatenate([np.array(polygon) for polygon in solid.polygons])
    cut = corners[triangulate(solid.vertices, corners, counts)]
    return mesh("".join(triangle(a, b, c) for a, b, c in cut.tolist()), solid.vertices)


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        ("micron", 1e-6),
        ("millimeter", 1e-3),
        ("centimeter", 1e-2),
        ("inch", 0.0254),
        ("foot", 0.3048),
        ("meter", 1),
    ],
)
@pytest.mark.parametrize("name", OUTLINES)
def test_solids_in_any_unit(tmp_path: Path, name: str, unit: str, metres: float) -> None:
    solid = prism(OUTLINES[name])
    packed(tmp_path / "a.3mf", model(body(of_solid(solid)), more=f'unit="{unit}"'))
    found = read_mesh(tmp_path / "a.3mf")
    assert found.is_watertight
    assert found.volume_m3 == pytest.approx(area(OUTLINES[name]) * HEIGHT * metres**3, rel=1e-6)


def test_a_file_without_a_unit_is_in_millimetres(tmp_path: Path) -> None:
    assert source_of(tmp_path, model(body(), more="")).unit_m == 0.001


def test_components_in_components(tmp_path: Path) -> None:
    """A square, twice in a row of two, which is moved, and mirrored once."""
    pair = components((1, ""), (1, "1 0 0 0 1 0 0 0 1 2 0 0"))
    both = components((2, ""), (2, "1 0 0 0 -1 0 0 0 1 0 0 5"))
    item = '<item objectid="3" transform="0 1 0 -1 0 0 0 0 1 10 20 30"/>'
    source = source_of(tmp_path, model(body() + body(pair, 2) + body(both, 3), item))
    corners = np.concatenate([raw.corners for raw in source.raws])
    assert (len(corners), source.looks) == (8, ())
    np.testing.assert_allclose(corners.min(axis=(0, 1)), (9, 20, 30))  # x to y, y to -x
    np.testing.assert_allclose(corners.max(axis=(0, 1)), (11, 23, 35))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert sorted(normals.tolist()) == [1] * 8  # moved turns the mirrored ones over


def test_several_things_on_one_plate_are_told(tmp_path: Path) -> None:
    items = "".join(f'<item objectid="1" transform="1 0 0 0 1 0 0 0 1 {x} 0 0"/>' for x in (0, 5, 10))
    source = source_of(tmp_path, model(body(), items))
    assert sum(len(raw.corners) for raw in source.raws) == 6
    (told,) = source.looks
    assert told.startswith("3 objects on one plate become one mesh")
    assert "export each object to its own file" in told


@pytest.mark.parametrize("kind", ["support", "solidsupport", "other"])
def test_supports_are_left_out_and_told(tmp_path: Path, kind: str) -> None:
    """As an item of its own, and as a component of a thing."""
    whole = components((1, ""), (2, ""))
    resources = body() + body(name=2, more=f'type="{kind}"') + body(whole, 3)
    for build in ('<item objectid="1"/><item objectid="2"/>', '<item objectid="3"/>'):
        source = source_of(tmp_path, model(resources, build))
        assert sum(len(raw.corners) for raw in source.raws) == 2
        assert source.looks == (f"1 objects of the type {kind!r} left out",)
    with pytest.raises(MeshError, match="has no faces"):
        read_mesh(packed(tmp_path / "b.3mf", model(resources, '<item objectid="2"/>')))


def test_surfaces_are_drawn_and_so_is_what_nothing_builds(tmp_path: Path) -> None:
    assert len(raw_of(tmp_path, model(body(more='type="surface"'))).corners) == 2
    pair = components((1, ""))
    assert len(raw_of(tmp_path, model(body() + body(pair, 2), "")).corners) == 2


def test_base_materials_of_objects_and_triangles(tmp_path: Path) -> None:
    resources = BASE + body(more='pid="9" pindex="1"') + body(mesh(triangle(0, 1, 2, 'pid="9" p1="0"')), 2)
    first, second = source_of(tmp_path, model(resources, '<item objectid="1"/><item objectid="2"/>')).raws
    assert (first.color_rgb, second.color_rgb) == ((0, 0, 1), (1, 0, 0))
    mixed = mesh(triangle(0, 1, 2, 'pid="9" p1="1"') + triangle(0, 2, 3))
    raw = raw_of(tmp_path, model(BASE + body(mixed, more='pid="9" pindex="0"')))
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [[BLUE] * 3, [RED] * 3]


def test_colours_of_corners(tmp_path: Path) -> None:
    triangles = triangle(0, 1, 2, 'pid="8" p1="0" p2="1" p3="2"') + triangle(0, 2, 3, 'pid="8" p1="2"')
    raw = raw_of(tmp_path, model(COLORS + body(mesh(triangles))))
    assert raw.corner_colors is not None
    assert raw.corner_colors.tolist() == [[RED, GREEN, BLUE], [BLUE] * 3]


def test_colours_of_many_objects_are_one_texture(tmp_path: Path) -> None:
    """20 objects with colours of corners: as textures of their own they would be too many to draw."""
    triangles = triangle(0, 1, 2, 'pid="8" p1="0" p2="1" p3="2"')
    objects = "".join(body(mesh(triangles), name) for name in range(10, 30))
    items = "".join(f'<item objectid="{name}"/>' for name in range(10, 30))
    (part,) = read_mesh(packed(tmp_path / "a.3mf", model(COLORS + objects, items))).parts
    assert part.texture is not None


def test_mixed_materials_and_layers(tmp_path: Path) -> None:
    composite = '<m:compositematerials id="7" matid="9" matindices="0 1">'
    composite += '<m:composite values="0.25 0.75"/></m:compositematerials>'
    raw = raw_of(tmp_path, model(BASE + composite + body(more='pid="7" pindex="0"')))
    assert raw.color_rgb == (0.25, 0, 0.75)
    layers = '<m:multiproperties id="6" pids="9 8">'
    layers += '<m:multi pindices="0 2"/><m:multi pindices="1 1"/></m:multiproperties>'
    source = source_of(tmp_path, model(BASE + COLORS + layers + body(more='pid="6" pindex="1"')))
    assert source.raws[0].color_rgb == (0, 1, 0)
    assert source.looks == ("only the last of several colour layers is rendered",)


def test_colours_that_are_not_there_are_grey(tmp_path: Path) -> None:
    for group in ("77", "9"):
        raw = raw_of(tmp_path, model('<basematerials id="9"/>' + body(more=f'pid="{group}" pindex="5"')))
        assert raw.color_rgb == GREY


TEXTURE = '<m:texture2d id="4" path="/3D/Textures/red.png" contenttype="image/png"/>' + (
    '<m:texture2dgroup id="5" texid="4"><m:tex2coord u="0" v="0"/><m:tex2coord u="1" v="0"/>'
    '<m:tex2coord u="1" v="1"/></m:texture2dgroup>'
)


def png(color: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(out, "PNG")
    return out.getvalue()


def test_textures(tmp_path: Path) -> None:
    content = model(TEXTURE + body(mesh(triangle(0, 1, 2, 'pid="5" p1="0" p2="1" p3="2"'))))
    found = {"3D/Textures/red.png": png((255, 0, 0))}
    source = source_of(tmp_path, content, **found)
    (raw,) = source.raws
    assert raw.texture is not None
    assert raw.uvs is not None
    assert (raw.texture == (255, 0, 0)).all()
    assert np.array_equal(raw.uvs, raw.corners[..., :2])
    assert source.images == {"3D/Textures/red.png": "found"}
    for others, fate in (({}, "missing"), ({"3D/Textures/red.png": b"no image"}, "unsupported")):
        source = source_of(tmp_path, content, **others)
        assert source.raws[0].texture is None
        assert source.looks == (f"texture '3D/Textures/red.png' is {fate}: the material colour is used",)


def test_parts_in_other_files(tmp_path: Path) -> None:
    """As Bambu Studio and others write them: components in a part of their own, whose ids are its own."""
    component = '<components><component p:path="/3D/Objects/one.model" objectid="1"/></components>'
    main = model(body(component), more='unit="meter" requiredextensions="p"')
    other = model(BASE + body(more='pid="9" pindex="0"'), "")
    raw = raw_of(tmp_path, main, **{"3D/Objects/one.model": other})
    assert (len(raw.corners), raw.color_rgb) == (2, (1, 0, 0))
    with pytest.raises(MeshError, match=r"refers to the part '/3D/Objects/one.model', which does not exist"):
        read_mesh(packed(tmp_path / "b.3mf", main))


def test_the_model_is_the_part_that_the_package_names(tmp_path: Path) -> None:
    relation = f'<Relationship Target="/My/thing.model" Type="{MICROSOFT}2013/01/3dmodel"/>'
    relations = f"<Relationships>{relation}</Relationships>".encode()
    other = model(body() + body(name=2), '<item objectid="2"/>')
    path = packed(tmp_path / "a.3mf", model(""), **{"_rels/.rels": relations, "my/Thing.model": other})
    assert len(read_mesh(path).faces) == 2


def test_slices_beside_a_mesh_change_nothing(tmp_path: Path) -> None:
    cut = '<s:slice ztop="1"><s:vertices><s:vertex x="1" y="2"/></s:vertices></s:slice>'
    stack = f'<s:slicestack id="3">{cut}</s:slicestack>'
    assert len(raw_of(tmp_path, model(stack + body(), more='requiredextensions="s m"')).corners) == 2


def test_what_is_not_drawn_is_told(tmp_path: Path) -> None:
    painted = model(body(mesh(triangle(0, 1, 2, 'paint_color="4"'))))
    assert source_of(tmp_path, painted).looks == ("colours painted in a slicer are ignored",)
    beams = SQUARE.replace("</mesh>", "<beamlattice/></mesh>")
    assert source_of(tmp_path, model(body(beams))).looks == ("lattice beams are ignored",)
    missing = model(body(mesh(triangle(0, 1, 2) + triangle(0, 1, 9))))
    assert source_of(tmp_path, missing).notes == ("1 faces with missing vertices dropped",)


LOOP = components((1, ""))
DOUBLING = body() + "".join(body(components((n - 1, ""), (n - 1, "")), n) for n in range(2, 40))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (model("", ""), "has no faces"),
        (model(body(), '<item objectid="5"/>'), "refers to the object '5', which does not exist"),
        (model(body(LOOP)), "or an object that contains itself"),
        (model(DOUBLING, '<item objectid="39"/>'), "has more than 10,000 objects"),
        (model(body(), '<item objectid="1" transform="1 0 0"/>'), "is not 12 finite numbers"),
        (
            model(body(), '<item objectid="1" transform="1 0 0 0 1 0 0 0 1 nan 0 0"/>'),
            "is not 12 finite numbers",
        ),
        (model(body(mesh('<triangle v1="0" v2="1"/>'))), "values that are not numbers"),
        (model(body(SQUARE.replace('x="1"', 'x="one"'))), "values that are not numbers"),
        (model(body(SQUARE.replace('x="1"', ""))), "values that are not numbers"),
        (model(body(mesh(triangle(7, 8, 9)))), "vertices that do not exist"),
        (model(body(mesh(triangle(2**62, 8, 9)))), "vertices that do not exist"),
        (model(body(mesh(triangle(2**70, 8, 9)))), "values that are not numbers"),
        (model(body())[:-9], "is not valid XML"),
        (b"", "is not valid XML"),
        (model(body()).replace(b"<model", b'<!DOCTYPE a [<!ENTITY b "c">]><model'), "defines XML entities"),
        (model(body(), more='requiredextensions="b"'), "requires the 3MF extension 'b'"),
        (
            model(body(), more=f'xmlns:sc="{MICROSOFT}securecontent/2019/04" requiredextensions="m sc"'),
            "securecontent/2019/04', which is not supported",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(MeshError, match=words):
        read_mesh(packed(tmp_path / "a.3mf", content))


def test_too_many_triangles_are_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scenes.assets.reading import polygons

    monkeypatch.setattr(polygons, "MAX_FACES", 100)
    monkeypatch.setattr(threemf, "MAX_PLACES", 10**9)
    with pytest.raises(MeshError, match="has 102 faces, more than 100"):
        read_mesh(packed(tmp_path / "a.3mf", model(DOUBLING, '<item objectid="39"/>')))


def test_damaged_members_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.3mf", model(body()))
    content = bytearray(path.read_bytes())
    content[80:90] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(MeshError, match="cannot be unpacked"):
        read_mesh_file(path)
