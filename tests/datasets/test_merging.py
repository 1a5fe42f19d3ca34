"""Data sets are joined to one valid data set, with the same bytes in any order of the arguments."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sim2coco.check import check
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import Licence, Skeleton
from sim2coco.datasets.merging import merged
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.datasets.splitting import divided
from sim2coco.export.derived import write_derived
from sim2coco.export.newfolder import new_folder
from sim2coco.storage import StoreError
from tests.cocosets import CocoFile, small
from tests.commandline import tree


def joined(out: Path, *roots: Path, shares: dict[str, float] | None = None, seed: int = 0) -> Dataset:
    """The data set that a merge of some folders writes."""
    derived = merged({root.name: open_dataset(root) for root in roots}, shares, seed)
    write_derived(derived, out, lambda done: None)
    assert check(out).faults == ()
    return open_dataset(out)


def split_up(out: Path, root: Path, seed: int = 0, **shares: float) -> Dataset:
    write_derived(divided(open_dataset(root), shares, seed), out, lambda done: None)
    assert check(out).faults == ()
    return open_dataset(out)


def placed(root: Path, file: CocoFile, split: str = "train") -> Path:
    file.write(root / f"annotations/instances_{split}.json", root / f"images/{split}")
    return root


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Data sets in three layouts, whose categories, ids and file names overlap."""
    one = placed(tmp_path / "one", small(("cat", "dog")))
    placed(one, small(("cat", "dog"), images=2), "val")
    two = tmp_path / "two"
    small(("dog", "cow"), first=0, images=2).write(two / "valid/_annotations.coco.json", two / "valid")
    file = small(("cow", "cat"), first=70)
    for image in file.images:
        image["file_name"] = "deep/" + image["file_name"]
    three = tmp_path / "three"
    file.write(three / "labels.json", three / "images")
    return one, two, three


def test_nothing_is_lost_and_order_changes_nothing(tmp_path: Path, three: tuple[Path, Path, Path]) -> None:
    data = joined(tmp_path / "a", *three)
    for rank, order in enumerate(((2, 0, 1), (1, 2, 0))):
        joined(tmp_path / f"b{rank}", *(three[number] for number in order))
        assert tree(tmp_path / f"b{rank}") == tree(tmp_path / "a")
    labels: Counter[tuple[str, str, str | None, float, bool]] = Counter()
    images: Counter[tuple[str, bytes]] = Counter()
    for root, splits in zip(
        three, ({"train": "train", "val": "val"}, {"valid": "val"}, {"train": "train"}), strict=True
    ):
        source = open_dataset(root)
        for image in source.images():
            images[splits[image.split], image.file.read_bytes()] += 1
            for label in image.labels:
                name = source.info.categories[label.category]
                labels[splits[image.split], name, label.counts, label.area, label.crowd] += 1
    for image in data.images():
        images[image.split, image.file.read_bytes()] -= 1
        for label in image.labels:
            labels[
                image.split, data.info.categories[label.category], label.counts, label.area, label.crowd
            ] -= 1
    assert not +images and not -images and not +labels and not -labels
    assert {*data.info.categories} == {"cat", "dog", "cow"}
    assert data.info.category_ids == (1, 2, 3)
    assert data.info.splits == ("train", "val")


def test_names_are_unique_and_say_where_images_come_from(
    tmp_path: Path, three: tuple[Path, Path, Path]
) -> None:
    data = joined(tmp_path / "out", *three)
    sources = {open_dataset(root).identity: open_dataset(root) for root in three}
    seen = set()
    for image in data.images():
        identity, name = str(image.facts["source_dataset"]), str(image.facts["source_name"])
        original = sources[identity].find(*reversed(name.split("/", 1)))
        assert original.file.read_bytes() == image.file.read_bytes()
        assert original.file.samefile(image.file)
        assert image.name == f"{identity[:8]}_{original.name.replace('/', '_')}"
        seen.add((image.split, image.name))
    assert len(seen) == sum(size.images for size in data.sizes().values()) == 10
    listed = json.loads((tmp_path / "out/sources.json").read_text())["sources"]
    assert [(entry["identity"], entry["images"]) for entry in listed] == [
        (identity, sum(size.images for size in sources[identity].sizes().values()))
        for identity in sorted(sources)
    ]


