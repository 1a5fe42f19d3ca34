"""Engines, which run the making of scenes: in this process, or in supervised worker processes."""
