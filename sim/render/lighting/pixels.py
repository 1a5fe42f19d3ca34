"""The pixels of one view that show bodies: their points, normals and materials."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import SceneSpec
from sim.boxes import Box, bounding_box
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.normals import blended, normals, smooth_normals, unit
from sim.render.lighting.points import Cloud
from sim.render.raster.gbuffer import GBuffer
from sim.render.raster.visibility import Visibility

Floats = NDArray[np.float32]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """The n pixels of one view that show bodies.

    Attributes:
        box: Bounding box x0, y0, x1, y1 of the pixels; x1 and y1 are exclusive.
        place: (n,) index of each pixel in the flattened box.
        columns: (n,) column of each pixel in the box, from 0.
        rows: (n,) row of each pixel in the box, from 0.
        points_m: (3, n) world points.
        normal: (3, n) unit normals in the world frame.
        body: (n,) index into the scene's bodies.
        edge: (h, w) for each pixel of the box, whether it lies on a crease of a body.
    """

    box: Box
    place: Index
    columns: Floats
    rows: Floats
    points_m: Floats
    normal: Floats
    body: NDArray[np.int16]
    edge: NDArray[np.bool_]

    def subset(self, chosen: Index) -> "Pixels":
        """Returns only the pixels at the indices `chosen`; `box` and `edge` stay the same."""
        return Pixels(
            self.box,
            self.place.take(chosen),
            self.columns.take(chosen),
            self.rows.take(chosen),
            self.points_m.take(chosen, axis=1),
            self.normal.take(chosen, axis=1),
            self.body.take(chosen),
            self.edge,
        )


def body_pixels(camera: Camera, visibility: Visibility, cloud: Cloud, spec: SceneSpec) -> Pixels | None:
    """The pixels that show bodies; None if there are none.

    Args:
        camera: Camera of the view.
        visibility: Visible body and depth of each pixel.
        cloud: Points with normals on the bodies.
        spec: The scene.
    """
    box = bounding_box(visibility.body >= 0)
    if box is None:
        return None
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    body = np.ascontiguousarray(visibility.body[part])
    depth_m = np.ascontiguousarray(visibility.depth_m[part])
    place = np.flatnonzero(body >= 0)
    rows, columns = (
        index.astype(np.float32) for index in np.divmod(place.astype(np.int32), np.int32(box[2] - box[0]))
    )
    known, edge = normals(camera, depth_m, body, box)
    normal = np.ascontiguousarray(known.reshape(-1, 3).take(place, axis=0).T)
    shown = body.ravel().take(place)
    # Furniture has flat faces and no points in the cloud: the nearest points are on the objects on it.
    fixed = on_furniture(spec, shown)
    curved = np.flatnonzero(~fixed) if fixed.any() else np.arange(len(shown))
    if len(curved):
        smooth = smooth_normals(camera, depth_m, box, cloud, columns.take(curved), rows.take(curved))
        normal[:, curved] = blended(normal.take(curved, axis=1), np.ascontiguousarray(smooth.T))
    if fixed.any():
        flat = np.flatnonzero(fixed)
        normal[:, flat] = unit(normal.take(flat, axis=1))
    points = _world(camera, depth_m.ravel().take(place), columns, rows, box)
    world = camera.pose.rotation().astype(np.float32) @ normal
    return Pixels(box, place, columns, rows, points, world, shown, edge & (body >= 0))


def on_furniture(spec: SceneSpec, body: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Returns bool (n,): for each body index in `body` (n,), whether that body is furniture."""
    return np.array([one.role == "furniture" for one in spec.bodies]).take(body)


def tilted(pixels: Pixels | None, tilt: Floats | None) -> Pixels | None:
    """Returns the pixels with the bump maps of decals added to their normals.

    Args:
        pixels: The pixels; None if no pixel shows a body.
        tilt: (H, W, 3) vectors that the bump maps add to unit normals; None without bump maps.
    """
    if pixels is None or tilt is None:
        return pixels
    x0, y0, x1, y1 = pixels.box
    added = np.ascontiguousarray(tilt[y0:y1, x0:x1]).reshape(-1, 3).take(pixels.place, axis=0).T
    return replace(pixels, normal=unit(pixels.normal + added))


def _world(camera: Camera, depth_m: Floats, columns: Floats, rows: Floats, box: Box) -> Floats:
    """World points (3, n) of pixels in a box of the image, from their depths (n,)."""
    x = (columns + np.float32(box[0] + 0.5 - camera.cx)) * depth_m * np.float32(1 / camera.fx)
    y = (rows + np.float32(box[1] + 0.5 - camera.cy)) * depth_m * np.float32(1 / camera.fy)
    local = np.stack([x, y, depth_m])
    eye = np.array(camera.pose.position_m, np.float32)[:, None]
    return np.asarray(camera.pose.rotation().astype(np.float32) @ local + eye, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The materials that n pixels show; they do not depend on the light.

    Attributes:
        albedo: (3, n) linear RGB.
        roughness: (n,) 0 is a mirror, 1 is matte.
        eye_m: (3,) position of the camera.
        metal: (m,) indices of the pixels of bare metal; None if there are none.
    """

    albedo: Floats
    roughness: Floats
    eye_m: Floats
    metal: Index | None = None


def material_of(gbuffer: GBuffer, spec: SceneSpec, camera: Camera, pixels: Pixels) -> Material:
    """Returns the materials that `pixels` show."""
    x0, y0, x1, y1 = pixels.box
    colors = np.ascontiguousarray(gbuffer.color[y0:y1, x0:x1]).reshape(-1, 3).take(pixels.place, axis=0)
    roughness = np.array([body.roughness for body in spec.bodies], np.float32).take(pixels.body)
    albedo = albedo_of(np.ascontiguousarray(colors.T))
    metal = np.flatnonzero(np.array([body.metallic for body in spec.bodies]).take(pixels.body))
    return Material(
        albedo, roughness, np.array(camera.pose.position_m, np.float32), metal if len(metal) else None
    )
