"""Rasterisation: ids, depth and colours of bodies, by one of PyBullet's renderers."""
