"""Rasterisation: ids, depth and colours of bodies, from PyBullet's renderers, ray casting and `dense`."""
