"""Held-out assets and images: each is used by the scenes of one split only.

Assets and images are compared by content. A mesh with two names or sizes is one mesh, and an image on two
kinds of surfaces is one image. All splits share furniture meshes and defect images.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from scenes.assets.catalogue import Asset, Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.images import DEFECTS, ENVIRONMENT, MAX_POOL, Images, Style
from scenes.lamps import EnvironmentSettings
from scenes.looks import LookSettings
from scenes.scene import Scene
from scenes.split import Split, interleaved_splits, split_sizes

MAX_LISTED = 3
"""Maximum number of groups that an error message lists in addition to the first."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The assets and images that the scenes of each split may use.

    Attributes:
        by: What splits do not share: `("scene",)`, or a tuple with `asset`, `background` or both.
        catalogues: The catalogue of each split, keyed by split name.
    """

    by: tuple[str, ...]
    catalogues: Mapping[str, Catalogue]

    def tree(self) -> dict[str, Any]:
        """Returns a dict from split to the assets, images and texture variants that no other split uses.

        The dict contains only JSON values. It is empty if the splits are separated by scene only.
        """
        found: dict[str, dict[str, Any]] = {name: {} for name in self.catalogues}
        for name, part in self.catalogues.items():
            if "asset" in self.by:
                drawn = sorted(part.drawn(), key=lambda asset: asset.key)
                found[name]["assets"] = {asset.key: asset.content for asset in drawn}
            if "background" in self.by:
                keys = {
                    image.key
                    for role, images in part.images.items()
                    if not role.startswith(DEFECTS)
                    for image in images
                }
                found[name]["images"] = sorted(keys)
                found[name]["textures"] = list(part.members)
        return {name: tree for name, tree in found.items() if tree}


def hold_out(
    split: Split,
    seed: int,
    assets: Assets,
    scene: Scene,
    environment: EnvironmentSettings,
    catalogue: Catalogue,
) -> HeldOut:
    """Divides assets and images among the splits according to `split.by`.

    Args:
        split: The splits, and what is separated between them.
        seed: Seed of the random assignment of items to splits.
        assets: Settings of categories and distractors.
        scene: Settings of the scene, including its surfaces.
        environment: Settings of the environment maps.
        catalogue: The catalogue of all assets and images that these settings name.

    Raises:
        CatalogueError: A category or surface has too few meshes, images or procedural variants to give each
            split at least one.
    """
    parts = dict.fromkeys(split.shares, catalogue)
    if "asset" in split.by:
        owners = _owners(split, seed, _contents(assets, catalogue), _too_few_meshes)
        parts = {name: _with_assets(part, owners, name) for name, part in parts.items()}
    if "background" in split.by:
        surfaces = {role: look for role, look in scene.looks.items() if look.textured}
        _check_pools(surfaces, environment, split, catalogue.style)
        images = {
            f"scene.{role}.images" if role in surfaces else "light.environment": {
                image.content for image in images
            }
            for role, images in catalogue.images.items()
            if role in surfaces or role == ENVIRONMENT
        }
        owners = _owners(split, seed, images, _too_few_images)
        members = interleaved_splits(MAX_POOL, split.shares)
        parts = {name: _with_images(part, owners, members, name) for name, part in parts.items()}
    return HeldOut(split.by, parts)


Contents = Mapping[str, Set[str]]
"""Maps the settings key of each category or surface to the content hashes of its meshes or images."""


def _contents(assets: Assets, catalogue: Catalogue) -> Contents:
    """Returns a dict from the settings key of each category or distractor to the hashes of its meshes."""
    names = [f"assets.categories.{name}" for name in assets.categories]
    names += [f"assets.distractors.{name}" for name in assets.distractors]
    groups = (*catalogue.groups, *catalogue.distractor_groups)
    return {name: {asset.content for asset in group} for name, group in zip(names, groups, strict=True)}


def _owners(
    split: Split, seed: int, groups: Contents, refusal: Callable[[list[str], Contents, Split], str]
) -> dict[str, str]:
    """Assigns each mesh or image to a split, and returns the split names by content hash.

    The items of each group are divided approximately in proportion to the split fractions, and every split
    gets at least one item of each group. The smallest groups are divided first, because they leave the least
    freedom for items that belong to several groups.

    Args:
        split: The splits and their fractions.
        seed: Seed of the random assignment.
        groups: Content hashes of the items of each group.
        refusal: Returns the error message for the groups that have too few items.

    Raises:
        CatalogueError: A group has too few items to give each split at least one.
    """
    short = [name for name, group in groups.items() if len(group) < len(split.shares)]
    owners: dict[str, str] = {}
    for name in [] if short else sorted(groups, key=lambda name: len(groups[name])):
        group = groups[name]
        taken = Counter(owners[content] for content in group if content in owners)
        free = sorted(group - owners.keys(), key=lambda content: _sort_key(seed, content))
        counts = _counts_of_free(split_sizes(len(group), split.shares), taken, len(free))
        given = iter(free)
        owners.update((next(given), part) for part, count in counts.items() for _ in range(count))
        if len({owners[content] for content in group}) < len(split.shares):
            short.append(name)
    if short:
        raise CatalogueError(refusal(short, groups, split))
    return owners


def _sort_key(seed: int, content: str) -> str:
    """Pseudorandom sort key of an item; it depends only on the seed and the item, not on other items."""
    return sha256(f"{seed} {content}".encode()).hexdigest()


def _counts_of_free(wanted: Mapping[str, int], taken: Counter[str], free: int) -> dict[str, int]:
    """Returns the number of unassigned items of a group to assign to each split.

    Args:
        wanted: Number of items that each split should have.
        taken: Number of items of the group that each split already has through other groups.
        free: Number of unassigned items.
    """
    counts = {name: max(count - taken[name], 0) for name, count in wanted.items()}
    while sum(counts.values()) > free:
        largest = max((name for name in counts if counts[name]), key=lambda name: counts[name] + taken[name])
        counts[largest] -= 1
    return counts


def _too_few_meshes(short: list[str], groups: Contents, split: Split) -> str:
    found, names = len(groups[short[0]]), ", ".join(split.shares)
    what = f"split.by=asset needs a different mesh for each of {names}"
    have = f"it has {found}" if found < len(split.shares) else f"its {found} are also in other categories"
    return f"{short[0]}: {what}, but {have}{_others(short)}; add meshes, remove it, or set split.by=scene"


def _too_few_images(short: list[str], groups: Contents, split: Split) -> str:
    found, names = len(groups[short[0]]), ", ".join(split.shares)
    what = f"split.by=background needs a different image for each of {names}"
    have = f"there are {found}" if found < len(split.shares) else f"all {found} are also on other surfaces"
    return f"{short[0]}: {what}, but {have}{_others(short)}; add images, or set split.by=scene"


def _others(short: list[str]) -> str:
    """Returns the part of an error message that lists the groups after the first; empty if there are none."""
    listed = [name.removesuffix(".images").rpartition(".")[2] for name in short[1:]]
    more = ", ..." if len(listed) > MAX_LISTED else ""
    return f" (the same for {', '.join(listed[:MAX_LISTED])}{more})" if listed else ""


def _check_pools(
    surfaces: Mapping[str, LookSettings], environment: EnvironmentSettings, split: Split, style: Style
) -> None:
    pools = {
        f"scene.{role}": look.pool
        for role, look in surfaces.items()
        if not look.images and look.choices(style)
    }
    if environment.skies and environment.path is None:
        pools["light.environment"] = environment.pool
    for setting, pool in pools.items():
        if pool < len(split.shares):
            raise CatalogueError(
                f"{setting}.pool: split.by=background needs at least {len(split.shares)}, "
                f"one variant of each kind for each split (got {pool})"
            )


def _with_assets(part: Catalogue, owners: Mapping[str, str], split: str) -> Catalogue:
    def own(groups: tuple[tuple[Asset, ...], ...]) -> tuple[tuple[Asset, ...], ...]:
        return tuple(tuple(asset for asset in group if owners[asset.content] == split) for group in groups)

    whole = part.whole or part
    return replace(part, groups=own(part.groups), distractor_groups=own(part.distractor_groups), whole=whole)


def _with_images(part: Catalogue, owners: Mapping[str, str], members: list[str], split: str) -> Catalogue:
    images: Images = {
        role: tuple(
            image for image in images if role.startswith(DEFECTS) or owners.get(image.content) == split
        )
        for role, images in part.images.items()
    }
    own = tuple(number for number, owner in enumerate(members) if owner == split)
    return replace(part, images=images, members=own, whole=part.whole or part)
