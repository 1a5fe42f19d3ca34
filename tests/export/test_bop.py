"""BOP: poses, masks and models agree with each other and with COCO."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from scenes.assets.catalogue import CatalogueError
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import open_coco, open_dataset
from sim2coco.export.bop import Bop
from sim2coco.export.exporting import export
from sim2coco.export.kitti import Kitti
from sim2coco.review.meshes import with_meshes
from tests.commandline import tree

SETTINGS: dict[str, Any] = {
    "seed": 5,
    "views": 2,
    "image": {"width": 160, "height": 120, "extra": ["depth"], "depth_scale_mm": 0.5},
    "assets": {
        "categories": {
            "box": {"shape": "box", "size_m": 0.08},
            "nut": {"shape": "nut", "size_m": 0.05},
        }
    },
    "scene": {"kind": "drop", "num_objects": [3, 5], "empty_share": 0.0, "size_jitter": 1.0},
    "camera": {"kind": "shell", "fx": 170.0, "fy": 150.0, "cx": 70.0, "cy": 65.0},
    "split": {"train": 0.5, "val": 0.5},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of eight images in BOP and KITTI."""
    out = tmp_path_factory.mktemp("bop") / "data"
    generate(Recipe.parse(SETTINGS), out, 8, formats=[Bop(), Kitti()])
    return out


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def scenes(made: Path) -> list[tuple[str, Path]]:
    """Split and folder of each scene of BOP."""
    found = [(path.parent.name.removesuffix("_pbr"), path) for path in sorted((made / "bop").glob("*_pbr/*"))]
    assert len(found) == 4
    return found


