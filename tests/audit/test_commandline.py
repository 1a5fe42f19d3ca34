"""`sim2coco audit` as a user meets it."""

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest

import sim2coco.audit
from sim2coco.audit import Audit, AuditError, audit
from sim2coco.nearby import nearby
from tests.audit.conftest import Made
from tests.audit.planting import Planted
from tests.commandline import PROGRAM


def test_the_program(made: Made, tmp_path: Path) -> None:
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    label = planted.largest()
    label["pose"]["position_m"][0] += 0.004
    sheet = tmp_path / "worst.png"
    command = [str(PROGRAM), "audit", str(planted.write()), "--meshes", str(made.meshes), f"--worst={sheet}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    finding, told, summary = done.stdout.splitlines()[-3:]
    assert told == f"{sheet}: outlines of the labels in green, by ray casting in magenta"
    image = cv2.imread(str(sheet))
    assert image is not None
    assert {(0, 230, 0), (255, 0, 255)} <= set(map(tuple, image[..., ::-1].reshape(-1, 3).tolist()))
    assert finding.startswith(f"{planted.file}: instance {label['instance']}: pose: it moves the corners")
    assert summary.endswith("px on average: 1 failure")
    assert "4 images of 4, 16 instances compared with ray casting" in summary


def test_json_holds_the_numbers_of_all_instances(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace

    from sim2coco.cli.audit import run
    from sim2coco.cli.reporting import out

    options = Namespace(
        data=str(made.data), meshes=[str(made.meshes)], sample=2, seed=0, workers=1, json=True, worst=None
    )
    assert run(options, out) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["images"], report["total"], len(report["instances"])) == (2, 4, 8)
    for one in report["instances"]:
        assert one["mask"]["label_px"] + one["amodal_mask"]["label_px"] > 0
        assert {"box", "amodal_box", "whole_box", "occlusion", "truncation", "visible_fraction"} <= one.keys()
        assert len(one["box_corners_m"]) == 8
        assert one["depth"]["wrong_px"] == 0


def test_a_sample_depends_on_its_seed_alone(made: Made) -> None:
    first, again, other = (
        {one.file for one in audit(made.data, [made.meshes], sample=2, seed=seed).instances}
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_meshes_that_are_not_found_are_named(made: Made, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"^channel\.obj, dart\.obj, ell\.obj: not found .*--meshes FOLDER"):
        audit(made.data, [tmp_path])
    with pytest.raises(AuditError, match="--meshes: no folder"):
        audit(made.data, [tmp_path / "nowhere"])


def test_meshes_below_the_working_directory_are_found(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuditError, match="not found with the content"):
        Audit(made.data, search=nearby)
    shutil.copytree(made.meshes, tmp_path / "deep" / "down")
    assert Audit(made.data, sample=1, search=nearby).report().findings == ()


def test_files_are_known_by_their_content(made: Made, tmp_path: Path) -> None:
    """Renamed files are found, and changed ones are not taken for the original."""
    for file in made.meshes.iterdir():
        shutil.copy(file, tmp_path / f"renamed_{file.name}")
    assert audit(made.data, [tmp_path]).findings == ()
    with (tmp_path / "renamed_ell.obj").open("a") as changed:
        changed.write("# changed\n")
    with pytest.raises(AuditError, match=r"^ell\.obj: not found with the content"):
        audit(made.data, [tmp_path])


def test_what_is_missing_is_told(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuditError, match="not a sim2coco data set"):
        audit(tmp_path)
    unfinished = tmp_path / "unfinished"
    shutil.copytree(made.data, unfinished)
    for file in unfinished.glob("annotations/*.json"):
        file.unlink()
    with pytest.raises(AuditError, match="if the run is unfinished, run the same command to continue it"):
        audit(unfinished)
    monkeypatch.setattr(sim2coco.audit, "EXTRA", ("embreex", "no_such_package"))
    with pytest.raises(
        AuditError, match="no_such_package is not installed; in a checkout, pip install --no-deps"
    ):
        audit(made.data)


@pytest.mark.parametrize("key", ["settled", "views", "from_file"])
def test_a_record_that_cannot_be_read_is_a_finding(made: Made, tmp_path: Path, key: str) -> None:
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    planted.record[key] = [{"nothing": "of use"}]
    found = audit(planted.write(), [made.meshes]).findings
    assert {finding.file for finding in found} == {planted.file}
    assert {finding.rule for finding in found} == {"record"}
