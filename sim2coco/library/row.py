"""The result of reading, cleaning and testing one mesh file: a row of the printed table."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from scenes.geometry import IDENTITY, Matrix

Verdict = Literal["ok", "repaired", "refused"]


@dataclass(frozen=True, slots=True)
class Override:
    """The user's statements about a mesh file, from the table or the command line.

    None and "" mean that nothing is stated.

    Attributes:
        category: Asset category.
        name: Asset name, unique in the library.
        unit_m: Unit of the coordinates in the file, in metres.
        sure: Whether the unit comes from the table. If so, any size is accepted.
        up: Up axis of the file.
        sure_up: Whether the up axis comes from the table. If so, it overrides the axis in the file.
        longest_m: Longest side of the bounding box in metres, as an alternative to a unit.
        density_kg_m3: Density in kg/m³.
        licence: Licence of the mesh.
        upright: Whether the object is released upright, turned only about the vertical axis.
        collision: `hull`; `convex` for a convex decomposition even if the hull fits; "" to choose by shape.
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
    """The result of examining one mesh file.

    Attributes:
        file: File path relative to the imported folder.
        override: The user's statements about the file.
        verdict: `ok`, `repaired` or `refused`.
        kind: Short name of the reason, from a fixed list; "" if the mesh is not refused.
        reason: Why the mesh is refused; "" if it is not.
        remedy: What the user can do about the refusal; "" if the mesh is not refused.
        asks: What the user must state before the mesh can be imported, and why; "" if nothing.
        notes: Notes on repairs, on missing content, and on how the mesh is used.
        repairs: The notes that describe repairs.
        inputs: Dict from the path of each input file, relative to the mesh file's folder, to its hash.
        mesh: Name of the clean mesh, which is its hash; "" if there is none.
        prepared: Hash of the file with the mesh prepared for rendering; "" if there is none.
        faces: Number of triangles in the clean mesh.
        parts: Number of parts in the clean mesh, each with its own material.
        extents_m: Sides of the bounding box along x, y and z in metres.
        unit: Source of the unit: `file`, `table`, `--unit`, or "" if metres are assumed.
        metres_per_unit: Scale factor from file coordinates to metres.
        up: The file axis that was rotated to z.
        up_from: Source of the up axis: `file`, `table`, `--up`, or "" if z is assumed.
        from_file: Transform from file coordinates to clean mesh coordinates.
        watertight: Whether the mesh encloses a volume.
        normals: `file` if normals come from the file, `made` if they were computed.
        uvs: `file` if texture coordinates come from the file, `made` if they were computed.
        images: Dict from the name of each referenced texture to its status, such as found or missing.
        volume_m3: Enclosed volume in m³ with holes closed; parts without volume count as sheets.
        center_of_mass_m: Position of the centre of mass in metres.
        reach_m: Distances in metres from the centre of mass, as in `Dimensions`: to the furthest vertex,
            to the horizontally furthest vertex, down to the lowest vertex, and up to the highest vertex.
        mass_kg: Mass from volume and density, limited to 0.01..50 kg.
        convexity: Volume as a fraction of the hull's volume; 1 for a convex mesh, 0 if the hull is flat.
        pieces: Number of convex pieces of the collision shape; 1 means the hull.
        collision: Name of the convex pieces file, which is its hash; "" if there is none.
        regions: Name of the mesh regions file, which is its hash; "" if there is none.
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
        """The notes that do not describe repairs."""
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
        """Converts the row to a dict for JSON."""
        return asdict(self)


def row_of(tree: dict[str, Any]) -> Row:
    """Builds a row from a dict as returned by `Row.tree`.

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
