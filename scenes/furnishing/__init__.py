"""Furniture (fixed, unlabelled bodies) and its geometry."""
