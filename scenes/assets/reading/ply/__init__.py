"""Reads PLY files."""
