"""Scenes that crash, hang or take all memory, among good ones: these are as if nothing had happened."""

import json
import re
from pathlib import Path

import pytest

from sim2coco.cli import main as cli
from sim2coco.records import from_bytes
from tests.commandline import tree

PLUGIN = Path(__file__).parents[1] / "poison.py"
WORDS = (
    *("--plugin", str(PLUGIN), "scene=poisoned", "assets=shapes", "image.width=64", "image.height=48"),
    *("views=1", "quality=none", "augment=none", "scene.num_objects=2", "num_images=20", "export.card=false"),
)
CRASHES = (
    *("obj_index", "stl_truncated", "stl_empty", "stl_ascii", "texture_folder", "texture_path"),
    *("negative_size", "aborted"),
)
CAUSES = {
    **dict.fromkeys(CRASHES, r"its process died \(SIG(SEGV|ABRT|BUS)\)"),
    "exited": r"its process died \(exit code 7\)",
    "raised": r"ZeroDivisionError: of a plug-in; in poison.py, line \d+, raised",
    "hog": "took more than 1.2 GiB of memory",
    **dict.fromkeys(("loop", "c_sleep"), "took too long"),
}


def generate(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["sim2coco", "generate", *WORDS, *arguments])
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.usefixtures("_forgotten_plugins")
def test_good_scenes_are_the_same_and_each_poison_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    harm = [name for poison in CAUSES for name in (poison, "none")]
    assert generate(f"out={tmp_path}/clean", "num_images=40", "engine=inline") == 0
    limits = ("engine.timeout_s=10", "engine.retries=0", "engine.max_memory_gib=1.2")
    poisoned = (f"out={tmp_path}/data", f"scene.harm=[{','.join(harm)}]", "engine=local", "workers=2")
    capfd.readouterr()
    assert generate(*poisoned, *limits) == 3
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("scene ")]
    log = (tmp_path / "data" / "run.log").read_text(errors="replace")
    assert len(said) == len(CAUSES)
    for line, (scene, poison) in zip(said, enumerate(harm[::2]), strict=True):
        assert re.fullmatch(f"scene {2 * scene} failed: {CAUSES[poison]}; retry_failed=true retries it", line)
        assert re.search(f"^scene {2 * scene}: {CAUSES[poison]}$", log, re.MULTILINE)
    data, clean = tree(tmp_path / "data"), tree(tmp_path / "clean")
    images = [name for name in data if name.startswith("images/")]
    assert len(images) == 20
    good = [name for name in data if name.startswith("records/") and from_bytes(data[name]).status == "done"]
    assert {name: data[name] for name in (*images, *good)} == {name: clean[name] for name in (*images, *good)}
    assert len(json.loads(data["annotations/instances_train.json"])["images"]) <= 20
