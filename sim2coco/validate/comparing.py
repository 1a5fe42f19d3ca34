"""Trains the same detector on several data sets, and tests each on one reference."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import Protocol

import torch

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import Dataset
from sim2coco.validate.choosing import common_classes, images_of, reference_splits, training_split
from sim2coco.validate.data import Canvas, Examples, canvas_for, read_examples
from sim2coco.validate.detector import Detector
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.found import Found
from sim2coco.validate.results import Comparison, Forecast, Plan, Report, Result
from sim2coco.validate.scoring import Reference, score
from sim2coco.validate.training import BATCH, Trained, device_of, find_objects, seconds_per_step, train

EPOCHS = 18
"""Epochs on the largest training set; their steps are clamped to `FEWEST_STEPS`..`MOST_STEPS`."""
FEWEST_STEPS, MOST_STEPS = 1000, 2250
TEST_SHARE = 0.4
"""Time to test an image, as a fraction of the time to train on it."""


class Progress(Protocol):
    """Receives the progress of a comparison."""

    def read(self, name: str, done: int, total: int) -> None:
        """Called while the data set `name` is read; `done` of its `total` images have been read."""

    def planned(self, forecast: Forecast) -> None:
        """Called when the duration has been estimated."""

    def stepped(self, done: int, total: int) -> None:
        """Called during training; `done` of the `total` steps of all trainings have been done."""

    def scored(self, result: Result) -> None:
        """Called after each test of a detector, with the results of its data set so far."""


def compare(
    training: Mapping[str, Dataset],
    reference: Dataset,
    plan: Plan,
    negatives: Sequence[LabelledImage],
    progress: Progress,
) -> Comparison:
    """Trains one detector for each data set and seed, and tests all detectors on the reference.

    Args:
        training: The training data sets, by name.
        reference: The test data set.
        plan: The training settings.
        negatives: Photographs without objects, which are used in every training.
        progress: Receives the progress.

    Raises:
        ValidateError: The data sets have no category in common, or there is nothing to test on.
        DataSetError: A data set cannot be read.
    """
    classes = common_classes(reference, training)
    same = any(dataset.root.resolve() == reference.root.resolve() for dataset in training.values())
    tested = tuple(images_of(reference, reference_splits(reference, plan.split, same)))
    truth = Reference(tested, classes.of(reference), classes.names)
    images = {name: [*images_of(own, training_split(own))] for name, own in training.items()}
    canvas = canvas_for(_sizes([*tested, *chain(*images.values())]), plan.long_px)

    def read(name: str, own: Sequence[LabelledImage], numbers: Sequence[int | None]) -> Examples:
        return read_examples(own, numbers, canvas, lambda done: progress.read(name, done, len(own)))

    examples = {name: read(name, own, classes.of(training[name])) for name, own in images.items()}
    for name, own in examples.items():
        if not any((labels >= 0).any() for labels in own.classes):
            raise ValidateError(f"{name}: no image has an object of {', '.join(classes.names)}")
    test = read("the reference", tested, truth.classes)
    others = read("the negatives", negatives, ()) if negatives else None
    bench = _Bench(plan, device_of(plan.device), canvas, truth, test, others, progress)
    steps, results, found = bench.run(examples)
    size = canvas.width, canvas.height
    report = Report(str(reference.root), len(tested), classes.names, classes.notes, steps, size, results)
    return Comparison(report, truth, found)


def _sizes(images: Sequence[LabelledImage]) -> list[tuple[int, int]]:
    return [(image.width, image.height) for image in images]


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """The settings and data shared by all trainings."""

    plan: Plan
    device: torch.device
    canvas: Canvas
    truth: Reference
    test: Examples
    negatives: Examples | None
    progress: Progress

    def run(
        self, examples: Mapping[str, Examples]
    ) -> tuple[int, tuple[Result, ...], dict[str, tuple[Found, ...]]]:
        """Runs all trainings and tests.

        Args:
            examples: The training examples of each data set, by the name of the data set.

        Returns:
            The number of steps per training, the result of each data set, and a dict from the name of each
            data set to the detections of the first detector trained on it.
        """
        steps = self._forecast(examples).steps
        total, done = steps * self.plan.seeds * len(examples), 0
        results: list[Result] = []
        found: dict[str, tuple[Found, ...]] = {}
        for name, own in examples.items():
            result = Result(name, len(own), ())
            for seed in range(self.plan.first_seed, self.plan.first_seed + self.plan.seeds):
                start = time.perf_counter()
                trained = self._trained(own, steps, seed, done, total)
                seconds = time.perf_counter() - start
                seen = self._found(trained.detector)
                found.setdefault(name, seen)
                result = result.extended(score(self.truth, seen), trained.losses, seconds)
                done += steps
                self.progress.scored(result)
            results.append(result)
        return steps, tuple(results), found

    def _trained(self, examples: Examples, steps: int, seed: int, done: int, total: int) -> Trained:
        def stepped(step: int) -> None:
            self.progress.stepped(done + step, total)

        return train(examples, self.negatives, len(self.truth.names), steps, seed, self.device, stepped)

    def _found(self, detector: Detector) -> tuple[Found, ...]:
        """Returns the detections in each reference image, with boxes in pixels of the image file."""
        found = find_objects(detector, self.test)
        return tuple(
            own.placed(self.canvas.scale(image.width, image.height), image.width, image.height)
            for own, image in zip(found, self.truth.images, strict=True)
        )

    def _forecast(self, examples: Mapping[str, Examples]) -> Forecast:
        """Determines the steps per training, and estimates the total duration from a few measured steps."""
        largest = max(examples.values(), key=len)
        each = seconds_per_step(largest, len(self.truth.names), self.device)
        steps = self.plan.steps or _steps(len(largest))
        if self.plan.minutes is not None:
            steps = max(1, round(self.plan.minutes * 60 / each))
        trainings = self.plan.seeds * len(examples)
        test = TEST_SHARE * len(self.test) / BATCH
        forecast = Forecast(trainings, steps, each, trainings * each * (steps + test))
        self.progress.planned(forecast)
        return forecast


def _steps(images: int) -> int:
    return min(MOST_STEPS, max(FEWEST_STEPS, ceil(EPOCHS * images / BATCH)))
