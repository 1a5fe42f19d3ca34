"""Reads COLLADA files (DAE)."""
