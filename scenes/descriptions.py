"""Descriptions of settings, read from the docstrings below the fields of a class.

Pydantic can read them itself (`use_attribute_docstrings`), but it does so whenever a class is defined, which
took a third of the import time of all settings. Descriptions are needed for `--help` only.
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
    """The description of each field that has one, by field name; a redefined field needs its own.

    Example:
        >>> class Lamp(BaseModel):
        ...     watts: float
        ...     '''Power.'''
        >>> dict(descriptions(Lamp))  # the source of this class is not in a file
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
    """Field descriptions of each top-level class of a module; empty if its source is not available."""
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
