"""The input of annotation formats: labelled images, one by one, and facts about the whole data set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenes.assets.catalogue import Catalogue
from sim2coco.records import Picture, Record, View, from_bytes, kept_views, picture_path, record_name
from sim2coco.store import Store


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Splits, categories and licences of a data set.

    Attributes:
        splits: Names of the splits, in the order of the configuration; a split may have no images.
        categories: Names of the categories, in the order of the configuration; labels refer to their index.
        supercategories: Name of the supercategory of each category.
        licences: The licences of the assets in alphabetical order, each once.
    """

    splits: tuple[str, ...]
    categories: tuple[str, ...]
    supercategories: tuple[str, ...]
    licences: tuple[str, ...]


def dataset_info(splits: Iterable[str], catalogue: Catalogue) -> DatasetInfo:
    """Returns the splits, categories and licences of a data set.

    Args:
        splits: Names of the splits.
        catalogue: The assets, which define categories and licences.
    """
    licences = tuple(sorted({asset.licence for asset in catalogue.assets.values()}))
    return DatasetInfo(tuple(splits), catalogue.names, catalogue.supercategories, licences)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """An image with its labels, and the view and scene that it shows.

    Attributes:
        record: The scene.
        view: The view of that scene.
        picture: The image and its labels.
    """

    record: Record
    view: View
    picture: Picture

    @property
    def split(self) -> str:
        """The split of the image."""
        return self.record.split

    @property
    def path(self) -> str:
        """The name of the image file in the data set."""
        return picture_path(self.record.split, self.picture.name)


def labelled_pictures(store: Store, scenes: int, num_views: int) -> Iterator[LabelledPicture]:
    """Yields the labelled images of a data set in the order of scenes; one record is in memory at a time.

    Args:
        store: The data set.
        scenes: Number of scenes.
        num_views: Number of accepted views that belong to the data set; later ones are skipped.
    """
    for scene in range(scenes):
        record = from_bytes(store.get(record_name(scene)))
        for view in kept_views(record, num_views):
            num_views -= 1
            for picture in view.pictures:
                yield LabelledPicture(record, view, picture)
