"""The card as Markdown, with a front matter that Hugging Face reads."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from sim2coco.card.contents import NAMES, Contents
from sim2coco.card.licences import UNKNOWN, hugging_face
from sim2coco.card.origin import Origin
from sim2coco.messages import counted

SHEET = "contact_sheet.jpg"
SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)
"""Hugging Face's size ranges, ascending: exclusive upper limit of the number of images, and name."""
NAMED = 3
"""Maximum number of categories in the title."""
LISTED = 12
"""Maximum number of meshes of a category that are listed by name."""

LOAD = """\
```python
from pycocotools.coco import COCO

coco = COCO("{annotations}")
for image in coco.loadImgs(coco.getImgIds()):
    annotations = coco.loadAnns(coco.getAnnIds(image["id"]))
    masks = [coco.annToMask(annotation) for annotation in annotations]  # (H, W), 0 or 1
```

The images are in `images/{split}/`. With [mlcroissant](https://pypi.org/project/mlcroissant/):

```python
import mlcroissant

dataset = mlcroissant.Dataset("croissant.json")
for label in dataset.records("{split}/annotations"):
    print(label["{split}/annotations/category_id"], label["{split}/annotations/bbox"])
```
"""


def title_of(contents: Contents) -> str:
    """A name for the data set, made from its categories."""
    names = contents.info.categories
    rest = len(names) - NAMED
    if not names:
        return "Images without categories"
    if rest > 1:
        return f"Images of {', '.join(names[:NAMED])} and {rest} other categories"
    return f"Images of {' and '.join([', '.join(names[:-1]), names[-1]][len(names) == 1 :])}"


def summary_of(contents: Contents) -> str:
    """A sentence about the number of images, labels and categories."""
    sizes = [f"{width} × {height}" for width, height in sorted(contents.sizes)]
    shown = ", ".join(sizes[:4]) + (" and other sizes" if len(sizes) > 4 else "")
    images, labels = counted(contents.images.total(), "image"), counted(contents.labels_of(), "label")
    categories = counted(len(contents.info.categories), "category", "categories")
    return f"{images} of {shown} pixels with {labels} of {categories}"


def readme(contents: Contents, origin: Origin) -> str:
    """The text of `README.md`."""
    front = yaml.safe_dump(front_matter(contents), sort_keys=False, allow_unicode=True)
    made = " Made in simulation from 3-D meshes, by sim2coco." if origin.ours else ""
    return "\n".join(
        [
            f"---\n{front}---\n",
            f"# {_plain(title_of(contents))}\n",
            f"![Some of the images, with their masks]({SHEET})\n",
            f"{summary_of(contents)}.{made}\n",
            f"## Contents\n\n{_counts(contents)}",
            f"## Files\n\n{_files(contents, origin)}",
            *(f"## Loading\n\n{_loading(split)}" for split in contents.splits[:1]),
            *([f"## How it was made\n\n{_made(origin)}"] if origin.made else []),
            f"## Licences\n\n{_licences(contents, origin)}",
            "## Limits\n\n" + "".join(f"- {limit}\n" for limit in _limits(contents, origin)),
        ]
    )


