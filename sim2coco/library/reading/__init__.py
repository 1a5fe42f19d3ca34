"""Reads mesh files that people bring: every format, its unit, its axes and its textures."""
