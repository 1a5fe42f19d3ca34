"""What is not compared is left out, counted and told."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from sim2coco.audit import AuditError, audit
from sim2coco.audit.image import COVERED, GEOMETRY
from sim2coco.check.folder import MAX_BYTES
from tests.audit.conftest import Made
from tests.audit.planting import Planted
from tests.audit.test_planted import shift_mask


def edit_run(root: Path, **changes: Any) -> None:
    run = json.loads((root / "run.json").read_text())
    (root / "run.json").write_text(json.dumps(run | changes))


def test_images_whose_geometry_was_augmented(made: Made, tmp_path: Path) -> None:
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    shift_mask(planted)
    planted.picture["camera"] = None
    report = audit(planted.write(), [made.meshes])
    assert (report.images, report.total, report.left_out) == (3, 4, {GEOMETRY: 1})
    assert report.findings == ()


def test_visible_masks_that_an_augmentation_may_have_covered(made: Made, tmp_path: Path) -> None:
    """Amodal masks are compared nevertheless."""
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    where = shift_mask(planted)
    root = planted.write()
    recipe = json.loads((root / "run.json").read_text())["recipe"]
    recipe["augment"] |= {"splits": ["train"], "copies": 0, "pixels": {"drop": {"name": "CoarseDropout"}}}
    edit_run(root, recipe=recipe)
    report = audit(root, [made.meshes])
    assert report.notes == {COVERED: 4}
    assert {(finding.instance, finding.rule.partition(" mask")[0]) for finding in report.findings} == {
        (where, "amodal")
    }


def test_a_mesh_whose_file_is_unknown(made: Made, tmp_path: Path) -> None:
    """As in data sets of earlier versions."""
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    edit_run(planted.root, sources={})
    report = audit(planted.root, [made.meshes])
    assert report.images == 0
    assert sum(report.left_out.values()) == 4
    assert all("run.json does not list its file" in reason for reason in report.left_out)


def test_run_json_that_was_edited_by_hand(made: Made, tmp_path: Path) -> None:
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    run = json.loads((planted.root / "run.json").read_text())
    edit_run(planted.root, sources={key: {"sha256": 5} for key in run["sources"]})
    assert {finding.rule for finding in audit(planted.root, [made.meshes]).findings} == {"record"}
    edit_run(planted.root, sources=["nothing"])
    with pytest.raises(AuditError, match="not a sim2coco data set"):
        audit(planted.root, [made.meshes])


def test_hostile_records_are_told_and_not_read(made: Made, tmp_path: Path) -> None:
    """A pipe would be read for ever, and too long or too deep a file takes memory or stack."""
    root = tmp_path / "data"
    shutil.copytree(made.data, root)
    first, second, third, _ = sorted((root / "records/000").iterdir())
    first.unlink()
    os.mkfifo(first)
    second.write_bytes(b"[" * 100_000)
    third.write_bytes(b" " * (MAX_BYTES + 1))
    findings = audit(root, [made.meshes]).findings
    assert [finding.rule for finding in findings] == ["record"] * 3
    reasons = "not a regular file", "nested too deeply", "longer than"
    assert all(reason in finding.what for finding, reason in zip(findings, reasons, strict=True))


def test_furniture_hides_objects(made: Made, tmp_path: Path) -> None:
    """A plate between camera and objects, with its triangles in run.json, hides all of them."""
    planted = Planted(made.data, made.meshes, tmp_path / "data")
    camera = planted.view["shot"]["camera"]["pose"]
    plate = {**planted.bodies[0], "asset": "plate@0", "category": None, "role": "furniture", "fixed": True}
    plate |= {"pose": camera, "scale": 1.0}
    planted.record["settled"]["spec"]["bodies"].append(plate)
    planted.record["from_file"].append(planted.record["from_file"][0])
    run = json.loads((planted.root / "run.json").read_text())
    corners = [[-9.0, -9.0, 0.05], [9.0, -9.0, 0.05], [0.0, 9.0, 0.05]]
    edit_run(planted.root, sources={**run["sources"], "plate@0": {"triangles_m": [corners]}})
    report = audit(planted.write(), [made.meshes])
    hidden = [one for one in report.instances if one.file == planted.file]
    assert hidden and all(one.numbers["mask"]["ray_px"] == 0 for one in hidden)
    assert all(one.numbers["amodal_mask"]["wrong_px"] == 0 for one in hidden)


def test_run_json_names_the_files_and_not_where_they_lie(made: Made) -> None:
    sources = json.loads((made.data / "run.json").read_text())["sources"]
    assert sorted(source["file"] for source in sources.values()) == ["channel.obj", "dart.obj", "ell.obj"]
    assert all(set(source) == {"file", "sha256"} for source in sources.values())
