"""Samples scenes, cameras and lights. Imports neither the physics engine nor the renderer."""
