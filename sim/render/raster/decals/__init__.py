"""Decals: pictures and defects on the surfaces of bodies."""
