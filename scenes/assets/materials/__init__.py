"""Procedural materials: what floors, walls and furniture are made of."""
