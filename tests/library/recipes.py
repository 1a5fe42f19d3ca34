"""Recipes of one small picture of one object."""

from sim2coco import Recipe


def recipe(categories: dict[str, object], **scene: object) -> Recipe:
    scene = {"kind": "drop", "num_objects": 1, "num_distractors": 0, "empty_share": 0.0, **scene}
    tree = {"assets": {"categories": categories}, "scene": scene, "image": {"width": 320, "height": 240}}
    return Recipe.parse({**tree, "seed": 5, "views": 1, "quality": {"checks": {}}})
