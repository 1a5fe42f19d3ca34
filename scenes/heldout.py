"""What is held out: the assets and pictures that only the scenes of one split are made of.

What counts is content: one mesh under two names or at two sizes is one thing, and so is one picture on two
surfaces. Meshes of furniture are the same in all splits, as floors are.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from scenes.assets.catalogue import Asset, Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.images import ENVIRONMENT, MAX_POOL, Images
from scenes.lamps import EnvironmentSettings
from scenes.looks import LookSettings
from scenes.scene import Scene
from scenes.split import Split, dealt, quotas

MAX_TOLD = 3


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What each split is made of.

    Attributes:
        by: What no two splits share.
        catalogues: For each split what its scenes are drawn from.
    """

    by: tuple[str, ...]
    catalogues: Mapping[str, Catalogue]

    def tree(self) -> dict[str, Any]:
        """For each split what it alone has, as plain values; nothing where only scenes are kept apart."""
        found: dict[str, dict[str, Any]] = {name: {} for name in self.catalogues}
        for name, part in self.catalogues.items():
            if "asset" in self.by:
                drawn = sorted(part.drawn(), key=lambda asset: asset.key)
                found[name]["assets"] = {asset.key: asset.content for asset in drawn}
            if "background" in self.by:
                keys = {image.key for images in part.images.values() for image in images}
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
    """What each split is made of: all of the same, or each of its own.

    Args:
        split: The splits, and what they do not share.
        seed: Another seed, another choice.
        assets: What was set for categories and distractors.
        scene: What was set for surfaces.
        environment: What was set for pictures of all around.
        catalogue: What came of it.

    Raises:
        CatalogueError: There is too little of something for each split to have its own.
    """
    parts = dict.fromkeys(split.shares, catalogue)
    if "asset" in split.by:
        owners = _owners(split, seed, _contents(assets, catalogue), _too_few_meshes)
        parts = {name: _with_assets(part, owners, name) for name, part in parts.items()}
    if "background" in split.by:
        surfaces = {role: look for role, look in scene.looks.items() if look.textured}
        _check_pools(surfaces, environment, split)
        images = {
            f"scene.{role}.images" if role in surfaces else "light.environment": {
                image.content for image in images
            }
            for role, images in catalogue.images.items()
            if role in surfaces or role == ENVIRONMENT
        }
        owners = _owners(split, seed, images, _too_few_images)
        members = dealt(MAX_POOL, split.shares)
        parts = {name: _with_pictures(part, owners, members, name) for name, part in parts.items()}
    return HeldOut(split.by, parts)


Contents = Mapping[str, Set[str]]
"""For each category or surface the different things that it has, by their content."""


def _contents(assets: Assets, catalogue: Catalogue) -> Contents:
    """The meshes of each category and each group of distractors, by the setting that names it."""
    names = [f"assets.categories.{name}" for name in assets.categories]
    names += [f"assets.distractors.{name}" for name in assets.distractors]
    groups = (*catalogue.groups, *catalogue.distractor_groups)
    return {name: {asset.content for asset in group} for name, group in zip(names, groups, strict=True)}


def _owners(
    split: Split, seed: int, groups: Contents, refusal: Callable[[list[str], Contents, Split], str]
) -> dict[str, str]:
    """The split of each thing: in each group near the shares, and at least one for each split.

    The smallest groups come first: what is in several is given away by the one that has least choice.
    """
    short = [name for name, group in groups.items() if len(group) < len(split.shares)]
    owners: dict[str, str] = {}
    for name in [] if short else sorted(groups, key=lambda name: len(groups[name])):
        group = groups[name]
        taken = Counter(owners[content] for content in group if content in owners)
        free = sorted(group - owners.keys(), key=lambda content: _place(seed, content))
        counts = _left(quotas(len(group), split.shares), taken, len(free))
        given = iter(free)
        owners.update((next(given), part) for part, count in counts.items() for _ in range(count))
        if len({owners[content] for content in group}) < len(split.shares):
            short.append(name)
    if short:
        raise CatalogueError(refusal(short, groups, split))
    return owners


def _place(seed: int, content: str) -> str:
    """Where a thing stands in line: its own, whatever else there is."""
    return sha256(f"{seed} {content}".encode()).hexdigest()


def _left(wanted: Mapping[str, int], taken: Counter[str], free: int) -> dict[str, int]:
    """How many of the free ones each split gets when some of what it wants is taken, or too much."""
    counts = {name: max(count - taken[name], 0) for name, count in wanted.items()}
    while sum(counts.values()) > free:
        largest = max((name for name in counts if counts[name]), key=lambda name: counts[name] + taken[name])
        counts[largest] -= 1
    return counts


def _too_few_meshes(short: list[str], groups: Contents, split: Split) -> str:
    found, names = len(groups[short[0]]), ", ".join(split.shares)
    what = f"split.by=asset needs another mesh for each of {names}"
    have = f"this has {found}" if found < len(split.shares) else f"its {found} are in other categories too"
    return f"{short[0]}: {what}, and {have}{_others(short)}; give it more, leave it out, or split.by=scene"


def _too_few_images(short: list[str], groups: Contents, split: Split) -> str:
    found, names = len(groups[short[0]]), ", ".join(split.shares)
    what = f"split.by=background needs another picture for each of {names}"
    have = f"there are {found}" if found < len(split.shares) else f"all {found} are on other surfaces too"
    return f"{short[0]}: {what}, and {have}{_others(short)}; give more, or split.by=scene"


def _others(short: list[str]) -> str:
    """A clause about further groups that have too little."""
    told = [name.removesuffix(".images").rpartition(".")[2] for name in short[1:]]
    more = ", ..." if len(told) > MAX_TOLD else ""
    return f" ({', '.join(told[:MAX_TOLD])}{more} too)" if told else ""


def _check_pools(
    surfaces: Mapping[str, LookSettings], environment: EnvironmentSettings, split: Split
) -> None:
    pools = {
        f"scene.{role}": look.pool for role, look in surfaces.items() if not look.images and look.textures
    }
    if environment.skies and environment.path is None:
        pools["light.environment"] = environment.pool
    for setting, pool in pools.items():
        if pool < len(split.shares):
            raise CatalogueError(
                f"{setting}.pool: split.by=background needs at least {len(split.shares)}, "
                f"a picture of each kind for each split (got {pool})"
            )


def _with_assets(part: Catalogue, owners: Mapping[str, str], split: str) -> Catalogue:
    def own(groups: tuple[tuple[Asset, ...], ...]) -> tuple[tuple[Asset, ...], ...]:
        return tuple(tuple(asset for asset in group if owners[asset.content] == split) for group in groups)

    whole = part.whole or part
    return replace(part, groups=own(part.groups), distractor_groups=own(part.distractor_groups), whole=whole)


def _with_pictures(part: Catalogue, owners: Mapping[str, str], members: list[str], split: str) -> Catalogue:
    images: Images = {
        role: tuple(image for image in images if owners.get(image.content) == split)
        for role, images in part.images.items()
    }
    own = tuple(number for number, owner in enumerate(members) if owner == split)
    return replace(part, images=images, members=own, whole=part.whole or part)
