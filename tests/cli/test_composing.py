"""Settings that a fork of the program composes: errors and warnings appear as if there were none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import run_apart

BOTH_WAYS = """
import json, sys
from sim2coco.cli.composing import compose, composed_in_fork, resolved
words = sys.argv[2:]
forked = composed_in_fork("generate", words, sys.argv[1])
from sim2coco.cli.overrides import hydra_arguments
found = []
compose("generate", hydra_arguments(words), sys.argv[1], lambda tree: found.append(resolved(tree)))
print(json.dumps([forked, found[0]]))
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["assets=nothing"], "sim2coco: assets: no option 'nothing'; "),
        (["views=many"], "sim2coco: views: "),
        (["out=[a, b]"], "sim2coco: out: must be a string, not a list or mapping; "),
        (["scene={}"], "sim2coco: scene: {} has no effect, because entries are merged; "),
        (["out=${oc.env:SECRET}"], "sim2coco: out: a configuration may not read 'SECRET', "),
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
        "# @package _global_\n"
        "image: {width: 48, height: 32}\nquality: {checks: {low_contrast: {min_std: 255.0}}}\n"
    )
    words = ["assets=shapes", f"--config-dir={tmp_path}", "experiment=mine", "scene.num_objects=[1, 2]"]
    done = run_apart(tmp_path, "generate", *words, "out=data", "num_images=1")
    assert done.code == 1
    assert "low_contrast" in done.err


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="one core: nothing is composed in a fork")
@pytest.mark.parametrize(
    "words", [[], ["out=${hydra:job.name}", "views=2", "scene.num_objects=[1,2]", "light=dusk"], ["here"]]
)
def test_a_fork_composes_the_same_settings(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "scene").mkdir()
    (tmp_path / "scene" / "mine.yaml").write_text("defaults: [drop, _self_]\nspread: 3.0\n")
    mine = [f"--config-dir={tmp_path}", "scene=mine"] if words == ["here"] else words
    done = subprocess.run(
        [sys.executable, "-c", BOTH_WAYS, str(tmp_path), *mine], capture_output=True, text=True, check=True
    )
    forked, composed = json.loads(done.stdout)
    assert forked == composed
    assert composed["scene"]["kind"] == "drop"
