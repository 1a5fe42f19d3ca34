"""Masks of regions of meshes, compared with the analytic projection of the planes on which they lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.regions import RegionSettings, regions_of
from scenes.decal import NamedRegion
from scenes.distortion import Distortion
from scenes.geometry import Pose
from scenes.spec import Body
from sim.render.raster.decals.regions import region_masks
from sim.render.raster.gbuffer import Silhouette
from sim.sample import Sample, measure
from sim2coco.png import png
from tests.crate import REGIONS, SIZE_M, expected, put_crate
from tests.library.gltf_files import SQUARE_UVS, Gltf
from tests.rig import (
    PLAIN,
    RENDERS,
    UPRIGHT,
    Array,
    Mask,
    Rig,
    camera_at,
    catalogue_from,
    iou,
    rays,
    shot,
    still,
)


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_crate(tmp_path_factory.mktemp("crates") / "crate")


def rig_of(rig: Callable[..., Rig], crate: Path, render: str = "relit") -> Rig:
    tree = {"path": str(crate), "size_m": SIZE_M, "regions": REGIONS}
    return rig(catalogue_from({"crate": tree, "ball": {"shape": "sphere", "size_m": 0.1}}), RENDERS[render])


def with_regions(body: Body, *names: str) -> Body:
    return replace(body, regions=tuple(NamedRegion(2, name) for name in names))


def masks(sample: Sample) -> list[Mask]:
    """The visible masks of the regions."""
    whole = (0, 0, sample.ids.shape[1], sample.ids.shape[0])
    return [sample.visible_mask(one, whole) for one in sample.instances if one.on is not None]


@pytest.mark.parametrize(("render", "focal_px"), [("relit", 160), ("tiny", 450)])
def test_regions_are_where_their_planes_are(
    rig: Callable[..., Rig], crate: Path, render: str, focal_px: int
) -> None:
    made = rig_of(rig, crate, render)
    body = with_regions(made.body("crate", (0, 0, 0)), "lid", "label")
    camera = camera_at((0.15, -0.4, 0.3), (0, 0, 0), focal_px, (320, 240), 0.3)
    sample = made.shoot(still(body), shot(camera)).sample
    truth = expected(np.array(camera.pose.position_m), rays(camera))
    for found, name in zip(masks(sample), ("lid", "label"), strict=True):
        assert np.ptp(np.nonzero(truth[name])[1]) + 1 >= 40
        assert iou(found, truth[name]) >= 0.99
    for one in sample.instances[1:]:
        assert np.array_equal(sample.amodal_mask(one.id), masks(sample)[one.id - 2])
        assert one.on == 1


def test_behind_a_lens_regions_are_where_its_rays_end(rig: Callable[..., Rig], crate: Path) -> None:
    made = rig_of(rig, crate)
    body = with_regions(made.body("crate", (0, 0, 0)), "lid", "label")
    pinhole = camera_at((0.15, -0.4, 0.3), (0, 0, 0), 350, (320, 240))
    camera = replace(pinhole, distortion=Distortion("brown", (-0.2, 0.02, *[0.0] * 6), 1.0))
    sample = made.shoot(still(body), shot(camera)).sample
    x, y = np.meshgrid(np.arange(320) + 0.5, np.arange(240) + 0.5)
    bent = camera.rays(np.stack([x, y], axis=-1))
    local = np.concatenate([bent, np.ones((240, 320, 1))], axis=-1)
    truth = expected(np.array(camera.pose.position_m), local @ camera.pose.rotation().T)
    for found, name in zip(masks(sample), ("lid", "label"), strict=True):
        assert iou(found, truth[name]) >= 0.99


def test_regions_are_hidden_by_bodies_and_by_the_far_side(rig: Callable[..., Rig], crate: Path) -> None:
    made = rig_of(rig, crate)
    body = with_regions(made.body("crate", (0, 0, 0)), "lid", "label")
    camera = shot(camera_at((0.1, -0.4, 0.3), (0, 0, 0), 300, (320, 240)))
    free = made.shoot(still(body), camera).sample
    hidden = made.shoot(still(body, made.body("ball", (0.05, -0.2, 0.05))), camera).sample
    label = hidden.instances[-1]
    assert np.array_equal(hidden.amodal_mask(label.id), free.amodal_mask(3))
    assert np.array_equal(masks(hidden)[1], free.amodal_mask(3) & (hidden.ids == 1))
    assert 0.1 < measure(hidden)[label.id - 1].occlusion < 0.9
    behind = made.shoot(still(body), shot(camera_at((0.1, 0.4, 0.3), (0, 0, 0), 300, (320, 240)))).sample
    assert [one.decal for one in behind.instances] == [None, 0]


def test_the_later_of_two_regions_is_on_top(rig: Callable[..., Rig], crate: Path) -> None:
    made = rig_of(rig, crate)
    body = with_regions(made.body("crate", (0, 0, 0)), "box", "label")
    camera = shot(camera_at((0.1, -0.4, 0.3), (0, 0, 0), 200, (160, 120)))
    sample = made.shoot(still(body), camera).sample
    box, label = masks(sample)
    assert np.array_equal(sample.amodal_mask(2), sample.amodal_mask(1))  # all of the crate is in the group
    assert np.array_equal(label, sample.amodal_mask(3))
    assert np.array_equal(box, sample.amodal_mask(2) & ~label)


def test_regions_change_no_pixel(rig: Callable[..., Rig], crate: Path) -> None:
    made = rig_of(rig, crate)
    body = made.body("crate", (0, 0, 0))
    camera = shot(camera_at((0.1, -0.4, 0.3), (0, 0, 0), 200, (160, 120)))
    bare, labelled = (made.shoot(still(one), camera) for one in (body, with_regions(body, "lid", "label")))
    assert bare.bytes()[:-1] == labelled.bytes()[:-1]


@pytest.mark.parametrize(
    ("code", "truth"),
    [
        (10497, lambda u: (np.mod(u, 1) >= 0.25) & (np.mod(u, 1) < 0.5)),
        (33648, lambda u: (np.abs(u) >= 0.25) & (np.abs(u) < 0.5) | (u >= 1.5) & (u < 1.75)),
        (33071, lambda u: (u >= 0.25) & (u < 0.5)),
    ],
    ids=["repeat", "mirror", "clamp"],
)
def test_a_mask_continues_as_the_texture_of_its_gltf_file(
    tmp_path: Path, code: int, truth: Callable[[Array], Mask]
) -> None:
    u = np.array([-0.7, 1.9])
    gltf = Gltf()
    texture = gltf.picture(png(np.full((16, 16, 3), 200, np.uint8)), {"wrapS": code, "wrapT": code})
    uvs = [(u[0] if x == 0 else u[1], v) for x, v in SQUARE_UVS]
    gltf.square(uvs, {"pbrMetallicRoughness": {"baseColorTexture": {"index": texture}}})
    mask = np.zeros((8, 256, 3), np.uint8)
    mask[:, 64:128] = 255
    (tmp_path / "mask.png").write_bytes(png(mask))
    path = gltf.write(tmp_path)
    resolver = MeshResolver.within(path, tmp_path)
    regions = regions_of(path, {"band": RegionSettings(texture_mask="mask.png")}, resolver)
    assert np.allclose(np.unique(regions.uvs[..., 0]), u)
    camera = camera_at((0.5, 1.0, -0.5), (0.5, 0.0, -0.5), 400, (400, 8))
    body = Body("square", 0, 1.0, Pose((0.0, 0.0, 0.0), UPRIGHT), PLAIN, 0.5)
    silhouette = Silhouette((0, 0, 400, 8), np.ones((8, 400), np.bool_))
    found = region_masks(silhouette, body, camera, regions)["band"][4]
    x = (rays(camera) + camera.pose.position_m)[4, :, 0]
    assert iou(found, truth(u[0] + (u[1] - u[0]) * x)) >= 0.97
