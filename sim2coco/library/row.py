"""The result for one mesh file after it has been read, cleaned and tested: a row of the printed table."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from scenes.geometry import IDENTITY, Matrix

Verdict = Literal["ok", "repaired", "refused"]


@dataclass(frozen=True, slots=True)
class Override:
    """What the user states about a mesh file in the table or on the command line.

    None and "" mean that nothing is stated.

    Attributes:
        category: Category of the asset.
        name: Name of the asset, unique in the library.
        unit_m: Unit of the coordinates in the file, in metres.
        sure: Whether the unit was stated for this file in the table; then any size is accepted.
        up: Axis of the file that points up.
        sure_up: Whether the axis was stated for this file in the table; then that of the file does not count.
        longest_m: Longest side of the bounding box in metres, as an alternative to a unit.
        density_kg_m3: Density in kg/m³.
        licence: Licence of the mesh.
        upright: Whether the object is released upright, turned only about the vertical axis.
        collision: `hull`; `convex` for convex pieces even if a hull would fit; or "" to choose by shape.
    """

    category: str
    name: str
    unit_m: float | None = None
    sure: bool = False
    up: str | None = None
    sure_up: bool = False
    longest_m: float | None = None
    density_kg_m3: float | None = None
    licence: str = ""
    upright: bool | None = None
    collision: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The result for one mesh file.

    Attributes:
        file: Path of the file relative to the imported folder.
        override: What the user states about the file.
        verdict: `ok`, `repaired` or `refused`.
        kind: Kind of the reason if the mesh is refused, from a fixed list; "" otherwise.
        reason: Why the mesh is refused, in words; "" otherwise.
        remedy: What the user can do about the reason; "" if the mesh is not refused.
        asks: What the user must state before the mesh can be imported, and why; "" if nothing is asked.
        notes: Descriptions of repairs, of what the file lacks, and of how the mesh is used.
        repairs: Those of the notes that describe repairs.
        inputs: Hash of each file that was read, by its path relative to the mesh file's folder.
        mesh: Name of the clean mesh, which is its hash; "" for none.
        prepared: Hash of the file with the mesh prepared for drawing; "" for none.
        faces: Number of triangles of the clean mesh.
        parts: Number of parts of the clean mesh, each with its own material.
        extents_m: Sides of the bounding box along x, y and z in metres.
        unit: Source of the unit: `file`, `table`, `--unit`, or "" if none states it and metres are assumed.
        metres_per_unit: Factor from the coordinates in the file to metres.
        up: The axis of the file that was rotated to z.
        up_from: Source of the axis: `file`, `table`, `--up`, or "" if none states it and z is assumed.
        from_file: Transform from the coordinates in the file to those of the clean mesh.
        watertight: Whether the mesh encloses a volume.
        normals: Whether normals come from the file or were computed: `file` or `made`.
        uvs: Whether texture coordinates come from the file or were computed: `file` or `made`.
        images: Status of each texture that the file names: found, missing, unsupported, unreadable.
        volume_m3: The enclosed volume in m³, with holes closed; parts that enclose nothing count as sheets.
        center_of_mass_m: Position of the centre of mass in metres.
        reach_m: Distances from the centre of mass in metres, as in `Dimensions`: the largest, the largest
            horizontal one, down to the lowest vertex, and up to the highest.
        mass_kg: Mass from volume and density, limited to 0.01..50 kg.
        convexity: Volume as a fraction of the hull's volume; 1 for a convex mesh, 0 if the hull is flat.
        pieces: Number of convex pieces of the collision shape; 1 means the hull.
        collision: Name of the file of the pieces, which is its hash; "" for none.
        regions: Name of the file of the mesh's regions, which is the hash of its content; "" for none.
        hull_because: Why the collision shape is the hull although pieces would be better; "" otherwise.
        drawn_px: Number of pixels that the mesh covers in its test render of 192 x 192 pixels.
    """

    file: str
    override: Override
    verdict: Verdict
    kind: str = ""
    reason: str = ""
    remedy: str = ""
    asks: str = ""
    notes: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    mesh: str = ""
    prepared: str = ""
    faces: int = 0
    parts: int = 0
    extents_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    unit: str = ""
    metres_per_unit: float = 1.0
    up: str = "z"
    up_from: str = ""
    from_file: Matrix = IDENTITY
    watertight: bool = False
    normals: str = ""
    uvs: str = ""
    images: dict[str, str] = field(default_factory=dict)
    volume_m3: float = 0.0
    center_of_mass_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    reach_m: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    mass_kg: float = 0.0
    convexity: float = 0.0
    pieces: int = 0
    collision: str = ""
    regions: str = ""
    hull_because: str = ""
    drawn_px: int = 0

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes that describe no repair."""
        return tuple(note for note in self.notes if note not in self.repairs)

    @property
    def outcome(self) -> str:
        """The verdict, or `asks` if the user must state something first."""
        return "asks" if self.asks and self.verdict != "refused" else self.verdict

    @property
    def usable(self) -> bool:
        """Whether the mesh becomes an asset."""
        return self.verdict != "refused" and not self.asks

    @property
    def longest_m(self) -> float:
        """Longest side of the bounding box in metres."""
        return max(self.extents_m)

    def tree(self) -> dict[str, Any]:
        """The row as plain values, for JSON."""
        return asdict(self)


def row_of(tree: dict[str, Any]) -> Row:
    """Builds a row from plain values as returned by `Row.tree`.

    Raises:
        KeyError, TypeError, ValueError: The values do not describe a row of this version.
    """
    override = Override(**tree["override"])
    known = {entry.name for entry in fields(Row)}
    if set(tree) != known:
        raise ValueError("a row of another version")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()
    }
    values["override"], values["from_file"] = override, tuple(map(tuple, tree["from_file"]))
    return Row(**values)
