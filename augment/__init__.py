"""Augments labelled pictures with Albumentations; the only package that imports it."""

import os

# Albumentations asks the package index for a newer version when it is imported, unless told not to.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
