"""A lopsided solid, written by hand in every format, with its vertices as they stand in the file."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BALL = trimesh.creation.icosphere(subdivisions=2)
FACES = np.asarray(_BALL.faces)
_X, _Y, _Z = np.asarray(_BALL.vertices).T
_BENT = np.column_stack([0.06 * _X * (1 + 0.3 * _Y), 0.04 * _Y * (1 + 0.3 * _Z), 0.025 * _Z * (1 + 0.3 * _X)])
EGG_M = _BENT + np.array([0.05, 0.02, 0.03])
"""Corners of a blunt solid in metres, z up; no turn and no mirror image brings it onto itself."""
TURNS = {
    "z": np.eye(3),
    "y": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "x": np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
}
"""Rotations from z up to each axis up."""


def egg(up: str = "z", unit_m: float = 1.0) -> Floats:
    """The corners of the solid (n, 3) in a frame with the given up axis and unit."""
    return np.asarray(EGG_M @ np.array(TURNS[up], np.float64).T / unit_m)


def obj(vertices: Floats) -> bytes:
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
    return "\n".join(lines + [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in FACES.tolist()]).encode()


def stl(vertices: Floats) -> bytes:
    records = np.zeros(len(FACES), [("numbers", "<f4", 12), ("attribute", "<u2")])
    records["numbers"][:, 3:] = vertices[FACES].reshape(-1, 9)
    return bytes(80) + np.uint32(len(FACES)).tobytes() + records.tobytes()


def ply(vertices: Floats) -> bytes:
    head = f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\n"
    head += "".join(f"property double {axis}\n" for axis in "xyz")
    head += f"element face {len(FACES)}\nproperty list uchar int vertex_indices\nend_header\n"
    return head.encode() + _rows(vertices)


def off(vertices: Floats) -> bytes:
    return f"OFF\n{len(vertices)} {len(FACES)} 0\n".encode() + _rows(vertices)


def glb(vertices: Floats) -> bytes:
    content = trimesh.Trimesh(vertices, FACES, process=False).export(file_type="glb")
    assert isinstance(content, bytes)
    return content


def dae(unit_m: float, up: str) -> Callable[[Floats], bytes]:
    def write(vertices: Floats) -> bytes:
        numbers = " ".join(map(repr, vertices.ravel().tolist()))
        faces = " ".join(map(str, FACES.ravel().tolist()))
        return f"""<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit name="some" meter="{unit_m!r}"/><up_axis>{up.upper()}_UP</up_axis></asset>
<library_geometries><geometry id="g"><mesh>
<source id="s"><float_array id="a" count="{vertices.size}">{numbers}</float_array><technique_common>
<accessor source="#a" count="{len(vertices)}" stride="3"><param name="X" type="float"/>
<param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#s"/></vertices>
<triangles count="{len(FACES)}"><input semantic="VERTEX" source="#v" offset="0"/><p>{faces}</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="scene"><node><instance_geometry url="#g"/></node></visual_scene>
</library_visual_scenes><scene><instance_visual_scene url="#scene"/></scene></COLLADA>""".encode()

    return write


def threemf(unit: str) -> Callable[[Floats], bytes]:
    def write(vertices: Floats) -> bytes:
        corners = "".join(f'<vertex x="{x!r}" y="{y!r}" z="{z!r}"/>' for x, y, z in vertices.tolist())
        faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES.tolist())
        model = f"""<?xml version="1.0"?>
<model unit="{unit}" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>
<object id="1" type="model"><mesh><vertices>{corners}</vertices><triangles>{faces}</triangles></mesh></object>
</resources><build><item objectid="1"/></build></model>"""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(
                "[Content_Types].xml",
                '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="model" '
                'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>',
            )
            archive.writestr(
                "_rels/.rels",
                '<?xml version="1.0"?>'
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                '<Relationship Target="/3D/3dmodel.model" Id="r0" '
                'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>',
            )
            archive.writestr("3D/3dmodel.model", model)
        return out.getvalue()

    return write


def _rows(vertices: Floats) -> bytes:
    lines = [" ".join(map(repr, vertex)) for vertex in vertices.tolist()]
    return ("\n".join(lines + [f"3 {a} {b} {c}" for a, b, c in FACES.tolist()]) + "\n").encode()


Write = Callable[[Floats], bytes]
STATING: dict[str, tuple[Write, str, float]] = {
    "metres.glb": (glb, "y", 1.0),
    "inch_y.dae": (dae(0.0254, "y"), "y", 0.0254),
    "cm_x.dae": (dae(0.01, "x"), "x", 0.01),
    "mm_z.dae": (dae(0.001, "z"), "z", 0.001),
    "mm.3mf": (threemf("millimeter"), "z", 0.001),
    "inch.3mf": (threemf("inch"), "z", 0.0254),
}
"""Files that state their unit and axis: how they are written, their up axis, and their unit in metres."""
SILENT: dict[str, Write] = {"part.obj": obj, "part.stl": stl, "part.ply": ply, "part.off": off}
"""Files that state neither."""


def put(path: Path, write: Write, up: str, unit_m: float) -> Floats:
    """Writes the solid into a file, and returns its corners (n, 3) as the file has them."""
    vertices = egg(up, unit_m)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write(vertices))
    return vertices