def test_check_says_that_a_data_set_is_merged(tmp_path: Path, three: tuple[Path, Path, Path]) -> None:
    joined(tmp_path / "out", *three)
    assert check(tmp_path / "out").notes == ("merged from 3 data sets (sources.json)",)
    file = tmp_path / "out/sources.json"
    tree = json.loads(file.read_text())
    tree["sources"][0]["images"] += 1
    file.write_text(json.dumps(tree))
    assert [str(fault) for fault in check(tmp_path / "out").faults] == [
        "sources.json: the sources have 11 images, but the annotation files have 10"
    ]
    file.write_text('{"format": 1, "made_by": {}, "sources": [{"identity": "/etc"}, 3]}')
    assert {fault.kind for fault in check(tmp_path / "out").faults} == {"schema"}


def test_names_that_would_be_equal(tmp_path: Path) -> None:
    file = small(images=4)
    for image, name in zip(file.images, ("a/b.png", "a_b.png", "A_B.png", "x" * 240 + ".png"), strict=True):
        image["file_name"] = name
    data = joined(tmp_path / "out", placed(tmp_path / "one", file), placed(tmp_path / "two", small()))
    names = [image.name.partition("_")[2] for image in data.images()]
    assert {"a_b.png", "a_b_2.png", "A_B_2.png"} < {*names} or {"a_b.png", "a_b_2.png", "A_B_3.png"} < {
        *names
    }
    assert len({image.name.casefold() for image in data.images()}) == 7
    assert all(len(image.name) <= 210 for image in data.images())


def test_the_same_data_set_twice_is_refused(tmp_path: Path, three: tuple[Path, Path, Path]) -> None:
    one, two, other = three
    copy = Path(shutil.copytree(one, tmp_path / "copy"))
    with pytest.raises(DataSetError, match="shares images with"):
        joined(tmp_path / "out", one, copy)
    joined(tmp_path / "both", one, two)
    with pytest.raises(DataSetError, match="shares images with"):
        joined(tmp_path / "out", tmp_path / "both", two)
    assert not (tmp_path / "out").exists()
    whole = joined(tmp_path / "whole", tmp_path / "both", other)
    assert tree(tmp_path / "whole/images") == tree(joined(tmp_path / "direct", *three).root / "images")
    assert sorted(whole.sizes().values(), key=str) == sorted(
        open_dataset(tmp_path / "direct").sizes().values(), key=str
    )


def test_what_differs_between_categories_is_told(tmp_path: Path) -> None:
    file = small()
    file.categories[0]["supercategory"] = "pet"
    roots = (
        placed(tmp_path / "one", small()),
        placed(tmp_path / "two", file),
        placed(tmp_path / "three", small(("Cat",))),
    )
    notes = merged({root.name: open_dataset(root) for root in roots}).notes
    assert any("the supercategory of 'cat' is" in note and "is kept" in note for note in notes)
    assert any("differ only in case" in note for note in notes)


