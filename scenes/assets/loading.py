"""Loads the catalogue from the settings: finds, reads and checks the meshes and computes their masses."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from scenes.assets.catalogue import Asset, Catalogue, CatalogueError
from scenes.assets.categories import UNKNOWN, Assets, Category
from scenes.assets.filenames import readable
from scenes.assets.images import Style, load_images
from scenes.assets.keypoints import KeypointNames, Keypoints, joined, keypoints_beside
from scenes.assets.library import Entry, NoLibrary, read_library
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.naming import asset_names
from scenes.assets.origin import Origin
from scenes.assets.paths import AssetPath, PathError
from scenes.assets.physics import asset_of, asset_with, one_asset
from scenes.assets.pieces import read_pieces
from scenes.assets.plausible import MAX_SIZE_M, MIN_SIZE_M, doubtful_sizes, far_sizes, long
from scenes.assets.reading.file import MeshFile, read_mesh_file
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.regions import SUFFIX as REGIONS
from scenes.assets.regions import read_regions, regions_beside, regions_of
from scenes.assets.shapes import SHAPES
from scenes.assets.solid import solid_of
from scenes.assets.stored import StoredMesh, check_stored
from scenes.geometry import Matrix, matrix_of, scaled_after

MAX_FAULTS = 5
"""Largest number of errors listed in one message."""
LEANING = (
    "is assumed to have z up, because the file does not state an up axis; set it with assets import --up z|y"
)
IMPORT = "run sim2coco assets import FOLDER --out LIBRARY to repair or leave out such files"


def load_catalogue(
    settings: Assets,
    folders: Mapping[str, str | None] | None = None,
    furniture: Mapping[str, Mesh] | None = None,
    style: Style = "natural",
) -> Catalogue:
    """Loads the catalogue: reads and checks the meshes and images that the settings name.

    Args:
        settings: The categories and distractors.
        folders: The image folder of each role; None for a role without images. See `load_images`.
        furniture: A dict from names to furniture meshes.
        style: Texture style of surfaces whose setting `textures` is null.

    Raises:
        CatalogueError: A path contains no mesh, or a mesh cannot be used. The message lists up to
            `MAX_FAULTS` errors.
        ImageError: An image cannot be read.
    """
    loader = _Loader()
    groups = [
        loader.load("categories", name, category, index)
        for index, (name, category) in enumerate(settings.categories.items())
    ]
    distractors = [
        loader.load("distractors", name, category, None) for name, category in settings.distractors.items()
    ]
    pairs = zip(settings.categories, groups, strict=True)
    names = [loader.keypoint_names(name, group) for name, group in pairs]
    regions, clashes = _region_names(settings, groups)
    faults = [*loader.faults, *clashes] or list(doubtful_sizes(settings, groups))
    far = [] if faults else list(far_sizes(settings, groups))
    if faults:
        more = [f"and {len(faults) - MAX_FAULTS} more like these"] if len(faults) > MAX_FAULTS else []
        raise CatalogueError(*faults[:MAX_FAULTS], *more, *loader.hints)
    return Catalogue(
        names=tuple(settings.categories),
        supercategories=tuple(category.supercategory for category in settings.categories.values()),
        weights=tuple(category.weight for category in settings.categories.values()),
        groups=tuple(groups),
        distractor_weights=tuple(category.weight for category in settings.distractors.values()),
        distractor_groups=tuple(distractors),
        attributes=tuple(category.attributes for category in settings.categories.values()),
        images=load_images(folders or {}),
        furniture={
            name: replace(one_asset(name, mesh), category=None) for name, mesh in (furniture or {}).items()
        },
        style=style,
        notes=(*(one.sentence for one in far if not one.stated), *loader.notes),
        far_sizes={one.category: one.sentence for one in far},
        keypoint_names=tuple(names) if any(names) else (),
        regions=regions,
    )


def load_category(name: str, category: Category, with_regions: bool = False) -> tuple[Asset, ...]:
    """Loads the assets of a single category.

    Args:
        name: Name of the category.
        category: Settings of the category.
        with_regions: Whether to load the regions of the meshes. If false, the assets are distractors, which
            have no regions.

    Raises:
        CatalogueError: A mesh, or a region of it, cannot be used.
    """
    loader = _Loader()
    assets = loader.load("categories", name, category, 0 if with_regions else None)
    if loader.faults:
        raise CatalogueError(loader.faults[0])
    return assets


class _Loader:
    """Loads categories one by one, and collects errors and notes.

    Attributes:
        faults: Messages about meshes that cannot be used.
        hints: General advice on the errors.
        notes: Messages about changes and omissions in usable files.
    """

    def __init__(self) -> None:
        """Starts without errors and notes."""
        self.faults: list[str] = []
        self.hints: tuple[str, ...] = ()
        self.notes: list[str] = []

    def load(self, group: str, name: str, category: Category, index: int | None) -> tuple[Asset, ...]:
        """Loads the assets of a category from a shape, a library or mesh files.

        If the path or library cannot be used, adds an error and returns an empty tuple.

        Args:
            group: `categories` or `distractors`, for messages.
            name: Name of the category.
            category: Settings of the category.
            index: Index of the category; None for distractors.
        """
        if category.shape is not None:
            size_m = category.size_m or (1.0, 1.0)
            shape = SHAPES[category.shape](size_m[1])
            asset = asset_of(name, category, index, shape, f"shape:{category.shape}")
            return (self._with_keypoints(f"assets.{group}.{name}", category, asset, None),)
        assert category.path is not None
        setting = f"assets.{group}.{name}.path"
        try:
            library = category.path.library
            if library is not None:
                return tuple(self._of_library(setting, library, name, category, index))
            return self._of_files(setting, category.path, name, category, index)
        except (NoLibrary, PathError, MeshError) as error:
            self.faults.append(f"{setting}: {error}")
            return ()

    def _of_files(
        self, setting: str, path: AssetPath, name: str, category: Category, index: int | None
    ) -> tuple[Asset, ...]:
        """Loads all usable mesh files. Adds an error for each file that cannot be used."""
        names = asset_names(name, path)
        assets: list[Asset] = []
        spoilt: list[str] = []
        for file, called in names.items():
            try:
                mesh, found, from_file = self._sized(setting, file, category)
                solid = solid_of(mesh)
                self.notes += [readable(f"{setting}: {file.name}: {note}") for note in solid.notes]
                asset = asset_of(called, category, index, mesh, found.mesh.content_hash, solid)
                origin = Origin(readable(file.name), found.sha256)
                asset = replace(asset, from_file=from_file, origin=origin)
                asset = self._with_keypoints(setting, category, asset, keypoints_beside(file))
                assets.append(asset if index is None else _with_regions(category, asset, file))
            except MeshError as error:
                spoilt.append(readable(f"{setting}: {file}: {error}"))
        if spoilt and len(names) > 1:
            self.hints = (IMPORT,)
        self.faults += spoilt
        return tuple(assets)

    def _sized(self, setting: str, path: Path, category: Category) -> tuple[Mesh, MeshFile, Matrix]:
        """Reads a mesh file, and scales the mesh.

        The longest side of the scaled mesh is the upper limit of the range `size_m` of `category`. Without
        `size_m`, the mesh is not scaled.

        Returns:
            The scaled mesh; the file as read, with the unscaled mesh; and the transform from the coordinates
            in the file to those of the scaled mesh.

        Raises:
            MeshError: The file cannot be used, or the mesh has no plausible size and there is no `size_m`.
        """
        assert category.path is not None
        found = self._noted(setting, path.name, path, category, category.path.within)
        from_file = matrix_of(found.from_file)
        longest_m = float(found.mesh.extents_m.max())
        if category.size_m is not None:
            factor = category.size_m[1] / longest_m
            return found.mesh.scaled(factor), found, scaled_after(from_file, factor)
        if not MIN_SIZE_M <= longest_m <= MAX_SIZE_M:
            unit = "in the unit stated in the file" if found.states_unit else "if its coordinates are metres"
            raise MeshError(f"{long(longest_m)} {unit}; set its size_m")
        return found.mesh, found, from_file

    def _of_library(
        self, setting: str, folder: Path, name: str, category: Category, index: int | None
    ) -> Iterator[Asset]:
        """Yields the assets of a library.

        If `category.path` names a category of the library, only the assets of that category are loaded.
        Densities come from the library unless the settings state them. Sizes were confirmed at import and are
        not checked again.
        """
        assert category.path is not None
        library, part = read_library(folder), category.path.category
        entries = library.of(part) if part else library.entries
        if not entries:
            raise NoLibrary(f"the library {category.path.folder!r} has no mesh in the category {part!r}")
        for entry in entries:
            known = category.model_copy(update=_facts(category, entry))
            if known.upright and not entry.knows_up:
                self.notes.append(f"{setting}: {entry.name}: {LEANING}")
            called = entry.name if entry.name.startswith(f"{name}/") else f"{name}/{entry.name}"
            try:
                asset, factor = self._of_entry(setting, entry, called, known, index)
            except MeshError as error:
                raise NoLibrary(f"{entry.path} ({entry.name}): {error}; import the meshes again") from error
            pieces = () if entry.pieces is None else read_pieces(entry.pieces, factor)
            from_file = scaled_after(entry.from_file, factor)
            asset = replace(asset, pieces=pieces, from_file=from_file, origin=entry.origin)
            asset = self._with_keypoints(setting, known, asset, entry.keypoints)
            yield asset if index is None else _with_stored_regions(category, asset, entry)

    def _of_entry(
        self, setting: str, entry: Entry, called: str, category: Category, index: int | None
    ) -> tuple[Asset, float]:
        """Returns the asset and the scale factor of a library entry.

        The mesh is not read, unless the library does not store the dimensions of the mesh.

        Raises:
            MeshError: A file is missing or damaged.
        """
        if entry.dimensions is None:
            return self._of_obj(setting, entry, called, category, index)
        check_stored(entry.path)
        longest_m = max(entry.dimensions.extents_m)
        factor = 1.0 if category.size_m is None else category.size_m[1] / longest_m
        surface, size = StoredMesh(entry.path, factor, entry.prepared), entry.dimensions.scaled(factor)
        key = sha256(f"{entry.mesh} {factor!r}".encode()).hexdigest()
        return asset_with(called, category, index, surface, size, (key, entry.mesh)), factor

    def _of_obj(
        self, setting: str, entry: Entry, called: str, category: Category, index: int | None
    ) -> tuple[Asset, float]:
        """Returns the asset and the scale factor of an entry in a library of version 1.

        The mesh is read, because libraries of version 1 do not store the dimensions of meshes.
        """
        mesh = self._noted(setting, entry.name, entry.path, category, entry.path.parent).mesh
        factor = 1.0
        content = mesh.content_hash
        if category.size_m is not None:
            factor = category.size_m[1] / float(mesh.extents_m.max())
            mesh = mesh.scaled(factor)
        return asset_of(called, category, index, mesh, content), factor

    def _with_keypoints(self, setting: str, category: Category, asset: Asset, own: Keypoints | None) -> Asset:
        """Adds keypoints to an asset: the keypoints in the category settings, or else `own`."""
        stated = category.stated_keypoints or own
        if stated is None:
            return asset
        placed = stated.placed(asset.from_file)
        if name := placed.far_from(asset.center_of_mass_m, asset.radius_m):
            what = f"keypoint {name!r} is far from the mesh; keypoints use the coordinates of the mesh file"
            self.notes.append(f"{setting}: {asset.name}: {what}")
        return replace(asset, keypoints=placed)

    def keypoint_names(self, name: str, group: tuple[Asset, ...]) -> KeypointNames | None:
        """Returns the keypoint names of a category; adds an error if a skeleton edge has an unknown name."""
        try:
            return joined(name, [asset.keypoints for asset in group if asset.keypoints is not None])
        except MeshError as error:
            self.faults.append(f"assets.categories.{name}: {error}")
            return None

    def _noted(self, setting: str, called: str, path: Path, category: Category, within: Path) -> MeshFile:
        """Reads a mesh file, and adds the notes on reading it to the loader's notes.

        Notes on materials and textures are left out if the category replaces the colours of the file.

        Args:
            setting: Key of the setting that names the file, for the notes.
            called: Name of the mesh, for the notes.
            path: The mesh file.
            category: Settings of the category.
            within: A folder that may contain the textures, in addition to the folder of `path`.
        """
        found = read_mesh_file(path, within)
        looks = found.looks if category.color in (None, "own") else ()
        self.notes += [readable(f"{setting}: {called}: {note}") for note in (*found.notes, *looks)]
        return found


def _with_regions(category: Category, asset: Asset, file: Path) -> Asset:
    """Adds regions to an asset: from the category settings, or else from the region file next to the mesh.

    Raises:
        MeshError: A mask cannot be used, or a region is empty or names a material or group that the mesh does
            not have.
    """
    assert category.path is not None
    wanted = category.regions or regions_beside(file)
    if not wanted:
        return asset
    resolver = MeshResolver.within(file, category.path.within)
    return replace(asset, regions=regions_of(file, wanted, resolver).placed(asset.from_file))


def _with_stored_regions(category: Category, asset: Asset, entry: Entry) -> Asset:
    """Adds the regions stored in a library to an asset.

    Raises:
        NoLibrary: The settings of the category have regions, or the region file is damaged.
    """
    if category.regions:
        beside = f"{Path(entry.source).stem}{REGIONS}"
        raise NoLibrary(
            f"the regions of a library come from the imported folder; put them into "
            f"{beside} next to {entry.source}, and import the folder again"
        )
    if entry.regions is None:
        return asset
    try:
        return replace(asset, regions=read_regions(entry.regions).placed(asset.from_file))
    except MeshError as error:
        raise NoLibrary(f"{entry.regions} ({entry.name}): {error}; import the meshes again") from error


def _region_names(settings: Assets, groups: list[tuple[Asset, ...]]) -> tuple[dict[str, str], list[str]]:
    """Collects the region categories.

    Returns:
        A dict from region name to supercategory, and a list of error messages. It is an error if a region
        name has two different supercategories, or is also the name of a category.
    """
    found: dict[str, str] = {}
    faults = []
    for category, group in zip(settings.categories, groups, strict=True):
        areas = [area for asset in group if asset.regions is not None for area in asset.regions.areas]
        for area in areas:
            known = found.setdefault(area.name, area.supercategory)
            if area.supercategory != known:
                own = f"its region {area.name!r} has the supercategory {area.supercategory!r}"
                faults.append(
                    f"assets.categories.{category}: {own}, but {known!r} elsewhere; use the same one"
                )
        for name in dict.fromkeys(area.name for area in areas if area.name in settings.categories):
            same = f"its region {name!r} has the same name as a category; rename one of them"
            faults.append(f"assets.categories.{category}: {same}")
    return found, list(dict.fromkeys(faults))


def _facts(category: Category, entry: Entry) -> dict[str, object]:
    """Returns the settings `density_kg_m3`, `licence` and `upright` of a mesh in a library.

    Each value comes from `category` if it is set there, otherwise from the library's `entry`.
    """
    return {
        "density_kg_m3": category.density_kg_m3 or entry.density_kg_m3,
        "licence": entry.licence if category.licence == UNKNOWN else category.licence,
        "upright": entry.upright if category.upright is None else category.upright,
    }
