"""Engines, which make the scenes of a run: in this process, or in supervised worker processes."""
