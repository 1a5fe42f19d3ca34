"""Reads, cleans, measures and tests one mesh file, in a child process because a bad file may crash it."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from scenes.assets.dimensions import measured
from scenes.assets.filenames import readable, real_path
from scenes.assets.library import FOLDER, REGIONS
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.physics import DENSITY_KG_M3, one_asset
from scenes.assets.reading.file import with_computed_normals
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.read import read_source
from scenes.assets.reading.refusal import Refused, Repair
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.source import Source
from scenes.assets.regions import SUFFIX as BESIDE
from scenes.assets.regions import regions_beside, regions_bytes, regions_of
from scenes.assets.solid import Solid, solid_of
from scenes.assets.stored import PREPARED, SUFFIX, content_name, read_stored
from scenes.geometry import conversion, up_matrix
from sim.bullet import Client
from sim.preparing import prepare
from sim.testrender import TestRender, loads, render_test
from sim2coco.library.clean import Cleaned, clean
from sim2coco.library.frame import doubt, unit_of, up_of
from sim2coco.library.meshfile import put_mesh, put_pieces
from sim2coco.library.row import Override, Row
from sim2coco.library.shape import NOT_INSTALLED, shape
from sim2coco.png import png
from sim2coco.store import LocalStore

PICTURES = "pictures"
Y_UP = "_y"
"""File name suffix of a test render with y up, made for meshes with an unknown up axis."""
FLAT = 1e-6
"""Tolerance of the extents when a mesh is read back, as a fraction of its longest side."""


@dataclass(frozen=True, slots=True)
class Task:
    """One mesh file to examine.

    Attributes:
        root: The imported folder.
        file: File path relative to `root`.
        override: The user's statements about the file.
        library: The library to write to; None to write nothing.
        hull_because: Why a convex decomposition is skipped even if the mesh needs one; "" if it is not
            skipped.
    """

    root: Path
    file: str
    override: Override
    library: Path | None
    hull_because: str = ""


def examine(client: Client, task: Task) -> Row:
    """Examines a mesh file; problems with the file are reported in the returned row, not raised."""
    try:
        source = _readable(read_source(real_path(task.root, task.file), (task.root,)))
    except Refused as refused:
        return refusal(task, refused, {})
    try:
        row = _examined(client, task, source)
    except Refused as refused:
        return refusal(task, refused, source.inputs)
    except MeshError as error:
        return refusal(task, Refused("unreadable", str(error), "export it again"), source.inputs)
    return _with_regions(task, row) if row.usable else row


def _readable(source: Source) -> Source:
    """Converts the file names in a source to printable text."""
    return replace(
        source,
        images={readable(name): fate for name, fate in source.images.items()},
        inputs={readable(name): content for name, content in source.inputs.items()},
        notes=tuple(type(note)(readable(note)) for note in source.notes),
        looks=tuple(map(readable, source.looks)),
    )


def refusal(task: Task, refused: Refused, inputs: dict[str, str]) -> Row:
    """Returns the row of a refused mesh.

    Args:
        task: The mesh file.
        refused: The reason.
        inputs: Dict from the path of each input file, relative to the mesh file's folder, to its hash.
    """
    return Row(
        task.file,
        task.override,
        "refused",
        refused.kind,
        readable(refused.sentence),
        readable(refused.remedy),
        inputs=inputs,
    )


def _examined(client: Client, task: Task, source: Source) -> Row:
    unit_m, unit = unit_of(task.override, source)
    up, up_from = up_of(task.override, source)
    from_file = conversion(unit_m, up)
    cleaned = clean(source.raws, np.array(from_file))
    if task.override.longest_m is not None:
        factor = task.override.longest_m / float(cleaned.mesh.extents_m.max())
        unit, unit_m = "table", factor * unit_m
        from_file = conversion(unit_m, up)
        cleaned = clean(source.raws, np.array(from_file))
    solid = solid_of(cleaned.mesh)
    test_render = render_test(client, cleaned.mesh, solid)
    if not test_render.drawn_px:
        raise Refused("no faces", "is invisible in its test image", "look at it in a mesh viewer")
    row = _measured(task, source, cleaned, solid, test_render)
    asks = doubt(row.longest_m, task.override, unit)
    row = replace(
        row, unit=unit, metres_per_unit=unit_m, up=up, up_from=up_from, from_file=from_file, asks=asks
    )
    pieces: tuple[Floats, ...] = ()
    if not row.asks:
        pieces, because = shape(row, cleaned.mesh, task.hull_because)
        if pieces and not loads(client, pieces):
            pieces, because = (), "PyBullet does not load its convex pieces: its hull is used instead"
        told = (because,) if because not in ("", NOT_INSTALLED) else ()
        row = replace(row, pieces=len(pieces) or 1, hull_because=because, notes=(*row.notes, *told))
    if task.library is None or row.asks:
        return row
    store = LocalStore(task.library)
    name = put_mesh(store, with_computed_normals(cleaned.mesh))
    stored = read_stored(task.library / FOLDER / f"{name}{SUFFIX}")
    _check_round_trip(stored, cleaned.mesh)
    size = measured(stored)
    store.put_new(f"{PICTURES}/{name}.png", png(test_render.image))
    if not row.up_from:
        turned = render_test(client, _turned(cleaned.mesh))
        store.put_new(f"{PICTURES}/{name}{Y_UP}.png", png(turned.image))
    row = replace(row, mesh=name, collision=put_pieces(store, pieces) if pieces else "")
    content = prepare(stored.moved(-np.array(size.center_of_mass_m)), name)
    if content:
        store.put(f"{FOLDER}/{name}{PREPARED}", content)
    return replace(
        row,
        center_of_mass_m=size.center_of_mass_m,
        reach_m=(size.radius_m, size.aside_m, size.below_m, size.above_m),
        prepared=content_name(content) if content else "",
    )


def _with_regions(task: Task, row: Row) -> Row:
    """Adds the mesh regions stored beside the mesh file, if any; refuses the mesh if they are invalid."""
    path = real_path(task.root, task.file)
    beside, resolver, fault, content = f"{path.stem}{BESIDE}", MeshResolver(path, (task.root,)), "", b""
    try:
        with suppress(FileNotFoundError):
            resolver.get(beside)  # adds its hash to the inputs, even if it is missing
        if wanted := regions_beside(path):
            content = regions_bytes(regions_of(path, wanted, resolver))
    except Refused as refused:
        fault = f"{refused.sentence}; {refused.remedy}"
    except MeshError as error:
        fault = str(error)
    inputs = row.inputs | {readable(name): found for name, found in resolver.inputs.items()}
    if fault:
        return refusal(task, Refused("unreadable", fault, f"correct {beside}"), inputs)
    name = content_name(content) if content else ""
    if name and task.library is not None:
        LocalStore(task.library).put(f"{REGIONS}/{name}.npz", content)
    return replace(row, inputs=inputs, regions=name)


def _turned(mesh: Mesh) -> Mesh:
    """Returns a mesh rotated so that what was its y axis becomes the vertical z axis."""
    turn = up_matrix("y")[:3, :3].T
    parts = [
        replace(part, vertices_m=part.vertices_m @ turn, normals=part.normals @ turn) for part in mesh.parts
    ]
    return Mesh(tuple(parts))


def _measured(task: Task, source: Source, cleaned: Cleaned, solid: Solid, test_render: TestRender) -> Row:
    mesh, notes = cleaned.mesh, [*source.looks, *source.notes, *cleaned.conversions, *cleaned.repairs]
    repairs = [*(note for note in source.notes if isinstance(note, Repair)), *cleaned.repairs]
    density = task.override.density_kg_m3 or DENSITY_KG_M3
    asset = one_asset(task.override.name, mesh, density, solid)
    x, y, z = (float(side) for side in mesh.extents_m)
    return Row(
        task.file,
        task.override,
        "repaired" if repairs else "ok",
        notes=tuple(str(note) for note in dict.fromkeys(notes)),
        repairs=tuple(str(note) for note in dict.fromkeys(repairs)),
        inputs=source.inputs,
        faces=len(mesh.faces),
        parts=len(mesh.parts),
        extents_m=(x, y, z),
        watertight=cleaned.watertight,
        normals="file" if cleaned.normals else "made",
        uvs="file" if cleaned.uvs else "made",
        images=source.images,
        volume_m3=solid.volume_m3,
        center_of_mass_m=asset.center_of_mass_m,
        mass_kg=asset.mass_kg,
        convexity=_convexity(mesh, mesh.volume_m3 if cleaned.watertight else solid.volume_m3),
        drawn_px=test_render.drawn_px,
    )


def _convexity(mesh: Mesh, volume_m3: float) -> float:
    """`volume_m3` as a fraction of the volume of the mesh's convex hull; 0 if the hull has no volume."""
    points: Floats = mesh.vertices_m - mesh.vertices_m.mean(axis=0)
    try:
        hull_m3 = float(ConvexHull(points).volume)
    except QhullError:
        return 0.0
    return round(min(volume_m3 / hull_m3, 1.0), 3) if hull_m3 > 0 else 0.0


def _check_round_trip(again: Mesh, mesh: Mesh) -> None:
    """Checks that the stored file reads back as the clean mesh, as it must when a data set is generated.

    Raises:
        MeshError: The mesh read back differs, which is a bug in this program.
    """
    size = float(mesh.extents_m.max())
    if len(again.faces) != len(mesh.faces) or not np.allclose(
        again.extents_m, mesh.extents_m, atol=FLAT * size
    ):
        raise MeshError("its clean copy reads back differently; please report this mesh")
