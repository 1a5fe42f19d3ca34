"""Trainings of a few seconds: what is learnt, and that it is the same each time."""

import json
from pathlib import Path

import pytest

from sim2coco.datasets.reading import open_dataset
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.results import Comparison, Forecast, Plan, Result
from tests.validate.drawn import coco, write

pytest.importorskip("torch", reason="PyTorch is not installed: make torch")

from sim2coco.validate.comparing import compare
from sim2coco.validate.training import use_threads


class Quiet:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.forecasts: list[Forecast] = []
        self.steps: list[tuple[int, int]] = []
        self.results: list[Result] = []

    def read(self, name: str, done: int, total: int) -> None: ...

    def planned(self, forecast: Forecast) -> None:
        self.forecasts.append(forecast)

    def stepped(self, done: int, total: int) -> None:
        self.steps.append((done, total))

    def scored(self, result: Result) -> None:
        self.results.append(result)


def _compared(roots: dict[str, Path], on: Path, plan: Plan, told: Quiet | None = None) -> Comparison:
    use_threads(1)
    training = {name: open_dataset(root) for name, root in roots.items()}
    return compare(training, open_dataset(on), plan, [], told or Quiet())


def test_discs_are_learnt_and_shuffled_labels_are_not(discs: Path, shuffled: Path) -> None:
    told = Quiet()
    plan = Plan(seeds=1, steps=50, device="cpu")
    done = _compared({"good": discs, "shuffled": shuffled}, discs, plan, told)
    good, bad = (result.scores[0] for result in done.report.results)
    assert good.ap50 is not None and good.ap is not None and bad.ap is not None
    assert good.ap50 > 0.9 and good.ap > 0.4, good
    assert bad.ap <= 0.05, bad
    assert good.by_category.keys() == {"disc", "square"}
    assert min(value or 0.0 for value in good.by_category50.values()) > 0.8
    assert [len(losses) for result in done.report.results for losses in result.losses] == [50, 50]
    assert (done.report.images, done.report.steps, done.report.size) == (24, 50, (64, 64))
    assert told.steps == [(step, 100) for step in range(1, 101)]
    (forecast,) = told.forecasts
    assert (forecast.trainings, forecast.steps) == (
        2,
        50,
    ) and forecast.seconds > 100 * forecast.seconds_per_step


def test_the_same_seed_gives_the_same_detector(discs: Path) -> None:
    one, two = (_compared({"discs": discs}, discs, Plan(seeds=2, steps=3)) for _ in range(2))
    assert [result.losses for result in one.report.results] == [
        result.losses for result in two.report.results
    ]
    assert [result.scores for result in one.report.results] == [
        result.scores for result in two.report.results
    ]
    first, second = one.report.results[0].losses
    assert first != second


def test_photographs_are_learnt_as_images_without_objects(discs: Path) -> None:
    from sim2coco.validate.data import photographs

    use_threads(1)
    data = open_dataset(discs)
    negatives = photographs(discs / "images" / "val")
    with_, without = (
        compare({"discs": data}, data, Plan(seeds=1, steps=3), own, Quiet()) for own in (negatives, [])
    )
    assert with_.report.results[0].losses != without.report.results[0].losses


def test_the_images_of_the_training_are_not_those_of_the_test(shuffled: Path) -> None:
    with pytest.raises(
        ValidateError, match=r"would be tested on the images it is trained on; .*sim2coco split"
    ):
        _compared({"one": shuffled}, shuffled, Plan(seeds=1, steps=1))


def test_a_set_without_an_object_of_the_categories_is_told(discs: Path, tmp_path: Path) -> None:
    empty = write(tmp_path, "train", 2, 1)
    (empty / "annotations/instances_train.json").write_text(json.dumps(coco([{}, {}])))
    with pytest.raises(ValidateError, match="no image has an object of disc, square"):
        _compared({"empty": empty}, discs, Plan(seeds=1, steps=1))


@pytest.mark.slow
def test_easy_objects_are_found_and_shuffled_labels_teach_nothing(tmp_path: Path) -> None:
    easy = write(write(tmp_path / "easy", "train", 200, 3), "val", 60, 4)
    wrong = write(tmp_path / "wrong", "train", 200, 3, shuffled=True)
    done = _compared({"easy": easy, "wrong": wrong}, easy, Plan(seeds=1, steps=600, device="cpu"))
    good, bad = (result.scores[0] for result in done.report.results)
    assert (good.ap or 0.0) >= 0.9, good
    assert (bad.ap or 0.0) <= 0.02, bad