def test_keypoints_licences_and_own_fields_are_kept(tmp_path: Path) -> None:
    first, second = small(("cat", "dog")), small(("cow", "dog"))
    second.categories[1] |= {"keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
    dogs = [label for label in second.annotations if label["category_id"] == 2]
    dogs[0] |= {"keypoints": [3, 4, 2, 0, 0, 0], "num_keypoints": 1, "score": 0.5}
    second.licenses = [{"id": 1, "name": "MIT", "url": ""}]
    second.images[0] |= {"license": 1, "sharpness": 3}
    first.images[0] |= {"license": 4}
    data = joined(tmp_path / "out", placed(tmp_path / "one", first), placed(tmp_path / "two", second))
    assert {*data.info.licences} == {Licence("MIT"), Licence("CC BY 4.0", "https://example.org/by")}
    stated = {
        (
            image.facts["source_name"],
            data.info.licences[int(str(image.facts["license"])) - 1].name,
            image.facts.get("sharpness"),
        )
        for image in data.images()
        if "license" in image.facts
    }
    assert stated == {("train/img0.png", "MIT", 3), ("train/img0.png", "CC BY 4.0", None)}
    dog = data.info.categories.index("dog")
    assert data.info.skeletons[dog] == Skeleton(("nose", "tail"), ((0, 1),))
    labels = [label for image in data.images() for label in image.labels if label.keypoints is not None]
    assert [(label.category, label.keypoints, label.attributes) for label in labels] == [
        (dog, ((3, 4, 2), (0, 0, 0)), {"score": 0.5})
    ]
    first.categories[1] |= {"keypoints": ["ear"]}
    placed(tmp_path / "one", first)
    with pytest.raises(DataSetError, match="the keypoints of category 'dog' differ from those of"):
        joined(tmp_path / "no", tmp_path / "one", tmp_path / "two")


def test_amodal_masks_are_kept_if_all_have_them(tmp_path: Path) -> None:
    one, two = placed(tmp_path / "one", small()), placed(tmp_path / "two", small(("cow",)))
    shutil.copy(one / "annotations/instances_train.json", one / "annotations/amodal_train.json")
    derived = merged({"one": open_dataset(one), "two": open_dataset(two)})
    assert "amodal masks are left out: two has none" in derived.notes
    shutil.copy(two / "annotations/instances_train.json", two / "annotations/amodal_train.json")
    data = joined(tmp_path / "out", one, two)
    assert data.info.amodal
    (two / "annotations/amodal_train.json").write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(DataSetError, match="annotation 1: it has no mask in the amodal file"):
        joined(tmp_path / "no", one, two)
    assert all(
        label.amodal and label.amodal.counts == label.counts
        for image in data.images()
        for label in image.labels
    )


def test_shares(tmp_path: Path) -> None:
    one = placed(tmp_path / "one", small(images=40))
    placed(one, small(images=20, prefix="val"), "val")
    two = placed(tmp_path / "two", small(("cow",), images=10))
    shares = {"one": 0.7, "two": 0.3}
    data = joined(tmp_path / "out", one, two, shares=shares)
    of = Counter((image.split, str(image.facts["source_dataset"])) for image in data.images())
    ones, twos = open_dataset(one).identity, open_dataset(two).identity
    assert of == {("train", ones): 15, ("val", ones): 8, ("train", twos): 10}  # 23 and 10: 7 to 3
    joined(tmp_path / "again", two, one, shares=shares)
    assert tree(tmp_path / "again") == tree(tmp_path / "out")
    joined(tmp_path / "other", one, two, shares=shares, seed=1)
    assert {*tree(tmp_path / "other/images")} != {*tree(tmp_path / "out/images")}
    with pytest.raises(DataSetError, match="two: too few images for these shares"):
        joined(tmp_path / "no", one, two, shares={"one": 1, "two": 1e-6})


def test_a_split_keeps_scenes_together_and_moves_no_image_later(tmp_path: Path) -> None:
    file = small(images=60)
    for rank, entry in enumerate(file.images):
        entry["scene"] = rank // 3
    data = split_up(tmp_path / "out", placed(tmp_path / "one", file), val=0.3, test=0.2)
    of = {str(image.facts["source_name"]): image.split for image in data.images()}
    assert {*of.values()} == {"train", "val", "test"} and len(of) == 60
    scenes = {(image.facts["source_scene"], image.split) for image in data.images()}
    assert len(scenes) == 20
    more = small(images=90)
    for rank, entry in enumerate(more.images):
        entry["scene"] = rank // 3
    later = split_up(tmp_path / "more", placed(tmp_path / "two", more), val=0.4, test=0.2)
    for image in later.images():
        before = of.get(str(image.facts["source_name"]), image.split)
        assert before == image.split or (before, image.split) == ("train", "val")
    assert split_up(tmp_path / "seed", tmp_path / "one", seed=1, val=0.3, test=0.2).sizes() != data.sizes()


def test_a_split_by_image_where_no_scenes_are_known(tmp_path: Path) -> None:
    root = placed(tmp_path / "one", small(images=50))
    data = split_up(tmp_path / "out", root, val=0.3)
    assert [image.name for image in data.images()] != [f"img{rank}.png" for rank in range(50)]
    assert {image.name for image in data.images()} == {f"img{rank}.png" for rank in range(50)}
    assert 5 <= data.sizes()["val"].images <= 25
    with pytest.raises(DataSetError, match="already has the splits train, val"):
        split_up(tmp_path / "no", tmp_path / "out", val=0.3)
    with pytest.raises(DataSetError, match="no image is in split val; try another --seed"):
        split_up(tmp_path / "no", root, val=1e-9)
    assert not (tmp_path / "no").exists()


def test_images_of_a_merged_scene_stay_together(tmp_path: Path) -> None:
    """A sweep has the same scenes in each of its data sets: objects and cameras are those of the seed."""
    files = small(images=30), small(("cow",), images=30)
    for file in files:
        for rank, image in enumerate(file.images):
            image["scene"] = rank
    roots = [placed(tmp_path / f"{rank}", file) for rank, file in enumerate(files)]
    scenes = [image.scene for image in joined(tmp_path / "both", *roots).images()]
    assert len({*scenes}) == 60
    data = split_up(tmp_path / "out", tmp_path / "both", val=0.3)
    assert len({(image.facts["source_scene"], image.split) for image in data.images()}) == 30


def test_a_broken_or_interrupted_merge_leaves_nothing(tmp_path: Path, three: tuple[Path, Path, Path]) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    next(three[2].glob("images/*/img1.png")).unlink()
    with pytest.raises(DataSetError, match=r"image file .* does not exist in .* lists all faults"):
        joined(tmp_path / "out", *three)
    assert {path.name for path in tmp_path.iterdir()} == before

    def stopped(done: int) -> None:
        raise KeyboardInterrupt

    derived = merged({root.name: open_dataset(root) for root in three[:2]})
    with pytest.raises(KeyboardInterrupt):
        write_derived(derived, tmp_path / "out", stopped)
    assert {path.name for path in tmp_path.iterdir()} == before
    left = tmp_path / ".out.partial/images/train"
    left.mkdir(parents=True)
    (left / "old.png").touch()
    (tmp_path / ".out.partial/.lock").touch()  # a killed process leaves its lock
    data = joined(tmp_path / "out", *three[:2])
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}
    assert "images/train/old.png" not in tree(data.root)


