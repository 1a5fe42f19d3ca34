"""Reads 3MF files."""
