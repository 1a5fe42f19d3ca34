"""The help of commands that Hydra configures, written from the settings themselves."""

from pydantic_core import PydanticUndefined

from sim2coco.config import GROUPS, RunOptions, choices, defaults, first_sentence, walk
from sim2coco.recipe import Recipe


def manual(command: str) -> str:
    """Everything that can be set, with a sentence each."""
    lines = [
        f"usage: sim2coco {command} [GROUP=CHOICE ...] [KEY=VALUE ...]   (-m: a sweep; --cfg job: print all)",
        "",
        "  sim2coco generate out=data/parts num_images=500 'scene.num_objects=[5,12]' workers=2",
        "  sim2coco generate -m light=day,dusk out='data/sweep/${hydra.job.num}'",
        "",
        "A setting that is drawn is a number or '[low,high]', both ends included.",
        "",
        "Groups (* is the default)",
    ]
    preset = defaults()
    for group in GROUPS:
        for choice in choices(group):
            star = "*" if preset.get(group) == choice else " "
            lines.append(f" {star} {group + '=' + choice:24}{first_sentence(group, choice)}")
    lines += ["", "Run"]
    lines += _settings(RunOptions)
    lines += ["", "Recipe (what pictures depend on)"]
    lines += _settings(Recipe)
    return "\n".join(lines)


def _settings(settings: type[Recipe] | type[RunOptions]) -> list[str]:
    lines, seen = [], set()
    for key, info, _ in walk(settings):
        default = info.get_default(call_default_factory=False)
        value = (
            ""
            if default is PydanticUndefined or hasattr(default, "model_fields")
            else f" = {_value(default)}"
        )
        if key not in seen:
            lines.append(f"   {key + value:58} {info.description or ''}".rstrip())
        seen.add(key)
    return lines


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return "[" + ",".join(_value(item) for item in value) + "]" if len(value) <= 4 else "[...]"
    return str(value)
