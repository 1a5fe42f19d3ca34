"""Rasterising: ids, depth and colours of bodies, from one of PyBullet's renderers."""
