"""Procedural materials for floors, walls and furniture."""
