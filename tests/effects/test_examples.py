"""Sentences of settings show values where it is not obvious how to write them, and these are accepted."""

import json
import re
from typing import Annotated, Any, get_args, get_origin

import pytest
import yaml
from pydantic import TypeAdapter

from sim2coco.cli.config import RunOptions
from sim2coco.keys import Setting, walk
from sim2coco.recipe import Recipe

SETTINGS = {
    f"{setting.key} [{setting.kind}]": setting
    for settings in (RunOptions, Recipe)
    for setting in walk(settings)
}
FLOW = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}|\[(?:[^\[\]]|\[[^\[\]]*\])+\]")
"""A mapping or a list as it is written on the command line."""
MEANINGS = ("[low, high]", "[r, g, b]")
"""What stands for numbers."""


def examples(setting: Setting) -> list[Any]:
    """The values that the sentence of a setting shows."""
    found = FLOW.findall(setting.description or "")
    return [yaml.safe_load(text) for text in found if text not in MEANINGS]


def is_not_obvious(annotation: Any) -> bool:
    """Whether it is a mapping, or a list of words of the user's choice."""
    if get_origin(annotation) is dict or annotation == tuple[str, ...]:
        return True
    return any(is_not_obvious(part) for part in get_args(annotation) if part is not annotation)


SHOWN = [name for name, setting in SETTINGS.items() if examples(setting)]


@pytest.mark.parametrize("name", SHOWN)
def test_examples_are_accepted(name: str) -> None:
    info = SETTINGS[name].info
    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    accepts: TypeAdapter[Any] = TypeAdapter(kind)
    for value in examples(SETTINGS[name]):
        accepts.validate_json(json.dumps(value), strict=True)


def test_what_is_not_obvious_is_shown() -> None:
    asked = [name for name, setting in SETTINGS.items() if is_not_obvious(setting.info.annotation)]
    assert len(asked) > 20
    assert not [name for name in asked if name not in SHOWN]
