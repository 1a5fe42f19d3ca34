"""Applies a target to the scenes of a run: views that are not chosen are rejected and removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim2coco.records import Record, Summary, View, from_bytes, picture_files, record_name, to_bytes
from sim2coco.storage import Storage
from sim2coco.target.choosing import Chooser
from sim2coco.target.settings import TARGET


@dataclass(frozen=True, slots=True)
class Filling:
    """Decides about the views of scenes, which are given in order.

    Attributes:
        store: The data set.
        chooser: Decides about each view.
        lightings: Number of lightings of each view.
        left_out: (scene, view, lighting) of each view that was left out.
    """

    store: Storage
    chooser: Chooser
    lightings: int
    left_out: set[tuple[int, int, int]] = field(default_factory=set)

    def decided(self, scene: Summary, wanted: int) -> Summary:
        """Returns the scene with the reason `target` for views that are not chosen, and removes their files.

        Once enough views are chosen, nothing is decided about the remaining views, which belong to the
        scene until the run ends.

        Args:
            scene: The next scene.
            wanted: Number of views that are still wanted.
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
        """Rewrites the record, and removes the views' files; a later run removes what a killed run leaves."""
        record = from_bytes(self.store.get(record_name(scene)))
        views = [_rejected(view) if index in new else view for index, view in enumerate(record.views)]
        content = to_bytes(replace(record, views=tuple(views)))
        self.store.put(record_name(scene), content, sync=False)
        for index in new:
            for picture in record.views[index].pictures:
                for name in picture_files(record.split, picture):
                    self.store.delete(name)


def left_out(record: Record) -> bool:
    """Whether views of a scene were left out for a target."""
    return any(TARGET in view.reasons for view in record.views)


def left_out_as(record: Record, other: bytes) -> Record:
    """Leaves out the views of a record that the earlier record `other` of the scene, if valid, leaves out."""
    try:
        out = {(view.view, view.lighting) for view in from_bytes(other).views if TARGET in view.reasons}
    except ValueError:
        return record
    views = [_rejected(view) if (view.view, view.lighting) in out else view for view in record.views]
    return replace(record, views=tuple(views))


def _rejected(view: View) -> View:
    return replace(view, reasons=(TARGET,), pictures=())
