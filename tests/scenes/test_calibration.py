"""Calibrations of OpenCV and ROS are read, scaled, or refused in one line."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from scenes.cameras.calibration import CalibrationError, calibration
from sim2coco.messages import ConfigError
from sim2coco.recipe import Recipe

MATRIX = np.array([[800.0, 0.0, 639.5], [0.0, 790.0, 359.5], [0.0, 0.0, 1.0]])
ROS = """image_width: 1280
image_height: 720
camera_name: narrow
camera_matrix: {rows: 3, cols: 3, data: [800.0, 0, 639.5, 0, 790.0, 359.5, 0, 0, 1]}
distortion_model: equidistant
distortion_coefficients: {rows: 1, cols: 4, data: [0.01, -0.02, 0.003, 0.0]}
"""
ASSETS = {"categories": {"nut": {"shape": "nut", "size_m": 0.03}}}


def opencv(path: Path, numbers: list[float]) -> Path:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 1280)
    storage.write("image_height", 720)
    storage.write("camera_matrix", MATRIX)
    storage.write("distortion_coefficients", np.array([numbers]))
    storage.release()
    return path


def recipe(path: Path, **others: Any) -> Recipe:
    camera = {"kind": "shell", "calibration": str(path), **others}
    return Recipe.parse({"assets": ASSETS, "camera": camera, "image": {"width": 640, "height": 360}})


def test_opencv_writes_what_is_read(tmp_path: Path) -> None:
    path = opencv(tmp_path / "camera.yml", [-0.2, 0.05, 0.001, -0.002, 1e-12])
    camera = recipe(path).camera
    assert (camera.fx, camera.fy) == ((400.0, 400.0), (395.0, 395.0))
    # The middle of the image is 639.5 if the centre of the first pixel is 0, and 640 if its edge is.
    assert (camera.cx, camera.cy) == ((320.0, 320.0), (180.0, 180.0))
    assert camera.distortion.kind == "brown"
    assert [pair[0] for pair in camera.distortion.ranges] == [-0.2, 0.05, 0.001, -0.002, 0, 0, 0, 0]
    assert camera.calibration is None


def test_ros_writes_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(ROS)
    found = calibration(str(path), 1280, 720)
    assert found["distortion"] == {"kind": "fisheye", "k1": 0.01, "k2": -0.02, "k3": 0.003, "k4": 0.0}
    assert (found["fx"], found["fy"], found["cx"], found["cy"]) == (800, 790, 640, 360)


def test_numbers_are_read_as_python_prints_them(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(ROS.replace("0.003", "5e-05"))
    assert calibration(str(path), 1280, 720)["distortion"]["k3"] == 5e-05


def test_of_several_messages_the_first_is_read(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(f"{ROS}---\n{ROS.replace('800.0', '900.0')}---\n")
    assert calibration(str(path), 1280, 720)["fx"] == 800


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "camera.yaml").write_text(ROS)
    assert calibration("~/camera.yaml", 1280, 720)["fx"] == 800
    for path in ("camera\0.yaml", "~nobody-of-this-name/camera.yaml"):
        with pytest.raises(CalibrationError, match="camera"):
            calibration(path, 1280, 720)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("image_width: 1280\n", "", "no image_width and image_height"),
        (
            "image_width: 1280",
            "image_width: 1024",
            "is for images of 1024x720 px; 1280x720 has a different aspect ratio",
        ),
        ("equidistant", "omni", "distortion_model 'omni' is not supported"),
        ("0.003, 0.0]", "0.003]", "needs 0 or 4 numbers"),
        ("800.0", "-800.0", "positive focal lengths"),
        ("800.0", "1e300", "in magnitude"),
        ("800.0", "wide", "in magnitude"),
        ("data: [800.0, 0", "data: [800.0, 5", "no skew"),
        ("camera_name: narrow", "a: &x [1]\nb: *x", "contains YAML aliases"),
        ("camera_name: narrow", "b: [", "is not a YAML calibration of OpenCV or ROS"),
        (
            "camera_name: narrow",
            "b: !!python/object:os.system x",
            "is not a YAML calibration of OpenCV or ROS",
        ),
        ("camera_name: narrow", "b: " + 5000 * "[", "is not a YAML calibration of OpenCV or ROS"),
        ("camera_name: narrow", "b: " + 70_000 * "x", "is not a regular file of at most 64 KiB"),
    ],
    ids=[
        *(
            "size",
            "shape",
            "model",
            "count",
            "focal",
            "huge",
            "word",
            "skew",
            "references",
            "syntax",
            "code",
            "deep",
        ),
        "large",
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text(ROS.replace(old, new))
    with pytest.raises(CalibrationError) as caught:
        calibration(str(path), 1280, 720)
    assert str(caught.value).startswith(f"{path}: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_tells_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"camera\.calibration: .*none\.yaml: No such file"):
        recipe(tmp_path / "none.yaml")
    path = opencv(tmp_path / "camera.yml", [0.0] * 5)
    with pytest.raises(ConfigError, match=r"camera\.calibration: also sets fx, distortion"):
        recipe(path, fx=1.0, distortion={"kind": "brown"})
    assert recipe(path).camera.distortion.kind == "none"


def test_a_camera_with_a_lens_is_told_how_to_use_a_calibration(tmp_path: Path) -> None:
    path = opencv(tmp_path / "camera.yml", [-0.2, 0.05, 0.0, 0.0, 0.0])
    lens = {"kind": "brown", "k1": [-0.03, 0.02]}
    with pytest.raises(ConfigError, match=r"also sets distortion; .* set camera\.distortion\.kind=none$"):
        recipe(path, distortion=lens)
    camera = recipe(path, distortion={**lens, "kind": "none"}).camera
    assert camera.distortion.k1 == (-0.2, -0.2)
    with pytest.raises(ValidationError, match="or the calibration that sets them"):
        recipe(path, kind="overhead", altitude_m=9.0, gsd_m=0.1)
