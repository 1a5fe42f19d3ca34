"""Albumentations, imported without PyTorch.

If PyTorch is installed, Albumentations imports it for one transform, which makes tensors; this costs every
process 2.3 s (measured). sim2coco does not use that transform; a script that needs it imports
`albumentations.pytorch`.

Each Albumentations transform has a pydantic model of its arguments. The validators of these models are built
on first use, because building all of them takes a third of the import time.
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
