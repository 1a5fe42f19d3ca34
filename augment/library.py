"""Albumentations, imported without PyTorch.

Where PyTorch is installed, Albumentations imports it for one transform that makes tensors, which costs every
process 2.3 s (measured). That transform is not among ours; a script that wants it imports
`albumentations.pytorch`.

Each of its transforms has a pydantic model of its arguments. The validators of these models are built when
they are used, because to build all of them takes a third of the import.
"""

import sys

from pydantic import BaseModel, ConfigDict

_torch_is_imported = "torch" in sys.modules
if not _torch_is_imported:
    sys.modules["torch"] = None  # type: ignore[assignment]  # such an entry makes the import fail
_models_are = BaseModel.model_config
BaseModel.model_config = ConfigDict(defer_build=True)
try:
    import albumentations as A  # noqa: N812 (its documentation uses this name)
finally:
    BaseModel.model_config = _models_are
    if not _torch_is_imported:
        del sys.modules["torch"]

__all__ = ["A"]
