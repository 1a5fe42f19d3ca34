"""Reads robot descriptions (URDF): the visual meshes of all links, with all joints at zero, as one mesh."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from scenes.assets.mesh import Mesh
from scenes.assets.reading.containers import UNITS_M, check_xml, dae_frame, unreadable
from scenes.assets.reading.content import PULL, is_pointer
from scenes.assets.reading.geometries import load
from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolution import check_resolution
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.source import Source, source_of
from scenes.assets.shapes import box, capsule, cylinder, sphere
from scenes.geometry import up_matrix

MAX_LINKS = 1000


def named_meshes(content: bytes) -> list[str]:
    """Returns the file names of all visual and collision meshes in a URDF.

    Raises:
        Refused: The content is not valid XML or defines entities.
    """
    return [mesh.get("filename", "") for mesh in check_xml(content).iter("mesh")]


def read_urdf(content: bytes, resolver: MeshResolver) -> Source:
    """Reads the visual geometry of a robot, in metres with z up.

    Raises:
        Refused: The file or one of its meshes is invalid or exceeds a limit, there is no visual geometry, or
            a mesh or texture is outside the allowed folders.
    """
    robot = check_xml(content)
    if robot.tag != "robot":
        raise unreadable(f"is not a URDF file: its root element is <{robot.tag}>")
    links = robot.findall("link")
    if len(links) > MAX_LINKS:
        raise Refused("over a limit", f"has {len(links)} links, more than {MAX_LINKS}", "import it in pieces")
    materials = {material.get("name", ""): material for material in robot.findall("material")}
    notes: list[str] = []
    raws: list[Raw] = []
    for link in links:
        place = _place(robot, link.get("name", ""))
        for visual in link.findall("visual"):
            found = _visual(visual, materials, resolver, notes)
            raws += [raw.moved(place @ _origin(visual)) for raw in found]
    if not raws:
        raise Refused("no faces", "has no <visual> with a mesh or a shape", "add one")
    return source_of(tuple(raws), 1.0, "z", resolver, notes)


def _place(robot: ElementTree.Element, link: str) -> Floats:
    """Pose (4, 4) of a link in the robot frame, with all joints at zero.

    Raises:
        Refused: The joints form a loop.
    """
    parents = {_link(joint, "child"): joint for joint in robot.findall("joint")}
    place = np.eye(4)
    for _ in range(len(parents) + 1):
        joint = parents.get(link)
        if joint is None:
            return place
        place, link = _origin(joint) @ place, _link(joint, "parent")
    raise unreadable("its joints form a loop")


def _link(joint: ElementTree.Element, end: str) -> str:
    found = joint.find(end)
    return "" if found is None else found.get("link", "")


def _origin(element: ElementTree.Element) -> Floats:
    """The transform (4, 4) of <origin xyz rpy>, with roll, pitch and yaw about fixed axes."""
    matrix, origin = np.eye(4), element.find("origin")
    if origin is None:
        return matrix
    roll, pitch, yaw = _numbers(origin.get("rpy"), (0.0, 0.0, 0.0))
    matrix[:3, :3] = _turn(2, yaw) @ _turn(1, pitch) @ _turn(0, roll)
    matrix[:3, 3] = _numbers(origin.get("xyz"), (0.0, 0.0, 0.0))
    return matrix


def _turn(axis: int, angle: float) -> Floats:
    turn, (i, j) = np.eye(3), ((axis + 1) % 3, (axis + 2) % 3)
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
    return turn


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _numbers(text: str | None, default: tuple[float, ...]) -> tuple[float, ...]:
    """Parses the numbers in `text`; returns `default` if `text` is None.

    Raises:
        Refused: There are not as many numbers as in `default`, or a word is not a finite number.
    """
    if text is None:
        return default
    numbers = [_number(word) for word in text.split()]
    if len(numbers) != len(default) or None in numbers:
        raise unreadable(f"has {text[:60]!r} where it needs {len(default)} numbers")
    return tuple(number for number in numbers if number is not None)


def _visual(
    visual: ElementTree.Element,
    materials: dict[str, ElementTree.Element],
    resolver: MeshResolver,
    notes: list[str],
) -> list[Raw]:
    geometry = visual.find("geometry")
    shape = None if geometry is None else next(iter(geometry), None)
    if shape is None:
        return []
    if shape.tag == "mesh":
        raws = _mesh(shape, resolver, notes)
    else:
        primitive = _primitive(shape)
        if primitive is None:
            notes.append(f"a <{shape.tag}> of size 0 left out")
            return []
        raws = [primitive]
    color = _color(visual.find("material"), materials)
    if color is None:
        return raws
    return [
        raw if raw.texture is not None else replace(raw, color_rgb=color, corner_colors=None) for raw in raws
    ]


def _mesh(mesh: ElementTree.Element, resolver: MeshResolver, notes: list[str]) -> list[Raw]:
    name = mesh.get("filename", "")
    try:
        path = resolver.find(name)
        if not path.is_file():
            raise unreadable(f"refers to the mesh {name!r}, which does not exist")
        content = resolver.get(name)
    except OSError as error:
        raise unreadable(f"refers to the mesh {name!r}, which cannot be read") from error
    suffix = path.suffix.lower()
    if is_pointer(content):
        raise Refused("unreadable", f"refers to the mesh {name!r}, which is a Git LFS pointer", PULL)
    if suffix not in (".obj", ".stl", ".dae", ".ply", ".off", ".glb", ".gltf"):
        raise unreadable(
            f"refers to the mesh {name!r}, whose format is not supported ({suffix or 'no suffix'})"
        )
    own = MeshResolver(path, resolver.roots)
    raws = load(content, suffix, own, notes)
    check_resolution(raws, notes)
    resolver.notes += own.notes
    resolver.images.update({resolver.beside(name, key): fate for key, fate in own.images.items()})
    resolver.inputs.update({resolver.beside(name, key): value for key, value in own.inputs.items()})
    matrix = np.diag([*_numbers(mesh.get("scale"), (1.0, 1.0, 1.0)), 1.0])
    if suffix == ".dae":
        unit_m, up = dae_frame(content)
        matrix = matrix @ up_matrix(up) @ np.diag([unit_m, unit_m, unit_m, UNITS_M["m"]])
    return [raw.moved(matrix) for raw in raws]


def _primitive(shape: ElementTree.Element) -> Raw | None:
    """The triangles of a box, cylinder, capsule or sphere; None if a dimension is not positive.

    Raises:
        Refused: The shape is not supported.
    """
    if shape.tag == "box":
        width_m, depth_m, height_m = _numbers(shape.get("size"), (1.0, 1.0, 1.0))
        return _raw(box(width_m, depth_m, height_m)) if min(width_m, depth_m, height_m) > 0 else None
    (radius,) = _numbers(shape.get("radius"), (1.0,))
    (length,) = _numbers(shape.get("length"), (1.0,))
    if min(radius, length) <= 0:
        return None
    if shape.tag == "sphere":
        return _raw(sphere(radius))
    if shape.tag == "cylinder":
        return _raw(cylinder(radius, length))
    if shape.tag == "capsule":
        return _raw(capsule(radius, length + 2 * radius))
    raise unreadable(f"has a shape <{shape.tag}>, which is not supported")


def _raw(mesh: Mesh) -> Raw:
    return Raw(mesh.vertices_m[mesh.faces])


def _color(
    material: ElementTree.Element | None, materials: dict[str, ElementTree.Element]
) -> tuple[float, float, float] | None:
    """Returns the RGB of a material element.

    If the element has no colour of its own, the robot's material of the same name is used. Returns None if
    that has no colour either, or if `material` is None.
    """
    if material is None:
        return None
    color = material.find("color")
    if color is None:
        named = materials.get(material.get("name", ""))
        color = None if named is None else named.find("color")
    if color is None:
        return None
    red, green, blue, _ = (
        min(max(share, 0.0), 1.0) for share in _numbers(color.get("rgba"), (0.7, 0.7, 0.7, 1.0))
    )
    return red, green, blue
