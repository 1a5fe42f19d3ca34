"""Applies a target to the scenes of a run: views that are not chosen are rejected and removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim2coco.records import Record, Summary, View, from_bytes, picture_files, record_name, to_bytes
from sim2coco.storage import Storage
from sim2coco.target.choosing import Chooser
from sim2coco.target.settings import TARGET


@dataclass(frozen=True, slots=True)
class Filling:
    """Chooses views such that the data set matches a target.

    Scenes must be given to `decided` in the order of their indices.

    Attributes:
        store: The data set.
        chooser: Decides whether to keep a view.
        lightings: Number of lightings of each view.
        left_out: The indices (scene, view, lighting) of the views that were left out.
    """

    store: Storage
    chooser: Chooser
    lightings: int
    left_out: set[tuple[int, int, int]] = field(default_factory=set)

    def decided(self, scene: Summary, wanted: int) -> Summary:
        """Chooses among the accepted views of a scene.

        The views that are not chosen get the reason `target`, and their files are removed. Once `wanted`
        views are chosen, the remaining views of the scene are left unchanged.

        Args:
            scene: The next scene.
            wanted: Number of views that are still wanted.

        Returns:
            The scene with the new reasons.
        """
        views = list(scene.views)
        for index, (reasons, bins) in enumerate(zip(scene.views, scene.bins, strict=True)):
            if bins is None or wanted <= 0:
                continue
            if self.chooser.take(bins, left_out=bool(reasons)):
                wanted -= 1
            else:
                views[index] = (TARGET,)
                self.left_out.add((scene.scene, *divmod(index, self.lightings)))
        new = [index for index, reasons in enumerate(views) if reasons != scene.views[index]]
        if new:
            self._remove(scene.scene, new)
        return replace(scene, views=tuple(views))

    def _remove(self, scene: int, new: Sequence[int]) -> None:
        """Rejects views of a scene in its record, and deletes their files.

        Args:
            scene: Scene index.
            new: Indices of the views in the record.
        """
        record = from_bytes(self.store.get(record_name(scene)))
        views = [_rejected(view) if index in new else view for index, view in enumerate(record.views)]
        content = to_bytes(replace(record, views=tuple(views)))
        self.store.put(record_name(scene), content, sync=False)
        for index in new:  # a later run removes the files that a killed run leaves
            for picture in record.views[index].pictures:
                for name in picture_files(record.split, picture):
                    self.store.delete(name)


def left_out(record: Record) -> bool:
    """Whether any view in the record was rejected because of the target."""
    return any(TARGET in view.reasons for view in record.views)


def left_out_as(record: Record, other: bytes) -> Record:
    """Rejects the views of a record that an earlier record of the scene rejects because of the target.

    Args:
        record: The new record.
        other: Content of the earlier record; ignored if it is not a valid record.
    """
    try:
        out = {(view.view, view.lighting) for view in from_bytes(other).views if TARGET in view.reasons}
    except ValueError:
        return record
    views = [_rejected(view) if (view.view, view.lighting) in out else view for view in record.views]
    return replace(record, views=tuple(views))


def _rejected(view: View) -> View:
    return replace(view, reasons=(TARGET,), pictures=())