def front_matter(contents: Contents) -> dict[str, Any]:
    """The metadata that Hugging Face reads: licences, tasks, size, and which images belong to which split."""
    total = contents.images.total()
    return {
        "pretty_name": title_of(contents),
        "license": hugging_face(contents.info.licences),
        "task_categories": ["object-detection", "image-segmentation"],
        "tags": [*(["synthetic"] if contents.synthetic else []), "coco", "instance-segmentation"],
        "size_categories": [next((name for limit, name in SIZES if total < limit), "n>10M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"images/{split}/*"} for split in contents.splits],
                # Without this, images are labelled with the name of their folder.
                "drop_labels": True,
            }
        ],
    }


def _loading(split: str) -> str:
    return LOAD.format(annotations=NAMES["instances"].format(split=split), split=split)


def _counts(contents: Contents) -> str:
    """A table of the numbers of images and labels in each split."""
    splits = contents.splits
    rows: list[list[str | int]] = [
        ["images", *(contents.images[split] for split in splits), contents.images.total()],
        ["images without a label", *(contents.empty[split] for split in splits), contents.empty.total()],
        [
            "visible objects without a label",
            *(contents.ignored[split] for split in splits),
            contents.ignored.total(),
        ],
        ["labels", *(contents.labels_of(split) for split in splits), contents.labels_of()],
    ]
    for index, name in enumerate(contents.info.categories):
        labels = [contents.labels_of(split, index) for split in splits]
        rows.append([f"labels: {_plain(name)}", *labels, sum(labels)])
    return _table(["", *splits, "all"], [[_number(cell) for cell in row] for row in rows], right=True)


def _files(contents: Contents, origin: Origin) -> str:
    """A table of the files and folders with their contents."""
    rows = [
        ["`images/<split>/`", "the images"],
        [
            f"`{NAMES['instances'].format(split='<split>')}`",
            "COCO: visible masks, boxes, areas; ids start at 1",
        ],
    ]
    if contents.info.amodal:
        rows.append(
            [
                f"`{NAMES['amodal'].format(split='<split>')}`",
                "the same annotations, with masks that include hidden parts",
            ]
        )
    kinds = dict.fromkeys(folder.partition("/")[0] for folder in sorted(contents.folders))
    rows += [[f"`{kind}/<split>/`", _of_kind(kind)] for kind in kinds]
    rows += [[_code(name), _with_code(what)] for name, what in origin.files.items()]
    if origin.ours:
        rows.append(["`records/`", "poses, cameras, lights and quality checks of each scene"])
        rows.append(["`config.yaml`, `run.json`", "all settings; versions and hashes of meshes"])
    return _table(["", ""], rows)


def _of_kind(kind: str) -> str:
    depth = "depth along the camera's viewing direction, as 16-bit PNG; 0 means no depth"
    return depth if kind == "depth" else "additional files of the images"


def _made(origin: Origin) -> str:
    """Formats a table of the settings in `origin.made`, one row per setting.

    If the data set is the result of a run, a sentence with the commands that check it follows.
    """
    table = _table(["", ""], [[name, _code(value)] for name, value in origin.made.items()])
    if not origin.ours:
        return table
    check = "`sim2coco check .` validates all files"
    deep = "`sim2coco check --deep .` also renders every image again and compares it and its labels"
    return f"{table}\n{check}, {deep}.\n"


def _licences(contents: Contents, origin: Origin) -> str:
    """Formats a table of categories, meshes and licences, or a list of licences if the meshes are unknown."""
    lines = [
        [_plain(name), _some([mesh for mesh, _ in meshes]), _some([licence for _, licence in meshes])]
        for name, meshes in origin.meshes.items()
    ]
    text = "These are the licences of the meshes; the author of the images chooses their licence.\n\n"
    if lines:
        return text + _table(["category", "meshes", "licence"], lines)
    names = [licence.name for licence in contents.info.licences] or [UNKNOWN]
    return "".join(f"- {_plain(name)}\n" for name in names)


def _limits(contents: Contents, origin: Origin) -> Iterator[str]:
    yield from origin.limits
    if ignored := contents.ignored.total():
        yield (
            f"{counted(ignored, 'visible object')} without a label: too small, too hidden or cut off. "
            "The list `ignored` of each image contains their boxes and the reasons."
        )
    if origin.ours and contents.unposed:
        number = counted(contents.unposed, "image")
        yield f"{number} without camera and poses: augmentation moved pixels; truncation is estimated."
    if any(licence.name == UNKNOWN for licence in contents.info.licences):
        yield "The licence of some meshes is unknown: find out which it is before you publish the images."


def _some(names: Sequence[str]) -> str:
    """Joins distinct names with commas; of those after the first `LISTED`, only the number is given."""
    found = list(dict.fromkeys(names))
    rest = len(found) - LISTED
    return ", ".join(map(_plain, found[:LISTED])) + (f" and {rest} others" if rest > 0 else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: bool = False) -> str:
    """A Markdown table; `right` aligns all columns but the first to the right."""
    align = ["---", *(["---:" if right else "---"] * (len(head) - 1))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, align, *rows))


def _number(cell: str | int) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def _code(text: str) -> str:
    """Formats a text as code in a table cell, where only `|` is escaped."""
    return "`" + text.replace("|", "\\|") + "`"


def _with_code(text: str) -> str:
    """Formats a sentence for Markdown: text in backticks becomes code, markup in the rest is escaped."""
    parts = " ".join(text.split()).split("`")
    return "".join(_code(part) if rank % 2 else _escaped(part) for rank, part in enumerate(parts))


def _plain(text: str) -> str:
    """Formats user text for Markdown: one line, with all markup escaped."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text)
