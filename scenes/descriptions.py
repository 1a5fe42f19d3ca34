"""Descriptions of settings, read from the docstrings below the fields of a class.

Pydantic can read them itself (`use_attribute_docstrings`), but does so whenever a class is defined, which
took a third of the import time of all settings. Descriptions are needed only for `--help`.
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
    """Returns a dict from field name to description, for the fields of a settings class.

    Fields without a description are left out. Descriptions of base classes are included, but a field that a
    subclass redefines must have a docstring there.

    Example:
        >>> class Lamp(BaseModel):
        ...     watts: float
        ...     '''Power.'''
        >>> dict(descriptions(Lamp))  # the source of this class is not in a file
        {}
    """
    found: dict[str, str] = {}
    for kind in reversed(settings.__mro__[: settings.__mro__.index(BaseModel)]):
        for name in vars(kind).get("__annotations__", {}):
            found.pop(name, None)
        found.update(_of_module(kind.__module__).get(kind.__qualname__, {}))
    return {name: found[name] for name in settings.model_fields if name in found}


@cache
def _of_module(name: str) -> Mapping[str, dict[str, str]]:
    """Collects the descriptions of the fields of all classes in a module.

    Returns:
        A dict from the qualified name of each class to a dict from field name to description. Empty if the
        source of the module is not available.
    """
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (KeyError, OSError, TypeError):
        return {}
    return {name: dict(_of_fields(node)) for name, node in _classes(tree.body)}


def _classes(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Yields the qualified name and syntax tree of each class, including nested and local classes."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            yield from _classes(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield from _classes(node.body, f"{prefix}{node.name}.<locals>.")


def _of_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield name, inspect.cleandoc(sentence)
            case _:
                pass
