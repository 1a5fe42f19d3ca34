"""Rasterisation: ids, depth and colours of bodies, with PyBullet's renderers or without them."""
