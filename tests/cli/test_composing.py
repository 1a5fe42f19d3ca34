"""Settings that a fork of the program composes: errors and warnings appear as if there were none."""

from pathlib import Path

import pytest

from tests.commandline import run_apart


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["assets=nothing"], "sim2coco: assets: no choice 'nothing'; "),
        (["views=many"], "sim2coco: views: "),
        (["out=[a, b]"], "sim2coco: out: must be a text, not a list or mapping; "),
        (["scene={}"], "sim2coco: scene: {} changes nothing, as entries are merged; "),
        (["augment.splits=[${seed"], "sim2coco: "),
    ],
)
def test_an_error_is_told_once(tmp_path: Path, words: list[str], told: str) -> None:
    done = run_apart(tmp_path, "preview", *words)
    assert done.code == 2
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1
    assert not done.out
    assert not list(tmp_path.iterdir())


def test_settings_of_a_folder_are_composed(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\nimage: {width: 48, height: 32}\nquality: {checks: {blank: {min_std: 255}}}\n"
    )
    words = ["assets=shapes", f"--config-dir={tmp_path}", "experiment=mine", "scene.num_objects=[1, 2]"]
    done = run_apart(tmp_path, "generate", *words, "out=data", "num_images=1")
    assert done.code, done.out
    assert "blank" in done.err
