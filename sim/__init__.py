"""Settles, rasterises and labels scenes; the only package that imports PyBullet."""
