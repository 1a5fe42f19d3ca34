"""Selects the images and categories that a validation uses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import Dataset
from sim2coco.validate.errors import ValidateError

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Classes:
    """The compared categories.

    Attributes:
        names: Category names; a class is an index into this list.
        notes: One sentence for each data set that lacks a category of another data set.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def of(self, dataset: Dataset) -> tuple[int | None, ...]:
        """Returns a tuple with the class of each category of a data set.

        The class is None if the category is not compared.
        """
        index = {name: number for number, name in enumerate(self.names)}
        return tuple(index.get(name) for name in dataset.info.categories)


def common_classes(reference: Dataset, training: Mapping[str, Dataset]) -> Classes:
    """Returns the categories that the reference and all training sets have, matched by name.

    Args:
        reference: The test data set.
        training: The training data sets, keyed by their names in messages.

    Raises:
        ValidateError: The data sets have no category in common.
    """
    sets = {"the reference": reference, **training}
    everywhere = [
        name
        for name in reference.info.categories
        if all(name in dataset.info.categories for dataset in training.values())
    ]
    if not everywhere:
        told = "; ".join(f"{name} has {_listed(dataset.info.categories)}" for name, dataset in sets.items())
        raise ValidateError(f"validate: no category is in all data sets: {told}")
    union = dict.fromkeys(name for dataset in sets.values() for name in dataset.info.categories)
    notes = []
    for name, dataset in sets.items():
        missing = [category for category in union if category not in dataset.info.categories]
        if missing:
            notes.append(f"{name} has no category {_listed(missing)}: left out of the comparison")
    return Classes(tuple(everywhere), tuple(notes))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown or "none"


def training_split(dataset: Dataset) -> tuple[str, ...]:
    """Returns the splits to train on: `train`, or all splits if there is no `train`."""
    filled = _filled(dataset)
    return (TRAIN,) if TRAIN in filled else filled


def reference_splits(
    dataset: Dataset, split: str | None = None, is_training_set: bool = False
) -> tuple[str, ...]:
    """Returns the splits to test on: all except `train`, or `train` if it is the only one.

    Args:
        dataset: The reference.
        split: The split to test on instead; None for the default.
        is_training_set: Whether the reference is also used for training.

    Raises:
        ValidateError: There is no such split, or training images would be used for testing.
    """
    filled = _filled(dataset)
    if split is not None and split not in filled:
        raise ValidateError(
            f"--split: {dataset.root} has no split {split!r} with images; it has {_listed(filled)}"
        )
    chosen = (split,) if split is not None else tuple(name for name in filled if name != TRAIN) or filled
    if is_training_set and set(chosen) & set(training_split(dataset)):
        told = f"`sim2coco split {dataset.root} --val 0.2 --out FOLDER` makes a split for testing"
        raise ValidateError(f"--on: {dataset.root} would be tested on the images it is trained on; {told}")
    return chosen


def _filled(dataset: Dataset) -> tuple[str, ...]:
    filled = tuple(name for name, size in dataset.sizes().items() if size.images)
    if not filled:
        raise ValidateError(f"{dataset.root}: has no images")
    return filled


def images_of(dataset: Dataset, splits: Sequence[str]) -> Iterator[LabelledImage]:
    """Yields the images of the given splits, in the order of the data set."""
    for split in splits:
        yield from dataset.images(split)
