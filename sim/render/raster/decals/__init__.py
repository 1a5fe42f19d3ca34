"""Decals: images and defects on the surfaces of bodies."""
