"""Augments labelled images; the only package of sim2coco that imports Albumentations."""

import os

# Without this, Albumentations queries the package index for a newer version when it is imported.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