def test_a_folder_that_is_in_use_is_kept(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name, words in (("full", "exists"), ("file", "is a file")):
        with (
            pytest.raises(StoreError, match=f"--out: {tmp_path}/{name} {words}; name another folder"),
            new_folder(tmp_path / name),
        ):
            pass
    with new_folder(tmp_path / "empty") as store:
        store.put("a.txt", b"a")
        with pytest.raises(StoreError, match="is writing to"), new_folder(tmp_path / "empty"):
            pass
    assert tree(tmp_path / "empty") == {"a.txt": b"a"}
    assert (tmp_path / "full/mine.txt").exists()


@pytest.mark.parametrize(
    "content", ["", "{}", '{"sources": [{"identity": "x"}]}', '{"sources": [3]}', "[" * 90_000]
)
def test_sources_that_cannot_be_read(tmp_path: Path, three: tuple[Path, Path, Path], content: str) -> None:
    (three[0] / "sources.json").write_text(content)
    with pytest.raises(DataSetError, match=r"one/sources.json: cannot be read"):
        joined(tmp_path / "out", *three)


def test_fields_that_only_look_like_those_of_a_merge(tmp_path: Path) -> None:
    file = small()
    fields: dict[str, Any] = {"source_dataset": "flickr", "source_name": 3}
    file.images[0] |= fields
    data = joined(tmp_path / "out", placed(tmp_path / "one", file), placed(tmp_path / "two", small(("cow",))))
    assert all(len(str(image.facts["source_dataset"])) == 64 for image in data.images())
