"""Albumentations, imported without PyTorch.

Where PyTorch is installed, Albumentations imports it for one transform that makes tensors, which costs every
process 2.3 s (measured). That transform is not among ours; a script that wants it imports
`albumentations.pytorch`.
"""

import sys

_torch_is_imported = "torch" in sys.modules
if not _torch_is_imported:
    sys.modules["torch"] = None  # type: ignore[assignment]  # such an entry makes the import fail
try:
    import albumentations as A  # noqa: N812 (its documentation uses this name)
finally:
    if not _torch_is_imported:
        del sys.modules["torch"]

__all__ = ["A"]
