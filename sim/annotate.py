"""Labels a rendered image exactly: instance ids and amodal masks."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Shot
from scenes.spec import Body
from sim.boxes import Box, clip, crop, tight_box
from sim.keypoints import keypoints_of
from sim.meshfiles import MeshFiles
from sim.outermost import outermost
from sim.render.compose import Frame
from sim.render.raster.gbuffer import GBuffer
from sim.sample import Instance, Mask, Sample, num_planes
from sim.settled import Settled


def annotate(files: MeshFiles, settled: Settled, shot: Shot, gbuffer: GBuffer, frame: Frame) -> Sample:
    """Labels an image: each labelled body that covers a pixel, even if occluded, becomes an instance.

    Args:
        files: Meshes of the assets.
        settled: The scene.
        shot: Camera of the image.
        gbuffer: Silhouettes of the bodies.
        frame: The image, with the visible body and the depth of each pixel.
    """
    camera, bodies = shot.camera, settled.spec.bodies
    objects = list(_objects(files, bodies, shot, gbuffer, frame))
    found = [*objects, *_decals(gbuffer, bodies, [instance for instance, *_ in objects], camera)]
    instances = tuple(instance for instance, *_ in found)
    return Sample(
        image=frame.image,
        ids=_ids(frame, instances, len(bodies)),
        amodal=_planes([(box, mask) for _, box, mask in found], (camera.height, camera.width)),
        depth_m=frame.depth_m,
        camera=camera,
        instances=instances,
    )


def _objects(
    files: MeshFiles, bodies: tuple[Body, ...], shot: Shot, gbuffer: GBuffer, frame: Frame
) -> Iterator[tuple[Instance, Box, Mask]]:
    """Yields the labelled bodies that cover a pixel of the image, even if occluded.

    Yields:
        The instance; the body's box, clipped to the image; and the amodal mask in this box.
    """
    number, camera = 0, shot.camera
    for index, (body, silhouette) in enumerate(zip(bodies, gbuffer.silhouettes, strict=True)):
        if not body.labelled or silhouette is None:
            continue
        inside = clip(silhouette.box, camera.width, camera.height)
        assert inside is not None
        mask = crop(silhouette.mask, silhouette.box, inside)
        if not mask.any():
            continue
        number += 1
        whole_px = int(np.count_nonzero(silhouette.mask))
        assert body.category is not None
        instance = Instance(
            id=number,
            body=index,
            category=body.category,
            asset=files.assets[body.asset].name,
            pose=body.pose.inside(camera.pose),
            scale=body.scale,
            whole_px=whole_px,
            whole_xyxy=tight_box(silhouette.box, silhouette.mask),
            truncation=1.0 - int(np.count_nonzero(mask)) / whole_px,
            outermost_m=outermost(files, body, shot),
            box_m=files.box_m(body.asset),
            keypoints=keypoints_of(files, body, index, shot, frame),
        )
        yield instance, inside, mask


def _decals(
    gbuffer: GBuffer, bodies: tuple[Body, ...], objects: list[Instance], camera: Camera
) -> Iterator[tuple[Instance, Box, Mask]]:
    """Yields the decals of `objects` that cover a pixel of the image, even if occluded.

    Yields:
        The instance; the box of the decal's object, clipped to the image; and the amodal mask in this box.
    """
    number = len(objects)
    for own in objects:
        silhouette = gbuffer.silhouettes[own.body]
        assert silhouette is not None
        inside = clip(silhouette.box, camera.width, camera.height)
        assert inside is not None
        for index, (decal, whole) in enumerate(
            zip(bodies[own.body].on_surface, silhouette.decals, strict=True)
        ):
            mask = crop(whole, silhouette.box, inside)
            if not mask.any():
                continue
            number += 1
            whole_px = int(np.count_nonzero(whole))
            instance = replace(
                own,
                id=number,
                category=decal.category,
                whole_px=whole_px,
                whole_xyxy=tight_box(silhouette.box, whole),
                truncation=1.0 - int(np.count_nonzero(mask)) / whole_px,
                outermost_m=(),
                box_m=None,
                on=own.id,
                decal=index,
                keypoints=None,
            )
            yield instance, inside, mask


def _ids(
    frame: Frame, instances: tuple[Instance, ...], bodies: int
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Instance id of each pixel; 0 for distractors, furniture, floor, walls and background."""
    table = np.zeros(bodies + 1, np.uint16)
    for instance in instances:
        if instance.on is None:
            table[instance.body] = instance.id
    return table[frame.body] if len(instances) > 255 else table.astype(np.uint8)[frame.body]


def _planes(masks: list[tuple[Box, Mask]], shape: tuple[int, int]) -> NDArray[np.uint8]:
    # Each plane is contiguous in memory, because planes are read one by one.
    planes = np.moveaxis(np.zeros((num_planes(len(masks)), *shape), np.uint8), 0, 2)
    for index, ((x0, y0, x1, y1), mask) in enumerate(masks):
        plane, bit = divmod(index, 8)
        planes[y0:y1, x0:x1, plane] |= mask.astype(np.uint8) << np.uint8(bit)
    return planes
