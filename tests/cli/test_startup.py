"""Programs import only the packages that they need, so that they start quickly."""

import subprocess
import sys
from pathlib import Path

import pytest

SLOW = {"albumentations", "hydra", "matplotlib", "omegaconf", "scipy", "trimesh"}
LOADED = "import gc, sys; assert gc.isenabled(); print(*{name.partition('.')[0] for name in sys.modules})"
PROGRAM = """
import sys
from sim2coco.cli.main import main
sys.argv = "sim2coco {}".split()
try:
    main()
except SystemExit:
    pass
"""
SHAPES = "{'assets': {'categories': {'nut': {'shape': 'nut', 'size_m': 0.05}}}}"


def loaded(text: str) -> set[str]:
    """Packages that are imported at the end of a script."""
    script = [sys.executable, "-c", f"{text}\n{LOADED}"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "text",
    [
        PROGRAM.format("generate --help"),
        "from sim2coco import Recipe, generate, GenerationError",
        f"from sim2coco import Recipe; Recipe.parse({SHAPES})",
        "import sim2coco.engines.local, sim2coco.cli.config, sim2coco.review.preview",
    ],
    ids=["help", "library", "recipe", "modules"],
)
def test_what_is_slow_to_import_waits_until_it_is_needed(text: str) -> None:
    assert not loaded(text) & SLOW


@pytest.mark.parametrize("words", ["--help", "--version", "-sc query=bash"])
def test_what_computes_nothing_loads_next_to_nothing(words: str) -> None:
    assert not loaded(PROGRAM.format(words)) & {*SLOW, "cv2", "numpy", "pydantic", "pybullet"}


def test_a_recipe_with_transforms_loads_albumentations() -> None:
    transforms = "{'pixels': {'blur': {'name': 'Blur', 'p': 1.0}}}"
    text = f"from sim2coco import Recipe; Recipe.parse({{**{SHAPES}, 'augment': {transforms}}})"
    assert "albumentations" in loaded(text)


def test_a_preview_loads_hydra_pybullet_and_albumentations_in_other_processes_only(tmp_path: Path) -> None:
    words = f"preview out={tmp_path}/p.png assets=shapes image.width=64 image.height=64"
    assert not loaded(PROGRAM.format(words)) & {"albumentations", "hydra", "omegaconf", "pybullet"}
    assert (tmp_path / "p.png").exists()
