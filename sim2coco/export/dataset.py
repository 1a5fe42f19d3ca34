"""What formats are given: the labelled pictures of a data set, one after the other, and what they share."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenes.assets.catalogue import Catalogue
from sim2coco.records import Picture, Record, View, from_bytes, kept_views, picture_path, record_name
from sim2coco.store import Store


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What all pictures of a data set share.

    Attributes:
        splits: Names of the splits, in the order of the configuration; one may turn out to have no pictures.
        categories: Names of the categories, in the order of the configuration; labels hold indices into it.
        supercategories: One for each category.
        licences: The licence of every asset used, in alphabetical order, each once.
    """

    splits: tuple[str, ...]
    categories: tuple[str, ...]
    supercategories: tuple[str, ...]
    licences: tuple[str, ...]


def dataset_info(splits: Iterable[str], catalogue: Catalogue) -> DatasetInfo:
    """What all pictures of a data set share.

    Args:
        splits: Their names.
        catalogue: Where categories and licences come from.
    """
    licences = tuple(sorted({asset.licence for asset in catalogue.assets.values()}))
    return DatasetInfo(tuple(splits), catalogue.names, catalogue.supercategories, licences)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture with its labels (`picture`), and the shot (`view`) and scene (`record`) that it is of."""

    record: Record
    view: View
    picture: Picture

    @property
    def split(self) -> str:
        """The split that it is in."""
        return self.record.split

    @property
    def path(self) -> str:
        """Where its image lies in the data set."""
        return picture_path(self.record.split, self.picture.name)


def labelled_pictures(store: Store, scenes: int, num_views: int) -> Iterator[LabelledPicture]:
    """The labelled pictures of a data set, in the order of scenes; one record is in memory at a time.

    Args:
        store: The data set.
        scenes: How many scenes there are.
        num_views: How many accepted views are a part of it; those that come later are left out.
    """
    for scene in range(scenes):
        record = from_bytes(store.get(record_name(scene)))
        for view in kept_views(record, num_views):
            num_views -= 1
            for picture in view.pictures:
                yield LabelledPicture(record, view, picture)
