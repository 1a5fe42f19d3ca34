"""Kinds of cameras, one file each, their intrinsics, and their sensors."""
