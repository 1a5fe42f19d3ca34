"""Reads the labelled images of sim2coco data sets from the scene records."""

from collections.abc import Iterable, Iterator

from scenes.assets.catalogue import Catalogue
from sim2coco.datasets.labelled import (
    Amodal,
    DatasetInfo,
    IgnoredObject,
    Label,
    LabelledImage,
    Licence,
    Skeleton,
    Solid,
)
from sim2coco.records import (
    Annotation,
    Picture,
    Record,
    View,
    from_bytes,
    kept_views,
    picture_path,
    record_name,
)
from sim2coco.storage import Store


def dataset_info(splits: Iterable[str], catalogue: Catalogue, depth_scale_mm: float = 1.0) -> DatasetInfo:
    """Returns the metadata of a data set.

    Args:
        splits: Split names.
        catalogue: The assets and defects, which define the categories and licences.
        depth_scale_mm: Millimetres per unit in a depth file.
    """
    licences = sorted({asset.licence for asset in catalogue.assets.values()})
    return DatasetInfo(
        splits=tuple(splits),
        categories=catalogue.categories,
        supercategories=(*catalogue.supercategories, *catalogue.on_objects.values()),
        licences=tuple(map(Licence, licences)),
        attributes=(*catalogue.attributes, *({} for _ in catalogue.on_objects))
        if catalogue.attributes
        else (),
        skeletons=_skeletons(catalogue),
        amodal=True,
        depth_scale_mm=depth_scale_mm,
        meshes=lambda key: catalogue.assets[key].mesh,
    )


def _skeletons(catalogue: Catalogue) -> tuple[Skeleton | None, ...]:
    """Returns the keypoints of each category: None if a category has none, but () if no category has any."""
    if not catalogue.keypoint_names:
        return ()
    of_objects = (None if one is None else Skeleton(one.names, one.edges) for one in catalogue.keypoint_names)
    return (*of_objects, *(None for _ in catalogue.on_objects))


def labelled_images(store: Store, info: DatasetInfo, scenes: int, num_views: int) -> Iterator[LabelledImage]:
    """Yields the labelled images of a data set in scene order; only one record is in memory at a time.

    Args:
        store: The data set.
        info: Metadata of the data set.
        scenes: Number of scenes.
        num_views: Number of accepted views in the data set. Further views in the records are skipped.
    """
    for scene in range(scenes):
        if not num_views:  # an unfinished extension may have more records, with gaps
            return
        record = from_bytes(store.get(record_name(scene)))
        for view in kept_views(record, num_views):
            num_views -= 1
            for picture in view.pictures:
                yield labelled_image(store, info, record, view, picture)


def labelled_image(
    store: Store, info: DatasetInfo, record: Record, view: View, picture: Picture
) -> LabelledImage:
    """Converts an image entry of a record to a labelled image."""
    return LabelledImage(
        split=record.split,
        name=picture.name,
        file=store.path(picture_path(record.split, picture.name)),
        width=picture.width,
        height=picture.height,
        labels=tuple(_label(info, record, annotation) for annotation in picture.annotations),
        ignored=tuple(
            IgnoredObject(ignored.category, ignored.bbox, ignored.reason) for ignored in picture.ignored
        ),
        scene=record.scene,
        facts={"view": view.view, "lighting": view.lighting, "copy": picture.copy},
        camera=picture.camera,
        other_files={name: store.path(name) for name in picture.other_files},
    )


def _label(info: DatasetInfo, record: Record, annotation: Annotation) -> Label:
    return Label(
        category=annotation.category,
        bbox=annotation.bbox,
        area=annotation.area,
        counts=annotation.counts,
        amodal=Amodal(annotation.amodal_counts, annotation.amodal_area, annotation.amodal_bbox),
        attributes={
            "visible_fraction": annotation.visible_fraction,
            "occlusion": annotation.occlusion,
            "truncation": annotation.truncation,
            "asset": annotation.asset,
            "instance": annotation.instance,
            **({} if annotation.on is None else {"on": annotation.on}),
            **info.attributes[annotation.category],
        },
        keypoints=annotation.keypoints,
        solid=_solid(record, annotation),
    )


def _solid(record: Record, label: Annotation) -> Solid | None:
    """Returns the rendered object that a label describes.

    Returns None if the record lacks the object's pose, or its box, which includes parts beyond the image.
    """
    if label.pose is None or label.whole_px is None or label.whole_bbox is None:
        return None
    if record.settled is None:
        return None
    return Solid(
        asset=record.settled.spec.bodies[label.body].asset,
        pose=label.pose,
        scale=label.scale,
        whole_px=label.whole_px,
        whole_bbox=label.whole_bbox,
        from_file=record.from_file[label.body] if record.from_file else None,
        box_m=label.box_m,
    )
