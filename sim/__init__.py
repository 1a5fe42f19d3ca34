"""Settling, rendering and labelling of scenes; the only package that imports PyBullet."""
