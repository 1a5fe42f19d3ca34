"""Augments labelled images with Albumentations, which no other package of sim2coco imports."""

import os

# Without this, Albumentations queries the package index for a newer version when it is imported.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
