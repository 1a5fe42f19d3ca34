"""Rasterisation: ids, depth and colours of bodies, rendered with one of PyBullet's renderers."""
