"""Draws scenes and aims cameras and lights; knows nothing of the physics engine or the renderer."""