def points_and_faces(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The vertices and faces of a PLY file in text form."""
    head, _, body = path.read_text().partition("end_header\n")
    vertices = int(head.partition("element vertex ")[2].split()[0])
    lines = body.splitlines()
    points = np.array([[float(word) for word in line.split()[:3]] for line in lines[:vertices]])
    return points, np.array([[int(word) for word in line.split()[1:]] for line in lines[vertices:]], np.int32)


def silhouette(
    model: Path, entry: dict[str, Any], camera: dict[str, Any], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """The pixels that the model covers in its pose."""
    points, faces = points_and_faces(model)
    turn, matrix = np.reshape(entry["cam_R_m2c"], (3, 3)), np.reshape(camera["cam_K"], (3, 3))
    x, y, z = matrix @ (turn @ points.T + np.reshape(entry["cam_t_m2c"], (3, 1)))
    drawn = np.zeros((8 * shape[0], 8 * shape[1]), np.uint8)
    # Eight pixels for one, because OpenCV also draws the edges of a polygon.
    pixels = 8 * (np.stack([x / z, y / z], axis=1) + 0.5) - 0.5
    for corners in pixels[faces]:
        cv2.fillConvexPoly(drawn, np.rint(16 * corners).astype(np.int32), 1, shift=4)
    return cv2.resize(drawn.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA) > 0.5


def test_models_in_their_poses_cover_the_masks(made: Path) -> None:
    moves = []
    for _, folder in scenes(made):
        poses, cameras = read(folder / "scene_gt.json"), read(folder / "scene_camera.json")
        for rank, entries in poses.items():
            for number, entry in enumerate(entries):
                mask = np.asarray(Image.open(folder / "mask" / f"{int(rank):06d}_{number:06d}.png")) > 0
                if np.count_nonzero(mask) < 200:
                    continue
                model = made / "bop" / "models" / f"obj_{entry['obj_id']:06d}.ply"
                found = silhouette(model, entry, cameras[rank], mask.shape)
                edge = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
                assert np.count_nonzero(found ^ mask) <= 0.25 * np.count_nonzero(edge)
                moves.append(np.argwhere(found).mean(axis=0) - np.argwhere(mask).mean(axis=0))
    assert len(moves) >= 10
    assert np.abs(moves).max() <= 0.3
    assert np.abs(np.mean(moves, axis=0)).max() <= 0.05


def test_masks_counts_and_boxes_are_those_of_coco(made: Path) -> None:
    for split, folder in scenes(made):
        coco = COCO(made / "annotations" / f"instances_{split}.json")
        whole = COCO(made / "annotations_amodal" / f"amodal_{split}.json")
        images = [image for image in coco.imgs.values() if image["scene"] == int(folder.name)]
        infos, cameras = read(folder / "scene_gt_info.json"), read(folder / "scene_camera.json")
        assert list(infos) == list(cameras) == [str(rank) for rank in range(len(images))]
        for rank, image in enumerate(images):
            name = f"{rank:06d}"
            file = made / "images" / split / image["file_name"]
            assert (folder / "rgb" / f"{name}.jpg").samefile(file)
            depth = (made / "depth" / split / image["file_name"]).with_suffix(".png")
            assert (folder / "depth" / f"{name}.png").samefile(depth)
            assert cameras[str(rank)]["depth_scale"] == 0.5
            labels = coco.imgToAnns[image["id"]]
            for number, (label, info) in enumerate(zip(labels, infos[str(rank)], strict=True)):
                for kind, data in (("mask_visib", coco), ("mask", whole)):
                    mask = np.asarray(Image.open(folder / kind / f"{name}_{number:06d}.png"))
                    assert np.array_equal(mask, 255 * data.annToMask(data.anns[label["id"]]))
                x, y, width, height = label["bbox"]
                assert info["bbox_visib"] == [x, y, width - 1, height - 1]
                assert info["px_count_visib"] == label["area"]
                assert info["visib_fract"] == pytest.approx(label["attributes"]["visible_fraction"], abs=1e-5)
                assert info["px_count_valid"] == whole.anns[label["id"]]["area"] <= info["px_count_all"]


def test_depth_and_poses_agree(made: Path) -> None:
    """What is seen of an object lies in its model's bounding sphere."""
    sizes = read(made / "bop" / "models" / "models_info.json")
    for _, folder in scenes(made):
        poses, cameras = read(folder / "scene_gt.json"), read(folder / "scene_camera.json")
        for rank, entries in poses.items():
            depth_mm = 0.5 * np.asarray(Image.open(folder / "depth" / f"{int(rank):06d}.png"))
            inverse = np.linalg.inv(np.reshape(cameras[rank]["cam_K"], (3, 3)))
            for number, entry in enumerate(entries):
                mask = np.asarray(Image.open(folder / "mask_visib" / f"{int(rank):06d}_{number:06d}.png")) > 0
                y, x = np.nonzero(mask)
                points = (inverse @ np.stack([x, y, np.ones(len(x))])).T * depth_mm[mask][:, None]
                distances = np.linalg.norm(points - entry["cam_t_m2c"], axis=1)
                assert distances.max() <= sizes[str(entry["obj_id"])]["diameter"] / 2 + 1


def test_models_are_centred_and_measured(made: Path) -> None:
    sizes, about = read(made / "bop/models/models_info.json"), read(made / "bop/dataset_info.json")["objects"]
    assert {entry["category"] for entry in about.values()} == {"box", "nut"}
    for number, info in sizes.items():
        points, _ = points_and_faces(made / "bop" / "models" / f"obj_{int(number):06d}.ply")
        low, high = points.min(axis=0), points.max(axis=0)
        farthest = max(np.linalg.norm(points - point, axis=1).max() for point in points)
        assert np.abs(low + high).max() < 1e-4
        assert [info[f"min_{axis}"] for axis in "xyz"] == pytest.approx(low, abs=1e-5)
        assert [info[f"size_{axis}"] for axis in "xyz"] == pytest.approx(high - low, abs=1e-5)
        longest_mm = {"box": 80.0, "nut": 50.0}[about[number]["category"]]
        assert max(high - low) == pytest.approx(longest_mm, abs=1e-4)
        assert info["diameter"] == pytest.approx(farthest, abs=1e-4)


def test_check_and_a_second_run_leave_all_as_it_is(made: Path) -> None:
    assert check(made).faults == ()
    times = {path: path.stat().st_mtime_ns for path in made.glob("bop/*_pbr/*/mask/*")}
    before = tree(made)
    generate(Recipe.parse(SETTINGS), made, 8, formats=[Bop(), Kitti()])
    assert tree(made) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_export_writes_the_same_without_models(made: Path, tmp_path: Path) -> None:
    export(open_dataset(made), [Bop(), Kitti()], tmp_path / "out")
    exported = tree(tmp_path / "out")
    own = {name: content for name, content in tree(made).items() if name.startswith(("bop/", "kitti/"))}
    models = {name for name in own if name.startswith("bop/models/")}
    assert len(models) == 3
    assert {name: content for name, content in exported.items() if name in own} == {
        name: content for name, content in own.items() if name not in models
    }


def test_export_finds_the_meshes_of_the_models(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    wedge = "v 0 0 0\nv 40 0 0\nv 0 30 0\nv 0 0 20\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    (tmp_path / "mine/wedge.obj").write_text(wedge)
    categories = {
        "wedge": {"path": str(tmp_path / "mine/wedge.obj"), "size_m": 0.06},
        "nut": {"shape": "nut", "size_m": 0.05},
    }
    lost = {"far": {"path": str(tmp_path / "mine"), "size_m": 0.05}}
    assets = {"categories": categories, "distractors": lost}
    scene = {**SETTINGS["scene"], "num_distractors": 1}
    made = tmp_path / "data"
    generate(Recipe.parse({**SETTINGS, "assets": assets, "scene": scene}), made, 4, formats=[Bop()])
    (tmp_path / "moved").mkdir()
    (tmp_path / "mine/wedge.obj").rename(tmp_path / "moved/renamed.obj")
    export(with_meshes(open_dataset(made), [tmp_path / "moved"]), [Bop()], tmp_path / "out")
    own = {name: content for name, content in tree(made).items() if name.startswith("bop/")}
    assert len([name for name in own if name.startswith("bop/models/")]) == 3
    assert {name: content for name, content in tree(tmp_path / "out").items() if name in own} == own
    (tmp_path / "moved/renamed.obj").write_text(wedge.replace("20", "21"))
    with pytest.raises(DataSetError, match=r"wedge\.obj: "):
        with_meshes(open_dataset(made), [tmp_path / "moved"])
    with pytest.raises(DataSetError, match=r"--meshes: no folder"):
        with_meshes(open_dataset(made), [tmp_path / "nowhere"])
    with pytest.raises(DataSetError, match=r"data has no records"):
        with_meshes(open_coco(made), [tmp_path / "moved"])


def test_images_without_poses_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    flip = {"geometry": {"flip": {"name": "HorizontalFlip", "p": 1.0}}, "copies": 1, "splits": ["train"]}
    recipe = Recipe.parse({**SETTINGS, "augment": flip, "split": {"train": 1.0}})
    generate(recipe, tmp_path / "data", 2, formats=[Bop(), Kitti()])
    assert len(list((tmp_path / "data" / "bop").glob("train_pbr/*/rgb/*"))) == 2
    assert "bop: 2 images without poses are left out" in caplog.text
    labels = sorted((tmp_path / "data" / "kitti" / "training" / "label_2").glob("*.txt"))
    moved = [path for path in labels if not (path.parents[1] / "calib" / path.name).exists()]
    assert (len(labels), len(moved)) == (4, 2)
    for path in moved:
        for line in path.read_text().splitlines():
            assert line.endswith(" -1 -1 -1 -1000 -1000 -1000 -10")


def test_a_size_that_is_drawn_is_refused_before_the_run(tmp_path: Path) -> None:
    ranges = {"categories": {"box": {"shape": "box", "size_m": [0.05, 0.08]}}}
    with pytest.raises(CatalogueError, match=r"bop: the size of box .* set its size_m to one number"):
        generate(Recipe.parse({**SETTINGS, "assets": ranges}), tmp_path / "data", 2, formats=[Bop()])
    scene = {**SETTINGS["scene"], "size_jitter": [0.9, 1.1]}
    with pytest.raises(CatalogueError, match=r"bop: .* set scene\.size_jitter=1"):
        generate(Recipe.parse({**SETTINGS, "scene": scene}), tmp_path / "data", 2, formats=[Bop()])
    assert not (tmp_path / "data").exists()


def kitti(made: Path) -> list[tuple[str, list[list[str]]]]:
    """Name and fields of the labels of each image."""
    found = []
    for line in (made / "kitti" / "names.txt").read_text().splitlines():
        rank, _, name = line.partition(" ")
        text = (made / "kitti" / "training" / "label_2" / f"{rank}.txt").read_text()
        assert (made / "kitti" / "training" / "image_2" / f"{rank}.jpg").samefile(made / name)
        found.append((rank, [row.split() for row in text.splitlines()]))
    return found


def corners(fields: list[str]) -> NDArray[np.float64]:
    """The corners (8, 3) of a box in space, as the development kit of KITTI computes them."""
    height, width, length, x, y, z, rotation = map(float, fields[8:15])
    cos, sin = np.cos(rotation), np.sin(rotation)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    box = np.array(
        [[i * length / 2, -j * height, k * width / 2] for i in (1, -1) for j in (0, 1) for k in (1, -1)]
    )
    return np.asarray(box @ turn.T + [x, y, z])


def test_boxes_of_kitti_are_those_of_coco_and_hold_the_objects(made: Path) -> None:
    coco = [COCO(made / "annotations" / f"instances_{split}.json") for split in ("train", "val")]
    entries = {image["file_name"]: (data, image) for data in coco for image in data.imgs.values()}
    names = dict(line.split() for line in (made / "kitti" / "names.txt").read_text().splitlines())
    listed = [
        set((made / "kitti/ImageSets" / f"{split}.txt").read_text().split()) for split in ("train", "val")
    ]
    assert listed[0] | listed[1] == set(names)
    for rank, rows in kitti(made):
        data, image = entries[Path(names[rank]).name]
        labels = data.imgToAnns[image["id"]]
        assert len(rows) == len(labels) + len(image["ignored"])
        (second,) = [
            line.split()[1:]
            for line in (made / "kitti/training/calib" / f"{rank}.txt").read_text().splitlines()
            if line.startswith("P2:")
        ]
        matrix = np.array(second, float).reshape(3, 4)
        for fields, label in zip(rows, labels, strict=False):
            left, top, right, bottom = map(float, fields[4:8])
            assert [left, top, right - left, bottom - top] == label["bbox"]
            assert fields[0] == data.cats[label["category_id"]]["name"]
            assert float(fields[1]) == pytest.approx(label["attributes"]["truncation"], abs=0.006)
            x, y, z = (matrix @ np.c_[corners(fields), np.ones(8)].T).reshape(3, 8)
            assert (x / z).min() + 0.5 <= left + 0.6
            assert (x / z).max() + 0.5 >= right - 0.6
            assert (y / z).min() + 0.5 <= top + 0.6
            assert (y / z).max() + 0.5 >= bottom - 0.6
            seen = np.arctan2(float(fields[11]), float(fields[13]))
            assert np.cos(float(fields[3]) - float(fields[14]) + seen) == pytest.approx(1.0, abs=1e-3)
