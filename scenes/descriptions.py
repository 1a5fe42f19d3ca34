"""What the docstrings below the fields of settings say.

Pydantic can read them itself (`use_attribute_docstrings`), but does so when a class is defined: that was a
third of what importing all settings cost. They are needed for `--help` only.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def descriptions(settings: type[BaseModel]) -> Mapping[str, str]:
    """The sentence of each field that has one, by the field's name; a field defined anew needs a new one.

    Example:
        >>> class Lamp(BaseModel):
        ...     watts: float
        ...     '''Power.'''
        >>> dict(descriptions(Lamp))  # a class whose source is in no file
        {}
    """
    found: dict[str, str] = {}
    for kind in reversed(settings.__mro__):
        for name in vars(kind).get("__annotations__", {}):
            found.pop(name, None)
        found.update(_of_module(kind.__module__).get(kind.__qualname__, {}))
    return {name: found[name] for name in settings.model_fields if name in found}


@cache
def _of_module(name: str) -> Mapping[str, dict[str, str]]:
    """The sentences of the fields of each class at the top of a module; none where there is no source."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (KeyError, OSError, TypeError):
        return {}
    return {node.name: dict(_of_fields(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _of_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield name, inspect.cleandoc(sentence)
            case _:
                pass
